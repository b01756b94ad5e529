"""The review: what a preview does to the encryption of each account, and what the reviewer has to do.

Combines verdicts, policy findings and approvals; document.py says it in words, and as_json.py for machines.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from core import commands
from core.protection import AccountProtection
from core.values import Mark, Value
from review import access
from review import approvals as recorded
from review.approvals import Approval, People
from review.events import Diagnostic, PolicyFinding
from review.preview import Preview
from review.protection import Protection
from review.rules import verdicts_of
from review.subject import ReviewedAccount, known_as, subjects_of
from review.verdict import Name, Verdict, VerdictSeverity

# What the engine says for every refusal, beside the reason.
_REFUSED: Final = "preview failed"
_NOBODY: Final = People()


@dataclass(frozen=True)
class ComparedLine:
    """One line of an account: what it is, before and after the update."""

    name: str
    before: Value
    after: Value

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Origin:
    """What was reviewed. `state` and `commit` are digests of the stack's state and of the repository's files;
    `head` is the commit and `run` the address of the pipeline's run, for the reader."""

    state: str = ""
    commit: str = ""
    head: str = ""
    run: str = ""


@dataclass(frozen=True)
class Judged:
    """A verdict, the code that approves it, the approval that lets it pass, and those that do not count."""

    verdict: Verdict
    code: str = ""
    approval: Approval | None = None
    refused: tuple[tuple[Approval, str], ...] = ()

    @property
    def severity(self) -> VerdictSeverity:
        if self.approval and self.verdict.severity >= VerdictSeverity.APPROVAL:
            return VerdictSeverity.NOTE
        return self.verdict.severity


@dataclass(frozen=True)
class ReportRow:
    """One account with its verdicts, the gravest first. `noun` says what it is where it is no account."""

    name: Value
    id: Value
    verdicts: tuple[Judged, ...]
    facts: tuple[ComparedLine, ...]
    noun: str = "account"

    @property
    def severity(self) -> VerdictSeverity:
        return max((one.severity for one in self.verdicts), default=VerdictSeverity.NONE)


