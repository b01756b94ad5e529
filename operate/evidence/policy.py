"""What the policy pack says of a stack's recorded state."""

import json
from pathlib import Path

from core.resource_types import parse_urn
from operate.evidence.model import NotChecked, PackViolation, PolicyResults
from operate.stack import pulumi

PACK = Path(__file__).resolve().parents[2] / "policies"
_LISTED = "exemptions-listed"


def results_of(stack: str, config: str | None) -> PolicyResults | NotChecked:
    """What the policy pack says of the stack's recorded state; `config` is the pack's, a JSON file."""
    words = ["policy", "analyze", "--stack", stack, "--json", "--policy-pack", str(PACK)]
    done = pulumi(*words, *(["--policy-pack-config", config] if config else []))
    # Mandatory violations make the command fail, after it has reported all of them.
    try:
        return results(done.stdout, stack)
    except ValueError as error:
        said = (done.stderr or done.stdout).strip().splitlines() or [str(error)]
        return NotChecked(f"pulumi policy analyze: {said[-1]}")


def results(printed: str, stack: str) -> PolicyResults:
    """The events that `pulumi policy analyze --json` printed. Raises ValueError where they do not end."""
    events = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    reported = [event["policyEvent"] for event in events if "policyEvent" in event]
    summary = next((event["summaryEvent"] for event in events if "summaryEvent" in event), None)
    if summary is None:
        raise ValueError("the engine did not report to the end")
    violations = [
        PackViolation(
            rule=event["policyName"],
            level=event["enforcementLevel"],
            resource=parse_urn(event["resourceUrn"]).name if event.get("resourceUrn") else stack,
            text=event["message"],
        )
        for event in reported
        if event["policyName"] != _LISTED
    ]
    packs = (summary.get("PolicyPacks") or {}).items()
    return PolicyResults(
        pack=", ".join(f"{name} {version}" for name, version in sorted(packs)),
        source=f"policy pack over the recorded state of stack {stack}, not the live cloud",
        violations=tuple(sorted(violations, key=lambda v: (v.level != "mandatory", v.rule, v.resource))),
        exemptions=tuple(sorted(event["message"] for event in reported if event["policyName"] == _LISTED)),
    )
