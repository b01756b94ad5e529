"""What every test here can rely on, in whatever order tests run."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

import pytest
from hypothesis import settings

from components.sdk.private import patch_sdk
from tests.support.quick_keys import give_quick_keys

pytest_plugins = ["tests.support.cost", "tests.support.rows"]

# The same examples in every run, so that a change is blamed for what it did itself; CONTRIBUTING.md says how
# to look for others.
# No deadline for one example: on a busy machine a fast test is slow once.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

# A registration describes every frame that it comes from, and here fifty of them are pytest's and a thread's.
patch_sdk()
give_quick_keys()


def _without_traceback(record: logging.LogRecord) -> bool:
    """Keeps the message of an exception that nobody retrieved. The garbage collector logs it, and may do so
    inside `ast.parse`: to format a traceback Python parses source, too, and the outer parse then fails."""
    record.exc_info = None
    return True


logging.getLogger("asyncio").addFilter(_without_traceback)


def pytest_configure() -> None:
    """A shell that runs the tests in the background has them, and the commands they start, ignore Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with the engine come first: they take longest, and at the end workers would wait for them."""
    with_engine = {item.path for item in items if item.get_closest_marker("engine")}
    items.sort(key=lambda item: item.path not in with_engine)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Names a test that failed at once: a long run tells the rest only at its end."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stderr.write(f"\nFAILED {report.nodeid} ({report.when})\n")


def _ensure_event_loop() -> None:
    """Pulumi's mocks ask for the main thread's current event loop, which `asyncio.run` takes away."""
    try:
        asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())


@pytest.fixture(autouse=True, scope="module")
def event_loop_for_fixtures() -> None:
    """Comes before the fixtures of a module."""
    _ensure_event_loop()


@pytest.fixture(autouse=True)
def event_loop_for_tests() -> None:
    """Comes before each test."""
    _ensure_event_loop()
