"""What a stack tells: which accounts it has, and what the policy pack says of its recorded state.

Owns: the two commands of the Pulumi CLI that are run. Nothing about a key is taken from a stack.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evidence.model import NotChecked, PolicyResults, Violation

PACK = Path(__file__).resolve().parent.parent / "policies"
_LISTED = "exemptions-listed"


class StackError(Exception):
    """A stack that could not be read; the message is the engine's, or says what it lacks."""


def account_ids(stack: str) -> list[str]:
    """The ids of a stack's accounts, from its outputs. Raises StackError."""
    done = _pulumi("stack", "output", "--json", "--stack", stack)
    if done.returncode != 0:
        raise StackError(done.stderr.strip())
    found = list(_accounts(json.loads(done.stdout)))
    if not found:
        raise StackError(f"the stack {stack} has no output accountId: run `pulumi up` first")
    return found


def _accounts(outputs: Mapping[str, Any]) -> Iterator[str]:
    for service in [outputs, *outputs.get("services", {}).values()]:
        if "accountId" in service:
            yield service["accountId"]


def policy_results(stack: str, config: str | None) -> PolicyResults | NotChecked:
    """What the policy pack says of the stack's recorded state; `config` is the pack's, a JSON file."""
    words = ["policy", "analyze", "--stack", stack, "--json", "--policy-pack", str(PACK)]
    done = _pulumi(*words, *(["--policy-pack-config", config] if config else []))
    # Mandatory violations make the command fail, after it has told all of them.
    try:
        return results(done.stdout, stack)
    except ValueError as error:
        said = (done.stderr or done.stdout).strip().splitlines() or [str(error)]
        return NotChecked(f"pulumi policy analyze: {said[-1]}")


def results(printed: str, stack: str) -> PolicyResults:
    """The events that `pulumi policy analyze --json` printed. Raises ValueError where they do not end."""
    events = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    told = [event["policyEvent"] for event in events if "policyEvent" in event]
    summary = next((event["summaryEvent"] for event in events if "summaryEvent" in event), None)
    if summary is None:
        raise ValueError("the engine did not report to the end")
    violations = [
        Violation(
            rule=event["policyName"],
            level=event["enforcementLevel"],
            resource=str(event.get("resourceUrn") or "").rsplit("::", 1)[-1] or stack,
            text=event["message"],
        )
        for event in told
        if event["policyName"] != _LISTED
    ]
    packs = (summary.get("PolicyPacks") or {}).items()
    return PolicyResults(
        pack=", ".join(f"{name} {version}" for name, version in sorted(packs)),
        source=f"policy pack over the recorded state of stack {stack}, not the live cloud",
        violations=tuple(sorted(violations, key=lambda v: (v.level != "mandatory", v.rule, v.resource))),
        exemptions=tuple(sorted(event["message"] for event in told if event["policyName"] == _LISTED)),
    )


def _pulumi(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["pulumi", *words, "--non-interactive", "--color", "never"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise StackError(
            'the Pulumi CLI is not on PATH: run `eval "$(make -s env)"` first, or name accounts with '
            "--account"
        ) from error
