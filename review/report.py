"""The review: what a preview does to the encryption of each account, and what the reviewer has to do.

Combines verdicts, policy findings and approvals; document.py says it in words, and `as_json` for machines:

    {"version": 2, "digest", "severity", "exitCode", "incomplete", "totals": {verdict: count},
     "headline": {"severity", "text": [words or {"value"}]}, "stack", "rows", "unchanged", ...}

These are the fields of `Review` and of its parts, in camel case, and the values that follow from them. A
verdict is its name, severity and words. A value is text, null when there is none, {"unknown": true} or
{"secret": true}.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from hashlib import sha256
from typing import Any, Final

from core.values import Mark, folded
from review import approvals
from review.approvals import Approval, People
from review.preview import PolicyFinding, Preview
from review.printers import Shown, Text, listed, of_verdict, written
from review.rows import Judged, ReportRow, rows_of
from review.verdict import Name, Verdict, VerdictSeverity

# What the engine says for every refusal, beside the reason.
_REFUSED: Final = "preview failed"
_NOBODY: Final = People()
_TITLES: Final = {
    VerdictSeverity.NONE: "no change",
    VerdictSeverity.NOTE: "changes, nothing gets worse",
    VerdictSeverity.APPROVAL: "needs a named approval",
    VerdictSeverity.BLOCKED: "BLOCKED",
}


@dataclass(frozen=True)
class Origin:
    """The subject of a review. `state` and `commit` are digests of the stack's state and of the repository's
    files; `head` is the commit and `run` the address of the pipeline's run, for the reader."""

    state: str = ""
    commit: str = ""
    head: str = ""
    run: str = ""


@dataclass(frozen=True)
class Review:
    """The whole. `rows` are those that change, the gravest first; the others are only counted."""

    rows: tuple[ReportRow, ...]
    unchanged: int
    violations: tuple[PolicyFinding, ...]
    advice: tuple[PolicyFinding, ...]
    exemptions: tuple[PolicyFinding, ...]
    errors: tuple[str, ...]
    finished: bool
    stack: str
    outside: tuple[str, ...] = ()
    origin: Origin = Origin()

    @property
    def incomplete(self) -> bool:
        """Whether something may be missing. A preview that only a policy refused has been looked at whole."""
        return bool(self.errors) or not (self.finished or self.violations)

    @property
    def severity(self) -> VerdictSeverity:
        if self.violations or self.errors or not self.finished:
            return VerdictSeverity.BLOCKED
        rows = max((row.severity for row in self.rows), default=VerdictSeverity.NONE)
        return max(rows, VerdictSeverity.NOTE if self.advice or self.exemptions else VerdictSeverity.NONE)

    @property
    def approved(self) -> list[Judged]:
        """The losses that an approval lets pass, the gravest first."""
        passed = (one for row in self.rows for one in row.verdicts if one.approval)
        return sorted(passed, key=lambda one: -one.verdict.severity)

    @property
    def totals(self) -> Mapping[str, int]:
        """How many verdicts of each name there are, the gravest first."""
        counted = Counter(one.verdict.name for row in self.rows for one in row.verdicts)
        return {name.value: counted[name] for name in Name if name in counted}

    @property
    def sign(self) -> VerdictSeverity:
        """The sign that a reader sees first. An approved loss is no news, but no small thing either."""
        is_loss = any(one.verdict.severity for one in self.approved)
        return max(self.severity, VerdictSeverity.APPROVAL if is_loss else VerdictSeverity.NONE)

    @property
    def headline(self) -> Text:
        """The answer in a few words. An approved loss is still called a loss."""
        if self.severity <= VerdictSeverity.NOTE and self.approved:
            is_loss = self.approved[0].verdict.severity is VerdictSeverity.BLOCKED
            given = dict.fromkeys(one.approval for one in self.approved if one.approval)
            return (
                f"{'data is LOST' if is_loss else 'protection gets WEAKER'}: approved by ",
                *listed((Shown(name),) for name in dict.fromkeys(one.approver for one in given)),
                f", until {min(one.expires for one in given)}",
            )
        if self.severity is VerdictSeverity.NOTE and not self.rows:
            return ("no change, but notes on policies",)
        return (_TITLES[self.severity],)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of an update's effects on encryption, equal for two previews with the same effects.

        It leaves out the parts that may differ between a review and its merge: accounts without a change,
        advice and approvals.
        """
        rows = sorted(
            _written([[one.verdict.said for one in row.verdicts], row.identified]) for row in self.rows
        )
        return sha256("\n".join([self.stack, *rows]).encode()).hexdigest()


def make(
    preview: Preview,
    given: Sequence[Approval],
    today: date,
    policies: Iterable[PolicyFinding] = (),
    *,
    origin: Origin = Origin(),
    people: People = _NOBODY,
) -> Review:
    """Reviews a preview. `given` are the approvals, `today` is the UTC day by which they expire."""
    found = rows_of(preview)
    update = [preview.stack, origin.state, origin.commit]
    rows = [_judged(one, given, today, people, update) for one in found if one.verdicts]
    findings = tuple(dict.fromkeys(policies))
    violations = tuple(one for one in findings if one.refuses)
    return Review(
        rows=tuple(sorted(rows, key=lambda row: (-row.severity, -row.verdicts[0].verdict.severity))),
        unchanged=len(found) - len(rows),
        violations=violations,
        advice=tuple(one for one in findings if not one.refuses and "exempt" not in one.policy),
        exemptions=tuple(one for one in findings if not one.refuses and "exempt" in one.policy),
        errors=tuple(one for one in preview.errors if not (violations and one == _REFUSED)),
        finished=preview.finished,
        stack=preview.stack,
        outside=preview.outside,
        origin=origin,
    )


def _judged(
    row: ReportRow, given: Sequence[Approval], today: date, people: People, update: Sequence[str]
) -> ReportRow:
    names = {known for each in (row.name, row.id) if (known := folded(each))}
    judged = []
    for verdict in (one.verdict for one in row.verdicts):
        # What an approval must name: the update, the resource and its change.
        code = sha256(_written([*update, row.identified, verdict.said]).encode()).hexdigest()
        about = [one for one in given if one.verdict is verdict.name and folded(one.account) in names]
        why = [(each, approvals.refusal(each, code, today, people)) for each in about]
        good = next((each for each, refused in why if not refused), None)
        judged.append(Judged(verdict, code, good, () if good else tuple(why)))
    return replace(row, verdicts=tuple(judged))


def as_json(review: Review) -> str:
    """One JSON document in ASCII, so that no terminal and no runner interprets a part of it as a command."""
    found = {
        "version": 2,
        "digest": review.digest,
        "exitCode": review.severity.exit_code,
        "incomplete": review.incomplete,
        "totals": review.totals,
        "headline": {"severity": review.sign.word, "text": review.headline},
        **_data(review),
    }
    return _written(found, indent=2).replace("##", "#\\u0023") + "\n"


def _written(parts: Any, **more: Any) -> str:
    return json.dumps(parts, default=_data, **more)


def _data(value: Any) -> Any:
    match value:
        case Verdict():
            words = written(of_verdict(value))
            return {"name": value.name, "severity": value.severity.word, "words": words}
        case Shown():
            return {"value": value.value}
        case Mark():
            return {"unknown": True} if value is Mark.UNKNOWN else {"secret": True}
        case date():
            return value.isoformat()
    found = {one.name: getattr(value, one.name) for one in fields(value)}
    if hasattr(value, "severity"):
        found["severity"] = value.severity.word
    return {re.sub("_(.)", lambda part: part[1].upper(), name): one for name, one in found.items()}
