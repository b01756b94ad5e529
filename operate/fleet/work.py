"""What is done to one stack of a fleet. Each raises OperateError, LoginError or AzureError."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from core import clouds, resource_types
from operate import disable_version, login, verify
from operate.azure import LiveAzure
from operate.evidence import report
from operate.evidence.command import facts_of_stack
from operate.evidence.findings import AuditSeverity, findings
from operate.fleet import files
from operate.fleet.planning import Outcome
from operate.stack import (
    EngineStack,
    LockedError,
    Outputs,
    StackError,
    UpdateError,
    outputs,
    pulumi,
    services,
)
from operate.stack_file import path_of, stack_file


def preview(stack: str) -> Outcome:
    """What an update would change."""
    return Outcome(stack, changes=_engine(stack).planned(Path(), save=False))


def up(stack: str, *, plan: str = "", minutes: float = 15) -> Outcome:
    """An update by a reviewed plan, or by one that is made now, and the proof. What an engine that is gone
    left behind is repaired first."""
    engine = _engine(stack)
    try:
        changes, made = _updated(engine, plan)
    except (UpdateError, LockedError) as error:
        if not engine.repaired(str(error)):
            raise
        changes, made = _updated(engine, plan)
    found = outputs(stack) if made is None else made
    return Outcome(stack, changes=changes, unproven=_unproven(stack, found, minutes))


def drift(stack: str) -> Outcome:
    """What was changed outside Pulumi, and what an update would change: the reason, where there is any."""
    engine = _engine(stack)
    drifted, planned = engine.drifted(), engine.planned(Path(), save=False)
    reason = "the cloud is not as the state has it" if drifted else ""
    if planned and not drifted:
        reason = "an update would change something: a newer key version, or settings not rolled out"
    return Outcome(stack, reason, changes={**planned, **drifted})


def evidence(stack: str, *, days: int, folder: Path) -> Outcome:
    """Writes the evidence of a stack into a folder of its name; findings that are errors are the reason."""
    azure = LiveAzure(login.of_stack(stack, alone=True))
    facts = facts_of_stack(azure, stack, days=days)
    found = findings(facts)
    made = report.files(facts, found, azure.queries, report.tool_version())
    report.write(folder / stack, made)
    counts = Counter(one.severity for one in found)
    said = ", ".join(f"{count} {severity.word}" for severity, count in sorted(counts.items()))
    manifest = f"manifest.json has the SHA-256 {report.sha256(made['manifest.json'])}"
    reason, note = f"open findings: {said}", ""
    if not counts[AuditSeverity.ERROR]:
        reason, note = "", said or "no finding"
    notes = (note, getattr(facts.source, "warning", ""), manifest)
    return Outcome(stack, reason, notes=tuple(filter(None, notes)))


def generations(stack: str) -> dict[str, int]:
    """The generation of each key, `vault/key`, at the stack's last update. Raises StackError."""
    done = pulumi("stack", "export", "--stack", stack)
    if done.code != 0:
        raise StackError(f"the state of stack {stack} could not be read: {done.stderr.strip()}")
    resources = (json.loads(done.stdout).get("deployment") or {}).get("resources") or []
    versions = [one for one in resources if one["type"] == resource_types.KEY_VERSION]
    made = [one["outputs"] for one in versions if one.get("outputs")]
    # Of services that share a key, the one that is behind counts.
    made.sort(key=lambda one: one.get("generation") or 0, reverse=True)
    return {files.key_named(one["keyId"]): int(one.get("generation") or 0) for one in made}


def retire(stack: str, keys: Collection[str], *, yes: bool) -> Outcome:
    """Disables the versions of keys that are older than the bound one, or with `yes` unset asks whether every
    account of the stack is on the newest."""
    old = disable_version.retire(stack, keys, yes=yes)
    words = "{} is disabled" if yes else "no account needs {}"
    return Outcome(stack, notes=tuple(words.format(one) for one in old))


def _updated(engine: EngineStack, plan: str) -> tuple[dict[str, int], Outputs | None]:
    """What was changed, and the outputs afterwards; None where nothing was to be done."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(plan) if plan else Path(folder, "plan.json")
        # Rules over a whole stack report too late to stop an update: the preview is what they stop.
        changes = engine.planned(file, save=not plan)
        return changes, engine.updated(file) if changes else None


def _engine(stack: str) -> EngineStack:
    return EngineStack(stack, login.emptied(stack, stack_file(path_of(stack)).config))


def _unproven(stack: str, found: Outputs, minutes: float) -> tuple[str, ...]:
    """The checks that failed, for each service of the stack."""
    failed: list[str] = []
    for name, service in services(found).items():
        label = f"{name}: " if name else ""
        if problem := verify.unprovable(service):
            failed.append(label + problem)
            continue
        wanted = login.of_stack(stack, clouds.of_endpoint(service["endpoint"]), alone=True)
        checks = verify.verify(service, wanted, write_project=False, seconds=60 * minutes)
        failed += [f"{label}{one}".strip() for one in checks if not one.holds]
    return tuple(failed)
