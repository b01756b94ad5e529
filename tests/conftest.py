"""What every test here can rely on, in whatever order tests run."""

from __future__ import annotations

import asyncio

import pytest


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
