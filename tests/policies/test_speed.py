"""The rules take at most a tenth of what a preview takes with an empty pack, and grow with the stack."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from pulumi_policy import Policy, ResourceValidationPolicy

from policies.pack import make_policies
from tests.policies.asking import NOW, Answer, Pack, Thing
from tests.policies.bench import numbered, seconds
from tests.policies.stacks import declared, two_phases

EMPTY_PACK_SECONDS = 0.0074
"""Processor seconds for each resource of a preview under a pack of one rule that asks nothing
(docs/speed.md)."""


def fleet(services: int) -> list[Thing]:
    """Whole services, each with names of its own."""
    return [
        replace(
            thing,
            name=f"{thing.name}-{number}",
            props=numbered(dict(thing.props), number),
            depends_on=[f"{name}-{number}" for name in thing.depends_on],
            property_dependencies={
                key: [f"{name}-{number}" for name in names]
                for key, names in thing.property_dependencies.items()
            },
        )
        for number in range(services)
        for thing in two_phases().values()
    ]


def answers(policies: list[Policy], things: list[Thing]) -> tuple[float, list[Answer]]:
    """Processor seconds of a pack's answers to all that the engine asks of a stack."""
    pack, inputs = Pack(policies=policies), [declared(thing) for thing in things]
    start = time.process_time()
    for thing in inputs:
        pack.ask(thing)
    said = pack.ask_stack(things)
    return time.process_time() - start, said


def nothing(*_: Any) -> None:
    """A rule that asks nothing."""


@pytest.mark.parametrize("services", [100, 500])
def test_the_rules_add_at_most_a_tenth_to_an_empty_pack(services: int) -> None:
    """Messages of the real servicer, decoding included: ours, less what an empty pack takes for the same."""
    things = fleet(services)
    empty = [ResourceValidationPolicy(name="empty", description="empty", validate=nothing)]
    ours, said = answers(make_policies(lambda: NOW), things)
    bare, _ = answers([*empty], things)
    assert said == []
    assert (ours - bare) / len(things) < EMPTY_PACK_SECONDS / 10


def test_a_larger_stack_takes_longer_in_proportion() -> None:
    """Eight times the resources take less than twenty times as long, and a right stack is let through."""
    small, reports = seconds(400)
    large, _ = seconds(3_200)
    assert large < 20 * max(small, 0.01)
    assert large < 5
    # Provider and tenant are known from the identity, so nothing at all is left to say.
    assert reports == []
