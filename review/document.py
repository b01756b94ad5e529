"""The content of a review, in its order: the answer first, then the totals, then the gravest account.

Owns the words. printers.py prints them and makes values harmless.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from review.preview import PolicyFinding
from review.printers import (
    Form,
    Link,
    ReportLine,
    ReportLines,
    Shown,
    Text,
    folded,
    line,
    listed,
    of_verdict,
    paragraph,
)
from review.report import Judged, ReportRow, Review
from review.resource import name_of
from review.verdict import VerdictSeverity

_TITLES: Final = {
    VerdictSeverity.NONE: "no change",
    VerdictSeverity.NOTE: "changes, nothing gets worse",
    VerdictSeverity.APPROVAL: "needs a named approval",
    VerdictSeverity.BLOCKED: "BLOCKED",
}
_FINDINGS: Final = 20
_REASON: Final = 300
_FINDING: Final = 1500  # a finding ends with its fix


def of(review: Review, rows: int = 20) -> Iterator[ReportLine]:
    """The review for a reader: the first `rows` accounts in full, and the others by name."""
    in_stack = (" in ", Shown(review.stack)) if review.stack else ()
    yield ReportLine(Form.TITLE, ((sign(review),), ("Encryption: ", *headline(review), *in_stack)))
    yield from _totals(review)
    yield from _errors(review)
    for row in review.rows[:rows]:
        yield from paragraph(_row(row))
    yield from _more(review.rows[rows:])
    for title, findings in (
        ("Policy violations", review.violations),
        ("Exemptions in force", review.exemptions),
    ):
        if findings:
            yield from paragraph([line(Form.LISTED, f"{title}: {len(findings)}"), *_findings(findings)])
    if review.advice:
        yield from folded(f"Policy advice: {len(review.advice)}", _findings(review.advice))
    yield from _approvals(review)
    yield from _origin(review)


def sign(review: Review) -> VerdictSeverity:
    """The sign that a reader sees first. An approved loss is no news, but no small thing either."""
    worst = max((one.verdict.severity for one in review.approved), default=VerdictSeverity.NONE)
    return max(review.severity, VerdictSeverity.APPROVAL if worst else VerdictSeverity.NONE)


def headline(review: Review) -> Text:
    """The answer in a few words. An approved loss is still called a loss."""
    if review.severity <= VerdictSeverity.NOTE and review.approved:
        is_loss = review.approved[0].verdict.severity is VerdictSeverity.BLOCKED
        approvals = dict.fromkeys(one.approval for one in review.approved if one.approval)
        names = dict.fromkeys(one.approver for one in approvals)
        return (
            f"{'data is LOST' if is_loss else 'protection gets WEAKER'}: approved by ",
            *listed((Shown(name),) for name in names),
            f", until {min(one.expires for one in approvals)}",
        )
    if review.severity is VerdictSeverity.NOTE and not review.rows:
        return ("no change, but notes on policies",)
    return (_TITLES[review.severity],)


def _totals(review: Review) -> Iterator[ReportLine]:
    """The verdicts by name, and the accounts that do not change, as counts."""
    said = [f"{count} {name}" for name, count in review.totals.items()]
    if review.incomplete:
        # What was not looked at may change.
        if said:
            yield line(Form.TEXT, f"{', '.join(said)} so far; the review is incomplete.")
        return
    if review.unchanged:
        noun = "account" if review.unchanged == 1 else "accounts"
        without = f" ({review.without_key} without a customer key)" if review.without_key else ""
        said.append(f"{review.unchanged} {noun} without a change to encryption{without}")
    yield line(Form.TEXT, f"{', '.join(said)}." if said else "No account in this preview.")


def _errors(review: Review) -> Iterator[ReportLine]:
    if review.incomplete:
        yield ReportLine(Form.SPACE)
        yield line(Form.LISTED, "The preview did not finish, so this review is incomplete.")
        yield from (line(Form.ITEM, Shown(one)) for one in review.errors[:3])


def _row(row: ReportRow) -> Iterator[ReportLine]:
    noun = () if row.noun == "account" else (f" ({row.noun})",)
    yield ReportLine(Form.ACCOUNT, ((row.severity,), (Shown(row.name), *noun)))
    for judged in row.verdicts:
        yield from _verdict(judged)
    changes = [((one.name,), (Shown(one.before),), (Shown(one.after),)) for one in row.facts if one.changes]
    if changes:
        yield from paragraph(
            [ReportLine(Form.COMPARED), *(ReportLine(Form.CHANGED, cells) for cells in changes)]
        )
    same = [(f"{one.name} ", Shown(one.after)) for one in row.facts if not one.changes]
    if same:
        yield from paragraph([line(Form.SMALL, "unchanged: ", *listed(same))])


def _verdict(judged: Judged) -> Iterator[ReportLine]:
    yield ReportLine(Form.VERDICT, ((judged.verdict.name,), of_verdict(judged.verdict)))
    if one := judged.approval:
        reason = Shown(one.reason, _REASON)
        yield line(Form.MORE, "approved by ", Shown(one.approver), f" until {one.expires}: ", reason)
    for one, why in judged.refused:
        reason = Shown(one.reason, _REASON)
        by = ("the approval by ", Shown(one.approver), f" does NOT count: {why} (", reason, ")")
        yield line(Form.MORE, *by)


def _more(rows: Sequence[ReportRow]) -> Iterator[ReportLine]:
    """The rest of a large fleet, one line for each."""
    if rows:
        title = line(Form.LISTED, f"{len(rows)} more that change, none graver than these:")
        names = (", ".join(dict.fromkeys(one.verdict.name for one in row.verdicts)) for row in rows)
        shown = (line(Form.ITEM, Shown(row.name), f": {name}") for row, name in zip(rows, names, strict=True))
        yield from paragraph([title, *shown])


def _findings(findings: Sequence[PolicyFinding]) -> Iterator[ReportLine]:
    for one in findings[:_FINDINGS]:
        on = (" on ", Shown(name_of(one.urn))) if one.urn else ()
        yield line(Form.ITEM, Shown(one.policy), *on, ": ", Shown(one.message, _FINDING))
    if len(findings) > _FINDINGS:
        yield line(Form.ITEM, f"... and {len(findings) - _FINDINGS} more")


def _approvals(review: Review) -> Iterator[ReportLine]:
    """The entries that an approver adds to the repository, one for each verdict that needs an approval."""
    waiting = [
        (row, one)
        for row in review.rows
        for one in row.verdicts
        if one.severity >= VerdictSeverity.APPROVAL and not review.incomplete
    ]
    if waiting:
        each = "Each entry in `encryption-approvals.yaml` counts for this update alone."
        example = (one for row, judged in waiting[:_FINDINGS] for one in _entry(row, judged))
        begin = (
            line(Form.TEXT, each),
            ReportLine(Form.SPACE),
            ReportLine(Form.EXAMPLE),
            line(Form.TEXT, "approvals:"),
        )
        yield from folded(f"To approve: {len(waiting)}", [*begin, *example, ReportLine(Form.END_OF_EXAMPLE)])


def _entry(row: ReportRow, one: Judged) -> ReportLines:
    named = Shown(row.name if isinstance(row.name, str) else row.id, quoted=True)
    return (
        line(Form.TEXT, "  - account: ", named),
        line(Form.TEXT, f"    verdict: {one.verdict.name}"),
        line(Form.TEXT, f"    review: {one.code}"),
        line(Form.TEXT, "    reason: WHY"),
        line(Form.TEXT, "    approver: WHO, not the author"),
        line(Form.TEXT, "    expires: YYYY-MM-DD, at most 14 days from now"),
    )


def _origin(review: Review) -> Iterator[ReportLine]:
    commit, run = review.origin.head, review.origin.run
    of: list[Text] = [("commit ", Shown(commit))] if commit else []
    by: list[Text] = [(Link("run", run),)] if run else []
    if of or by:
        yield from paragraph([ReportLine(Form.SMALL, (listed([*of, *by]),))])
