"""The review on a terminal."""

from collections.abc import Iterator

from review.escaping import in_text, plain
from review.markdown import TITLES, titled, totals
from review.report import ReportRow, Review
from review.verdict import VerdictSeverity

_TITLES = {**TITLES, VerdictSeverity.APPROVAL: TITLES[VerdictSeverity.APPROVAL].upper()}


def render(review: Review) -> str:
    """Lines of visible characters, with a line feed at the end."""
    lines = [f"encryption: {titled(review, _TITLES, plain)}"]
    if summed := totals(review):
        lines.append(f"  {summed}")
    if review.incomplete:
        lines.append("  the preview did not finish, so this review is incomplete")
        lines += [f"  error: {plain(error.message)}" for error in review.errors[:3]]
    for row in review.rows:
        lines += _row(row)
    for title, findings in (
        ("violation", review.violations),
        ("advice", review.advice),
        ("exemption", review.exemptions),
    ):
        lines += [
            f"  {title}: {plain(one.policy)} {plain(one.resource)}: {plain(one.message, 1500)}"
            for one in findings
        ]
    return "\n".join(lines) + "\n"


def _row(row: ReportRow) -> Iterator[str]:
    yield f"  {row.noun} {in_text(row.name)}"
    for judged in row.verdicts:
        verdict = judged.verdict
        yield f"    {verdict.name}: {verdict.said(in_text)}"
        if one := judged.approval:
            yield f"      approved by {plain(one.approver)} until {one.expires}: {plain(one.reason, 300)}"
        for one, why in judged.refused:
            yield f"      the approval by {plain(one.approver)} does not count: {why}"
        if not judged.approval and verdict.severity >= VerdictSeverity.APPROVAL and judged.code:
            yield f"      to approve: review {judged.code}"
    for fact in row.facts:
        if fact.changes:
            yield f"    {fact.name}: {in_text(fact.before)} -> {in_text(fact.after)}"
