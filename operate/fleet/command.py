"""Many stacks at once, as fleet.yaml lays them out: rings, how many at once, and what halts.

    python -m operate fleet ACTION [--stack NAME ...] [--match LABEL=PATTERN ...] [--ring NAME ...]

docs/fleets.md has the whole. What writes to Azure does so only with --yes, and prints before what it would
do. Every command appends to a journal, .fleet/journal.jsonl.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from operate import stack
from operate.errors import OperateError
from operate.fleet import actions, files, planning, report, shared
from operate.fleet.actions import ChosenStacks
from operate.fleet.files import FleetFiles
from operate.fleet.journal import Journal
from operate.fleet.shared import FleetFileError


class Action(NamedTuple):
    """An action: what it does, in words, and its options besides those that choose stacks."""

    run: Callable[[ChosenStacks, argparse.Namespace], int]
    text: str
    options: tuple[str, ...] = ()


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments: each action has those that mean something to it."""
    found = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    for name, action in ACTIONS.items():
        own = found.add_parser(name, help=action.text, description=f"{action.text.capitalize()}.")
        for option in ("--stack", "--match", "--ring", "--key", "--since"):
            own.add_argument(option, **_OPTIONS[option])
        for option in (*action.options, "--journal", "--json"):
            own.add_argument(option, **_OPTIONS[option])


def run(arguments: argparse.Namespace) -> int:
    """Runs the action; its exit code: 0 all is well, 1 something is not, or the rollout halted."""
    try:
        return ACTIONS[arguments.action].run(chosen(files.read(Path()), arguments), arguments)
    except FleetFileError as error:
        raise OperateError(str(error)) from error


def chosen(fleet: FleetFiles, wanted: argparse.Namespace) -> ChosenStacks:
    """The stacks that the arguments choose: all of the fleet by default. Raises OperateError."""
    rings = planning.in_rings(fleet.members.values(), fleet.rings)
    found = frozenset(fleet.members)
    if wanted.stack:
        found &= _known("stack", wanted.stack, fleet.members)
    if wanted.ring:
        found &= {one for ring in _known("ring", wanted.ring, rings) for one in rings[ring]}
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
        raise OperateError("no stack of the fleet is chosen; `fleet list` shows their labels, rings and keys")
    tell = _told_as_json if wanted.json else _told
    own = planning.only(rings, found)
    return ChosenStacks(fleet, own, Journal(wanted.journal), tell, getattr(wanted, "scheduler", ""))


def _known(what: str, wanted: list[str], there: Mapping[str, Any]) -> frozenset[str]:
    if unknown := sorted(set(wanted) - set(there)):
        raise OperateError(f"the fleet has no {what} {', '.join(unknown)}; it has {', '.join(sorted(there))}")
    return frozenset(wanted)


def _told_as_json(record: Mapping[str, Any]) -> None:
    print(json.dumps(record), flush=True)


def _told(record: Mapping[str, Any]) -> None:
    if line := shown(record):
        print(line, flush=True)


def shown(record: Mapping[str, Any]) -> str:
    """A record as a line for a person; "" for those that say nothing new."""
    match record["event"]:
        case "ring":
            return f"{record['ring']}: {', '.join(record['stacks'])}"
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
        case "ended":
            bad = f", {len(record['bad'])} not as they should be" if record["bad"] else ""
            return f"{record['stacks']} stack{'' if record['stacks'] == 1 else 's'}{bad}"
    return ""


