"""What is done to one stack, wherever a worker runs: in a thread, in a process, on another machine.

A task and its outcome hold no secrets, and nothing but plain values: an executor may send them anywhere and
log them. A worker takes login and checkout from where it runs.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError

from core import clouds
from core.login import LoginError
from operate import checked_settings, disable_version, doctor, login, verify
from operate.azure import LiveAzure
from operate.errors import OperateError
from operate.evidence import policy, report
from operate.evidence.collect import attempt, collect
from operate.evidence.findings import AuditFinding, findings
from operate.fleet import files
from operate.fleet.planning import Outcome
from operate.stack import (
    EngineStack,
    LockedError,
    Outputs,
    UpdateError,
    outputs,
    services,
    use_checkout,
)
from operate.stack_file import path_of, stack_file


@dataclass(frozen=True)
class Task:
    """One action on one stack. `digest` is the wanted state that the coordinator read; a worker whose
    checkout says another refuses. `plan` is a reviewed plan, instead of one that is made now; `keys` are
    those, as `vault/key`, whose versions are retired."""

    stack: str
    action: str
    digest: str
    plan: str = ""
    findings: bool = False
    minutes: float = 15
    days: int = 90
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """An outcome, and the files that belong to it by their names."""

    outcome: Outcome
    files: Mapping[str, str] = field(default_factory=dict)


def run(task: Task) -> Done:
    """Carries a task out. Never raises: whatever went wrong is the outcome's reason."""
    started = time.monotonic()
    try:
        use_checkout()
        found = files.digest_of(Path(), task.stack)
        if found != task.digest:
            raise OperateError(  # noqa: TRY301
                "this worker's checkout has other settings or other code than the one that the command was "
                "started in: bring both to the same commit"
            )
        done = ACTIONS[task.action](task)
    except (OperateError, LoginError, AzureError) as error:
        done = Done(Outcome(task.stack, reason=str(error)))
    except Exception as error:  # noqa: BLE001 - one stack's trouble is never another's
        done = Done(Outcome(task.stack, reason=f"{type(error).__name__}: {error}"))
    seconds = round(time.monotonic() - started, 1)
    return replace(done, outcome=replace(done.outcome, seconds=seconds))


def _preview(task: Task) -> Done:
    return Done(Outcome(task.stack, changes=_engine(task).planned(Path(), save=False)))


def _up(task: Task) -> Done:
    engine = _engine(task)
    try:
        changes, made = _updated(engine, task)
    except (UpdateError, LockedError) as error:
        if not engine.repaired(str(error)):
            raise
        changes, made = _updated(engine, task)
    found = outputs(task.stack) if made is None else made
    counts = _counts(_findings(task, found)[1]) if task.findings else {}
    return Done(Outcome(task.stack, changes=changes, unproven=_unproven(task, found), findings=counts))


def _updated(engine: EngineStack, task: Task) -> tuple[dict[str, int], Outputs | None]:
    """What was changed, and the outputs afterwards; None where nothing was to be done."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(task.plan) if task.plan else Path(folder, "plan.json")
        # Rules over a whole stack report too late to stop an update: the preview is what they stop.
        changes = engine.planned(plan, save=not task.plan)
        return changes, engine.updated(plan) if changes else None


def _drift(task: Task) -> Done:
    engine = _engine(task)
    drifted, planned = engine.drifted(), engine.planned(Path(), save=False)
    notes = ["the cloud is not as the state has it"] if drifted else []
    if planned and not drifted:
        notes.append("an update would change something: a newer key version, or settings not rolled out")
    return Done(Outcome(task.stack, changes={**planned, **drifted}, notes=tuple(notes)))


def _evidence(task: Task) -> Done:
    texts, found = _findings(task, outputs(task.stack))
    return Done(Outcome(task.stack, findings=_counts(found)), texts)


def _followed(task: Task) -> Done:
    """Whether every account of the stack is on the newest version of its key; a reason where one is not."""
    old = disable_version.retire(task.stack, task.keys, yes=False)
    return Done(Outcome(task.stack, notes=tuple(f"no account needs {one}" for one in old)))


def _retire(task: Task) -> Done:
    old = disable_version.retire(task.stack, task.keys, yes=True)
    return Done(Outcome(task.stack, notes=tuple(f"{one} is disabled" for one in old)))


def _doctor(task: Task) -> Done:
    lines = doctor.lines(task.stack)
    failed = [
        f"{one.about}: {one.found}; {one.fix}" for one in lines if one.result == checked_settings.FAILED
    ]
    return Done(Outcome(task.stack, reason="; ".join(failed), notes=tuple(one.about for one in lines)))


ACTIONS: Mapping[str, Callable[[Task], Done]] = {
    "preview": _preview,
    "up": _up,
    "drift": _drift,
    "evidence": _evidence,
    "doctor": _doctor,
    "followed": _followed,
    "retire": _retire,
}


def _engine(task: Task) -> EngineStack:
    return EngineStack(task.stack, login.emptied(task.stack, stack_file(path_of(task.stack)).config))


def _unproven(task: Task, found: Outputs) -> tuple[str, ...]:
    """The checks that failed, for each service of the stack."""
    failed: list[str] = []
    for name, service in services(found).items():
        label = f"{name}: " if name else ""
        if problem := verify.unprovable(service):
            failed.append(label + problem)
            continue
        wanted = login.of_stack(task.stack, clouds.of_endpoint(service["endpoint"]), alone=True)
        checks = verify.verify(service, wanted, write_project=False, seconds=60 * task.minutes)
        failed += [f"{label}{one}".strip() for one in checks if not one.holds]
    return tuple(failed)


def _findings(task: Task, found: Outputs) -> tuple[dict[str, str], Sequence[AuditFinding]]:
    """The evidence of a stack as files, and its open findings."""
    ids = [str(one["accountId"]) for one in services(found).values() if one.get("accountId")]
    azure = LiveAzure(login.of_stack(task.stack, alone=True))
    results = policy.results_of(task.stack, None) if task.action == "evidence" else None
    source = attempt(azure.source) if task.action == "evidence" else None
    facts = collect(
        azure,
        f"Stack {task.stack}",
        ids,
        now=azure.now(),
        days=task.days,
        policies=results,
        source=source,
    )
    open_findings = findings(facts)
    texts: dict[str, Any] = {}
    if task.action == "evidence":
        texts = report.files(facts, open_findings, azure.queries, report.tool_version())
    return texts, open_findings


def _counts(found: Sequence[AuditFinding]) -> dict[str, int]:
    """Open findings by severity."""
    return dict(Counter(one.severity.word for one in found))
