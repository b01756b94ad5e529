"""The account of a service before a run, and the key that it is bound to, as the state and Azure have it.

Owns: which of the two counts, and whether a resource differs from what is stated. Does not own: how a write
keeps the key (components/resources/account_write.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from core import adapters, arm_ids, demands, key_uris, values
from core.facts import Encryption
from core.key_uris import KeyUri
from core.resource_types import ACCOUNT, BINDING
from core.service.recorded import Answer, State

ENCRYPTION: Final = "properties.encryption"
_PLACE = ("accountName", "location", "resourceGroupName")  # a change of these is refused


@dataclass(frozen=True)
class BoundKey:
    """The key that an account is bound to, the version if the account names one, and the identity that uses
    the key. `states_version`: the account states a version; an empty one means the same as none."""

    encryption: Encryption
    states_version: bool

    @property
    def declared(self) -> dict[str, Any]:
        """The encryption as a program declares it."""
        found = self.encryption.body
        if not self.encryption.key_version and not self.states_version:
            del found["keyVaultProperties"]["keyVersion"]
        return found

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
    said = values.get_path(account, ENCRYPTION)
    encryption = adapters.encryption(said)
    if not encryption.is_customer_managed or not encryption.key_name:
        return None
    return BoundKey(encryption, values.get_path(said, "keyVaultProperties.keyVersion") is not None)


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
        unnamed = BoundKey(replace(live.encryption, key_version=""), states_version=live.states_version)
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

    def key_to_declare(self, declared: Answer, ignored: Collection[str]) -> BoundKey | None:
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


def recorded_account(state: State, name: str) -> AccountBefore:
    """The state's outputs of the account with this name, which is unique in the world."""
    found = state.resources
    all_accounts = [outputs for type, outputs in found if type == ACCOUNT]
    accounts = [account for account in all_accounts if arm_ids.same(str(account.get("name")), name)]
    bindings = [outputs for type, outputs in found if type == BINDING]
    own = [bound for bound in bindings if arm_ids.same(arm_ids.name_of(str(bound.get("accountId"))), name)]
    binding = next(filter(_recorded_key, own), {})
    return AccountBefore(
        accounts[0] if accounts else None,
        recorded_key=_recorded_key(binding),
        shows_version=bool(binding.get("keyVersion")),
    )


def unusable_version(bound: BoundKey | None, key: Answer, now: float) -> str:
    """Why the version that an account is bound to wraps nothing at `now` (seconds since 1970); "" if it does,
    or is not the current version of `key`."""
    current = adapters.key_version(key or {})
    if bound is None or current.uri is None or current.uri.lower() != bound.uri.lower():
        return ""
    return "; ".join(unmet.found for unmet in demands.key_usable(current, now))


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
