"""What a review says, in which order: the answer first, then the totals, then the gravest account.

Owns the words. Does not own how they are printed, nor how a value is made harmless (printers.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from review.preview import PolicyFinding
from review.report import Judged, ReportRow, Review
from review.text import (
    Block,
    Example,
    Fold,
    Heading,
    Items,
    Link,
    Paragraph,
    Shown,
    Strong,
    Table,
    Text,
    of_verdict,
)
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


def of(review: Review, rows: int = 20) -> tuple[Block, ...]:
    """The review for a reader; of so many accounts in full, and the others by name."""
    return (
        Heading(sign(review), ("Encryption: ", *headline(review), *_in_stack(review)), level=3),
        *_totals(review),
        *_errors(review),
        *(block for row in review.rows[:rows] for block in _row(row)),
        *_more(review.rows[rows:]),
        *_findings("Policy violations", review.violations),
        *_findings("Exemptions in force", review.exemptions),
        *_folded("Policy advice", _findings("", review.advice), len(review.advice)),
        *_approvals(review),
        *_changes(review),
        *_origin(review),
    )


def sign(review: Review) -> VerdictSeverity:
    """What a reader sees first. What was approved is no news, but no small thing either."""
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
            *_listed((Shown(name),) for name in names),
            f", until {min(one.expires for one in approvals)}",
        )
    if review.severity is VerdictSeverity.NOTE and not review.rows:
        return ("no change, but notes on policies",)
    return (_TITLES[review.severity],)


def _in_stack(review: Review) -> Text:
    return (" in ", Shown(review.stack)) if review.stack else ()


def _totals(review: Review) -> Iterator[Block]:
    """The verdicts by name, and the accounts that do not change, as counts."""
    said = [f"{count} {name}" for name, count in review.totals.items()]
    if review.incomplete:
        # What was not looked at may change.
        if said:
            yield Paragraph((f"{', '.join(said)} so far; the review is incomplete.",))
        return
    if review.unchanged:
        noun = "account" if review.unchanged == 1 else "accounts"
        without = f" ({review.without_key} without a customer key)" if review.without_key else ""
        said.append(f"{review.unchanged} {noun} without a change to encryption{without}")
    yield Paragraph((f"{', '.join(said)}." if said else "No account in this preview.",))


def _errors(review: Review) -> Iterator[Block]:
    if review.incomplete:
        errors = tuple(((Shown(one),),) for one in review.errors[:3])
        yield Items(errors, "The preview did not finish, so this review is incomplete.")


def _row(row: ReportRow) -> Iterator[Block]:
    noun = () if row.noun == "account" else (f" ({row.noun})",)
    yield Heading(row.severity, (Shown(row.name), *noun))
    yield Items(tuple(map(_verdict, row.verdicts)))
    changes = tuple((fact.name, fact.before, fact.after) for fact in row.facts if fact.changes)
    if changes:
        yield Table(changes)
    same = [(f"{fact.name} ", Shown(fact.after)) for fact in row.facts if not fact.changes]
    if same:
        yield Paragraph(("unchanged: ", *_listed(same)), small=True)


def _verdict(judged: Judged) -> tuple[Text, ...]:
    said = (Strong(judged.verdict.name), ": ", *of_verdict(judged.verdict))
    if one := judged.approval:
        by = ("approved by ", Shown(one.approver), f" until {one.expires}: ", Shown(one.reason, _REASON))
        return said, by
    return said, *(
        (
            "the approval by ",
            Shown(one.approver),
            f" does NOT count: {why} (",
            Shown(one.reason, _REASON),
            ")",
        )
        for one, why in judged.refused
    )


def _more(rows: Sequence[ReportRow]) -> Iterator[Block]:
    """The rest of a large fleet, one line for each."""
    verdicts = (", ".join(dict.fromkeys(one.verdict.name for one in row.verdicts)) for row in rows)
    items = tuple(((Shown(row.name), f": {names}"),) for row, names in zip(rows, verdicts, strict=True))
    if items:
        yield Items(items, f"{len(rows)} more that change, none graver than these:")


def _findings(title: str, findings: Sequence[PolicyFinding]) -> tuple[Block, ...]:
    if not findings:
        return ()
    items = [
        (
            Shown(one.policy),
            *((" on ", Shown(one.resource)) if one.resource else ()),
            ": ",
            Shown(one.message, _FINDING),
        )
        for one in findings[:_FINDINGS]
    ]
    if len(findings) > _FINDINGS:
        items.append((f"... and {len(findings) - _FINDINGS} more",))
    return (Items(tuple((one,) for one in items), f"{title}: {len(findings)}" if title else ""),)


def _folded(title: str, blocks: Iterable[Block], count: int) -> Iterator[Block]:
    if count:
        yield Fold((f"{title}: {count}",), tuple(blocks))


def _approvals(review: Review) -> Iterator[Block]:
    """The entries that an approver adds to the repository, one for each verdict that needs an approval."""
    waiting = [
        (row, one)
        for row in review.rows
        for one in row.verdicts
        if one.severity >= VerdictSeverity.APPROVAL and not review.incomplete
    ]
    lines: list[Text] = [("approvals:",)]
    for row, one in waiting[:_FINDINGS]:
        lines += [
            ("  - account: ", Shown(row.name if isinstance(row.name, str) else row.id, quoted=True)),
            (f"    verdict: {one.verdict.name}",),
            (f"    review: {one.code}",),
            ("    reason: WHY",),
            ("    approver: WHO, not the author",),
            ("    expires: YYYY-MM-DD, at most 14 days from now",),
        ]
    each = "Each entry in `encryption-approvals.yaml` counts for this update alone."
    yield from _folded("To approve", (Paragraph((each,)), Example(tuple(lines))), len(waiting))


def _changes(review: Review) -> Iterator[Block]:
    lines = [((Shown(type), f": {count} ", Shown(op)),) for (type, op), count in review.changes.items()]
    yield from _folded("All changes by resource", (Items(tuple(lines)),), sum(review.changes.values()))


def _origin(review: Review) -> Iterator[Block]:
    commit, run = review.origin.head, review.origin.run
    of = [("commit ", Shown(commit))] if commit else []
    by = [(Link("run", run),)] if run else []
    if of or by:
        yield Paragraph(_listed([*of, *by]), small=True)


def _listed(texts: Iterable[Text]) -> Text:
    """Texts with commas between them."""
    return tuple(part for text in texts for part in (", ", *text))[1:]
