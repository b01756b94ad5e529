"""What a fleet's command is doing now, as a table below its lines: in a terminal only.

Owns: the table. Does not own: the lines, which a CI and a file get alone (command.py).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from operate.fleet.rollout import Report

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MOST_ROWS = 20


class RunningStacks:
    """What runs, since when, and how many are done, by the records as they are written."""

    def __init__(self, stacks: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._stacks, self._clock = stacks, clock
        self._wave = ""
        self._running: dict[str, float] = {}
        self._done: Counter[bool] = Counter()

    def take(self, record: Mapping[str, Any]) -> None:
        """A record of the journal."""
        match record["event"]:
            case "wave":
                self._wave = f"{record['ring']}, wave {record['number']}: "
            case "begun":
                self._running[record["stack"]] = self._clock()
            case "outcome":
                self._running.pop(record["stack"], None)
                self._done[bool(record["ok"])] += 1

    def table(self) -> Table:
        """The stacks that run, those first that have run for longest."""
        from rich.table import Table  # noqa: PLC0415 - only a terminal needs it

        done, bad = self._done.total(), self._done[False]
        failed = f", {bad} not as they should be" if bad else ""
        title = f"{self._wave}{done} of {self._stacks} stacks done{failed}"
        made = Table(title=title, title_justify="left", min_width=len(title))
        made.add_column("running")
        made.add_column("seconds", justify="right")
        now = self._clock()
        longest = sorted(self._running.items(), key=lambda one: one[1])
        for stack, since in longest[:_MOST_ROWS]:
            made.add_row(stack, f"{now - since:.0f}")
        if len(longest) > _MOST_ROWS:
            made.add_row(f"and {len(longest) - _MOST_ROWS} more", "")
        return made


@contextmanager
def shown(stacks: int, report: Report, console: Console | None = None) -> Iterator[Report]:
    """The report, with the table below its lines while the command runs. Elsewhere than in a terminal, the
    report as it is."""
    if console is None:
        if not sys.stdout.isatty():
            yield report
            return
        from rich.console import Console  # noqa: PLC0415 - as above

        console = Console()
    from rich.live import Live  # noqa: PLC0415 - as above

    progress = RunningStacks(stacks)

    def both(record: Mapping[str, Any]) -> None:
        progress.take(record)
        report(record)

    with Live(get_renderable=progress.table, console=console, transient=True, refresh_per_second=2):
        yield both
