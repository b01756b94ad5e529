"""The command: `python -m operate evidence --stack NAME`, `--account ID ...` or `--subscription ID`.

Writes evidence.json, index.html, manifest.json and SHA256SUMS; prints the findings. `evidence rotation`
prints the rotation report alone. Exit code: 0 no open finding is an error, 1 some are.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from core import arm_ids
from operate import login
from operate.azure import LiveAzure, account_id
from operate.evidence import policy, report
from operate.evidence.collect import accounts_in, collect
from operate.evidence.findings import AuditSeverity, findings
from operate.evidence.rotation import rotation_text
from operate.stack import StackError, add_stack, outputs, services


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; its exit code."""
    stack = arguments.stack
    azure = LiveAzure(login.of_stack(stack) if stack else login.of_environment())
    ids, subject = _accounts(azure, arguments)
    results = None
    if arguments.stack and arguments.report == "evidence":
        print(f"evidence: asking the policy pack about stack {arguments.stack}", file=sys.stderr)
        results = policy.results_of(arguments.stack, arguments.policy_pack_config)
    print(f"evidence: reading {len(ids)} account{'s' * (len(ids) != 1)}", file=sys.stderr)
    now = arguments.at or azure.now()
    facts = collect(azure, subject, ids, now=now, days=arguments.days, policies=results)
    found = findings(facts)
    if arguments.report == "rotation":
        print(rotation_text(facts))
    else:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name, text in report.files(facts, found, azure.queries, report.tool_version()).items():
            (arguments.out / name).write_text(text, encoding="utf-8")
        for finding in found:
            print(f"{finding.severity.word:8}{finding.subject}: {finding.text}")
        counts = ", ".join(f"{sum(f.severity is s for f in found)} {s.word}s" for s in AuditSeverity)
        print(f"{counts}; {arguments.out / 'index.html'}")
    return 1 if any(f.severity is AuditSeverity.ERROR for f in found) else 0


def _accounts(azure: LiveAzure, wanted: argparse.Namespace) -> tuple[list[str], str]:
    if wanted.stack:
        found = outputs(wanted.stack, otherwise=", or name accounts with --account")
        ids = [one["accountId"] for one in services(found).values() if one.get("accountId")]
        if not ids:
            raise StackError(f"the stack {wanted.stack} has no output accountId: run `pulumi up` first")
        return ids, f"Stack {wanted.stack}"
    if wanted.subscription:
        ids = [id for subscription in wanted.subscription for id in accounts_in(azure, subscription)]
        return ids, f"Subscription {', '.join(wanted.subscription)}"
    return wanted.account, ", ".join(arm_ids.name_of(id) for id in wanted.account)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected a time with a zone, such as 2026-01-31T12:00:00Z"
        )
    return found.astimezone(UTC).replace(microsecond=0)


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("report", nargs="?", choices=("evidence", "rotation"), default="evidence")
    which = parser.add_mutually_exclusive_group(required=True)
    add_stack(which, required=False, help="the accounts of a stack, and the policy pack's results for it")
    which.add_argument("--account", nargs="+", type=account_id, metavar="ID", help="ARM ids of accounts")
    which.add_argument("--subscription", nargs="+", metavar="ID", help="all such accounts of subscriptions")
    parser.add_argument(
        "--out", type=Path, default=Path(".evidence"), help="folder to write to; default .evidence"
    )
    parser.add_argument("--days", type=int, default=90, help="days of the audit log to read; default 90")
    parser.add_argument(
        "--at", type=_moment, metavar="TIME", help="judge as of this time; default now, by the cloud's clock"
    )
    parser.add_argument("--policy-pack-config", metavar="FILE", help="configuration of the policy pack")
