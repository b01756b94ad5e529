"""A pytest plugin that measures the processor seconds of each test file: of the process that runs the tests
and of the commands that the tests ran to their end.

`--costly N` lists the N files that cost most. Unless only long tests ran, the summary warns of each file that
costs more than FILE_SECONDS; no test fails because of that.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

FILE_SECONDS = 60.0
"""Processor seconds that one file may cost in the everyday run."""
_COST = "processor seconds"
_BEGAN = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--costly N`."""
    parser.addoption("--costly", type=int, default=0, metavar="N", help="list the N files that cost most")


def pytest_runtest_protocol(item: pytest.Item) -> None:
    """A test begins here, before its fixtures."""
    item.stash[_BEGAN] = _spent()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Adds the cost of a test to its last report, which xdist sends to the process of the summary."""
    report = yield
    if call.when == "teardown":
        report.user_properties.append((_COST, _spent() - item.stash[_BEGAN]))
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Lists the files that cost most."""
    costs: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _COST:
                    costs[report.nodeid.partition("::")[0]] += value
    listed = costs.most_common(config.getoption("--costly"))
    if listed:
        terminalreporter.section(f"processor seconds by file, of {sum(costs.values()):.0f}")
        for file, seconds in listed:
            terminalreporter.line(f"{seconds:8.1f}  {file}")
    if config.getoption("markexpr") != "long":
        for file, seconds in costs.most_common():
            if seconds > FILE_SECONDS:
                terminalreporter.line(
                    f"warning: {file} took {seconds:.0f} s of processor, more than the {FILE_SECONDS:.0f} "
                    "of an everyday file: make it cheaper, or mark its searches `long`",
                    yellow=True,
                )


def _spent() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
