"""Asks the policy pack about a program that was run without an engine, as an engine would.

Owns: the translation of what was registered into what the pack is asked. Does not own: the pack's answers.
"""

from __future__ import annotations

from tests.policies.asking import Pack, Thing
from tests.support.recording import RecordingMonitor, Registered


def refusals(monitor: RecordingMonitor) -> set[tuple[str, str]]:
    """The mandatory rules that refuse the program, each with the logical name that it refuses; and those of
    any level that could not be evaluated."""
    names = {found.urn: found.name for found in monitor.registered}
    pack = Pack()
    answers = [
        (found.name, answer)
        for found in monitor.registered
        for answer in pack.ask(_thing(found, dict(found.inputs), names))
    ]
    stack = pack.ask_stack([_thing(found, dict(found.outputs), names) for found in monitor.registered])
    answers += [(answer.urn.rsplit("::", 1)[-1], answer) for answer in stack]
    return {
        (answer.rule, name)
        for name, answer in answers
        if answer.level == "mandatory" or "could not be evaluated" in answer.message
    }


def _thing(found: Registered, props: dict[str, object], names: dict[str, str]) -> Thing:
    request = found.request
    return Thing(
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
    )
