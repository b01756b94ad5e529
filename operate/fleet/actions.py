"""What is done to the chosen stacks of a fleet, and in which order.

Owns: each action as tasks in rings, and the settings that it writes into stack files. Does not own: which
stacks are chosen (command.py), what is done to one stack (work.py), and when a task begins (rollout.py).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from core import coverage
from core.environment import NAMESPACE
from operate import stack
from operate.errors import OperateError
from operate.fleet import bundle, files, planning
from operate.fleet.files import FleetFiles
from operate.fleet.journal import Journal
from operate.fleet.planning import Member, Rings
from operate.fleet.rollout import Report, Rollout, executor
from operate.fleet.work import Done, Task
from operate.stack import NoStackError
from operate.stack_file import path_of
from operate.yaml_file import YamlFile
from settings.parse import SERVICES
from settings.services import problems_between

GRANTED, REVOKED = "granted", "revoked"
Place = tuple[str | int, ...]
"""Where a setting stands in a stack's file, below `config`."""


@dataclass(frozen=True)
class ChosenStacks:
    """A fleet, and the stacks that were chosen of it, by ring. `tell` reports each record; `scheduler` is the
    address of Dask's, or ""."""

    fleet: FleetFiles
    rings: Rings
    journal: Journal
    tell: Report
    scheduler: str = ""

    def members(self) -> list[Member]:
        """The chosen stacks, in the order of the rings."""
        return [self.fleet.members[one] for stacks in self.rings.values() for one in stacks]

    def rollout(self, action: str) -> Rollout:
        """A run of an action."""
        return Rollout(action, self.fleet.members, self.journal, self.tell, uuid4().hex[:12])

    def of_keys(self, key: str | None) -> tuple[ChosenStacks, frozenset[str]]:
        """Every stack that uses a key of the chosen ones, or the one that is named; and those keys."""
        wanted = frozenset([key.lower()] if key else [key for one in self.members() for key in one.keys])
        users = {one.stack for one in self.fleet.members.values() if one.keys & wanted}
        rings = planning.in_rings(self.fleet.members.values(), self.fleet.rings)
        return replace(self, rings=planning.only(rings, users)), wanted


def preview(chosen: ChosenStacks, _: argparse.Namespace) -> int:
    """What an update would change."""
    return _carried_out(chosen, "preview", tasks=_tasks(chosen, "preview"))[0]


