"""The review: what a preview does to the encryption of each account, and what the reviewer has to do.

Combines verdicts, policy findings and approvals. `document` says it in words, in its order: the answer first,
then the totals, then the gravest account; printers.py prints them and makes values harmless. `as_json` is for
machines:

    {"version": 2, "digest", "severity", "exitCode", "incomplete", "totals": {verdict: count},
     "headline": {"severity", "text": [words or {"value"}]}, "stack", "rows", "unchanged", ...}

These are the fields of `Review` and of its parts, in camel case, and the values that follow from them. A
verdict is its name, severity and words. A value is text, null when there is none, {"unknown": true} or
{"secret": true}.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from core.values import Hidden, folded
from core.verdicts import Name, Verdict, VerdictSeverity
from review import approvals
from review.approvals import Approval, People
from review.preview import PolicyFinding, Preview, name_of
from review.printers import Form, ReportLine, Shown, Text, fold, line, listed, of_verdict, paragraph, written
from review.rows import Judged, ReportRow, rows_of

_FINDINGS: Final = 20
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
        severities = [row.severity for row in self.rows]
        if self.advice or self.exemptions:
            severities.append(VerdictSeverity.NOTE)
        return max(severities, default=VerdictSeverity.NONE)

    @property
    def approved(self) -> list[Judged]:
        """The losses that an approval lets pass, the gravest first."""
        passed = (judged for row in self.rows for judged in row.verdicts if judged.approval)
        return sorted(passed, key=lambda judged: -judged.verdict.severity)

    @property
    def totals(self) -> Mapping[str, int]:
        """How many verdicts of each name there are, the gravest first."""
        counted = Counter(judged.verdict.name for row in self.rows for judged in row.verdicts)
        return {name.value: counted[name] for name in Name if name in counted}

    @property
    def sign(self) -> VerdictSeverity:
        """The sign that a reader sees first. An approved loss is no news, but no small thing either."""
        if self.approved:
            return max(self.severity, VerdictSeverity.APPROVAL)
        return self.severity

    @property
    def headline(self) -> Text:
        """The answer in a few words. An approved loss is still called a loss."""
        if self.severity <= VerdictSeverity.NOTE and self.approved:
            effect = "protection gets WEAKER"
            if self.approved[0].verdict.severity is VerdictSeverity.BLOCKED:
                effect = "data is LOST"
            given = [judged.approval for judged in self.approved if judged.approval]
            approvers = dict.fromkeys(approval.approver for approval in given)
            return (
                f"{effect}: approved by ",
                *listed((Shown(approver),) for approver in approvers),
                f", until {min(approval.expires for approval in given)}",
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
        rows = sorted(map(_row_as_text, self.rows))
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
    all_rows = rows_of(preview)
    update = [preview.stack, origin.state, origin.commit]
    rows = [_judged(row, given, today, people, update) for row in all_rows if row.verdicts]
    findings = dict.fromkeys(policies)
    violations = tuple(finding for finding in findings if finding.refuses)
    notes = [finding for finding in findings if not finding.refuses]
    return Review(
        rows=tuple(sorted(rows, key=lambda row: (-row.severity, -row.verdicts[0].verdict.severity))),
        unchanged=len(all_rows) - len(rows),
        violations=violations,
        advice=tuple(note for note in notes if "exempt" not in note.policy),
        exemptions=tuple(note for note in notes if "exempt" in note.policy),
        errors=tuple(error for error in preview.errors if not (violations and error == _REFUSED)),
        finished=preview.finished,
        stack=preview.stack,
        outside=preview.outside,
        origin=origin,
    )


def _row_as_text(row: ReportRow) -> str:
    return _written([[judged.verdict.said for judged in row.verdicts], row.identified])


def _judged(
    row: ReportRow, given: Sequence[Approval], today: date, people: People, update: Sequence[str]
) -> ReportRow:
    """A row whose verdicts have their codes and the approvals about them."""
    names = set(filter(None, map(folded, (row.approved_as, row.id))))
    judged = []
    for verdict in (each.verdict for each in row.verdicts):
        # What an approval must name: the update, the resource and its change.
        code = sha256(_written([*update, row.identified, verdict.said]).encode()).hexdigest()
        refused: list[tuple[Approval, str]] = []
        for approval in given:
            if approval.verdict is verdict.name and folded(approval.account) in names:
                why = approvals.refusal(approval, code, today, people)
                if not why:
                    judged.append(Judged(verdict, code, approval))
                    break
                refused.append((approval, why))
        else:
            judged.append(Judged(verdict, code, refused=tuple(refused)))
    return replace(row, verdicts=tuple(judged))


def document(review: Review, rows: int = 20) -> Iterator[ReportLine]:
    """The review for a reader: the first `rows` accounts in full, and the others by name."""
    in_stack = (" in ", Shown(review.stack)) if review.stack else ()
    yield ReportLine(Form.TITLE, ((review.sign,), ("Encryption: ", *review.headline, *in_stack)))
    yield from _totals(review)
    if review.outside:
        names = listed((Shown(name),) for name in review.outside)
        yield from paragraph([line(Form.TEXT, "Not as the state has it: ", *names)])
    for row in review.rows[:rows]:
        yield from paragraph(_row(row))
    if len(review.rows) > rows:
        yield from paragraph(_named_only(review.rows[rows:]))
    if review.violations:
        yield from _policies("Policy violations", review.violations)
    if review.exemptions:
        yield from _policies("Exemptions in force", review.exemptions)
    if review.advice:
        yield from fold(_findings(review.advice), f"Policy advice: {len(review.advice)}")
    waiting = _waiting(review.rows)
    if waiting and not review.incomplete:
        yield from fold(_approvals(waiting), f"To approve: {len(waiting)}")
    yield from _origin(review.origin)


def _named_only(rows: Sequence[ReportRow]) -> Iterator[ReportLine]:
    """Accounts by their names and the names of their verdicts."""
    yield line(Form.LISTED, f"{len(rows)} more that change, none graver than these:")
    for row in rows:
        verdicts = dict.fromkeys(judged.verdict.name for judged in row.verdicts)
        yield line(Form.ITEM, Shown(row.name), f": {', '.join(verdicts)}")


def _policies(title: str, findings: Sequence[PolicyFinding]) -> Iterator[ReportLine]:
    return paragraph([line(Form.LISTED, f"{title}: {len(findings)}"), *_findings(findings)])


def _waiting(rows: Iterable[ReportRow]) -> list[tuple[ReportRow, Judged]]:
    """The verdicts that block until somebody approves them, each with its account."""
    return [
        (row, judged)
        for row in rows
        for judged in row.verdicts
        if judged.severity >= VerdictSeverity.APPROVAL
    ]


def _origin(origin: Origin) -> Iterator[ReportLine]:
    """The commit and the pipeline's run, as far as they are known."""
    texts: list[tuple[str | Shown, ...]] = []
    if origin.head:
        texts.append(("commit ", Shown(origin.head)))
    if origin.run:
        texts.append((f"run {quote(origin.run, safe='/:?&=%#+,;@~._-')}",))
    if texts:
        yield from paragraph([line(Form.SMALL, *listed(texts))])


