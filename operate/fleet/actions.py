"""The actions on the chosen stacks of a fleet, and their order.

Owns: each action, and the settings that it writes into stack files. Does not own: the choice of stacks
(command.py), the work on one stack (work.py), and the rings and the halt (rollout.py).
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from core.environment import NAMESPACE
from operate import stack
from operate.errors import OperateError
from operate.fleet import files, planning, report, work
from operate.fleet.cluster import on_workers
from operate.fleet.files import FleetFiles
from operate.fleet.language_host import shared_language_host
from operate.fleet.planning import Member, Outcome, Rings
from operate.fleet.rollout import Work, carried_out
from operate.stack import NoStackError
from settings.parse import SERVICES


@dataclass(frozen=True)
class ChosenStacks:
    """A fleet, and its chosen stacks by ring. An action writes its report into the folder `out`, instead of
    one in `.fleet`; `scheduler` is the address of Dask's scheduler, or ""."""

    fleet: FleetFiles
    rings: Rings
    as_json: bool = False
    out: Path | None = None
    scheduler: str = ""

    def members(self) -> list[Member]:
        """The chosen stacks, in the order of the rings."""
        return [self.fleet.members[one] for stacks in self.rings.values() for one in stacks]

    def of_keys(self, key: str | None) -> tuple[ChosenStacks, frozenset[str]]:
        """Every stack that uses a key of the chosen stacks, or the named key; and these keys."""
        wanted = frozenset([key.lower()] if key else [key for one in self.members() for key in one.keys])
        users = {one.stack for one in self.fleet.members.values() if one.keys & wanted}
        rings = planning.in_rings(self.fleet.members.values(), self.fleet.shared.rings)
        return replace(self, rings=planning.only(rings, users)), wanted

    def carry_out(self, action: str, do: Work, *, halting: bool = False) -> int:
        """Does something to each stack, ring by ring if something may halt it, else all at once. Writes the
        report, and returns the exit code."""
        stack.use_checkout()
        stacks = tuple(member.stack for member in self.members())
        rings: Rings = {"all": stacks}
        allowed = None
        if halting:
            rings, allowed = self.rings, self.fleet.shared.failures
        outcomes = {name: Outcome(name, "not run, or interrupted") for name in stacks}
        write = partial(report.write, self.out or Path(".fleet", action), action)
        writing = threading.Lock()

        def tell(outcome: Outcome) -> None:
            with writing:
                self.say(asdict(outcome) | {"ok": outcome.ok}, report.told(outcome, action))
                outcomes[outcome.stack] = outcome
                write(outcomes.values())

        with on_workers(self.scheduler, do) as work_there:
            # A killed run leaves a report of its own, too, never an earlier run's.
            write(outcomes.values())
            done, halted = carried_out(
                rings,
                work_there,
                tell,
                at_once=self.fleet.shared.parallel,
                allowed=allowed,
                begins=lambda name: print(f"  {action} of {name} begins", file=sys.stderr, flush=True),
            )
        begun = {outcome.stack for outcome in done}
        left = [member for member in stacks if member not in begun]
        if halted:
            print(f"halted: {halted}; not begun: {', '.join(left) or 'none'}", file=sys.stderr)
        outcomes |= {member: Outcome(member, "not run") for member in left}
        print(write(outcomes.values()), file=sys.stderr)
        return 0 if all(outcome.ok for outcome in outcomes.values()) else 1

    def say(self, told: Mapping[str, object], text: str) -> None:
        """Prints a line of JSON, or of text."""
        print(json.dumps(told) if self.as_json else text, flush=True)


def preview(chosen: ChosenStacks, _: argparse.Namespace) -> int:
    """What an update would change."""
    stack.use_checkout()
    with shared_language_host():
        return chosen.carry_out("preview", work.preview)


