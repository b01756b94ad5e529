"""The right stacks by name, and how a test changes one thing in one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from core.resource_types import Kind
from core.stack import read
from policies.rule import ResourceRule
from policies.rules import RULES
from tests.policies.asking import ACCESS_POLICY, GENERIC, VAULT, Answer, Pack, Thing, verdict
from tests.policies.bags import vault_props, with_change
from tests.policies.stacks import Stack, one_phase, run, two_phases


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
}
BY_NAME = {rule.name: rule for rule in RULES}
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


def edited(stack: Stack, edits: Mapping[str, Any]) -> Stack:
    """The stack with some things changed: `NAME.PATH` is a property (`...` takes it away), `NAME@OPTION` an
    option or a relation, and `NAME` a whole resource, None for none; one that is new comes first, as a
    component does."""
    for what, value in edits.items():
        name, mark, rest = re.match(r"([\w-]+)([.@]?)(.*)", what).groups()  # type: ignore[union-attr]
        if mark:
            stack = (
                with_prop(stack, name, rest, value) if mark == "." else change(stack, name, **{rest: value})
            )
        elif value is None:
            stack = without(stack, name)
        else:
            stack = {name: value, **stack}
    return stack


def around(thing: Thing) -> Stack:
    """The right stack with a vault, key or grant of its own replaced by this one, which the account then
    uses."""
    kind = read(thing.type, thing.props)[0]
    slots = {Kind.VAULT: "vault", Kind.KEY: "key", Kind.ACCESS_POLICY: "grant", Kind.ROLE_ASSIGNMENT: "grant"}
    if kind not in slots:
        return {**two_phases(), thing.name: thing}
    stack = two_phases(roles=kind is Kind.ROLE_ASSIGNMENT)
    return change(stack, slots[kind], type=thing.type, props=thing.props)


def answers_on(rule: str, thing: Thing, pack: Pack) -> list[Answer]:
    """What the pack says of one resource: a rule on the stack is asked with a right one around it."""
    if isinstance(BY_NAME[rule], ResourceRule):
        return pack.ask(thing)
    return run(around(thing), pack)


def judged(rule: str, thing: Thing, config: Mapping[str, Any] | None = None) -> str:
    """What a rule says of one resource: violation, open or pass."""
    return verdict(answers_on(rule, thing, Pack({rule: config or {}})), rule)


def says(stack: Stack, rule: str, pack: Pack | None = None, **omits: Sequence[str]) -> str:
    """What a rule says of a stack: violation, open or pass; `omits` as for a run."""
    return verdict(run(stack, pack, omits=omits), rule)


def told(stack: Stack, rule: str) -> str:
    """Everything a rule says of a stack."""
    said = [(one.rule, one.message) for one in run(stack)]
    return "\n".join(text for name, text in said if name == rule or f"\n{rule}: " in text)


ADMIN = "55555555-5555-5555-5555-555555555555"


def shapes(permissions: Any) -> list[Thing]:
    """One entry of access policies in each of the places where ARM and azure-native take it."""
    entry = {"objectId": ADMIN, "tenantId": "t", "permissions": permissions}
    child = {"parentResourcePath": "vaults/kv-one", "resourceProviderNamespace": "microsoft.keyvault"}
    listed = {"accessPolicies": [{}, entry]}
    return [
        Thing("standalone", ACCESS_POLICY, {"vaultName": "kv-one", "policy": entry}),
        Thing("inline", VAULT, with_change(vault_props(), "properties.accessPolicies", [{}, entry])),
        Thing("child", GENERIC, {**child, "resourceType": "accessPolicies", "properties": listed}),
    ]
