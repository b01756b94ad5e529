"""Many stacks at once, as fleet.yaml lays them out: rings, limits, halts, and going on where it stopped.

    python -m operate fleet ACTION [--stack NAME ...] [--match LABEL=PATTERN ...] [--ring NAME ...]

docs/fleets.md has the whole. What writes to Azure does so only with --yes, and prints before what it would
do. Every command appends to a journal, .fleet/journal.jsonl.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from core.environment import NAMESPACE
from operate.errors import OperateError
from operate.fleet import alarms, bundle, engine, files, live, planning, report, shared, split
from operate.fleet.alarms import Alarm
from operate.fleet.engine import NoStackError
from operate.fleet.files import FleetFiles
from operate.fleet.journal import Journal
from operate.fleet.planning import Limits, Member, Wave
from operate.fleet.rollout import Report, Rollout, executor
from operate.fleet.shared import FleetFileError
from operate.fleet.split import Split
from operate.fleet.work import Done, Task
from operate.fleet.work import run as run_task
from operate.recover import BACKUPS
from operate.stack_file import path_of
from operate.yaml_file import YamlFile
from settings.parse import SERVICES
from settings.services import problems_between

GRANTED, REVOKED = "granted", "revoked"
Place = tuple[str | int, ...]
"""Where a setting stands in a stack's file, below `config`."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "action",
        choices=ACTIONS,
        metavar="ACTION",
        help="; ".join(f"{name}: {text}" for name, (_, text) in ACTIONS.items()),
    )
    which = parser.add_argument_group("which stacks; all of the fleet by default")
    which.add_argument("--stack", action="append", metavar="NAME", help="this stack; may be repeated")
    which.add_argument(
        "--match", action="append", metavar="LABEL=PATTERN", default=[], help="those with such a label"
    )
    which.add_argument("--ring", action="append", metavar="NAME", default=[], help="those of a ring")
    which.add_argument("--key", metavar="VAULT/KEY", help="those whose services use a key")
    which.add_argument("--since", metavar="REVISION", help="those that changed since a git revision")
    how = parser.add_argument_group("how")
    how.add_argument("--yes", action="store_true", help="up, rotate, retire, revoke, restore, split: do it")
    how.add_argument("--again", action="store_true", help="up: also stacks that an earlier run left right")
    how.add_argument(
        "--plans", type=Path, metavar="FOLDER", help="up: reviewed plans, FOLDER/STACK/plan.json"
    )
    how.add_argument("--to", metavar="NAME", help="split: the other stack, which is made if there is none")
    how.add_argument(
        "--service", action="append", metavar="NAME", help="split: a service to move; may be repeated"
    )
    how.add_argument("--shards", type=int, metavar="N", default=1, help="matrix: how many jobs; at most 256")
    how.add_argument(
        "--ci", choices=("github", "azure-devops"), default="github", help="matrix: for which CI"
    )
    how.add_argument("--scheduler", metavar="ADDRESS", default="", help="a Dask scheduler, tcp://HOST:PORT")
    how.add_argument("--minutes", type=float, default=15, help="wait for a revocation to count; default 15")
    how.add_argument("--days", type=int, default=90, help="evidence: days of the audit log; default 90")
    how.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="to write to; evidence: .evidence/fleet, report: .fleet/report, alarms: .fleet/alarms",
    )
    how.add_argument(
        "--from",
        dest="journals",
        action="append",
        type=Path,
        metavar="FILE",
        default=[],
        help="report: the journal of a shard, instead of the own; may be repeated",
    )
    how.add_argument("--journal", type=Path, default=Path(".fleet/journal.jsonl"), metavar="FILE")
    how.add_argument("--json", action="store_true", help="print records as lines of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Runs the action; its exit code: 0 all is well, 1 something is not, or the rollout halted."""
    engine.use_checkout()
    code, _ = ACTIONS[arguments.action]
    try:
        return code(FleetCommand(files.read(Path()), arguments))
    except FleetFileError as error:
        raise OperateError(str(error)) from error


class FleetCommand:
    """A fleet, the stacks that were chosen of it, and how a run of them is reported."""

    def __init__(self, fleet: FleetFiles, arguments: argparse.Namespace) -> None:
        self.fleet, self.arguments = fleet, arguments
        self.journal = Journal(arguments.journal)
        self.waves = planning.waves(fleet.members.values(), fleet.rings)
        self.chosen = self._chosen()

    def members(self) -> list[Member]:
        """The chosen stacks, in the order of the rings."""
        return [self.fleet.members[one] for wave in self.waves for one in wave.stacks if one in self.chosen]

    def left(self, settled: frozenset[str] = frozenset()) -> tuple[Wave, ...]:
        """The waves of the chosen stacks, less those that need nothing."""
        others = frozenset(self.fleet.members) - self.chosen
        return planning.remaining(self.waves, settled | others)

    def all_at_once(self, action: str) -> tuple[Wave, ...]:
        """The chosen stacks in one wave, those first that were fastest the last time."""
        seconds = planning.measured(self.journal.records(), action)
        names = sorted(self.chosen, key=lambda one: (seconds.get(one, planning.UNMEASURED), one))
        return (Wave("all", 1, tuple(names)),) if names else ()

    def rollout(self, action: str, report: Report | None = None) -> Rollout:
        """A run of an action, reported as the arguments say."""
        return Rollout(action, self.fleet.members, self.journal, report or self.report, uuid4().hex[:12])

    def report(self, record: Mapping[str, Any]) -> None:
        """Prints a record."""
        line = json.dumps(record) if self.arguments.json else shown(record)
        if line:
            print(line, flush=True)

    def carry_out(
        self,
        name: str,
        waves: Sequence[Wave],
        *,
        work: str = "",
        halting: bool = False,
        limits: Limits | None = None,
        **options: Any,
    ) -> tuple[int, list[Done]]:
        """Runs waves of tasks; the exit code, and what became of each stack. `work` is what is done to each
        stack, where that has another name than the command."""
        limits, all_done = limits or self.fleet.limits, []
        halted, updated = "", engine.last_updates() if (work or name) in planning.OF_FIRST else {}
        # All tasks are made first, so that a missing plan is an error before the first update begins.
        tasks = {stack: self.task(stack, work or name, **options) for wave in waves for stack in wave.stacks}
        with (
            live.shown(len(tasks), self.report) as report,
            executor(self.arguments.scheduler, limits) as pool,
        ):
            rollout = self.rollout(name, report)
            for wave in waves:
                done, halted = rollout.wave(
                    wave,
                    tasks.__getitem__,
                    pool,
                    limits,
                    self.fleet.stop if halting else None,
                    cost=lambda member, changed: planning.calls(
                        work or name, member.services, first=not updated.get(member.stack), changed=changed
                    ),
                )
                all_done += done
                if (work or name) == "up":
                    self._settle(rollout, done)
                if halted:
                    break
        bad = [one.outcome.stack for one in all_done if not one.outcome.ok]
        rollout.tell("ended", ok=not bad and not halted, stacks=len(all_done), bad=bad)
        return (1 if bad or halted else 0), all_done

    def task(self, stack: str, action: str, **options: Any) -> Task:
        """A task on one stack."""
        found = Task(stack, action, files.digest_of(Path(), stack), minutes=self.arguments.minutes)
        plans = self.arguments.plans
        if plans and action == "up":
            plan = (plans / stack / "plan.json").absolute()
            if not plan.is_file():
                raise OperateError(
                    f"nothing was changed: there is no plan {plan}, and with --plans only reviewed plans are "
                    "applied"
                )
            found = replace(found, plan=str(plan))
        return replace(found, **options)

    def set(self, stack: str, paths: Sequence[Place], value: str | int) -> None:
        """Writes a setting into a stack's own file, whose comments stay. Raises OperateError."""
        file = YamlFile(path_of(stack))
        for path in paths:
            file.set(("config", *path), value)
        file.write()

    def paths(self, stack: str, key: str, *setting: str) -> list[Place]:
        """Where a setting of each service that uses a key stands in the stack's file; of all services without
        a `key`."""
        name, *inner = setting
        services = self.fleet.settings[stack].services
        if SERVICES not in self.fleet.files[stack].own():
            return [(NAMESPACE + name, *inner)]
        return [
            (NAMESPACE + SERVICES, index, *setting)
            for index, one in enumerate(services)
            if one.has_key and key in ("", files.key_of(one))
        ]

    def _settle(self, rollout: Rollout, done: Sequence[Done]) -> None:
        updated = engine.last_updates()
        for one in done:
            stack = one.outcome.stack
            if one.outcome.ok and updated.get(stack):
                digest = files.digest_of(Path(), stack)
                rollout.tell("settled", stack=stack, digest=digest, updated=updated[stack])

    def _chosen(self) -> frozenset[str]:
        fleet, wanted = self.fleet, self.arguments
        found = frozenset(fleet.members)
        if wanted.stack:
            if unknown := sorted(set(wanted.stack) - found):
                raise OperateError(
                    f"the fleet has no stack {', '.join(unknown)}; it has {', '.join(sorted(found))}"
                )
            found &= frozenset(wanted.stack)
        if wanted.ring:
            rings = {wave.ring for wave in self.waves}
            if unknown := sorted(set(wanted.ring) - rings):
                raise OperateError(
                    f"the fleet has no ring {', '.join(unknown)}; it has {', '.join(sorted(rings))}"
                )
            found &= {one for wave in self.waves if wave.ring in wanted.ring for one in wave.stacks}
        if wanted.match:
            pairs = [one.partition("=") for one in wanted.match]
            if wrong := [label for label, equals, _ in pairs if not equals]:
                raise OperateError(f"--match: found {wrong[0]!r}, expected LABEL=PATTERN")
            selector = {label: (pattern,) for label, _, pattern in pairs}
            found &= {one for one in found if shared.matches(selector, fleet.members[one].labels)}
        if wanted.key:
            found &= {one for one in found if wanted.key.lower() in fleet.members[one].keys}
        if wanted.since:
            found &= files.touched(Path(), fleet, wanted.since)
        if not found and not wanted.since:
            raise OperateError(
                "no stack of the fleet is chosen; `fleet list` shows their labels, rings and keys"
            )
        return found


def shown(record: Mapping[str, Any]) -> str:
    """A record as a line for a person; "" for those that say nothing new."""
    match record["event"]:
        case "wave":
            return f"{record['ring']}, wave {record['number']}: {', '.join(record['stacks'])}"
        case "outcome":
            result = "ok" if record["ok"] else "FAILED"
            parts = [f"{count} to {op}" for op, count in sorted(record.get("changes", {}).items())]
            parts += [f"{count} {word}" for word, count in record.get("findings", {}).items()]
            parts += [*record.get("unproven", ()), *record.get("notes", ())]
            said = record.get("reason") or ", ".join(parts) or "nothing changes"
            return f"  {result:<8}{record['stack']}: {said}; {record['seconds']} s"
        case "halted":
            left = f"; not begun: {', '.join(record['left'])}" if record["left"] else ""
            return f"halted: {record['reason']}{left}"
        case "split":
            return f"moved {', '.join(record['services'])} from {record['stack']} to {record['to']}"
        case "ended":
            bad = f", {len(record['bad'])} not as they should be" if record["bad"] else ""
            return f"{record['stacks']} stack{'' if record['stacks'] == 1 else 's'}{bad}"
    return ""


def _list(command: FleetCommand) -> int:
    updated = engine.last_updates()
    for wave in command.left():
        for stack in wave.stacks:
            member = command.fleet.members[stack]
            known = updated.get(stack)
            told = {
                "stack": stack,
                "ring": wave.ring,
                "wave": wave.number,
                "services": member.services,
                "keys": sorted(member.keys),
                "labels": dict(member.labels),
                "updated": known,
            }
            if command.arguments.json:
                print(json.dumps(told))
                continue
            labels = " ".join(f"{name}={value}" for name, value in sorted(member.labels.items()))
            state = (
                "no such stack yet" if known is None else f"updated {known}" if known else "nothing deployed"
            )
            print(f"  {stack}: {wave}; {', '.join(sorted(member.keys))}; {labels}; {state}")
    return 0


def _settings(command: FleetCommand) -> int:
    for member in command.members():
        levels = command.fleet.files[member.stack].levels(command.fleet.shared)
        found = shared.origins(levels)
        if command.arguments.json:
            values = {path: {"value": value, "from": place} for path, (value, place) in found.items()}
            print(json.dumps({"stack": member.stack, "settings": values}))
            continue
        print(f"{member.stack}:")
        for path, (value, place) in sorted(found.items()):
            print(f"  {path}: {json.dumps(value)}  # {place}")
    return 0


def _preview(command: FleetCommand) -> int:
    return command.carry_out("preview", command.all_at_once("preview"))[0]


def _up(command: FleetCommand) -> int:
    digests, settled, updated = command.fleet.digests, frozenset[str](), engine.last_updates()
    _refuse_missing(command, updated)
    if not command.arguments.again:
        settled = planning.settled(command.journal.records(), digests, updated)
    left = command.left(settled)
    if skipped := sorted(settled & command.chosen):
        print(f"as they should be since an earlier run: {', '.join(skipped)}", file=sys.stderr)
    if not command.arguments.yes:
        return _would("update", left)
    findings = command.fleet.stop.findings != "never"
    return command.carry_out("up", left, halting=True, findings=findings)[0]


def _drift(command: FleetCommand) -> int:
    code, done = command.carry_out("drift", command.all_at_once("drift"))
    return 1 if any(one.outcome.changes for one in done) else code


def _evidence(command: FleetCommand) -> int:
    code, done = command.carry_out("evidence", command.all_at_once("evidence"), days=command.arguments.days)
    page = bundle.write(command.arguments.out or Path(".evidence/fleet"), done)
    print(page, file=sys.stderr)
    return 1 if any(one.outcome.findings.get("error") for one in done) else code


def _whole_keys(command: FleetCommand) -> set[str]:
    """The keys of the chosen stacks, or the one that was named. Every stack that uses one is chosen now."""
    asked = command.arguments.key
    wanted = {asked.lower()} if asked else {key for one in command.members() for key in one.keys}
    command.chosen = frozenset(one.stack for one in command.fleet.members.values() if one.keys & wanted)
    _refuse_missing(command, engine.last_updates())
    return wanted


def _rotate(command: FleetCommand) -> int:
    """Raises the generation of each chosen key once, at one stack, and updates all stacks that use it."""
    wanted = _whole_keys(command)
    users = [replace(one, keys=one.keys & wanted) for one in command.members()]
    targets = _unfinished(command, wanted) or [
        list(one)
        for one in planning.generations(users, {u.stack: _generations(command, u.stack) for u in users})
    ]
    if not command.arguments.yes:
        for stack, key, generation in targets:
            print(f"  {stack}: would make a new version of {key} (generation {generation})")
        return _would("update", command.left())
    rollout = command.rollout("rotate")
    rollout.tell("rotating", keys=sorted(wanted), targets=targets)
    for stack, key, generation in targets:
        command.set(stack, command.paths(stack, key, "key", "generation"), generation)
    limits = replace(command.fleet.limits, per_vault=1)
    code, _ = command.carry_out("rotate", command.left(), work="up", halting=True, limits=limits)
    if code == 0:
        rollout.tell("rotated", keys=sorted(wanted))
    return code


def _retire(command: FleetCommand) -> int:
    """Disables the older versions of each key, once every stack that uses it is on the newest: asked of all
    stacks first, and nothing is disabled where one is not."""
    wanted = _whole_keys(command)
    keys = tuple(sorted(wanted))
    code, _ = command.carry_out("retire", command.all_at_once("retire"), work="followed", keys=keys)
    if code:
        print("no version was disabled; `fleet rotate` goes on with a rotation that halted", file=sys.stderr)
        return code
    if not command.arguments.yes:
        print("nothing was changed; say --yes to disable them")
        return 0
    # One stack for each key is enough, and two at one vault would only meet.
    command.chosen = frozenset(
        {key: one.stack for one in command.members() for key in one.keys & wanted}.values()
    )
    return command.carry_out("retire", command.all_at_once("retire"), keys=keys)[0]


def _missing(command: FleetCommand, updated: Mapping[str, str]) -> list[str]:
    """A sentence for each chosen stack that is not among those of the backend."""
    return [str(NoStackError(stack)) for stack in sorted(command.chosen - set(updated))]


def _refuse_missing(command: FleetCommand, updated: Mapping[str, str]) -> None:
    """Ends a rollout that could not reach all of its stacks before it begins. Raises OperateError."""
    if missing := _missing(command, updated):
        raise OperateError("nothing was changed:\n  " + "\n  ".join(missing))


def _unfinished(command: FleetCommand, keys: set[str]) -> list[list[Any]]:
    """The stack, key and generation of each target of an unfinished rotation of these keys, so that it does
    not begin twice. Leaves out keys whose generation in the files is higher: somebody finished these by
    hand."""
    found: list[list[Any]] = []
    for record in command.journal.records():
        if record["event"] in ("rotating", "rotated") and set(record["keys"]) == keys:
            found = record.get("targets", [])
    return [
        [stack, key, generation]
        for stack, key, generation in found
        if stack in command.chosen and _generations(command, stack).get(key, 0) <= generation
    ]


def _generations(command: FleetCommand, stack: str) -> dict[str, int]:
    services = command.fleet.settings[stack].services
    return {files.key_of(one): one.key.generation or 0 for one in services if one.has_key}


def _access(command: FleetCommand, access: str, name: str) -> int:
    """Sets `access` at every service that uses the key, or at every chosen stack, and updates; nothing halts
    it, for each stack that is cut off counts."""
    waves = command.all_at_once(name)
    if not command.arguments.yes:
        return _would(name, waves)
    for stack in command.chosen:
        command.set(stack, command.paths(stack, (command.arguments.key or "").lower(), "access"), access)
    return command.carry_out(name, waves, work="up")[0]


def _doctor(command: FleetCommand) -> int:
    services = [one for stack in command.chosen for one in command.fleet.settings[stack].services]
    problems = [f"{one.path}: {one.text}" for one in problems_between(services)]
    problems += _missing(command, engine.last_updates())
    for problem in problems:
        print(f"  FAILED  {problem}")
    code, _ = command.carry_out("doctor", command.all_at_once("doctor"))
    return 1 if problems else code


def _matrix(command: FleetCommand) -> int:
    seconds = planning.measured(command.journal.records(), "preview")
    made = planning.shards(command.chosen, seconds, command.arguments.shards)
    print(json.dumps(planning.matrix(made, command.arguments.ci)))
    return 0


def _alarms(command: FleetCommand) -> int:
    """The exit code is 1 where something is new, and for a stack that could not be looked at."""
    folder = command.arguments.out or Path(".fleet/alarms")
    before = alarms.known(folder)
    _, done = command.carry_out("alarms", command.all_at_once("alarms"), days=command.arguments.days)
    read = {one.outcome.stack: not one.outcome.reason for one in done}
    made = [Alarm(**found) for one in done if one.files for found in json.loads(one.files[alarms.FILE])]
    unread = [one.outcome for one in done if one.outcome.reason]
    made += [Alarm(one.stack, "not-read", "error", "", one.reason) for one in unread]
    others = {one.stack for one in before} - set(read)
    found = alarms.compared(made, before, {*others, *(one.stack for one in unread)})
    alarms.write(folder, found, read)
    print(alarms.markdown(found), file=sys.stderr)
    return 1 if found.new or unread else 0


def _split(command: FleetCommand) -> int:
    """Moves services, and previews both stacks: a move that changes something is not one. Raises
    OperateError."""
    asked = command.arguments
    if len(asked.stack or ()) != 1 or not asked.to or not asked.service or asked.to in asked.stack:
        raise OperateError("expected --stack NAME --to ANOTHER --service NAME, which may be repeated")
    (source,) = asked.stack
    in_backend = engine.last_updates()
    if source not in in_backend:
        raise NoStackError(source)
    wanted = Split(source, asked.to, tuple(dict.fromkeys(asked.service)), asked.to in in_backend)
    urns = split.planned(command.fleet.shared, wanted)
    if not asked.yes:
        print(f"  {source}: would move {', '.join(wanted.services)} to {asked.to}")
        print("nothing was changed; say --yes to do it")
        return 0
    rollout = command.rollout("split")
    kept = split.carry_out(wanted, urns)
    rollout.tell(
        "split", stack=source, to=asked.to, services=wanted.services, kept=[str(one) for one in kept]
    )
    unchanged = True
    for stack in (source, asked.to):
        outcome = run_task(Task(stack, "preview", files.digest_of(Path(), stack))).outcome
        rollout.tell_outcome(outcome)
        unchanged = unchanged and outcome.ok and not outcome.changes
    if not unchanged:
        print(f"an update would change something: the states before are in {BACKUPS}", file=sys.stderr)
    return 0 if unchanged else 1


def _report(command: FleetCommand) -> int:
    """Raises OperateError for a journal that is missing: a shard that was lost is no good news."""
    journals = [Journal(one) for one in command.arguments.journals] or [command.journal]
    if missing := [str(one) for one in command.arguments.journals if not one.is_file()]:
        raise OperateError(f"there is no journal {', '.join(missing)}")
    records = (record for journal in journals for record in journal.records())
    found = report.rows(records, sorted(command.chosen))
    page = report.write(command.arguments.out or Path(".fleet/report"), found)
    print(page, file=sys.stderr)
    return 0 if all(one.ok for one in found) else 1


def _would(verb: str, waves: Sequence[Wave]) -> int:
    for wave in waves:
        print(f"  {wave}: would {verb} {', '.join(wave.stacks)}")
    print("nothing was changed; say --yes to do it" if waves else "nothing is left to do")
    return 0


ACTIONS: Mapping[str, tuple[Callable[[FleetCommand], int], str]] = {
    "list": (_list, "the stacks with their rings, keys and labels"),
    "settings": (_settings, "each setting, and which file it comes from"),
    "preview": (_preview, "what an update would change"),
    "up": (_up, "update ring by ring, with proof after each stack"),
    "drift": (_drift, "what was changed outside Pulumi"),
    "rotate": (_rotate, "a new version of each key, then all stacks that use it"),
    "retire": (_retire, "disable older versions of each key, once no stack needs them"),
    "alarms": (_alarms, "what somebody has to look at, each thing once"),
    "evidence": (_evidence, "one bundle of what auditors ask"),
    "revoke": (lambda one: _access(one, REVOKED, "revoke"), "take the access to the key from every stack"),
    "restore": (lambda one: _access(one, GRANTED, "restore"), "give the access back"),
    "doctor": (_doctor, "what stands in the way of each stack"),
    "matrix": (_matrix, "shards for the matrix of a CI"),
    "split": (_split, "move services of one stack to another"),
    "report": (_report, "one report of what commands left of each stack, also in several shards"),
}
