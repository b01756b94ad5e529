"""The page: one file that needs nothing else, for a screen and for paper.

Its template, page.html.j2, escapes every value: no name can be markup.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import isodate
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core import coverage
from operate.drill import said
from operate.evidence import access, charts, continuity, history, rules, signature
from operate.evidence.findings import AuditFinding
from operate.evidence.model import Deployment, Facts, NotChecked, counted, moment
from operate.evidence.rules import AuditSeverity

_FOLDER = Path(__file__).parent


def page(facts: Facts, found: Sequence[AuditFinding], *, version: str, digest: str) -> str:
    """The document. `digest` is the SHA-256 of evidence.json, `version` the tool's."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["style"] = (_FOLDER / "page.css").read_text(encoding="utf-8")
    made.tests["unread"] = lambda part: part is None or isinstance(part, NotChecked)
    made.tests["of"] = access.PrincipalRight.is_of
    made.filters.update(counted=counted, css=_css, day=_day, minute=_minute, length_of=length)
    return made.get_template("page.html.j2").render(
        facts=facts,
        names={**dict(facts.names), **{id.lower(): _group(members) for id, members in facts.groups}},
        found=found,
        count={s.word: sum(f.severity is s for f in found) for s in AuditSeverity},
        warning=getattr(facts.source, "warning", ""),
        rules=rules,
        coverage=coverage,
        open={one: sorted({f.rule for f in found if one in f.controls}) for one in rules.CONTROLS},
        unread=[(one.name, what, part.why) for one in facts.services for what, part in one.unread],
        version=version,
        digest=digest,
        access=access,
        charts=charts,
        continuity=continuity,
        drilled=said,
        of_runs=of_runs,
        signature=signature,
        history=history,
    )


def of_runs(deployments: Sequence[Deployment]) -> list[list[Deployment]]:
    """The deployments, the latest first, by run: an update, and the refresh that records it."""
    runs: list[list[Deployment]] = []
    for one in reversed(deployments):
        if runs and _records(one, runs[-1]):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs[::-1]


def _records(one: Deployment, run: list[Deployment]) -> bool:
    """Whether a deployment is the refresh after the update of a run."""
    update, place = run[0], one.run or one.commit
    is_same = place != "" and place == (update.run or update.commit)
    return is_same and [*(each.kind for each in run), one.kind] == ["update", "refresh"]


def _group(members: tuple[str, ...] | NotChecked) -> str:
    if isinstance(members, NotChecked):
        return f"whether it is a group, and who is in it: not checked: {members.why}"
    return f"a group of {counted(len(members), 'member')}: {', '.join(members) or 'nobody'}"


def length(duration: str) -> str:
    """An ISO 8601 duration in words: `540 days`, `1 year and 6 months`. Other texts stay as they are."""
    with suppress(ValueError):
        span = isodate.parse_duration(duration, as_timedelta_if_possible=False)
        counts = (span.years, span.months, span.tdelta.days, span.tdelta.seconds // 3600)
        words = zip(map(int, counts), ("year", "month", "day", "hour"), strict=True)
        return " and ".join(counted(count, noun) for count, noun in words if count) or duration
    return duration


def _css(text: str) -> str:
    """A text inside a string of CSS: special characters become code points, so that none ends the string."""
    return "".join(
        one if one.isascii() and (one.isalnum() or one in " .:-") else f"\\{ord(one):x} " for one in text
    )


def _day(time: datetime | int | None, otherwise: str = "—") -> str:
    found = moment(time) if isinstance(time, int) else time
    return f"{found:%Y-%m-%d}" if found else otherwise


def _minute(time: datetime | int | None, otherwise: str = "—") -> str:
    found = moment(time) if isinstance(time, int) else time
    return f"{found:%Y-%m-%d %H:%M} UTC" if found else otherwise
