"""The review for machines. Shape 1; fields are only added.

    {"version": 1, "stack", "digest", "severity", "exitCode", "finished",
     "accounts": [{"name", "id", "kind", "severity",
                   "verdicts": [{"name", "severity", "words", "approval", "expiredApproval"}],
                   "facts": [{"name", "before", "after"}]}],
     "unchanged", "withoutKey",
     "violations", "advice", "exemptions": [{"policy", "resource", "message"}],
     "errors"}

A value is text, null when there is none, {"unknown": true} or {"secret": true}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from review.approvals import Approval
from review.events import PolicyFinding
from review.inert import in_text
from review.report import Judged, Review, Row
from review.values import Mark, Value


def render(review: Review) -> str:
    """One JSON document in ASCII, so that no terminal reads it as anything else."""
    document = {
        "version": 1,
        "stack": review.stack,
        "digest": digest(review),
        "severity": review.severity.name.lower(),
        "exitCode": review.severity.exit_code,
        "finished": review.finished,
        "accounts": [_row(row) for row in review.rows],
        "unchanged": review.unchanged,
        "withoutKey": review.without_key,
        "violations": _findings(review.violations),
        "advice": _findings(review.advice),
        "exemptions": _findings(review.exemptions),
        "errors": [error.message for error in review.errors],
    }
    return json.dumps(document, indent=2) + "\n"


def digest(review: Review) -> str:
    """SHA-256 (hex) of what an update does to encryption: equal for two previews that do the same.

    What does not change, advice and approvals are left out: they may differ between a review and its merge.
    """
    rows = sorted(json.dumps(_row_facts(row)) for row in review.rows)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _row_facts(row: Row) -> list[Any]:
    verdicts = [[one.verdict.name.value, *map(_value, one.verdict.values)] for one in row.verdicts]
    changes = [[one.name, _value(one.before), _value(one.after)] for one in row.facts if one.changes]
    return [_value(row.name), row.noun, verdicts, changes]


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": _value(row.name),
        "id": _value(row.id),
        "kind": row.noun,
        "severity": row.severity.name.lower(),
        "verdicts": [_verdict(one) for one in row.verdicts],
        "facts": [
            {"name": one.name, "before": _value(one.before), "after": _value(one.after)} for one in row.facts
        ],
    }


def _verdict(judged: Judged) -> dict[str, Any]:
    verdict = judged.verdict
    return {
        "name": verdict.name.value,
        "severity": judged.severity.name.lower(),
        "words": verdict.words.format(*(in_text(value) for value in verdict.values)),
        "approval": _approval(judged.approval),
        "expiredApproval": _approval(judged.expired),
    }


def _approval(approval: Approval | None) -> dict[str, str] | None:
    if approval is None:
        return None
    return {"approver": approval.approver, "reason": approval.reason, "expires": approval.expires.isoformat()}


def _findings(findings: Iterable[PolicyFinding]) -> list[dict[str, str]]:
    return [{"policy": one.policy, "resource": one.urn, "message": one.message} for one in findings]


def _value(value: Value) -> Any:
    if isinstance(value, Mark):
        return {"unknown": True} if value is Mark.UNKNOWN else {"secret": True}
    return value
