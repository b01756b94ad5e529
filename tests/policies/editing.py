"""The right stacks by name, and how a test changes one thing in one of them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from core.facts import LIVE_ENCRYPTION
from tests.policies.asking import Pack, Thing, verdict
from tests.policies.bags import with_change
from tests.policies.stacks import Stack, live_encryption, one_phase, run, two_phases


def in_service(stack: Stack) -> Stack:
    """The stack with a service around its binding, which takes the URI with the version."""
    service = Thing("around", "language-cmk:index:EncryptedAIServicesAccount")
    return {service.name: service, **stack, "binding": replace(stack["binding"], parent=service.name)}


STACKS: dict[str, Callable[[], Stack]] = {
    "preview": lambda: in_service(two_phases(preview=True)),
    "update": two_phases,
    "preview with roles": lambda: in_service(two_phases(preview=True, roles=True)),
    "update with roles": lambda: two_phases(roles=True),
    "preview of one phase": lambda: one_phase(preview=True),
    "update of one phase": one_phase,
    "preview of a write": lambda: edited(
        two_phases(written=True),
        {"account@ignore_changes": [LIVE_ENCRYPTION], "account.properties.encryption": live_encryption()},
    ),
}
both = pytest.mark.parametrize("preview", [True, False])
every = pytest.mark.parametrize("name", list(STACKS))


def edited(stack: Stack, edits: Mapping[str, Any]) -> Stack:
    """The stack with some things changed: `NAME.PATH` is a property (`...` takes it away), `NAME@OPTION` an
    option or a relation, `NAME@RELATION.INPUT` that of one input, and `NAME` a whole resource, None for none,
    another one's name for a copy of that; one that is new comes first, as a component does."""
    for what, value in edits.items():
        name, mark, rest = re.match(r"([\w-]+)([.@]?)(.*)", what).groups()  # type: ignore[union-attr]
        option, _, key = rest.partition(".")
        if mark == ".":
            stack = {**stack, name: replace(stack[name], props=with_change(stack[name].props, rest, value))}
        elif mark:
            changed: Any = {**getattr(stack[name], option), key: value} if key else value
            stack = {**stack, name: replace(stack[name], **{option: changed})}
        elif value is None:
            stack = {one: thing for one, thing in stack.items() if one != name}
        else:
            made = replace(stack[value], name=name) if isinstance(value, str) else value
            stack = {name: made, **stack}
    return stack


def says(stack: Stack, rule: str, pack: Pack | None = None, **omits: Sequence[str]) -> str:
    """What a rule says of a stack: violation, open or pass; `omits` as for a run."""
    return verdict(run(stack, pack, omits=omits), rule)


ADMIN = "55555555-5555-5555-5555-555555555555"
