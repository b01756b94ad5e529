"""The review: what a preview does to the encryption of each account, and what that asks of the reviewer.

Owns: putting verdicts, policy findings, approvals and the severity together, and what an account's row shows.
Does not own: how it is written (markdown.py, plain_text.py, as_json.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from review.approvals import Approval
from review.events import Diagnostic, PolicyFinding
from review.keys import BoundKey
from review.preview import Preview
from review.protection import Protection
from review.rules import verdicts_of, verdicts_of_loose
from review.subject import Subject, known_as, subjects_of
from review.values import Mark, Value
from review.verdict import Severity, Verdict

# What the engine says for every refusal, beside the reason.
_REFUSED: Final = "preview failed"


@dataclass(frozen=True)
class Fact:
    """One line of an account: what it is, before and after the update."""

    name: str
    before: Value
    after: Value

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Judged:
    """A verdict, and the approval that lets it pass, or the one that no longer does."""

    verdict: Verdict
    approval: Approval | None = None
    expired: Approval | None = None

    @property
    def severity(self) -> Severity:
        if self.approval and self.verdict.severity >= Severity.APPROVAL:
            return Severity.NOTE
        return self.verdict.severity


@dataclass(frozen=True)
class Row:
    """One account with its verdicts, the gravest first. `noun` says what it is where it is no account."""

    name: Value
    id: Value
    verdicts: tuple[Judged, ...]
    facts: tuple[Fact, ...]
    noun: str = "account"

    @property
    def severity(self) -> Severity:
        return max((one.severity for one in self.verdicts), default=Severity.NONE)


@dataclass(frozen=True)
class Review:
    """The whole. `rows` are those that change, the gravest first; the others are only counted."""

    rows: tuple[Row, ...]
    unchanged: int
    without_key: int
    violations: tuple[PolicyFinding, ...]
    advice: tuple[PolicyFinding, ...]
    exemptions: tuple[PolicyFinding, ...]
    errors: tuple[Diagnostic, ...]
    finished: bool
    stack: str
    unused: tuple[Approval, ...] = ()

    @property
    def incomplete(self) -> bool:
        """Whether something may be missing. A preview that only a policy refused has been looked at whole."""
        return bool(self.errors) or not (self.finished or self.violations)

    @property
    def severity(self) -> Severity:
        if self.violations or self.errors or not self.finished:
            return Severity.BLOCKED
        rows = max((row.severity for row in self.rows), default=Severity.NONE)
        noted = Severity.NOTE if self.advice or self.exemptions else Severity.NONE
        return max(rows, noted)


def make(
    preview: Preview, approvals: Sequence[Approval], today: date, policies: Iterable[PolicyFinding] = ()
) -> Review:
    """Reviews a preview. `today` is the UTC day by which approvals expire."""
    subjects, loose = subjects_of(preview)
    rows = [_row(subject, approvals, today) for subject in subjects]
    for one in loose:
        judged = _judged(verdicts_of_loose(one), known_as(one.name, one.id), approvals, today)
        rows.append(Row(one.name, one.id, judged, (), one.resource.kind.value))
    changing = [row for row in rows if row.verdicts]
    named = {approval for row in changing for one in row.verdicts for approval in (one.approval, one.expired)}
    found = tuple(dict.fromkeys([*preview.policies, *policies]))
    violations = tuple(one for one in found if one.refuses)
    accounts = [row for row in rows if row.noun == "account"]
    return Review(
        rows=tuple(sorted(changing, key=lambda row: (-row.severity, -_raw(row)))),
        unchanged=sum(not row.verdicts for row in accounts),
        without_key=sum(
            not row.verdicts and not _has_key(subject) for row, subject in zip(rows, subjects, strict=False)
        ),
        violations=violations,
        advice=tuple(one for one in found if not one.refuses and not _is_exemption(one)),
        exemptions=tuple(one for one in found if not one.refuses and _is_exemption(one)),
        errors=tuple(one for one in preview.errors if not (violations and one.message == _REFUSED)),
        finished=preview.finished,
        stack=preview.stack,
        unused=tuple(one for one in approvals if one not in named),
    )


def _row(subject: Subject, approvals: Sequence[Approval], today: date) -> Row:
    verdicts = verdicts_of(subject)
    judged = _judged(verdicts, known_as(subject.name, subject.id), approvals, today)
    return Row(subject.name, subject.id, judged, _facts(subject.live, subject.planned) if verdicts else ())


def _judged(
    verdicts: Iterable[Verdict], names: frozenset[str], approvals: Sequence[Approval], today: date
) -> tuple[Judged, ...]:
    found = []
    for verdict in verdicts:
        about = [one for one in approvals if one.names(names, verdict.name)]
        good = next((one for one in about if one.counts_on(today)), None)
        old = max(
            (one for one in about if not one.counts_on(today)), key=lambda one: one.expires, default=None
        )
        found.append(Judged(verdict, good, None if good else old))
    return tuple(found)


def _facts(live: Protection | None, planned: Protection | None) -> tuple[Fact, ...]:
    before, after = _shown(live), _shown(planned)
    return tuple(Fact(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after]))


def _shown(one: Protection | None) -> dict[str, Value]:
    if one is None:
        return {}
    shown: dict[str, Value] = {}
    if one.identity:
        shown["identity"] = one.identity.words
    if isinstance(one.key, BoundKey):
        shown |= {"vault": one.key.vault, "key": one.key.name, "version": one.key.version}
    else:
        shown["key"] = one.key if isinstance(one.key, Mark) else "Microsoft-managed"
    shown["grant"] = "; ".join(sorted({grant.words for grant in one.grants})) or None
    if one.network:
        shown["network"] = one.network.words
    if one.local_auth is not None:
        shown["login by account key"] = (
            one.local_auth if isinstance(one.local_auth, Mark) else _on(one.local_auth)
        )
    if one.vault:
        shown["vault network"] = one.vault.network.words
        purge = one.vault.purge_protection
        shown["purge protection"] = purge if isinstance(purge, Mark) else _on(purge)
        shown["audit"] = one.vault.audit
    return shown


def _on(value: bool | None) -> str:
    return "on" if value else "off"


def _has_key(subject: Subject) -> bool:
    return bool(subject.planned and subject.planned.bound)


def _raw(row: Row) -> int:
    return max((one.verdict.severity for one in row.verdicts), default=Severity.NONE)


def _is_exemption(finding: PolicyFinding) -> bool:
    return "exempt" in finding.policy
