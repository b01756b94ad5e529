"""The right stacks by name, and how a test changes one thing in one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.policies.asking import Pack, verdict
from tests.policies.bags import with_change
from tests.policies.stacks import Stack, one_phase, run, two_phases

STACKS: dict[str, Callable[[], Stack]] = {
    "preview": lambda: two_phases(preview=True),
    "update": two_phases,
    "preview with roles": lambda: two_phases(preview=True, roles=True),
    "update with roles": lambda: two_phases(roles=True),
    "preview of one phase": lambda: one_phase(preview=True),
    "update of one phase": one_phase,
}
TWO_PHASES = [name for name in STACKS if "one phase" not in name]
both = pytest.mark.parametrize("preview", [True, False])
every = pytest.mark.parametrize("name", list(STACKS))
bound = pytest.mark.parametrize("name", TWO_PHASES)


def change(stack: Stack, name: str, **changes: Any) -> Stack:
    """The stack with one resource's options or relations changed."""
    return {**stack, name: replace(stack[name], **changes)}


def with_prop(stack: Stack, name: str, path: str, value: Any) -> Stack:
    """The stack with one property of one resource changed; `...` takes it away."""
    return change(stack, name, props=with_change(stack[name].props, path, value))


def without(stack: Stack, *names: str) -> Stack:
    """The stack without some resources."""
    return {name: thing for name, thing in stack.items() if name not in names}


def says(stack: Stack, rule: str, pack: Pack | None = None) -> str:
    """What a rule says of a stack: violation, open or pass."""
    return verdict(run(stack, pack), rule)