def up(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """Updates ring by ring, by reviewed plans if they are given. A stack that an earlier run updated is
    previewed and proven again, which changes nothing. With `keep_going` nothing halts the rollout: it is for
    revocations, where each stack that loses access counts."""
    if not arguments.keep_going:
        _refuse_missing(chosen)
    settings = {one.stack: chosen.fleet.settings[one.stack] for one in chosen.members()}
    if revoked := [name for name, own in settings.items() if own.revokes]:
        print(f"by their settings without access to the key: {', '.join(revoked)}", file=sys.stderr)
    if not arguments.yes:
        return _would_update(chosen)
    plans = _plans(chosen, arguments.plans) if arguments.plans else {}

    def do(name: str) -> Outcome:
        return work.up(name, plan=plans.get(name, ""), minutes=arguments.minutes)

    return chosen.carry_out("up", do, halting=not arguments.keep_going)


def drift(chosen: ChosenStacks, _: argparse.Namespace) -> int:
    """Changes made outside Pulumi, and changes that an update would make."""
    return chosen.carry_out("drift", work.drift)


def rotate(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """Raises the generation of each chosen key once, at the first stack that uses it, and updates all."""
    chosen, wanted = chosen.of_keys(arguments.key)
    _refuse_missing(chosen)
    users = [replace(member, keys=member.keys & wanted) for member in chosen.members()]
    current = {user.stack: _generations(chosen, user) for user in users}
    _refuse_unfinished(chosen, current)
    targets = list(planning.generations(users, current))
    if not arguments.yes:
        for name, key, generation in targets:
            text = f"  {name}: would make a new version of {key} (generation {generation})"
            chosen.say({"stack": name, "key": key, "generation": generation}, text)
        return _would_update(chosen)
    for name, key, generation in targets:
        stack.configure(name, {f"{at}key.generation": generation for at in _places(chosen, name, key)})
    goes_on = _going_on(user.stack for user in users)
    print(f"the files have the new generations; if this run is cut off, {goes_on}", file=sys.stderr)
    code = chosen.carry_out("rotate", partial(work.up, minutes=arguments.minutes), halting=True)
    if code:
        print(goes_on, file=sys.stderr)
    return code


def _plans(chosen: ChosenStacks, folder: Path) -> dict[str, str]:
    """The reviewed plan of each chosen stack. Raises OperateError, which names all missing plans, before any
    update begins: a plan made now never takes the place of a reviewed one."""
    found = {one.stack: (folder / one.stack / "plan.json").absolute() for one in chosen.members()}
    if missing := [str(plan) for plan in found.values() if not plan.is_file()]:
        raise OperateError(
            f"nothing was changed: there is no plan {', '.join(missing)}, and with --plans only reviewed "
            "plans are applied"
        )
    return {name: str(plan) for name, plan in found.items()}


def _places(chosen: ChosenStacks, name: str, key: str) -> list[str]:
    """The path of each service with a key in a stack's settings, in the form that `pulumi config` takes."""
    listed = SERVICES in chosen.fleet.files[name].own()
    return [
        f"{NAMESPACE}{SERVICES}[{index}]." if listed else NAMESPACE
        for index, one in enumerate(chosen.fleet.settings[name].services)
        if one.has_key and key == files.key_of(one)
    ]


def _refuse_missing(chosen: ChosenStacks) -> None:
    """Ends a rollout that could not reach all of its stacks before it begins. Raises OperateError."""
    stack.use_checkout()
    if missing := {one.stack for one in chosen.members()} - set(stack.last_updates()):
        lines = [str(NoStackError(one)) for one in sorted(missing)]
        raise OperateError("\n  ".join(["nothing was changed:", *lines]))


def _refuse_unfinished(chosen: ChosenStacks, wanted: Mapping[str, Mapping[str, int]]) -> None:
    """Refuses a rotation while another is under way, because it would make one version more. One is under way
    if a generation of `wanted` (the files', by stack and key) is above the one in the state, or if the
    stacks of a key are on several versions. A stack without access, or with a pinned version, does not
    count. Raises OperateError."""
    waits = {
        (name, files.key_of(service))
        for name in wanted
        for service in chosen.fleet.settings[name].services
        if service.has_key and (service.is_revoked or service.key.pin)
    }
    with ThreadPoolExecutor(chosen.fleet.shared.parallel) as threads:
        recorded = dict(zip(wanted, threads.map(work.recorded_keys, wanted), strict=True))
    newest: dict[str, str] = {}
    for keys in recorded.values():
        for key, (created, _) in keys.items():
            newest[key] = max(created, newest.get(key, ""))
    behind = {
        name: key
        for name, own in wanted.items()
        for key, (created, generation) in recorded[name].items()
        if (name, key) not in waits and (created < newest[key] or own.get(key, 0) > generation)
    }
    if behind:
        raise OperateError(
            f"nothing was changed: a rotation has not reached {', '.join(behind)}, whose file has a higher "
            "key.generation than its last update, or whose key has a newer version in another stack; "
            f"{_going_on(member.stack for member in chosen.members())}"
        )


def _going_on(stacks: Iterable[str]) -> str:
    return f"`fleet up --yes{''.join(f' --stack {one}' for one in stacks)}` goes on"


def _generations(chosen: ChosenStacks, member: Member) -> dict[str, int]:
    used = [one for one in chosen.fleet.settings[member.stack].services if one.has_key]
    return {key: one.key.generation or 0 for one in used if (key := files.key_of(one)) in member.keys}


def _would_update(chosen: ChosenStacks) -> int:
    for ring, stacks in chosen.rings.items():
        chosen.say({"ring": ring, "stacks": stacks}, f"  {ring}: would update {', '.join(stacks)}")
    end = "nothing was changed; say --yes to do it" if chosen.rings else "nothing is left to do"
    print(end, file=sys.stderr)
    return 0
