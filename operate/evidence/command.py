"""The command: `python -m operate evidence --stack NAME`, `--account ID ...` or `--subscription ID`.

Writes evidence.json, index.html, manifest.json and SHA256SUMS; prints the findings. `evidence rotation`
prints the rotation report alone, `evidence check` checks a report that was written before. Exit code: 0 no
open finding is an error, and no file was changed; 1 otherwise.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from core import arm_ids
from operate import login
from operate.azure import LiveAzure, account_id
from operate.errors import OperateError
from operate.evidence import policy, report
from operate.evidence.check import check
from operate.evidence.collect import accounts_in, attempt, collect
from operate.evidence.findings import AuditSeverity, findings
from operate.evidence.rotation import rotation_text, rows
from operate.evidence.words import counted
from operate.source import Source
from operate.stack import StackError, add_json, add_stack, outputs, services, without


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; its exit code."""
    if arguments.report == "check":
        return _check(arguments.out, as_json=arguments.json)
    stack = arguments.stack
    if not (stack or arguments.account or arguments.subscription):
        raise OperateError("found no accounts to read; name them with --stack, --account or --subscription")
    azure = LiveAzure(login.of_stack(stack) if stack else login.of_environment())
    ids, subject = _accounts(azure, arguments)
    results = None
    if arguments.stack and arguments.report == "evidence":
        print(f"evidence: asking the policy pack about stack {arguments.stack}", file=sys.stderr)
        results = policy.results_of(arguments.stack, arguments.policy_pack_config)
    print(f"evidence: reading {counted(len(ids), 'account')}", file=sys.stderr)
    now = arguments.at or azure.now()
    source = attempt(azure.source)
    facts = collect(azure, subject, ids, now=now, days=arguments.days, policies=results, source=source)
    found = findings(facts)
    if isinstance(source, Source) and source.warning:
        print(f"evidence: {source.warning}", file=sys.stderr)
    if arguments.report == "rotation":
        print(report.as_json(rows(facts.services, facts.taken)) if arguments.json else rotation_text(facts))
    else:
        answers = azure.answers if arguments.keep else None
        made = report.files(facts, found, azure.queries, report.tool_version(), answers)
        report.write(arguments.out, made)
        if arguments.json:
            print(report.as_json({"out": str(arguments.out), "findings": found}))
            return 1 if any(f.severity is AuditSeverity.ERROR for f in found) else 0
        for finding in found:
            print(f"{finding.severity.word:8}{finding.subject}: {finding.text}")
        counts = ", ".join(counted(sum(f.severity is s for f in found), s.word) for s in AuditSeverity)
        print(f"{counts}; {arguments.out / 'index.html'}")
    return 1 if any(f.severity is AuditSeverity.ERROR for f in found) else 0


def _check(folder: Path, *, as_json: bool) -> int:
    found = check(folder)
    if as_json:
        print(report.as_json(found))
        return 1 if found.problems else 0
    for problem in found.problems:
        print(problem)
    kept = f"{counted(found.answers, 'answer')} kept, {found.not_kept} not kept (--keep keeps them)"
    print(f"{counted(found.files, 'file')} checked, {kept}; {counted(len(found.problems), 'problem')}")
    return 1 if found.problems else 0


def _accounts(azure: LiveAzure, wanted: argparse.Namespace) -> tuple[list[str], str]:
    if wanted.stack:
        found = outputs(wanted.stack, otherwise=", or name accounts with --account")
        ids = [one["accountId"] for one in services(found).values() if one.get("accountId")]
        if not ids:
            raise StackError(without(["accountId"]))
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
    parser.add_argument("report", nargs="?", choices=("evidence", "rotation", "check"), default="evidence")
    which = parser.add_mutually_exclusive_group()
    add_stack(which, required=False, help="the accounts of a stack, and the policy pack's results for it")
    which.add_argument("--account", nargs="+", type=account_id, metavar="ID", help="ARM ids of accounts")
    which.add_argument("--subscription", nargs="+", metavar="ID", help="all such accounts of subscriptions")
    parser.add_argument(
        "--out", type=Path, default=Path(".evidence"), help="folder of the report; default .evidence"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep each answer of the cloud, so that its hash can be checked"
    )
    parser.add_argument("--days", type=int, default=90, help="days of the audit log to read; default 90")
    parser.add_argument(
        "--at", type=_moment, metavar="TIME", help="judge as of this time; default now, by the cloud's clock"
    )
    parser.add_argument("--policy-pack-config", metavar="FILE", help="configuration of the policy pack")
    add_json(parser)
