"""Asks the policy pack about a program that was run without an engine, as an engine would.

Owns: the translation of what was registered into what the pack is asked. Does not own: the pack's answers.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.policies.asking import Answer, Pack, Thing
from tests.support.ignored_changes import reset
from tests.support.recording import RecordingMonitor, Registered


@dataclass
class _Registered(Thing):
    """One with the URN that it was registered with, which names the components around it."""

    registered: str = ""

    @property
    def urn(self) -> str:
        return self.registered


def refusals(monitor: RecordingMonitor) -> set[tuple[str, str]]:
    """The mandatory rules that refuse the program, each with the logical name that it refuses; and those of
    any level that could not be evaluated."""
    return {
        (answer.rule, name)
        for name, answer in answers(monitor, {})
        if answer.level == "mandatory" or "could not be evaluated" in answer.message
    }


def answers(
    monitor: RecordingMonitor, found: Mapping[str, Mapping[str, Any]], pack: Pack | None = None
) -> list[tuple[str, Answer]]:
    """What the pack says of the program, each with the logical name that it is about. `found` are the inputs
    that the state has of resources, by their type tokens: they stay where a program ignores changes."""
    names = {one.urn: one.name for one in monitor.registered}
    pack = pack or Pack()

    def kept(one: Registered, props: Mapping[str, Any]) -> Thing:
        result = copy.deepcopy(dict(props))
        for path in one.request.ignoreChanges if one.type in found else ():
            reset(path, found[one.type], result)
        return _thing(one, result, names)

    said = [(one.name, answer) for one in monitor.registered for answer in pack.ask(kept(one, one.inputs))]
    stack = pack.ask_stack([kept(one, one.outputs) for one in monitor.registered])
    return said + [(answer.urn.rsplit("::", 1)[-1], answer) for answer in stack]


def _thing(found: Registered, props: dict[str, Any], names: Mapping[str, str]) -> Thing:
    request = found.request
    return _Registered(
        found.name,
        found.type,
        props,
        protect=bool(request.protect),
        ignore_changes=list(request.ignoreChanges),
        depends_on=[names[urn] for urn in request.dependencies if urn in names],
        property_dependencies={
            key: [names[urn] for urn in value.urns if urn in names]
            for key, value in request.propertyDependencies.items()
        },
        parent=names.get(request.parent),
        registered=found.urn,
    )
