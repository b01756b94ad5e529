"""Many stacks at once, as fleet.yaml lays them out: rings, parallel updates, and the halt.

    python -m operate fleet ACTION [--stack NAME ...] [--match LABEL=PATTERN ...] [--ring NAME ...]

docs/fleets.md explains it. An action that writes to Azure needs --yes, and without it prints what it would
do. Every action leaves a report.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from operate import stack
from operate.errors import OperateError
from operate.fleet import actions, files, planning
from operate.fleet.actions import ChosenStacks
from operate.fleet.files import FleetFiles
from settings import shared
from settings.shared import FleetFileError


class Action(NamedTuple):
    """An action: a sentence for the help, and its options besides those that choose stacks."""

    run: Callable[[ChosenStacks, argparse.Namespace], int]
    text: str
    options: tuple[str, ...] = ()


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments: each action has only the options that it uses."""
    found = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    for name, action in ACTIONS.items():
        own = found.add_parser(
            name, help=action.text, description=f"{action.text[0].upper()}{action.text[1:]}."
        )
        for option in ("--stack", "--match", "--ring", "--key", "--since", *action.options, "--json"):
            own.add_argument(option, **_OPTIONS[option])


def run(arguments: argparse.Namespace) -> int:
    """Runs the action; the exit code is 0 if all is well, 1 if something is not, or the rollout halted."""
    try:
        return ACTIONS[arguments.action].run(chosen(files.read(Path()), arguments), arguments)
    except FleetFileError as error:
        raise OperateError(str(error)) from error


def chosen(fleet: FleetFiles, wanted: argparse.Namespace) -> ChosenStacks:
    """The stacks that the arguments choose: all of the fleet by default. Raises OperateError."""
    rings = planning.in_rings(fleet.members.values(), fleet.shared.rings)
    stacks = frozenset(fleet.members)
    if wanted.stack:
        stacks &= _known("stack", wanted.stack, fleet.members)
    if wanted.ring:
        stacks &= {stack for ring in _known("ring", wanted.ring, rings) for stack in rings[ring]}
    if wanted.match:
        pairs = [words.partition("=") for words in wanted.match]
        if wrong := [label for label, equals, _ in pairs if not equals]:
            raise OperateError(f"--match: found {wrong[0]!r}, expected LABEL=PATTERN")
        selector = {label: (pattern,) for label, _, pattern in pairs}
        members = fleet.members.values()
        stacks &= {member.stack for member in members if shared.matches(selector, member.labels)}
    if wanted.key:
        stacks &= {member.stack for member in fleet.members.values() if wanted.key.lower() in member.keys}
    if wanted.since:
        stacks &= files.touched(Path(), fleet, wanted.since)
    if not stacks and not wanted.since:
        raise OperateError("no stack of the fleet is chosen; `fleet list` shows their labels, rings and keys")
    out, scheduler = getattr(wanted, "out", None), getattr(wanted, "scheduler", "")
    return ChosenStacks(fleet, planning.only(rings, stacks), wanted.json, out, scheduler)


def _known(what: str, wanted: list[str], there: Mapping[str, Any]) -> frozenset[str]:
    if unknown := sorted(set(wanted) - set(there)):
        raise OperateError(f"the fleet has no {what} {', '.join(unknown)}; it has {', '.join(sorted(there))}")
    return frozenset(wanted)


def _list(chosen: ChosenStacks, _: argparse.Namespace) -> int:
    stack.use_checkout()
    updated = stack.last_updates()
    for ring, stacks in chosen.rings.items():
        for name in stacks:
            member, known = chosen.fleet.members[name], updated.get(name)
            told = {"stack": name, "ring": ring, "services": member.services, "keys": sorted(member.keys)}
            labels = " ".join(f"{label}={value}" for label, value in sorted(member.labels.items()))
            state = "nothing deployed"
            if known is None:
                state = "no such stack yet"
            elif known:
                state = f"updated {known}"
            text = f"  {name}: {ring}; {', '.join(sorted(member.keys))}; {labels}; {state}"
            chosen.say({**told, "labels": dict(member.labels), "updated": known}, text)
    return 0


def _matrix(chosen: ChosenStacks, arguments: argparse.Namespace) -> int:
    made = planning.shards([one.stack for one in chosen.members()], arguments.shards)
    print(json.dumps(planning.matrix(made, arguments.ci)))
    return 0


_LIST: Mapping[str, Any] = {"action": "append", "default": [], "metavar": "NAME"}
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "--stack": {**_LIST, "help": "this stack; may be repeated; default: all of the fleet"},
    "--match": {**_LIST, "metavar": "LABEL=PATTERN", "help": "stacks that have this label"},
    "--ring": {**_LIST, "help": "stacks of this ring"},
    "--key": {"metavar": "VAULT/KEY", "help": "stacks whose services use this key"},
    "--since": {"metavar": "REVISION", "help": "stacks whose files changed since this git revision"},
    "--keep-going": {"action": "store_true", "help": "a failure halts nothing, as when access is revoked"},
    "--yes": {"action": "store_true", "help": "do it"},
    "--plans": {"type": Path, "metavar": "FOLDER", "help": "reviewed plans, FOLDER/STACK/plan.json"},
    "--shards": {"type": int, "metavar": "N", "default": 1, "help": "how many jobs; at most 256"},
    "--ci": {"choices": ("github", "azure-devops"), "default": "github", "help": "for which CI"},
    "--minutes": {"type": float, "default": 15, "help": "wait for a revocation to count; default 15"},
    "--out": {"type": Path, "metavar": "FOLDER", "help": "for the report; default .fleet/ACTION"},
    "--scheduler": {"metavar": "ADDRESS", "default": "", "help": "a Dask scheduler, tls://HOST:PORT"},
    "--json": {"action": "store_true", "help": "print lines of JSON"},
}
_WRITES = ("--yes", "--minutes", "--out", "--scheduler")
ACTIONS: Mapping[str, Action] = {
    "list": Action(_list, "list the stacks with their rings, keys and labels"),
    "preview": Action(actions.preview, "show what an update would change", ("--out", "--scheduler")),
    "up": Action(
        actions.up, "update ring by ring, with proof after each stack", (*_WRITES, "--plans", "--keep-going")
    ),
    "drift": Action(actions.drift, "show what was changed outside Pulumi", ("--out", "--scheduler")),
    "rotate": Action(actions.rotate, "make a new version of each key, then update all its stacks", _WRITES),
    "matrix": Action(_matrix, "shards for the matrix of a CI", ("--shards", "--ci")),
}
