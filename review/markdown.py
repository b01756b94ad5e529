"""The review as a pull-request comment: the answer first, then the totals, then the gravest account."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from review.escaping import code, in_markdown, quoted
from review.events import PolicyFinding
from review.report import Judged, ReportRow, Review
from review.verdict import VerdictSeverity

# GitHub takes 65,536 characters, Azure DevOps 150,000.
_LIMIT: Final = 60_000
SIGNS: Final = {
    VerdictSeverity.NONE: "\u2705",
    VerdictSeverity.NOTE: "\u2139\ufe0f",
    VerdictSeverity.APPROVAL: "\u26a0\ufe0f",
    VerdictSeverity.BLOCKED: "\u26d4",
}
TITLES: Final = {
    VerdictSeverity.NONE: "no change",
    VerdictSeverity.NOTE: "changes, nothing gets worse",
    VerdictSeverity.APPROVAL: "needs a named approval",
    VerdictSeverity.BLOCKED: "BLOCKED",
}
_ROWS: Final = 20
_FINDINGS: Final = 20


def render(review: Review) -> str:
    """The comment's body, with a line feed at the end. The pipelines find it again by its first line."""
    lines = [
        f"<!-- encryption-review {marker(review.stack)} {review.digest} -->",
        f"### {sign(review)} Encryption: {titled(review, TITLES, code)}{_of(review)}",
    ]
    if summed := totals(review):
        lines.append(summed)
    lines += _errors(review)
    for row in review.rows[:_ROWS]:
        lines += _row(row)
    lines += _more(review.rows[_ROWS:])
    lines += _findings("Policy violations", review.violations)
    lines += _findings("Exemptions in force", review.exemptions)
    lines += _folded("Policy advice", _findings("", review.advice), len(review.advice))
    lines += _unused(review)
    lines += _approvals(review)
    lines += _changes(review)
    lines += _origin(review)
    return _within_limit("\n".join(lines)) + "\n"


def marker(stack: str) -> str:
    """A stack's name in the first line, where only these characters cannot end it or look like another's."""
    name = stack.replace("--", "-_")
    return "".join(one if one.isascii() and (one.isalnum() or one in "._/-") else "_" for one in name) or "_"


def sign(review: Review) -> str:
    """What a reader sees first. What was approved is no news, but no small thing either."""
    worst = max((one.verdict.severity for one in review.approved), default=VerdictSeverity.NONE)
    return SIGNS[max(review.severity, VerdictSeverity.APPROVAL if worst else VerdictSeverity.NONE)]


def titled(review: Review, titles: Mapping[VerdictSeverity, str], show: object = None) -> str:
    """The answer in a few words. An approved loss is still called a loss."""
    shown = show if callable(show) else str
    if review.severity <= VerdictSeverity.NOTE and review.approved:
        first = review.approved[0]
        loss = (
            "data is LOST" if first.verdict.severity is VerdictSeverity.BLOCKED else "protection gets WEAKER"
        )
        approvals = dict.fromkeys(one.approval for one in review.approved if one.approval)
        by = ", ".join(dict.fromkeys(shown(one.approver) for one in approvals))
        return f"{loss}: approved by {by}, until {min(one.expires for one in approvals)}"
    if review.severity is VerdictSeverity.NOTE and not review.rows:
        return "no change, but notes on policies"
    return titles[review.severity]


def totals(review: Review) -> str:
    """The verdicts by name, and the accounts that do not change, as counts."""
    said = [f"{count} {name}" for name, count in review.totals.items()]
    if review.incomplete:
        # What was not looked at may change.
        return f"{', '.join(said)} so far; the review is incomplete." if said else ""
    if review.unchanged:
        noun = "account" if review.unchanged == 1 else "accounts"
        without = f" ({review.without_key} without a customer key)" if review.without_key else ""
        said.append(f"{review.unchanged} {noun} without a change to encryption{without}")
    return f"{', '.join(said)}." if said else "No account in this preview."


def _within_limit(body: str) -> str:
    if len(body) <= _LIMIT:
        return body
    kept = body[:_LIMIT].rsplit("\n", 1)[0]
    return f"{kept}\n\n*The rest is left out here; the review in JSON has all of it.*"


