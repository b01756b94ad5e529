"""Keeps a bound account on its key: every write of an account states the account's encryption.

azure-native PUTs the inputs that a program declares and nothing else (pulumi-azure-native,
provider/pkg/provider/crud/crud.go), and a PUT without `encryption` must be assumed to put the account back on
Microsoft-managed keys (never observed). The key is not among the arguments of an account: the binding sets it
by a PATCH after the account. So there are two belts:

- Each run declares the encryption that the account has at that time, or, where a read shows none, the one
  that the state's binding has: a read may lag behind (assumed). If the state's account lacks that key, as
  after a first update or a rotation without a refresh, a run that changes nothing of the account leaves it
  out, and so writes no account. A program with transforms declares it always: they may change something.
- Immediately before each write, the inputs that the engine is about to send are compared with the account. A
  write that would take the key away fails, whatever changed the inputs on their way: a transform, an
  `ignore_changes` of the caller, a saved plan, a read that did not find the account.

Owns: the two belts. Does not own: the other properties of an account (account.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pulumi
from pulumi.runtime.proto import resource_pb2

from components.azure_failures import made_usable
from components.resource_reads import read_resource_in_hook
from components.resources.kept_properties import missing_search_key
from components.sdk.hooks import KNOWN_LATER, engine_has, plain
from core import adapters, arm_ids, values
from core.service.account import ENCRYPTION, AccountBefore, BoundKey, bound_key, differs
from core.service.recorded import Answer


def unwritten(declared: Mapping[str, Any], live: Answer, ignored: Collection[str]) -> list[str]:
    """The names of the arguments of an account that Azure does not have, `live`, of those whose values are
    known, but for the paths `ignored`."""
    if live is None:
        return []
    properties = live.get("properties") or {}
    pairs = {name: (declared.get(name), live.get(name)) for name in ("sku", "tags")}
    for name, value in declared["properties"].items():
        pairs[f"properties.{name}"] = (value, properties.get(name))
    return [
        path.removeprefix("properties.")
        for path, (value, found) in pairs.items()
        if path != ENCRYPTION and _is_known(value) and differs(value, found, ignored, path)
    ]


def _is_known(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_known, value.values()))
    return not isinstance(value, pulumi.Output)


class KeyLostError(pulumi.RunError):
    """A write of an account would take it off the key that it is bound to, or off its search service, or
    Azure would refuse it. The account was not written."""


def states_unusable_key(name: str, sent: Mapping[str, Any], before: AccountBefore) -> str | None:
    """Why Azure would refuse a write with the inputs `sent`, as long as nobody acts; None if nothing says
    so."""
    stated = bound_key(sent)
    if not before.unusable or stated is None or not stated.is_same(before.bound_key):
        return None
    return (
        f"account {name!r} was not written: {before.unusable}, and Azure refuses every write of an account "
        f"whose key it cannot use. {made_usable(stated.uri)}. Where somebody has disabled the version on "
        "purpose, `access: revoked` leaves the account as it is"
    )


def turns_identity_on(name: str, sent: Mapping[str, Any], before: AccountBefore) -> str | None:
    """Why a write with the inputs `sent` would give a bound account a new identity of its own, in the place
    of one that somebody has turned off; None if it would not."""
    had, has = (adapters.account(one or {}).principal_id for one in (before.recorded, before.live))
    if before.live is None or before.bound_key is None or not had or has:
        return None
    if "SystemAssigned" not in str((sent.get("identity") or {}).get("type")):
        return None
    return (
        f"account {name!r} was not written: its system-assigned identity {had} was turned off outside "
        "Pulumi, and this update would turn a new one on. Run the same command again in two minutes, which "
        "then says how access is granted again"
    )


def loss(
    name: str,
    sent: Mapping[str, Any],
    before: AccountBefore,
    *,
    was: Mapping[str, Any] | None,
    same_key: bool,
) -> str | None:
    """The loss that a write with the inputs `sent` would cause; None if there is none. `before` is the
    account as it was read immediately before the write, `was` its inputs in the state, None for a create.

    An update finds its account; else a read is wrong, and nobody knows which key the account has. With
    `same_key` the write has to name the version that the account is bound to: the binding alone moves it to
    another one.
    """
    is_update = was is not None
    if before.live is None:
        return _not_found(name) if is_update else None
    bound, declared = before.bound_key, bound_key(sent)
    if _keeps_key(bound, declared, same_key=same_key) or (bound is None and not is_update):
        return None
    has, does = "on Microsoft-managed keys", "write it without a key"
    if bound:
        has = f"bound to {bound.uri}"
    if declared:
        does = f"write it with the key {declared.uri}"
    way_out = "Run `pulumi refresh`, which records the key that it has, and then the update again"
    if was is not None and values.get_path(sent, ENCRYPTION) != values.get_path(was, ENCRYPTION):
        # A run states the key that the account has, or leaves the inputs of the state as they are.
        way_out = (
            "The cause is that a transform of the program sets its `properties.encryption`: leave the "
            "account out of that transform"
        )
    if not is_update and before.recorded is not None:
        does = "make it anew under its own name"
        way_out = (
            "Leave out --replace or --target-replace, if it was given; otherwise a read did not find the "
            "account: run the update again"
        )
    return f"account {name!r} is {has}, and this update would {does}. Nothing was written. {way_out}"


def _keeps_key(bound: BoundKey | None, declared: BoundKey | None, *, same_key: bool) -> bool:
    """Whether a write that states the key `declared` leaves an account on the key `bound`, or may move it."""
    if declared is not None and not same_key:
        return True
    if bound is None:
        return declared is None
    return bound.is_same(declared)


def _not_found(name: str) -> str:
    return (
        f"account {name!r} is in the state, and Azure does not find it. Nothing was written. If it exists, "
        "run the update again; if it was deleted, run `pulumi refresh`, which removes it from the state"
    )


def _id_of_new(name: str, subscription_id: str, group: str | None) -> str:
    """The id that an account gets; "" if its group or its subscription is not known yet."""
    if not subscription_id or not group or group == KNOWN_LATER:
        return ""
    return arm_ids.child(arm_ids.group_id(subscription_id, group), arm_ids.ACCOUNT, name)


def key_guard(
    resource: str,
    name: str,
    subscription_id: str,
    *,
    before: AccountBefore,
    same_key: bool = True,
    unbinds: bool = False,
) -> pulumi.ResourceHookBinding:
    """Hooks that fail a create or update of the account `name` that would take its key away, or that Azure
    would refuse for its key, immediately before it is written, and in a preview of an account that exists.
    `resource` is its name in the program; hooks are told apart by both names.

    `subscription_id` is the one that a new account is made in. `before` is the account as it was found
    before the run, which has used azure-cmk: the engine could not make it while hooks wait. With `same_key`
    the binding alone moves the account to another key. `unbinds`: the account is to leave its key.
    """
    is_new = pulumi.runtime.is_dry_run() and before == AccountBefore()
    if is_new or not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        return pulumi.ResourceHookBinding()

    async def refuse_loss(about: pulumi.ResourceHookArgs) -> None:
        sent = await plain(about.new_inputs or {})
        id = about.id or _id_of_new(name, subscription_id, sent.get("resourceGroupName"))
        now = replace(before, live=await read_resource_in_hook(id) if id else None)
        was = None if about.old_outputs is None else await plain(about.old_inputs or {})
        problem = None if unbinds else loss(name, sent, now, was=was, same_key=same_key)
        problem = problem or turns_identity_on(name, sent, now) or missing_search_key(name, sent, now.live)
        if was is not None and not unbinds:
            problem = problem or states_unusable_key(name, sent, now)
        if problem:
            raise KeyLostError(problem)

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(f"{resource} ({name}) keeps its key", refuse_loss, options)
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
