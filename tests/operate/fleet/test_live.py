"""The table of a terminal: what runs, and how much is done."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from operate.fleet.live import RunningStacks, shown


def record(event: str, **values: Any) -> dict[str, Any]:
    return {"event": event, **values}


RECORDS = (
    record("wave", ring="canary", number=1, stacks=["a", "b", "c"]),
    record("begun", stack="a"),
    record("begun", stack="b"),
    record("outcome", stack="a", ok=False, reason="refused"),
    record("begun", stack="c"),
)


def test_the_table_has_what_runs_and_how_much_is_done() -> None:
    """The wave, the count of those that are done and of those that failed, and for how long each runs."""
    moments = iter((0.0, 10.0, 70.0, 95.0))
    progress = RunningStacks(5, lambda: next(moments))
    for one in RECORDS:
        progress.take(one)
    console = Console(file=io.StringIO(), width=80, record=True)
    console.print(progress.table())
    lines = [" ".join(re.sub("[│┃]", " ", line).split()) for line in console.export_text().splitlines()]
    assert lines[0] == "canary, wave 1: 1 of 5 stacks done, 1 not as they should be"
    assert [line for line in lines if line.startswith(("a ", "b ", "c "))] == ["b 85", "c 25"]


def test_a_large_fleet_fits_into_a_terminal() -> None:
    """Those that have run for longest are shown, and the others counted."""
    progress = RunningStacks(1000, lambda: 0.0)
    for number in range(64):
        progress.take(record("begun", stack=f"s{number}"))
    assert progress.table().row_count == 21


def test_the_lines_come_with_the_table_and_without(capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal each line stands above the table; where the output is no terminal, there is no table."""
    said: list[str] = []
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=80)
    for where in (console, None):
        with shown(3, lambda one: said.append(one["event"]), where) as report:
            for one in RECORDS:
                report(one)
    assert said == 2 * [one["event"] for one in RECORDS]
    assert "1 of 3 stacks done" in terminal.getvalue()
    assert capsys.readouterr().out == ""