def up(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """Updates ring by ring, by reviewed plans where these are given. A stack that an earlier run updated is
    previewed and proven again, which changes nothing."""
    _refuse_missing(chosen)
    if not arguments.yes:
        return _would("update", chosen.rings)
    plans = _plans(chosen, arguments.plans) if arguments.plans else {}
    findings = chosen.fleet.stop.findings != "never"
    updates = _tasks(chosen, "up", minutes=arguments.minutes, findings=findings)
    tasks = {name: replace(task, plan=plans.get(name, "")) for name, task in updates.items()}
    return _carried_out(chosen, "up", tasks=tasks, halting=True)[0]


def drift(chosen: ChosenStacks, _: argparse.Namespace) -> int:
    """What was changed outside Pulumi, and what an update would change."""
    code, done = _carried_out(chosen, "drift", tasks=_tasks(chosen, "drift"))
    return 1 if any(one.outcome.changes for one in done) else code


def evidence(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """One bundle of what auditors ask."""
    tasks = _tasks(chosen, "evidence", days=arguments.days)
    code, done = _carried_out(chosen, "evidence", tasks=tasks)
    print(bundle.write(arguments.out or Path(".evidence/fleet"), done), file=sys.stderr)
    return 1 if any(one.outcome.findings.get("error") for one in done) else code


def rotate(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """Raises the generation of each chosen key once, at the first stack that uses it, and updates all."""
    chosen, wanted = chosen.of_keys(arguments.key)
    _refuse_missing(chosen)
    users = [replace(one, keys=one.keys & wanted) for one in chosen.members()]
    current = {one.stack: _generations(chosen, one.stack) for one in users}
    targets = _unfinished(chosen, wanted, current) or list(planning.generations(users, current))
    if not arguments.yes:
        for name, key, generation in targets:
            print(f"  {name}: would make a new version of {key} (generation {generation})")
        return _would("update", chosen.rings)
    rollout = chosen.rollout("rotate")
    rollout.tell("rotating", keys=sorted(wanted), targets=targets)
    for name, key, generation in targets:
        _set(name, _places(chosen, name, key, "key", "generation"), generation)
    tasks = _tasks(chosen, "up", minutes=arguments.minutes)
    code, _ = _carried_out(chosen, "rotate", tasks=tasks, halting=True)
    if code == 0:
        rollout.tell("rotated", keys=sorted(wanted))
    return code


def retire(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """Disables the older versions of each key, once every stack that uses it is on the newest: asked of all
    stacks first, and nothing is disabled where one is not."""
    chosen, wanted = chosen.of_keys(arguments.key)
    _refuse_missing(chosen)
    keys = tuple(sorted(wanted))
    code, _ = _carried_out(chosen, "retire", tasks=_tasks(chosen, "followed", keys=keys))
    if code:
        print("no version was disabled; `fleet rotate` goes on with a rotation that halted", file=sys.stderr)
        return code
    if not arguments.yes:
        print("nothing was changed; say --yes to disable them")
        return 0
    # One stack for each key is enough, and two at one vault would only meet.
    one_each = {key: one.stack for one in chosen.members() for key in one.keys & wanted}
    tasks = _tasks(chosen, "retire", keys=keys)
    return _carried_out(chosen, "retire", tasks={name: tasks[name] for name in one_each.values()})[0]


def revoke(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """Takes the access to the key from every stack."""
    return _access(chosen, arguments, REVOKED, "revoke")


def restore(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """Gives the access back."""
    return _access(chosen, arguments, GRANTED, "restore")


def _access(chosen: ChosenStacks, arguments: argparse.Namespace, access: str, name: str) -> int:
    """Sets `access` at every service that uses the key, or at every chosen stack, and updates; nothing halts
    it, for each stack that is cut off counts."""
    if not arguments.yes:
        return _would(name, chosen.rings)
    key = (arguments.key or "").lower()
    named = _named(chosen, key, arguments.account) if access == REVOKED else []
    for one in chosen.members():
        # Each revocation asks anew.
        _set(one.stack, _places(chosen, one.stack, key, "revokeAccount"), None)
    for stack_name, place, account in named:
        _set(stack_name, [place], account)
    for one in chosen.members():
        _set(one.stack, _places(chosen, one.stack, key, "access"), access)
    return _carried_out(chosen, name, tasks=_tasks(chosen, "up", minutes=arguments.minutes))[0]


def doctor(chosen: ChosenStacks, _: argparse.Namespace) -> int:
    """What stands in the way of each stack, and names that two stacks would both make."""
    services = [service for one in chosen.members() for service in chosen.fleet.settings[one.stack].services]
    problems = [f"{one.path}: {one.text}" for one in problems_between(services)]
    problems += _missing(chosen)
    for problem in problems:
        print(f"  FAILED  {problem}")
    code, _done = _carried_out(chosen, "doctor", tasks=_tasks(chosen, "doctor"))
    return 1 if problems else code


def _carried_out(
    chosen: ChosenStacks, name: str, *, tasks: Mapping[str, Task], halting: bool = False
) -> tuple[int, list[Done]]:
    """Runs tasks, by stack; the exit code, and what became of each stack. In rings, if something may halt it,
    else all at once."""
    rings = chosen.rings if halting else {"all": tuple(tasks)}
    stop, limit = chosen.fleet.stop if halting else None, chosen.fleet.parallel
    done: list[Done] = []
    halted, rollout = "", chosen.rollout(name)
    with executor(chosen.scheduler, limit) as pool:
        for ring, stacks in rings.items():
            own = [tasks[one] for one in stacks]
            ended, halted = rollout.ring(ring, own, pool, limit, stop) if own else ([], "")
            done += ended
            if halted:
                break
    bad = [one.outcome.stack for one in done if not one.outcome.ok]
    rollout.tell("ended", ok=not bad and not halted, stacks=len(done), bad=bad)
    return (1 if bad or halted else 0), done


def _tasks(chosen: ChosenStacks, action: str, **options: Any) -> dict[str, Task]:
    """A task for each chosen stack."""
    return {
        one.stack: Task(one.stack, action, files.digest_of(Path(), one.stack), **options)
        for one in chosen.members()
    }


def _plans(chosen: ChosenStacks, folder: Path) -> dict[str, str]:
    """The reviewed plan of each chosen stack. Raises OperateError with all that are missing: a stack that has
    none is not updated by a plan made now, and none is begun."""
    found = {one.stack: (folder / one.stack / "plan.json").absolute() for one in chosen.members()}
    if missing := [str(plan) for plan in found.values() if not plan.is_file()]:
        raise OperateError(
            f"nothing was changed: there is no plan {', '.join(missing)}, and with --plans only reviewed "
            "plans are applied"
        )
    return {name: str(plan) for name, plan in found.items()}


def _set(name: str, places: Sequence[Place], value: str | int | None) -> None:
    """Writes a setting into a stack's own file, whose comments stay, or with None takes it out. Raises
    OperateError."""
    file = YamlFile(path_of(name))
    for place in places:
        file.set(("config", *place), value)
    file.write()


def _places(chosen: ChosenStacks, name: str, key: str, *setting: str) -> list[Place]:
    """Where a setting of each service that uses a key stands in the stack's file; of all services without a
    `key`."""
    first, *inner = setting
    if SERVICES not in chosen.fleet.files[name].own():
        return [(NAMESPACE + first, *inner)]
    return [
        (NAMESPACE + SERVICES, index, *setting)
        for index, one in enumerate(chosen.fleet.settings[name].services)
        if one.has_key and key in ("", files.key_of(one))
    ]


def _named(chosen: ChosenStacks, key: str, names: Collection[str]) -> list[tuple[str, Place, str]]:
    """Stack, place and name of each account of which a revocation deletes data. Raises OperateError with all
    that are not named, before anything is written."""
    found, missing = [], []
    for member in chosen.members():
        services = [
            one
            for one in chosen.fleet.settings[member.stack].services
            if one.has_key and key in ("", files.key_of(one))
        ]
        places = _places(chosen, member.stack, key, "revokeAccount")
        for place, one in zip(places, services, strict=False):
            account, lost = one.completed().account_name, coverage.named(one.kind).deletes
            if lost and account not in names:
                missing.append(f"{member.stack}: without the key of {account}, Azure {lost}, for good")
            elif lost:
                found.append((member.stack, place, account))
    if missing:
        lines = "\n  ".join(missing)
        raise OperateError(f"nothing was changed; name each account with --account NAME:\n  {lines}")
    return found


def _missing(chosen: ChosenStacks) -> list[str]:
    """A sentence for each chosen stack that is not among those of the backend."""
    stack.use_checkout()
    there = stack.last_updates()
    return [str(NoStackError(one)) for one in sorted({m.stack for m in chosen.members()} - set(there))]


def _refuse_missing(chosen: ChosenStacks) -> None:
    """Ends a rollout that could not reach all of its stacks before it begins. Raises OperateError."""
    if missing := _missing(chosen):
        raise OperateError("nothing was changed:\n  " + "\n  ".join(missing))


def _unfinished(
    chosen: ChosenStacks, keys: Collection[str], current: Mapping[str, Mapping[str, int]]
) -> list[tuple[str, str, int]]:
    """The stack, key and generation of each target of an unfinished rotation of these keys, so that it does
    not begin twice. Leaves out keys whose generation in the files is higher: somebody finished these by
    hand."""
    found: list[tuple[str, str, int]] = []
    for record in chosen.journal.records():
        if record["event"] in ("rotating", "rotated") and set(record["keys"]) == set(keys):
            found = [(name, key, generation) for name, key, generation in record.get("targets", [])]
    return [
        (name, key, generation)
        for name, key, generation in found
        if name in current and current[name].get(key, 0) <= generation
    ]


def _generations(chosen: ChosenStacks, name: str) -> dict[str, int]:
    services = chosen.fleet.settings[name].services
    return {files.key_of(one): one.key.generation or 0 for one in services if one.has_key}


def _would(verb: str, rings: Rings) -> int:
    for name, stacks in rings.items():
        print(f"  {name}: would {verb} {', '.join(stacks)}")
    print("nothing was changed; say --yes to do it" if rings else "nothing is left to do")
    return 0
