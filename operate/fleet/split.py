"""Moves services into another stack: `fleet split --stack FROM --to STACK --service NAME ...`.

Owns: which resources go, the two stacks' files, and the proof that neither stack would change anything after
it. Does not own: the move of resources between two states with their URNs, which is `pulumi state move`'s.

Each step looks whether it is done, so that a move that was broken off goes on. In between, nothing is lost:
what is in one stack's file and in the other's state exists in Azure, and a create of it is refused there.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import resource_types
from core.environment import NAMESPACE
from operate.errors import OperateError
from operate.fleet.engine import NoStackError
from operate.fleet.shared import SharedSettings
from operate.recover import BACKUPS, saved
from operate.stack import StackError, pulumi
from operate.stack_file import StackFile, path_of, stack_file
from operate.yaml_file import YamlFile
from settings.parse import SERVICES, SettingsError

_LIST = NAMESPACE + SERVICES
_OF_SECRETS = ("secretsprovider", "encryptedkey", "encryptionsalt")


class SplitError(OperateError):
    """Services cannot be moved; the message says why, and nothing was changed."""


@dataclass(frozen=True)
class Split:
    """A move of services, by their names, from one stack to another. `in_backend`: the backend has the other
    one, and so has the checkout its file."""

    source: str
    target: str
    services: tuple[str, ...]
    in_backend: bool


def planned(of_fleet: SharedSettings, wanted: Split) -> list[str]:
    """The URNs to move; none where an earlier run has moved them. Raises SplitError or StackError."""
    _files_agree(of_fleet, wanted)
    resources = _resources(wanted.source)
    components = [one for one in resources if _is_of(one, wanted.services)]
    there = _resources(wanted.target) if wanted.in_backend else []
    moved = [one for one in there if _is_of(one, wanted.services)]
    if {_name(one) for one in components} | {_name(one) for one in moved} != set(wanted.services):
        found = sorted({_name(one) for one in resources if one["type"] == resource_types.SERVICE})
        raise SplitError(
            f"the state of stack {wanted.source} has the services {', '.join(found)}, expected "
            f"{', '.join(wanted.services)}: update the stack first"
        )
    own = _with_children(resources, components)
    if shared := sorted(set(_crossing(resources, own))):
        raise SplitError(
            "these depend on what stays or goes, and a stack cannot depend on another's resources: "
            f"{'; '.join(shared)}; give each service its own, or move all that share them"
        )
    return [str(one["urn"]) for one in components]


def carry_out(wanted: Split, urns: Sequence[str]) -> list[Path]:
    """Moves; where the states before are kept. Raises StackError."""
    kept = [saved(wanted.source, _pulumi("stack", "export", "--stack", wanted.source), BACKUPS)]
    if wanted.in_backend:
        kept.append(saved(wanted.target, _pulumi("stack", "export", "--stack", wanted.target), BACKUPS))
    else:
        _make(wanted)
    source, target = (YamlFile(path_of(one)) for one in (wanted.source, wanted.target))
    entries = source.document["config"].get(_LIST, [])
    present = target.document["config"].setdefault(_LIST, [])
    names = {one["name"] for one in present}
    present.extend(one for one in entries if one["name"] in wanted.services and one["name"] not in names)
    target.write()
    if urns:
        _pulumi("state", "move", "--source", wanted.source, "--dest", wanted.target, "--yes", *urns)
    for index in reversed(range(len(entries))):
        if entries[index]["name"] in wanted.services:
            del entries[index]
    source.write()
    return kept


def _make(wanted: Split) -> None:
    """Makes the other stack with the settings of this one, but for its services."""
    words = ["--copy-config-from", wanted.source, "--no-select"]
    source = YamlFile(path_of(wanted.source))
    if provider := source.document.get("secretsprovider"):
        words += ["--secrets-provider", str(provider)]
    _pulumi("stack", "init", wanted.target, *words)
    made = YamlFile(path_of(wanted.target))
    # As the file of the first stack is written, with its comments; what is encrypted is so for the new one.
    document = copy.deepcopy(source.document)
    for name in _OF_SECRETS:
        document.pop(name, None)
        if name in made.document:
            document[name] = made.document[name]
    for name, value in document["config"].items():
        if isinstance(value, Mapping) and set(value) == {"secure"}:
            document["config"][name] = made.document["config"][name]
    entries = document["config"][_LIST]
    for index in reversed(range(len(entries))):
        if entries[index]["name"] not in wanted.services:
            del entries[index]
    made.document = document
    made.write()


def _files_agree(of_fleet: SharedSettings, wanted: Split) -> None:
    """Raises SplitError where the files do not allow the move, or a service would have other settings."""
    source = stack_file(path_of(wanted.source))
    listed, exists = source.own().get(SERVICES), path_of(wanted.target).exists()
    if exists != wanted.in_backend:
        raise SplitError(
            f"found {path_of(wanted.target)}, but {NoStackError(wanted.target)}"
            if exists
            else f"the backend has a stack {wanted.target}, but there is no {path_of(wanted.target)}"
        )
    target = stack_file(path_of(wanted.target)) if exists else None
    there = target.own().get(SERVICES) if target else []
    if not isinstance(listed, list) or not isinstance(there, list):
        raise SplitError(
            f"{path_of(wanted.source)} and {path_of(wanted.target)} must each list their `services`"
        )
    names = [one["name"] for one in listed]
    unknown = set(wanted.services) - {*names, *(one["name"] for one in there)}
    if unknown:
        raise SplitError(f"stack {wanted.source} has no service {', '.join(sorted(unknown))}; it has {names}")
    if not set(names) - set(wanted.services):
        raise SplitError(
            f"no service would be left in stack {wanted.source}; it is a stack of its own already"
        )
    if twice := set(names) & {one["name"] for one in there} - set(wanted.services):
        raise SplitError(
            f"{', '.join(sorted(twice))} is in both files: take it out of {path_of(wanted.target)}, where "
            "nothing is made of it yet"
        )
    going = [one for one in listed if one["name"] in wanted.services]
    kept = [one for one in there if one["name"] not in wanted.services]
    base = target or StackFile(wanted.target, source.document)
    after = replace(base, document={"config": {**base.config, _LIST: [*kept, *going]}})
    if not going:
        return
    try:
        before, then = source.settings(of_fleet), after.settings(of_fleet)
    except SettingsError as error:
        raise SplitError(str(error)) from error
    had = {one.label: one for one in before.services}
    different = [one.label for one in then.services if one.label in wanted.services and one != had[one.label]]
    if different or (before.subscription_id, before.tenant_id) != (then.subscription_id, then.tenant_id):
        raise SplitError(
            f"{', '.join(different) or 'the services'} would have other settings in stack {wanted.target}: "
            "set there what the first stack's file, or fleet.yaml by its labels, gives them"
        )


def _resources(stack: str) -> list[dict[str, Any]]:
    deployment = json.loads(_pulumi("stack", "export", "--stack", stack)).get("deployment") or {}
    if deployment.get("pending_operations"):
        raise SplitError(
            f"an update of stack {stack} was cut off: run `python -m operate recover --stack {stack}` first"
        )
    found: list[dict[str, Any]] = deployment.get("resources") or []
    return found


def _is_of(resource: Mapping[str, Any], services: Sequence[str]) -> bool:
    return resource["type"] == resource_types.SERVICE and _name(resource) in services


def _name(resource: Mapping[str, Any]) -> str:
    return resource_types.parse_urn(resource["urn"]).name


def _with_children(resources: Sequence[Mapping[str, Any]], roots: Sequence[Mapping[str, Any]]) -> set[str]:
    """The URNs of resources with all below them; a state has parents before their children."""
    found = {str(one["urn"]) for one in roots}
    for one in resources:
        if one.get("parent") in found:
            found.add(str(one["urn"]))
    return found


def _crossing(resources: Sequence[Mapping[str, Any]], moved: set[str]) -> Iterator[str]:
    """Which resources of one side depend on one of the other. Providers are copied with the move."""
    for one in resources:
        needed = [*(one.get("dependencies") or ()), one.get("deletedWith") or ""]
        for urns in (one.get("propertyDependencies") or {}).values():
            needed += urns or ()
        for urn in filter(None, needed):
            if (urn in moved) != (one["urn"] in moved):
                yield f"{_label(one['urn'])} on {_label(urn)}"


def _label(urn: str) -> str:
    return resource_types.parse_urn(urn).label


def _pulumi(*words: str) -> str:
    done = pulumi(*words)
    if done.returncode != 0:
        raise StackError(f"`pulumi {' '.join(words[:2])}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
