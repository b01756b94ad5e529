"""The command: `python -m operate evidence --stack NAME`, `--account ID ...` or `--subscription ID`.

Writes evidence.json, index.html, manifest.json and SHA256SUMS, and, with `--sign-with` and `--timestamp`, the
signature and the timestamp; prints the findings. Exit code: 0 if no open finding is an error, 1 otherwise.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core import arm_ids
from core.published import VERSION
from operate import drill, login
from operate.azure import LiveAzure, UnansweredError
from operate.errors import OperateError
from operate.evidence import report, signature
from operate.evidence.collect import accounts_in, attempt, collect
from operate.evidence.findings import findings
from operate.evidence.model import Deployment, StackRecord, counted
from operate.evidence.rules import AuditSeverity
from operate.evidence.times import contradictions
from operate.stack import StackError, outputs, pulumi, services, without

_UPDATES = 100
"""The number of updates that are read from a stack's history, the last ones."""


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; its exit code."""
    wanted, stack = arguments, arguments.stack
    if sum(map(bool, (stack, wanted.account, wanted.subscription))) != 1:
        raise OperateError("name the accounts to read by one of --stack, --account and --subscription")
    azure = LiveAzure(login.of_stack(stack) if stack else login.of_environment())
    now, days, follows = azure.now(), wanted.days, None
    if wanted.at and wanted.at < now:
        raise OperateError(
            f"--at {wanted.at}: the cloud answers how it is now, {now}, and not how it was before; leave "
            "--at out, or give a later time"
        )
    signer = signature.signer_of(azure, wanted.sign_with) if wanted.sign_with else None
    if wanted.since:
        follows = report.earlier(wanted.since, now)
        days = (now - follows.read_from) / timedelta(days=1)
    subject, ids = _accounts(azure, wanted)
    print(f"evidence: reading {counted(len(ids), 'account')}", file=sys.stderr)
    facts = collect(azure, subject, ids, now=now, days=days, source=attempt(azure.source))
    facts = replace(facts, follows=follows, signer=signer, asked=tuple(wanted.subscription or ()))
    if stack:
        facts = replace(facts, stack=_record(stack, facts.since or now))
    taken, finished = azure.answered
    facts = replace(facts, taken=taken, finished=finished, judged_at=wanted.at)
    found = findings(facts)
    if warning := getattr(facts.source, "warning", ""):
        print(f"evidence: {warning}", file=sys.stderr)
    made = report.files(facts, found, azure.queries, VERSION)
    for text in contradictions(*(json.loads(made[name]) for name in ("evidence.json", "manifest.json"))):
        raise OperateError(f"the report would contradict itself: {text}")
    beside = {}
    if signer:
        beside[signature.SIGNATURE] = signature.signature(azure, signer, made[report.SUMS])
    if wanted.timestamp:
        beside[signature.TIMESTAMP] = signature.timestamp(wanted.timestamp, made[report.SUMS])
    report.write(wanted.out, made, beside)
    if wanted.json:
        print(report.as_json({"out": str(wanted.out), "findings": found}))
    else:
        for finding in found:
            print(f"{finding.severity.word:8}{finding.subject}: {finding.text}")
        if signer:
            print(f"signed with {signer.key}, whose public half has the SHA-256 {signer.fingerprint}")
        counts = Counter(finding.severity for finding in found)
        words = ", ".join(counted(counts[severity], severity.word) for severity in AuditSeverity)
        print(f"{words}; {wanted.out / 'index.html'}")
    return 1 if any(finding.severity is AuditSeverity.ERROR for finding in found) else 0


def _accounts(azure: LiveAzure, wanted: argparse.Namespace) -> tuple[str, Sequence[str]]:
    """The report's subject, and the ids of its accounts. Raises StackError and UnansweredError."""
    if wanted.stack:
        found = services(outputs(wanted.stack, otherwise=", or name accounts with --account"))
        ids = [one.account_id for one in found.values() if one.account_id]
        if not ids:
            raise StackError(without(["accountId"]))
        return f"Stack {wanted.stack}", ids
    if named := wanted.subscription:
        return f"Subscription {', '.join(named)}", [id for one in named for id in accounts_in(azure, one)]
    return ", ".join(map(arm_ids.name_of, wanted.account)), wanted.account


def _record(stack: str, since: datetime) -> StackRecord:
    """What the stack's backend knows of it."""
    return StackRecord(
        attempt(lambda: deployments(_backend(stack, "history", "--page-size", str(_UPDATES)), since)),
        attempt(lambda: tuple(drill.from_tags(_backend(stack, "tag", "ls")))),
    )


def deployments(history: Sequence[Mapping[str, Any]], since: datetime) -> tuple[Deployment, ...]:
    """The updates of a stack's history since a moment, the latest first. Raises ValueError if the updates
    that were read do not go back so far."""
    found = tuple(map(_deployment, history))
    if len(found) == _UPDATES and found[-1].time > since:
        raise ValueError(f"the last {_UPDATES} updates do not go back to {since:%Y-%m-%d}")
    return tuple(one for one in found if one.time >= since)


_RECORDED = re.compile(
    r"\(plan sha256:(?P<plan>[0-9a-f]{64})"
    r"(?:; pull request (?P<merged>\d+)(?:; approved by (?P<approved>[^();]+))?)?\)\Z"
)
"""The end of an update's message, as review/update.sh and a fleet write it."""


def _deployment(update: Mapping[str, Any]) -> Deployment:
    """An update from the output of `pulumi stack history --json`. The CLI finds its environment in git and in
    a CI's variables (pulumi/pulumi, pkg/backend/metadata.go)."""
    known, message = update.get("environment") or {}, update.get("message") or ""
    by_plan = known.get("updatePlan") == "true"
    # Of any other update, such as the refresh after this one, the message is the commit's title.
    recorded = found.groupdict("") if by_plan and (found := _RECORDED.search(message)) else {}
    return Deployment(
        datetime.fromisoformat(update["startTime"]).astimezone(UTC),
        update["kind"],
        update["result"],
        known.get("git.head", ""),
        known.get("ci.pr.number", "") or recorded.get("merged", ""),
        known.get("git.author.email", "") or known.get("git.committer.email", ""),
        message,
        by_plan,
        recorded.get("plan", ""),
        recorded.get("approved", ""),
        known.get("ci.build.url", ""),
    )


def _backend(stack: str, *words: str) -> Any:
    """The stack's history and drills, from its backend. Raises UnansweredError."""
    done = pulumi("stack", *words, "--json", "--stack", stack)
    if done.code != 0:
        raise UnansweredError(done.stderr)
    return json.loads(done.stdout)
