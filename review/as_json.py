"""The review for machines. Shape 1; fields are only added.

    {"version": 1, "stack", "digest", "severity", "exitCode", "finished", "incomplete", "commit", "run",
     "headline": {"severity", "text": [words or {"value"}]},
     "totals": {verdict: count},
     "accounts": [{"name", "id", "kind", "severity",
                   "verdicts": [{"name", "severity", "words", "code", "approval", "refusedApprovals"}],
                   "facts": [{"name", "before", "after"}]}],
     "unchanged", "withoutKey",
     "changes": [{"type", "operation", "count"}],
     "violations", "advice", "exemptions": [{"policy", "resource", "message"}],
     "errors"}

A value is text, null when there is none, {"unknown": true} or {"secret": true}.
"""

import json
from collections.abc import Iterable
from typing import Any

from review import document, printers
from review.approvals import Approval
from review.preview import PolicyFinding
from review.report import Judged, ReportRow, Review, as_data
from review.text import Shown, of_verdict


def render(review: Review) -> str:
    """One JSON document in ASCII, so that no terminal and no runner interprets a part of it as a command."""
    found = {
        "version": 1,
        "stack": review.stack,
        "digest": review.digest,
        "severity": review.severity.name.lower(),
        "exitCode": review.severity.exit_code,
        "finished": review.finished,
        "incomplete": review.incomplete,
        "commit": review.origin.head,
        "run": review.origin.run,
        "headline": {
            "severity": document.sign(review).name.lower(),
            "text": [
                {"value": as_data(one.value)} if isinstance(one, Shown) else one
                for one in document.headline(review)
            ],
        },
        "totals": dict(review.totals),
        "accounts": [_row(row) for row in review.rows],
        "unchanged": review.unchanged,
        "withoutKey": review.without_key,
        "changes": [
            {"type": type, "operation": op, "count": count} for (type, op), count in review.changes.items()
        ],
        "violations": _findings(review.violations),
        "advice": _findings(review.advice),
        "exemptions": _findings(review.exemptions),
        "errors": list(review.errors),
    }
    return json.dumps(found, indent=2).replace("##", "#\\u0023") + "\n"


def _row(row: ReportRow) -> dict[str, Any]:
    return {
        "name": as_data(row.name),
        "id": as_data(row.id),
        "kind": row.noun,
        "severity": row.severity.name.lower(),
        "verdicts": [_verdict(one) for one in row.verdicts],
        "facts": [
            {"name": one.name, "before": as_data(one.before), "after": as_data(one.after)}
            for one in row.facts
        ],
    }


def _verdict(judged: Judged) -> dict[str, Any]:
    verdict = judged.verdict
    return {
        "name": verdict.name.value,
        "severity": judged.severity.name.lower(),
        "words": printers.line_in_plain(of_verdict(verdict)),
        "code": judged.code,
        "approval": _approval(judged.approval),
        "refusedApprovals": [{**(_approval(one) or {}), "why": why} for one, why in judged.refused],
    }


def _approval(approval: Approval | None) -> dict[str, str] | None:
    if approval is None:
        return None
    return {"approver": approval.approver, "reason": approval.reason, "expires": approval.expires.isoformat()}


def _findings(findings: Iterable[PolicyFinding]) -> list[dict[str, str]]:
    return [{"policy": one.policy, "resource": one.urn, "message": one.message} for one in findings]
