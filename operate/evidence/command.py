"""The command: `python -m operate evidence --stack NAME`, `--account ID ...` or `--subscription ID`.

Writes evidence.json, index.html, manifest.json and SHA256SUMS; prints the findings. `evidence rotation`
prints the rotation report alone. Exit code: 0 no open finding is an error; 1 otherwise.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from core import arm_ids
from operate import login
from operate.azure import LiveAzure
from operate.errors import OperateError
from operate.evidence import report
from operate.evidence.collect import accounts_in, attempt, collect
from operate.evidence.findings import AuditSeverity, findings
from operate.evidence.model import Facts
from operate.evidence.rotation import rotation_text, rows
from operate.evidence.words import counted
from operate.stack import StackError, outputs, services, without


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; its exit code."""
    wanted, stack = arguments, arguments.stack
    if sum(map(bool, (stack, wanted.account, wanted.subscription))) != 1:
        raise OperateError("name the accounts to read by one of --stack, --account and --subscription")
    azure = LiveAzure(login.of_stack(stack) if stack else login.of_environment())
    if stack:
        facts = facts_of_stack(azure, stack, days=wanted.days, at=wanted.at)
    else:
        listed = (id for one in wanted.subscription or () for id in accounts_in(azure, one))
        ids = wanted.account or [*listed]
        subject = f"Subscription {', '.join(wanted.subscription)}" if wanted.subscription else ""
        subject = subject or ", ".join(arm_ids.name_of(id) for id in ids)
        facts = _collected(azure, subject, ids, days=wanted.days, at=wanted.at)
    found = findings(facts)
    code = 1 if any(f.severity is AuditSeverity.ERROR for f in found) else 0
    if warning := getattr(facts.source, "warning", ""):
        print(f"evidence: {warning}", file=sys.stderr)
    if wanted.report == "rotation":
        print(report.as_json(rows(facts.services, facts.taken)) if wanted.json else rotation_text(facts))
        return code
    report.write(wanted.out, report.files(facts, found, azure.queries, report.tool_version()))
    if wanted.json:
        print(report.as_json({"out": str(wanted.out), "findings": found}))
        return code
    for finding in found:
        print(f"{finding.severity.word:8}{finding.subject}: {finding.text}")
    counts = ", ".join(counted(sum(f.severity is s for f in found), s.word) for s in AuditSeverity)
    print(f"{counts}; {wanted.out / 'index.html'}")
    return code


def facts_of_stack(azure: LiveAzure, stack: str, *, days: int, at: datetime | None = None) -> Facts:
    """What is read of a stack's accounts. Raises StackError and UnansweredError."""
    found = outputs(stack, otherwise=", or name accounts with --account")
    ids = [one["accountId"] for one in services(found).values() if one.get("accountId")]
    if not ids:
        raise StackError(without(["accountId"]))
    return _collected(azure, f"Stack {stack}", ids, days=days, at=at)


def _collected(
    azure: LiveAzure, subject: str, ids: Sequence[str], *, days: int, at: datetime | None
) -> Facts:
    print(f"evidence: reading {counted(len(ids), 'account')}", file=sys.stderr)
    return collect(azure, subject, ids, now=at or azure.now(), days=days, source=attempt(azure.source))