def _totals(review: Review) -> Iterator[ReportLine]:
    """The verdicts by name, and the accounts that do not change, as counts; and what broke the preview off.
    Then what was not looked at may change."""
    said = [f"{count} {name}" for name, count in review.totals.items()]
    if review.incomplete:
        if said:
            yield line(Form.TEXT, f"{', '.join(said)} so far; the review is incomplete.")
        yield ReportLine(Form.SPACE)
        yield line(Form.LISTED, "The preview did not finish, so this review is incomplete.")
        yield from (line(Form.ITEM, Shown(error)) for error in review.errors[:3])
        return
    if review.unchanged:
        noun = "account" if review.unchanged == 1 else "accounts"
        said.append(f"{review.unchanged} {noun} without a change to encryption")
    yield line(Form.TEXT, f"{', '.join(said)}." if said else "No account in this preview.")


def _row(row: ReportRow) -> Iterator[ReportLine]:
    noun = () if row.noun == "account" else (f" ({row.noun})",)
    yield ReportLine(Form.ACCOUNT, ((row.severity,), (Shown(row.name), *noun)))
    for judged in row.verdicts:
        yield ReportLine(Form.VERDICT, ((judged.verdict.name,), of_verdict(judged.verdict)))
        if approval := judged.approval:
            until = f" until {approval.expires}: "
            yield line(Form.MORE, "approved by ", Shown(approval.approver), until, Shown(approval.reason))
        for refused, why in judged.refused:
            not_so = f" does NOT count: {why} ("
            by = ("the approval by ", Shown(refused.approver), not_so, Shown(refused.reason), ")")
            yield line(Form.MORE, *by)
    changes = [
        ReportLine(Form.CHANGED, ((fact.name,), (Shown(fact.before),), (Shown(fact.after),)))
        for fact in row.facts
        if fact.before != fact.after
    ]
    if changes:
        yield from paragraph([line(Form.MARKUP, "| | before | after |\n|---|---|---|"), *changes])
    if same := [(f"{fact.name} ", Shown(fact.after)) for fact in row.facts if fact.before == fact.after]:
        yield from paragraph([line(Form.SMALL, "unchanged: ", *listed(same))])


def _findings(findings: Sequence[PolicyFinding]) -> Iterator[ReportLine]:
    for finding in findings[:_FINDINGS]:
        on = (" on ", Shown(name_of(finding.urn))) if finding.urn else ()
        yield line(Form.ITEM, Shown(finding.policy), *on, ": ", Shown(finding.message))
    if len(findings) > _FINDINGS:
        yield line(Form.ITEM, f"... and {len(findings) - _FINDINGS} more")


def _approvals(waiting: Sequence[tuple[ReportRow, Judged]]) -> Iterator[ReportLine]:
    """The entries that an approver adds to the repository."""
    yield line(Form.TEXT, "Each entry in `encryption-approvals.yaml` counts for this update alone.")
    yield from (ReportLine(Form.SPACE), line(Form.MARKUP, "```yaml"), line(Form.TEXT, "approvals:"))
    for row, judged in waiting[:_FINDINGS]:
        yield line(Form.TEXT, "  - account: ", Shown(row.approved_as, quoted=True))
        yield line(Form.TEXT, f"    verdict: {judged.verdict.name}")
        yield line(Form.TEXT, f"    review: {judged.code}")
        yield line(Form.TEXT, "    reason: WHY")
        yield line(Form.TEXT, "    approver: WHO, not the author")
        yield line(Form.TEXT, "    expires: YYYY-MM-DD, at most 14 days from now")
    yield line(Form.MARKUP, "```")


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
        case Hidden.UNKNOWN:
            return {"unknown": True}
        case Hidden.SECRET:
            return {"secret": True}
        case date():
            return value.isoformat()
    parts = {field.name: getattr(value, field.name) for field in fields(value)}
    if hasattr(value, "severity"):
        parts["severity"] = value.severity.word
    return {re.sub("_(.)", lambda letter: letter[1].upper(), name): part for name, part in parts.items()}
