"""The command: `python -m evidence --stack NAME`, `--account ID ...` or `--subscription ID`.

Writes evidence.json, index.html, manifest.json and SHA256SUMS; prints the findings. `python -m evidence
rotation` prints the rotation report alone. Exit code: 0 no open finding is an error, 1 some are, 2 nothing
could be asked.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evidence import stack
from evidence.as_json import document, text
from evidence.ask import UnansweredError, account_id
from evidence.collect import accounts_in, collect
from evidence.finding import Finding, Severity
from evidence.findings import findings
from evidence.live import Live
from evidence.manifest import manifest, sha256, sums, tool_version, write
from evidence.model import Facts
from evidence.page import page
from evidence.rotation_text import rotation_text


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code."""
    wanted = _parser().parse_args(words)
    try:
        live = Live(wanted.cloud or os.environ.get("ARM_ENVIRONMENT") or "public")
        ids, subject = _accounts(live, wanted)
        policies = None
        if wanted.stack and wanted.report == "evidence":
            print(f"evidence: asking the policy pack about stack {wanted.stack}", file=sys.stderr)
            policies = stack.policy_results(wanted.stack, wanted.policy_pack_config)
        print(f"evidence: reading {len(ids)} account{'s' * (len(ids) != 1)}", file=sys.stderr)
        now = _moment(wanted.at) if wanted.at else live.now()
        facts = collect(live, subject, ids, now=now, days=wanted.days, policies=policies)
    except (UnansweredError, stack.StackError, ValueError) as error:
        print(f"evidence: {error}", file=sys.stderr)
        return 2
    found = findings(facts)
    if wanted.report == "rotation":
        print(rotation_text(facts))
    else:
        _report(facts, found, live, Path(wanted.out))
    return 1 if any(f.severity is Severity.ERROR for f in found) else 0


def _report(facts: Facts, found: Sequence[Finding], live: Live, folder: Path) -> None:
    version = tool_version()
    shown = text(document(facts, found, version))
    files = {
        "evidence.json": shown,
        "index.html": page(facts, found, version=version, digest=sha256(shown)),
    }
    files["manifest.json"] = manifest(files, live.asked, version)
    write(folder, {**files, "SHA256SUMS": sums(files)})
    for finding in found:
        print(f"{finding.severity.word:8}{finding.subject}: {finding.text}")
    counts = ", ".join(f"{sum(f.severity is s for f in found)} {s.word}s" for s in Severity)
    print(f"{counts}; {folder / 'index.html'}")


def _accounts(live: Live, wanted: argparse.Namespace) -> tuple[list[str], str]:
    if wanted.stack:
        return stack.account_ids(wanted.stack), f"Stack {wanted.stack}"
    if wanted.subscription:
        ids = [id for subscription in wanted.subscription for id in accounts_in(live, subscription)]
        return ids, f"Subscription {', '.join(wanted.subscription)}"
    named = [account_id(text) for text in wanted.account]
    return named, ", ".join(id.rsplit("/", 1)[-1] for id in named)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"--at {text} has no time zone; expected a time such as 2026-01-31T12:00:00Z")
    return found.astimezone(UTC).replace(microsecond=0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evidence", description="Evidence of the encryption of Language accounts."
    )
    parser.add_argument("report", nargs="?", choices=("evidence", "rotation"), default="evidence")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--stack", help="the accounts of a stack, and the policy pack's results for it")
    which.add_argument("--account", nargs="+", metavar="ID", help="ARM ids of accounts")
    which.add_argument("--subscription", nargs="+", metavar="ID", help="all such accounts of subscriptions")
    parser.add_argument("--out", default=".evidence", help="folder to write to; default .evidence")
    parser.add_argument("--days", type=int, default=90, help="days of the audit log to read; default 90")
    parser.add_argument(
        "--at", metavar="TIME", help="judge as of this time; default now, by the cloud's clock"
    )
    parser.add_argument("--policy-pack-config", metavar="FILE", help="configuration of the policy pack")
    parser.add_argument("--cloud", help="public, usgovernment or china; default ARM_ENVIRONMENT or public")
    return parser


if __name__ == "__main__":
    sys.exit(main())
