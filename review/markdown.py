"""The review as a pull-request comment: the answer in the first line, the gravest account first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from review.as_json import digest
from review.events import PolicyFinding
from review.inert import code, in_markdown
from review.report import Judged, Review, Row
from review.verdict import Severity

# GitHub takes 65,536 characters.
_LIMIT: Final = 60_000
_SIGNS: Final = {
    Severity.NONE: "\u2705",
    Severity.NOTE: "\u2139\ufe0f",
    Severity.APPROVAL: "\u26a0\ufe0f",
    Severity.BLOCKED: "\u26d4",
}
_TITLES: Final = {
    Severity.NONE: "no change",
    Severity.NOTE: "changes, nothing gets worse",
    Severity.APPROVAL: "needs a named approval",
    Severity.BLOCKED: "BLOCKED",
}
_ONLY_NOTES: Final = "no change, but notes on policies"
_ROWS: Final = 20
_FINDINGS: Final = 20


def render(review: Review) -> str:
    """The comment's body, with a line feed at the end.

    The pipelines find it again by its first line, and there the digest of what was reviewed.
    """
    severity = review.severity
    lines = [
        f"<!-- encryption-review {digest(review)} -->",
        f"### {_SIGNS[severity]} Encryption: {titled(review, _TITLES)}{_of(review)}",
    ]
    lines += _errors(review)
    for row in review.rows[:_ROWS]:
        lines += _row(row)
    if len(review.rows) > _ROWS:
        lines += ["", f"... and {len(review.rows) - _ROWS} more that change, none graver than these."]
    lines += _findings("Policy violations", review.violations)
    lines += _findings("Exemptions in force", review.exemptions)
    lines += _folded("Policy advice", review.advice)
    lines += _unused(review)
    if count := counted(review):
        # Right below the title where that is all there is to say.
        lines += [count] if len(lines) == 2 else ["", count]
    return _within_limit("\n".join(lines)) + "\n"


def titled(review: Review, titles: Mapping[Severity, str]) -> str:
    """The answer in a few words; advice and exemptions alone are no change."""
    only_notes = review.severity is Severity.NOTE and not review.rows
    return _ONLY_NOTES if only_notes else titles[review.severity]


def _within_limit(body: str) -> str:
    if len(body) <= _LIMIT:
        return body
    kept = body[:_LIMIT].rsplit("\n", 1)[0]
    return f"{kept}\n\n*The rest is left out here; the review in JSON has all of it.*"


def counted(review: Review) -> str:
    """The accounts that do not change, as a count."""
    if not review.unchanged:
        return "" if review.rows else "No account in this preview."
    more = " more" if review.rows else ""
    noun = "account" if review.unchanged == 1 else "accounts"
    said = f"{review.unchanged}{more} {noun}: no change to encryption"
    return said + (f" ({review.without_key} without a customer key)." if review.without_key else ".")


def _of(review: Review) -> str:
    return f" in {code(review.stack)}" if review.stack else ""


def _errors(review: Review) -> Iterator[str]:
    if not review.incomplete:
        return
    yield ""
    yield "**The preview did not finish, so this review may be incomplete.**"
    for error in review.errors[:3]:
        yield f"- {code(error.message, 300)}"


def _row(row: Row) -> Iterator[str]:
    yield ""
    noun = "" if row.noun == "account" else f" ({row.noun})"
    yield f"#### {_SIGNS[row.severity]} {in_markdown(row.name)}{noun}"
    for judged in row.verdicts:
        yield f"- {_verdict(judged)}"
    changes = [fact for fact in row.facts if fact.changes]
    if changes:
        yield from ("", "| | before | after |", "|---|---|---|")
        for fact in changes:
            yield f"| {fact.name} | {in_markdown(fact.before)} | {in_markdown(fact.after)} |"
    same = [f"{fact.name} {in_markdown(fact.after)}" for fact in row.facts if not fact.changes]
    if same:
        yield from ("", f"<sub>unchanged: {', '.join(same)}</sub>")


def _verdict(judged: Judged) -> str:
    verdict = judged.verdict
    words = verdict.words.format(*(in_markdown(value) for value in verdict.values))
    said = f"**{verdict.name}**: {words}"
    if judged.approval:
        one = judged.approval
        said += f"<br>approved by {code(one.approver)} until {one.expires}: {code(one.reason, 300)}"
    elif judged.expired:
        one = judged.expired
        said += f"<br>the approval by {code(one.approver)} ENDED on {one.expires} ({code(one.reason, 300)})"
    return said


def _findings(title: str, findings: Sequence[PolicyFinding]) -> Iterator[str]:
    if not findings:
        return
    yield from ("", f"**{title}: {len(findings)}**")
    for one in findings[:_FINDINGS]:
        where = f" on {code(one.resource)}" if one.resource else ""
        yield f"- {code(one.policy)}{where}: {code(one.message, 400)}"
    if len(findings) > _FINDINGS:
        yield f"- ... and {len(findings) - _FINDINGS} more"


def _folded(title: str, findings: Sequence[PolicyFinding]) -> Iterator[str]:
    if findings:
        lines = list(_findings(title, findings))
        yield from (
            "",
            f"<details><summary>{title}: {len(findings)}</summary>",
            "",
            *lines[2:],
            "",
            "</details>",
        )


def _unused(review: Review) -> Iterator[str]:
    if review.unused and review.rows:
        yield ""
        names = ", ".join(f"{code(one.account)} {code(one.verdict)}" for one in review.unused[:5])
        yield f"<sub>approvals that no verdict asks for: {names}</sub>"
