"""The rules take at most a tenth of what a preview takes with an empty pack, and grow with the stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pulumi_policy.policy as sdk
import pytest
from pulumi_policy import Policy, ResourceValidationPolicy

from policies import engine_requests
from policies.adapter import make_policies
from tests.policies.asking import NOW, Answer, Pack, Thing
from tests.policies.stacks import declared, two_phases
from tests.support.processor_time import calls, least_seconds

EMPTY_PACK = 85
"""What a preview takes with a pack of one rule that asks nothing, as a multiple of that pack's own answers:
7.4 ms of processor time for each resource (docs/speed.md), and 0.087 ms on the same machine."""


def numbered(value: Any, number: int) -> Any:
    """The same with names and ids of its own."""
    if isinstance(value, dict):
        return {key: numbered(inner, number) for key, inner in value.items()}
    if isinstance(value, list):
        return [numbered(inner, number) for inner in value]
    if isinstance(value, str):
        for text in ("kv-one", "lang-one", "44444444-4444"):
            value = value.replace(text, f"{text}-{number}")
    return value


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


def asking(policies: Callable[[], list[Policy]], things: list[Thing]) -> Callable[[], list[Answer]]:
    """The answers of a pack, made for this run, to all that the engine asks of a stack."""
    inputs = [declared(thing) for thing in things]

    def ask() -> list[Answer]:
        pack = Pack(policies=policies())
        for thing in inputs:
            pack.ask(thing)
        return pack.ask_stack(things)

    return ask


def empty() -> list[Policy]:
    """One rule that asks nothing."""
    return [ResourceValidationPolicy(name="empty", description="empty", validate=lambda args, report: None)]


def by_the_sdk_alone(ask: Callable[[], list[Answer]]) -> Callable[[], list[Answer]]:
    """The same by a pack that does not read requests our way."""
    engine_requests.read_once()
    (servicer,) = sdk._PolicyAnalyzerServicer.__bases__

    def asked() -> list[Answer]:
        with (
            patch.object(engine_requests, "read_once"),
            patch.object(sdk, "_PolicyAnalyzerServicer", servicer),
        ):
            return ask()

    return asked


@pytest.mark.long
@pytest.mark.parametrize("services", [100, 500])
def test_the_rules_add_at_most_a_tenth_to_an_empty_pack(services: int) -> None:
    """Messages of the real servicer, decoding included: ours, less what an empty pack takes for the same."""
    things = fleet(services)
    ours = asking(lambda: make_policies(lambda: NOW), things)
    bare = by_the_sdk_alone(asking(empty, things))
    assert ours() == []
    assert least_seconds(ours) - least_seconds(bare) < least_seconds(bare) * EMPTY_PACK / 10


def test_a_larger_stack_costs_in_proportion() -> None:
    """Four times the services take at most five times the calls, and a right stack is let through."""
    small, large = (asking(lambda: make_policies(lambda: NOW), fleet(size)) for size in (10, 40))
    assert large() == []
    assert calls(large) < 5 * calls(small)
