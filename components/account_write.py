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
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pulumi
from pulumi.runtime.proto import resource_pb2

from components.azure_failures import made_usable
from components.hooks import KNOWN_LATER, engine_has, plain, read_in_hook
from components.invokes import Answer, InvokeError, State, invoke
from components.kept_properties import lost_search
from core import adapters, arm_ids, demands, key_uris
from core.facts import Encryption
from core.key_uris import KeyUri
from core.refusals import is_absent_text
from core.resource_types import ACCOUNT, BINDING, GET_ACCOUNT

ENCRYPTION = "properties.encryption"
_PLACE = ("accountName", "location", "resourceGroupName")  # a change of these is refused


@dataclass(frozen=True)
class BoundKey:
    """The key that an account is bound to, the version if the account names one, and the identity that uses
    the key. `says_version`: the account states a version, even an empty one, which means the same as none."""

    encryption: Encryption
    says_version: bool

    @property
    def declared(self) -> dict[str, Any]:
        """The encryption as a program declares it."""
        found = self.encryption
        key = {
            "keyName": found.key_name,
            "keyVersion": found.key_version,
            "keyVaultUri": found.key_vault_uri,
            "identityClientId": found.identity_client_id,
        }
        return {
            "keySource": found.key_source,
            "keyVaultProperties": {
                name: value
                for name, value in key.items()
                if value or (name == "keyVersion" and self.says_version)
            },
        }

    @property
    def uri(self) -> str:
        """https://VAULT/keys/KEY/VERSION."""
        found = self.encryption
        return KeyUri.of(found.key_vault_uri, found.key_name, found.key_version).text

    def is_same(self, other: BoundKey | None) -> bool:
        """Whether both are the same version and identity, however they are spelt."""
        return other is not None and _folded(self) == _folded(other)


def bound_key(account: Answer) -> BoundKey | None:
    """The key in an account's outputs or inputs; None without an account or a customer-managed key."""
    said = ((account or {}).get("properties") or {}).get("encryption") or {}
    encryption = adapters.encryption(said)
    if not encryption.is_customer_managed or not encryption.key_name:
        return None
    return BoundKey(encryption, (said.get("keyVaultProperties") or {}).get("keyVersion") is not None)


@dataclass(frozen=True)
class AccountBefore:
    """An account before a run: its outputs in the stack's state, its outputs now, and the key of its binding
    in the state. `shows_version`: Azure showed the version of that key. `unusable`: why the version that the
    account is on, as it was read, wraps nothing; "" if it does, or was not read."""

    recorded: Answer = None
    live: Answer = None
    recorded_key: BoundKey | None = None
    shows_version: bool = False
    unusable: str = ""

    @property
    def bound_key(self) -> BoundKey | None:
        """The key that the account is bound to now. If a read shows no key, it is the key of the binding in
        the state; if reads show no version and never showed one, the version comes from there, too. Azure may
        show the version in use for a binding that names none."""
        live, recorded = bound_key(self.live), self.recorded_key
        if live is None or recorded is None:
            return live or recorded
        if recorded.encryption.key_version:
            return live if live.encryption.key_version or self.shows_version else recorded
        unnamed = BoundKey(replace(live.encryption, key_version=""), says_version=live.says_version)
        return unnamed if self.shows_version and unnamed.is_same(recorded) else live

    @property
    def has_identity_unrecorded(self) -> bool:
        """Whether a refresh recorded that the account had no identity of its own, before somebody turned one
        on. The policy pack asks for a refresh then: it lets nobody ignore changes of an identity."""
        was, now = (adapters.account(one or {}).principal_id for one in (self.recorded, self.live))
        return self.recorded is not None and was is None and now is not None

    @property
    def hopeless(self) -> str:
        """Why no wait makes Azure take a write of the account, with the way out; "" if nothing that was read
        says so."""
        bound, account = self.bound_key, adapters.account(self.live or {})
        vaults = [bound.encryption.key_vault_uri] if bound else []
        unmet = demands.outbound(account.restricts_outbound, account.allowed_fqdns, vaults)
        if unmet is None or not unmet.unmet or bound is None:
            return ""
        host = key_uris.vault_host(bound.encryption.key_vault_uri)
        return f"{unmet.text}. The way out: {unmet.command(host=host)}"

    def key_to_state(self, declared: Answer, ignored: Collection[str]) -> BoundKey | None:
        """The key that a run states beside the account's arguments `declared`, without the paths `ignored`;
        None if it is to leave the recorded encryption as it is. Arguments that something may still change are
        given as None."""
        key, recorded = self.bound_key, bound_key(self.recorded)
        # Answers may leave the version out, and then the state's outputs do so, too.
        lags = not any(one.is_same(recorded) for one in (key, bound_key(self.live)) if one)
        # An account in which a write failed is written again, which tells why.
        if not lags or declared is None or not adapters.account(self.live or {}).has_settled:
            return key
        return key if differs(declared, self.recorded or {}, ignored) else None