@dataclass(frozen=True)
class Review:
    """The whole. `rows` are those that change, the gravest first; the others are only counted.

    `changes` counts every step of the preview that changes something, by resource type and operation.
    """

    rows: tuple[ReportRow, ...]
    unchanged: int
    without_key: int
    violations: tuple[PolicyFinding, ...]
    advice: tuple[PolicyFinding, ...]
    exemptions: tuple[PolicyFinding, ...]
    errors: tuple[Diagnostic, ...]
    finished: bool
    stack: str
    unused: tuple[Approval, ...] = ()
    changes: Mapping[tuple[str, str], int] = field(default_factory=dict)
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
        noted = VerdictSeverity.NOTE if self.advice or self.exemptions else VerdictSeverity.NONE
        return max(rows, noted)

    @property
    def approved(self) -> tuple[Judged, ...]:
        """The losses that an approval lets pass, the gravest first."""
        passed = [one for row in self.rows for one in row.verdicts if one.approval]
        return tuple(sorted(passed, key=lambda one: -one.verdict.severity))

    @property
    def totals(self) -> Mapping[str, int]:
        """How many verdicts of each name there are, the gravest first."""
        counted = Counter(one.verdict.name for row in self.rows for one in row.verdicts)
        return {name.value: counted[name] for name in Name if name in counted}

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what an update does to encryption, equal for two previews that do the same.

        Left out is what may differ between a review and its merge: what stays, advice and approvals.
        """
        rows = sorted(
            json.dumps([[_as_data(one.verdict) for one in row.verdicts], _identified(row)])
            for row in self.rows
        )
        return hashlib.sha256("\n".join([self.stack, *rows]).encode()).hexdigest()


def make(
    preview: Preview,
    approvals: Sequence[Approval],
    today: date,
    policies: Iterable[PolicyFinding] = (),
    *,
    origin: Origin = Origin(),
    people: People = _NOBODY,
) -> Review:
    """Reviews a preview. `today` is the UTC day by which approvals expire."""
    subjects, others = subjects_of(preview)
    rows = [_row(subject) for subject in subjects]
    rows += [ReportRow(one.name, one.id, tuple(map(Judged, one.verdicts)), (), one.noun) for one in others]
    accounts = [row for row in rows if row.noun == "account"]
    without_key = sum(
        not row.verdicts and not (subject.planned and subject.planned.bound)
        for row, subject in zip(rows, subjects, strict=False)
    )
    changing = [
        _approved(row, approvals, today, people, [preview.stack, origin.state, origin.commit])
        for row in rows
        if row.verdicts
    ]
    named = {
        approval
        for row in changing
        for one in row.verdicts
        for approval in (one.approval, *(refused for refused, _ in one.refused))
    }
    findings = tuple(dict.fromkeys([*preview.policies, *policies]))
    violations = tuple(one for one in findings if one.refuses)
    return Review(
        rows=tuple(sorted(changing, key=lambda row: (-row.severity, -_raw(row)))),
        unchanged=sum(not row.verdicts for row in accounts),
        without_key=without_key,
        violations=violations,
        advice=tuple(one for one in findings if not one.refuses and not _is_exemption(one)),
        exemptions=tuple(one for one in findings if not one.refuses and _is_exemption(one)),
        errors=_with_way_out(
            [e for e in preview.errors if not (violations and e.message == _REFUSED)], preview.stack
        ),
        finished=preview.finished,
        stack=preview.stack,
        unused=tuple(one for one in approvals if one not in named),
        changes=preview.changes,
        origin=origin,
    )


def _with_way_out(errors: Sequence[Diagnostic], stack: str) -> tuple[Diagnostic, ...]:
    """The errors. If a login was refused, every resource has that error, so the way out comes first, once."""
    said = "\n".join(error.message for error in errors)
    way_out = commands.log_in_anew(said, stack)
    return (*([Diagnostic(way_out)] if way_out else []), *errors)


def _row(subject: ReviewedAccount) -> ReportRow:
    verdicts = tuple(Judged(verdict) for verdict in verdicts_of(subject))
    facts = _facts(subject.live, subject.planned) if verdicts else ()
    return ReportRow(subject.name, subject.id, verdicts, facts)


def _approved(
    row: ReportRow, approvals: Sequence[Approval], today: date, people: People, update: Sequence[str]
) -> ReportRow:
    names = known_as(row.name, row.id)
    judged = []
    for one in row.verdicts:
        code = _code(update, row, one.verdict)
        about = [
            (approval, recorded.refusal(approval, code, today, people))
            for approval in approvals
            if approval.names(names, one.verdict.name)
        ]
        good = next((approval for approval, why in about if not why), None)
        refused = () if good else tuple((approval, why) for approval, why in about if why)
        judged.append(Judged(one.verdict, code, good, refused))
    return replace(row, verdicts=tuple(judged))


def _code(update: Sequence[str], row: ReportRow, verdict: Verdict) -> str:
    """What an approval of a verdict must name: a digest of update, resource and what happens to it."""
    parts = json.dumps([*update, _identified(row), _as_data(verdict)])
    return hashlib.sha256(parts.encode()).hexdigest()


def _identified(row: ReportRow) -> list[Any]:
    changes = [[one.name, as_data(one.before), as_data(one.after)] for one in row.facts if one.changes]
    return [as_data(row.name), as_data(row.id), row.noun, changes]


def _as_data(verdict: Verdict) -> list[Any]:
    return [verdict.name.value, verdict.words, *map(as_data, verdict.values)]


def as_data(value: Value) -> Any:
    """A value for JSON: text, null, {"unknown": true} or {"secret": true}."""
    if isinstance(value, Mark):
        return {"unknown": True} if value is Mark.UNKNOWN else {"secret": True}
    return value


def _facts(live: Protection | None, planned: Protection | None) -> tuple[ComparedLine, ...]:
    before, after = _shown(live), _shown(planned)
    return tuple(
        ComparedLine(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])
    )


def _shown(one: Protection | None) -> dict[str, Value]:
    if one is None:
        return {}
    shown: dict[str, Value] = {}
    if one.identity:
        shown["identity"] = one.identity.words
    if isinstance(one.key, AccountProtection):
        shown |= {"vault": one.key.vault_name, "key": one.key.key_name, "version": one.key.version}
    else:
        shown["key"] = one.key if isinstance(one.key, Mark) else "Microsoft-managed"
    shown["grant"] = "; ".join(sorted(set(map(access.words, one.grants)))) or None
    found = (*one.settings.values(), *one.vault_settings.values())
    return shown | {each.fact: each.shown for each in found if each.fact}


def _raw(row: ReportRow) -> int:
    return max((one.verdict.severity for one in row.verdicts), default=VerdictSeverity.NONE)


def _is_exemption(finding: PolicyFinding) -> bool:
    return "exempt" in finding.policy