def _of(review: Review) -> str:
    return f" in {code(review.stack)}" if review.stack else ""


def _errors(review: Review) -> Iterator[str]:
    if not review.incomplete:
        return
    yield ""
    yield "**The preview did not finish, so this review is incomplete.**"
    for error in review.errors[:3]:
        yield f"- {code(error.message)}"


def _row(row: ReportRow) -> Iterator[str]:
    yield ""
    noun = "" if row.noun == "account" else f" ({row.noun})"
    yield f"#### {SIGNS[row.severity]} {in_markdown(row.name)}{noun}"
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
    said = f"**{verdict.name}**: {verdict.said(in_markdown)}"
    if one := judged.approval:
        return f"{said}<br>approved by {code(one.approver)} until {one.expires}: {code(one.reason, 300)}"
    for one, why in judged.refused:
        said += f"<br>the approval by {code(one.approver)} does NOT count: {why} ({code(one.reason, 300)})"
    return said


def _more(rows: Sequence[ReportRow]) -> Iterator[str]:
    """The rest of a large fleet, one line for each set of verdicts."""
    if not rows:
        return
    yield ""
    yield f"**{len(rows)} more that change, none graver than these:**"

    def verdicts(row: ReportRow) -> str:
        return ", ".join(dict.fromkeys(one.verdict.name.value for one in row.verdicts))

    for names, found in groupby(sorted(rows, key=lambda row: (-row.severity, verdicts(row))), verdicts):
        group = list(found)
        yield f"- **{names}** ({len(group)}): {', '.join(in_markdown(row.name) for row in group)}"


def _findings(title: str, findings: Sequence[PolicyFinding]) -> Iterator[str]:
    if not findings:
        return
    if title:
        yield from ("", f"**{title}: {len(findings)}**")
    for one in findings[:_FINDINGS]:
        where = f" on {code(one.resource)}" if one.resource else ""
        yield f"- {code(one.policy)}{where}: {code(one.message, 1500)}"
    if len(findings) > _FINDINGS:
        yield f"- ... and {len(findings) - _FINDINGS} more"


def _folded(title: str, lines: Iterable[str], count: int) -> Iterator[str]:
    if count:
        yield from ("", f"<details><summary>{title}: {count}</summary>", "", *lines, "", "</details>")


def _unused(review: Review) -> Iterator[str]:
    if review.unused and review.rows:
        yield ""
        names = ", ".join(f"{code(one.account)} {code(one.verdict)}" for one in review.unused[:5])
        yield f"<sub>approvals that fit no verdict: {names}</sub>"


def _approvals(review: Review) -> Iterator[str]:
    """The entries that an approver adds to the repository, one for each verdict that needs an approval."""
    waiting = [
        (row, one)
        for row in review.rows
        for one in row.verdicts
        if one.severity >= VerdictSeverity.APPROVAL and not review.incomplete
    ]
    if not waiting:
        return
    entries = [
        "Each entry in `encryption-approvals.yaml` counts for this update alone.",
        "",
        "```yaml",
        "approvals:",
    ]
    for row, one in waiting[:_FINDINGS]:
        name = row.name if isinstance(row.name, str) else row.id
        entries += [
            f"  - account: {quoted(name if isinstance(name, str) else '')}",
            f"    verdict: {one.verdict.name}",
            f"    review: {one.code}",
            "    reason: WHY",
            "    approver: WHO, not the author",
            "    expires: YYYY-MM-DD, at most 14 days from now",
        ]
    yield from _folded("To approve", [*entries, "```"], len(waiting))


def _changes(review: Review) -> Iterator[str]:
    lines = [f"- {code(type)}: {count} {code(op)}" for (type, op), count in review.changes.items()]
    yield from _folded("All changes by resource", lines, sum(review.changes.values()))


def _origin(review: Review) -> Iterator[str]:
    commit, run = review.origin.head, review.origin.run
    if commit or run:
        of = f"commit {code(commit)}" if commit else ""
        by = f"[run]({run})" if run else ""
        yield from ("", f"<sub>{', '.join(filter(None, (of, by)))}</sub>")