def differs(stated: Any, found: Any, ignored: Collection[str] = (), path: str = "") -> bool:
    """Whether a resource that is stated may be another than the outputs `found`, but for the paths `ignored`.
    What is not known yet may be."""
    if path in ignored:
        return False
    if path == "tags":
        return (stated or {}) != (found or {})
    if path == "identity.userAssignedIdentities" and _are_known_ids(stated):
        # A list among inputs, and among outputs a map by these ids.
        return {*map(str.lower, stated)} != {*map(str.lower, found or ())}
    if isinstance(stated, Mapping):
        inner = {f"{path}.{name}".removeprefix("."): name for name in stated if name not in _PLACE}
        there = found if isinstance(found, Mapping) else {}
        return any(differs(stated[name], there.get(name), ignored, at) for at, name in inner.items())
    if isinstance(stated, list) and isinstance(found, list) and len(stated) == len(found):
        return any(differs(*pair, ignored, path) for pair in zip(stated, found, strict=True))
    return bool(stated != found)


def _are_known_ids(stated: Any) -> bool:
    """Whether these are ids; the list, or one of them, may be known later."""
    return isinstance(stated, list) and all(isinstance(id, str) for id in stated)


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


def recorded_account(state: State, name: str) -> AccountBefore:
    """The state's outputs of the account with this name, which is unique in the world."""
    found = state.resources
    accounts = [one for type, one in found if type == ACCOUNT and arm_ids.same(str(one.get("name")), name)]
    keys = [one for type, one in found if type == BINDING and _recorded_key(one)]
    own = [one for one in keys if arm_ids.same(arm_ids.name_of(str(one.get("accountId"))), name)]
    binding = own[0] if own else {}
    return AccountBefore(
        accounts[0] if accounts else None,
        recorded_key=_recorded_key(binding),
        shows_version=bool(binding.get("keyVersion")),
    )


async def read_account(
    name: str, resource_group_name: str | None, opts: pulumi.InvokeOptions | None
) -> Answer:
    """An account's outputs; None if there is none, or if its group is not known yet."""
    if not resource_group_name:
        return None
    place = {"accountName": name, "resourceGroupName": resource_group_name}
    try:
        return await invoke(GET_ACCOUNT, opts, **place) or None
    except InvokeError as error:
        if is_absent_text(str(error)):
            return None
        raise


class KeyLostError(pulumi.RunError):
    """A write of an account would take it off the key that it is bound to, or off its search service, or
    Azure would refuse it. The account was not written."""


def unusable_version(bound: BoundKey | None, key: Answer, now: float) -> str:
    """Why the version that an account is bound to wraps nothing at `now` (seconds since 1970); "" if it does,
    or is not the current version of `key`."""
    current = adapters.key_version(key or {})
    if bound is None or current.uri is None or current.uri.lower() != bound.uri.lower():
        return ""
    return "; ".join(unmet.found for unmet in demands.key_usable(current, now))


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
    if (declared is not None and not same_key) or (bound.is_same(declared) if bound else declared is None):
        return None
    if bound is None and not is_update:
        return None
    has = f"bound to {bound.uri}" if bound else "on Microsoft-managed keys"
    does = f"write it with the key {declared.uri}" if declared else "write it without a key"
    way_out = "Run `pulumi refresh`, which records the key that it has, and then the update again"
    if was is not None and _encryption(sent) != _encryption(was):
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


def _encryption(inputs: Mapping[str, Any]) -> Any:
    return (inputs.get("properties") or {}).get("encryption")


def _not_found(name: str) -> str:
    return (
        f"account {name!r} is in the state, and Azure does not find it. Nothing was written. If it exists, "
        "run the update again; if it was deleted, run `pulumi refresh`, which removes it from the state"
    )


def key_guard(
    name: str,
    opts: pulumi.InvokeOptions,
    *,
    before: AccountBefore,
    same_key: bool = True,
    unbinds: bool = False,
) -> pulumi.ResourceHookBinding:
    """Hooks that fail a create or update of the account `name` that would take its key away, or that Azure
    would refuse for its key, immediately before it is written, and in a preview of an account that exists.

    `opts` say through which provider the account is read. `before` is the account as it was found before the
    run, which has used that provider: the engine could not make it while hooks wait. With `same_key` the
    binding alone moves the account to another key. `unbinds`: the account is to leave its key.
    """
    is_new = pulumi.runtime.is_dry_run() and before == AccountBefore()
    if is_new or not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        return pulumi.ResourceHookBinding()

    async def refuse_loss(about: pulumi.ResourceHookArgs) -> None:
        sent = await plain(about.new_inputs or {})
        group = sent.get("resourceGroupName")
        read = partial(read_account, name, None if group == KNOWN_LATER else group)
        live = await read_in_hook(read, GET_ACCOUNT, opts)
        now = replace(before, live=live)
        was = None if about.old_outputs is None else await plain(about.old_inputs or {})
        problem = None if unbinds else loss(name, sent, now, was=was, same_key=same_key)
        problem = problem or turns_identity_on(name, sent, now) or lost_search(name, sent, live)
        if was is not None and not unbinds:
            problem = problem or states_unusable_key(name, sent, now)
        if problem:
            raise KeyLostError(problem)

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(f"{name} keeps its key", refuse_loss, options)
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])


def _recorded_key(binding: Mapping[str, Any]) -> BoundKey | None:
    """The key that a binding's outputs have; its version also where Azure does not show it, and none where
    Azure shows which one a binding without a version uses."""
    uri = binding.get("keyUriWithVersion")
    key = {**binding, "keyVersion": key_uris.parse(uri).version} if uri else binding
    return bound_key(
        {"properties": {"encryption": {"keySource": binding.get("keySource"), "keyVaultProperties": key}}}
    )


def _folded(key: BoundKey) -> tuple[str, str]:
    return key.uri.lower(), key.encryption.identity_client_id.lower()
