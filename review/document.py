"""The content of a review, in its order: the answer first, then the totals, then the gravest account.

Owns the words. printers.py prints them and makes values harmless.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from review.preview import PolicyFinding, name_of
from review.printers import Form, ReportLine, Shown, folded, line, listed, of_verdict, paragraph
from review.report import Review
from review.rows import Judged, ReportRow
from review.verdict import VerdictSeverity

_FINDINGS: Final = 20


def of(review: Review, rows: int = 20) -> Iterator[ReportLine]:
    """The review for a reader: the first `rows` accounts in full, and the others by name."""
    in_stack = (" in ", Shown(review.stack)) if review.stack else ()
    yield ReportLine(Form.TITLE, ((review.sign,), ("Encryption: ", *review.headline, *in_stack)))
    yield from _totals(review)
    if review.outside:
        names = listed((Shown(one),) for one in review.outside)
        yield from paragraph([line(Form.TEXT, "Not as the state has it: ", *names)])
    for row in review.rows[:rows]:
        yield from paragraph(_row(row))
    if rest := review.rows[rows:]:
        title = line(Form.LISTED, f"{len(rest)} more that change, none graver than these:")
        said = ((row.name, dict.fromkeys(one.verdict.name for one in row.verdicts)) for row in rest)
        by_name = (line(Form.ITEM, Shown(name), f": {', '.join(verdicts)}") for name, verdicts in said)
        yield from paragraph([title, *by_name])
    for what, findings in (
        ("Policy violations", review.violations),
        ("Exemptions in force", review.exemptions),
    ):
        if findings:
            yield from paragraph([line(Form.LISTED, f"{what}: {len(findings)}"), *_findings(findings)])
    if review.advice:
        yield from folded(_findings(review.advice), f"Policy advice: {len(review.advice)}")
    waiting = [
        (row, one)
        for row in review.rows
        for one in row.verdicts
        if one.severity >= VerdictSeverity.APPROVAL and not review.incomplete
    ]
    if waiting:
        yield from folded(_approvals(waiting), f"To approve: {len(waiting)}")
    commit, run = review.origin.head, quote(review.origin.run, safe="/:?&=%#+,;@~._-")
    if commit or run:
        texts = (("commit ", Shown(commit)) if commit else (), (f"run {run}",) if run else ())
        yield from paragraph([line(Form.SMALL, *listed(filter(None, texts)))])


def _totals(review: Review) -> Iterator[ReportLine]:
    """The verdicts by name, and the accounts that do not change, as counts; and what broke the preview off.
    Then what was not looked at may change."""
    said = [f"{count} {name}" for name, count in review.totals.items()]
    if review.incomplete:
        if said:
            yield line(Form.TEXT, f"{', '.join(said)} so far; the review is incomplete.")
        yield ReportLine(Form.SPACE)
        yield line(Form.LISTED, "The preview did not finish, so this review is incomplete.")
        yield from (line(Form.ITEM, Shown(one)) for one in review.errors[:3])
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
        if one := judged.approval:
            until = f" until {one.expires}: "
            yield line(Form.MORE, "approved by ", Shown(one.approver), until, Shown(one.reason))
        for one, why in judged.refused:
            not_so = f" does NOT count: {why} ("
            by = ("the approval by ", Shown(one.approver), not_so, Shown(one.reason), ")")
            yield line(Form.MORE, *by)
    changes = [((one.name,), (Shown(one.before),), (Shown(one.after),)) for one in row.facts if one.changes]
    if changes:
        cells = (ReportLine(Form.CHANGED, one) for one in changes)
        yield from paragraph([ReportLine(Form.COMPARED), *cells])
    same = [(f"{one.name} ", Shown(one.after)) for one in row.facts if not one.changes]
    if same:
        yield from paragraph([line(Form.SMALL, "unchanged: ", *listed(same))])


def _findings(findings: Sequence[PolicyFinding]) -> Iterator[ReportLine]:
    for one in findings[:_FINDINGS]:
        on = (" on ", Shown(name_of(one.urn))) if one.urn else ()
        yield line(Form.ITEM, Shown(one.policy), *on, ": ", Shown(one.message))
    if len(findings) > _FINDINGS:
        yield line(Form.ITEM, f"... and {len(findings) - _FINDINGS} more")


def _approvals(waiting: Sequence[tuple[ReportRow, Judged]]) -> Iterator[ReportLine]:
    """The entries that an approver adds to the repository."""
    yield line(Form.TEXT, "Each entry in `encryption-approvals.yaml` counts for this update alone.")
    yield from (ReportLine(Form.SPACE), ReportLine(Form.EXAMPLE), line(Form.TEXT, "approvals:"))
    for row, one in waiting[:_FINDINGS]:
        named = Shown(row.name if isinstance(row.name, str) else row.id, quoted=True)
        yield line(Form.TEXT, "  - account: ", named)
        yield line(Form.TEXT, f"    verdict: {one.verdict.name}")
        yield line(Form.TEXT, f"    review: {one.code}")
        yield line(Form.TEXT, "    reason: WHY")
        yield line(Form.TEXT, "    approver: WHO, not the author")
        yield line(Form.TEXT, "    expires: YYYY-MM-DD, at most 14 days from now")
    yield ReportLine(Form.END_OF_EXAMPLE)
