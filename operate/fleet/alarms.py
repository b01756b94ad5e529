"""What is wrong in a fleet, told once: alarms of a run compared with those of the run before.

Owns: which alarms are new, still open or gone, and their reports: JSON, Markdown for an issue, metrics for
Prometheus. Does not own: what is wrong with a stack (work.py), and who is told.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from operate.errors import OperateError
from operate.fleet.report import line

SCHEMA = "language-cmk/fleet-alarms/1"
FILE = "alarms.json"
_MOST = 200
"""Alarms that the Markdown has of each kind: an issue takes 65,536 characters."""


@dataclass(frozen=True)
class Alarm:
    """Something wrong with one `subject` of a stack; `severity` is `error` or `warning`. Which it is, only
    stack, rule and subject say: a text may count days."""

    stack: str
    rule: str
    severity: str
    subject: str
    text: str
    fix: str = ""

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.stack, self.rule, self.subject


@dataclass(frozen=True)
class Compared:
    """The alarms of a run by what the run before knew."""

    new: tuple[Alarm, ...]
    open: tuple[Alarm, ...]
    gone: tuple[Alarm, ...]

    @property
    def now(self) -> tuple[Alarm, ...]:
        """All that are open."""
        return tuple(sorted((*self.new, *self.open), key=lambda one: (one.severity, one.identity)))


def compared(found: Iterable[Alarm], known: Iterable[Alarm], unread: Collection[str]) -> Compared:
    """`unread` are the stacks that could not be looked at: what was known of them stays open."""
    before = {one.identity: one for one in known}
    now = {one.identity: one for one in before.values() if one.stack in unread}
    now |= {one.identity: one for one in found}
    return Compared(
        tuple(one for identity, one in now.items() if identity not in before),
        tuple(one for identity, one in now.items() if identity in before),
        tuple(one for identity, one in before.items() if identity not in now),
    )


def known(folder: Path) -> list[Alarm]:
    """The alarms that an earlier run left in a folder; none where there was no run. Raises OperateError."""
    path = folder / FILE
    if not path.exists():
        return []
    try:
        return [Alarm(**one) for one in json.loads(path.read_text(encoding="utf-8"))["alarms"]]
    except (ValueError, KeyError, TypeError) as error:
        raise OperateError(f"{path} is not what `fleet alarms` writes: {error}") from error


def write(folder: Path, found: Compared, stacks: Mapping[str, bool]) -> None:
    """Writes alarms.json, alarms.md and alarms.prom. `stacks` says of each whether it could be looked at."""
    folder.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {"schema": SCHEMA, "alarms": [asdict(one) for one in found.now]}
    (folder / FILE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    (folder / "alarms.md").write_text(markdown(found), encoding="utf-8")
    write_to_textfile(str(folder / "alarms.prom"), _metrics(found, stacks))


def markdown(found: Compared) -> str:
    """For an issue or a work item: what is new, then what is gone, then what is known."""
    lines = [f"{len(found.new)} new, {len(found.gone)} gone, {len(found.open)} known before"]
    for title, alarms in (("New", found.new), ("Gone", found.gone), ("Known before", found.open)):
        if not alarms:
            continue
        lines += ["", f"### {title}"]
        for one in alarms[:_MOST]:
            fix = f" Fix: {line(one.fix)}" if one.fix and title == "New" else ""
            subject = f" {line(one.subject)}" if one.subject else ""
            lines.append(f"- **{one.severity}** {line(one.stack)}{subject} {one.rule}: {line(one.text)}{fix}")
        if len(alarms) > _MOST:
            lines.append(f"- and {len(alarms) - _MOST} more: {FILE} has all")
    return "\n".join(lines) + "\n"


def _metrics(found: Compared, stacks: Mapping[str, bool]) -> CollectorRegistry:
    registry = CollectorRegistry()
    alarms = Gauge("language_cmk_alarms", "Open alarms", ["stack", "rule", "severity"], registry=registry)
    for labels, count in Counter((one.stack, one.rule, one.severity) for one in found.now).items():
        alarms.labels(*labels).set(count)
    read = Gauge("language_cmk_stack_read", "1 if the stack could be looked at", ["stack"], registry=registry)
    for stack, could in stacks.items():
        read.labels(stack).set(could)
    Gauge(
        "language_cmk_alarms_time_seconds", "When this was written", registry=registry
    ).set_to_current_time()
    return registry