def _list(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    stack.use_checkout()
    updated = stack.last_updates()
    for ring, stacks in chosen.rings.items():
        for name in stacks:
            member, known = chosen.fleet.members[name], updated.get(name)
            if arguments.json:
                told = {"stack": name, "ring": ring, "services": member.services, "keys": sorted(member.keys)}
                print(json.dumps({**told, "labels": dict(member.labels), "updated": known}))
                continue
            labels = " ".join(f"{label}={value}" for label, value in sorted(member.labels.items()))
            state = (
                "no such stack yet" if known is None else f"updated {known}" if known else "nothing deployed"
            )
            print(f"  {name}: {ring}; {', '.join(sorted(member.keys))}; {labels}; {state}")
    return 0


def _settings(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    for member in chosen.members():
        found = shared.origins(chosen.fleet.files[member.stack].levels(chosen.fleet.shared))
        if arguments.json:
            values = {path: {"value": value, "from": place} for path, (value, place) in found.items()}
            print(json.dumps({"stack": member.stack, "settings": values}))
            continue
        print(f"{member.stack}:")
        for path, (value, place) in sorted(found.items()):
            print(f"  {path}: {json.dumps(value)}  # {place}")
    return 0


def _matrix(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    made = planning.shards([one.stack for one in chosen.members()], arguments.shards)
    print(json.dumps(planning.matrix(made, arguments.ci)))
    return 0


def _report(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    """Raises OperateError for a journal that is missing: a shard that was lost is no good news."""
    journals = [Journal(one) for one in arguments.journals] or [chosen.journal]
    if missing := [str(one) for one in arguments.journals if not one.is_file()]:
        raise OperateError(f"there is no journal {', '.join(missing)}")
    records = (record for journal in journals for record in journal.records())
    found = report.rows(records, sorted(one.stack for one in chosen.members()))
    print(report.write(arguments.out or Path(".fleet/report"), found), file=sys.stderr)
    return 0 if all(one.ok for one in found) else 1


_LIST: Mapping[str, Any] = {"action": "append", "default": [], "metavar": "NAME"}
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "--stack": {**_LIST, "help": "this stack; may be repeated; all of the fleet by default"},
    "--match": {**_LIST, "metavar": "LABEL=PATTERN", "help": "those with such a label"},
    "--ring": {**_LIST, "help": "those of a ring"},
    "--key": {"metavar": "VAULT/KEY", "help": "those whose services use a key"},
    "--since": {"metavar": "REVISION", "help": "those that changed since a git revision"},
    "--account": {**_LIST, "help": "an account of which a revocation deletes data; may be repeated"},
    "--yes": {"action": "store_true", "help": "do it"},
    "--plans": {"type": Path, "metavar": "FOLDER", "help": "reviewed plans, FOLDER/STACK/plan.json"},
    "--shards": {"type": int, "metavar": "N", "default": 1, "help": "how many jobs; at most 256"},
    "--ci": {"choices": ("github", "azure-devops"), "default": "github", "help": "for which CI"},
    "--scheduler": {"metavar": "ADDRESS", "default": "", "help": "a Dask scheduler, tls://HOST:PORT"},
    "--minutes": {"type": float, "default": 15, "help": "wait for a revocation to count; default 15"},
    "--days": {"type": int, "default": 90, "help": "days of the audit log; default 90"},
    "--out": {"type": Path, "metavar": "FOLDER", "help": "to write to; a folder of .evidence or .fleet"},
    "--from": {
        "dest": "journals",
        "action": "append",
        "type": Path,
        "metavar": "FILE",
        "default": [],
        "help": "the journal of a shard, instead of the own; may be repeated",
    },
    "--journal": {"type": Path, "default": Path(".fleet/journal.jsonl"), "metavar": "FILE"},
    "--json": {"action": "store_true", "help": "print records as lines of JSON"},
}
_WRITES = ("--yes", "--minutes", "--scheduler")
ACTIONS: Mapping[str, Action] = {
    "list": Action(_list, "the stacks with their rings, keys and labels"),
    "settings": Action(_settings, "each setting, and which file it comes from"),
    "preview": Action(actions.preview, "what an update would change", ("--scheduler",)),
    "up": Action(actions.up, "update ring by ring, with proof after each stack", (*_WRITES, "--plans")),
    "drift": Action(actions.drift, "what was changed outside Pulumi", ("--scheduler",)),
    "rotate": Action(actions.rotate, "a new version of each key, then all stacks that use it", _WRITES),
    "retire": Action(
        actions.retire,
        "disable older versions of each key, once no stack needs them",
        ("--yes", "--scheduler"),
    ),
    "evidence": Action(
        actions.evidence, "one bundle of what auditors ask", ("--days", "--out", "--scheduler")
    ),
    "revoke": Action(actions.revoke, "take the access to the key from every stack", (*_WRITES, "--account")),
    "restore": Action(actions.restore, "give the access back", _WRITES),
    "doctor": Action(actions.doctor, "what stands in the way of each stack", ("--scheduler",)),
    "matrix": Action(_matrix, "shards for the matrix of a CI", ("--shards", "--ci")),
    "report": Action(_report, "one report of what commands left of each stack", ("--from", "--out")),
}
