"""What a binding is: what is asked for, what is bound, how they differ and what is answered to the engine.

Plain functions; knows no client and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provider import ids
from provider.difference import fold, plain
from provider.error_row import About
from provider.facts import Account, Encryption
from provider.wire import UNKNOWN, Properties, Value

KEY_VAULT = "Microsoft.KeyVault"
MICROSOFT = "Microsoft.CognitiveServices"

DERIVED_FROM_KEY_URI = ("keyName", "keyVersion", "keyVaultUri")
"""Outputs that tell the key URI, and so are secret when it is."""

UNCERTAIN = ("principalId", "boundAt", "operationId")
"""Outputs that only the binding itself tells."""


@dataclass(frozen=True)
class Wish:
    """What is asked for as far as it is known; a preview may know only a part."""

    account: ids.AccountId | None = None
    key: ids.KeyUri | None = None
    vault: ids.VaultId | None = None
    vault_known: bool = True
    identity_client_id: str | None = None
    identity_known: bool = True


@dataclass(frozen=True)
class Desired:
    """What the program asks for, all of it known and taken apart."""

    account: ids.AccountId
    key: ids.KeyUri
    identity_client_id: str | None
    vault: ids.VaultId | None
    inputs: Mapping[str, Value]

    @property
    def wish(self) -> Wish:
        return Wish(self.account, self.key, self.vault, identity_client_id=self.identity_client_id)


@dataclass(frozen=True)
class Bound:
    """What an account is really bound to. `key.version` is empty for a binding without a version."""

    key: ids.KeyUri
    identity_client_id: str | None


def desired(inputs: Properties, vault_suffix: str) -> Desired:
    """Takes checked, fully known inputs apart. Raises ids.MalformedError where `check` was not
    asked before."""
    vault = inputs.text("vaultId")
    return Desired(
        account=ids.account_id(str(inputs.values["accountId"])),
        key=ids.key_uri(str(inputs.values["keyUriWithVersion"]), vault_suffix),
        identity_client_id=inputs.text("identityClientId"),
        vault=ids.vault_id(vault) if vault else None,
        inputs=inputs.values,
    )


def wish(inputs: Properties, vault_suffix: str) -> Wish:
    """Takes checked inputs apart as far as they are known."""
    account, key, vault = (inputs.text(name) for name in ("accountId", "keyUriWithVersion", "vaultId"))
    return Wish(
        account=ids.account_id(account) if account else None,
        key=ids.key_uri(key, vault_suffix) if key else None,
        vault=ids.vault_id(vault) if vault else None,
        vault_known=not inputs.is_unknown("vaultId"),
        identity_client_id=inputs.text("identityClientId"),
        identity_known=not inputs.is_unknown("identityClientId"),
    )


def bound(account: Account) -> Bound | None:
    """What the account is bound to; None on Microsoft's keys, which Azure answers as absent or by name."""
    found = account.encryption
    if found is None or (found.key_source or "").lower() != KEY_VAULT.lower():
        return None
    uri = (found.key_vault_uri or "").rstrip("/").lower().removesuffix(":443")
    return Bound(
        ids.KeyUri(uri, found.key_name or "", found.key_version or ""), found.identity_client_id or None
    )


def encryption(wanted: Desired) -> Encryption:
    """The body of the PATCH that binds. `identityClientId` is left out for the system-assigned identity."""
    return Encryption(
        KEY_VAULT, wanted.key.vault_uri, wanted.key.name, wanted.key.version, wanted.identity_client_id
    )


def about(wanted: Desired, account: Account | None = None) -> About:
    """What the commands in a translated error are filled with."""
    principal = account.principal_for(wanted.identity_client_id) if account else None
    return About(
        account_id=wanted.account.text,
        vault_id=wanted.vault.text if wanted.vault else "VAULT_ID",
        vault_name=wanted.key.vault_name,
        key_name=wanted.key.name,
        principal_id=principal or "PRINCIPAL_ID",
    )


def mismatches(wanted: Desired, found: Bound | None) -> list[str]:
    """Where what is bound is not what was asked for, field by field; empty when all of it holds."""
    if found is None:
        return [f"keySource: found {MICROSOFT}, wanted {KEY_VAULT}"]
    pairs = (
        ("keyVaultUri", found.key.vault_uri, wanted.key.vault_uri),
        ("keyName", found.key.name, wanted.key.name),
        ("keyVersion", found.key.version, wanted.key.version),
        ("identityClientId", found.identity_client_id or "none", wanted.identity_client_id or "none"),
    )
    return [f"{name}: found {got}, wanted {want}" for name, got, want in pairs if got.lower() != want.lower()]


def still_bound(account: Account) -> list[str]:
    """Where an account that went back to Microsoft's keys is not there yet; empty when it is."""
    return [f"keySource: still {KEY_VAULT}"] if bound(account) else []


def outputs(
    inputs: Mapping[str, Value],
    account: Account,
    found: Bound,
    *,
    bound_at: str | None,
    operation_id: str | None,
) -> dict[str, Value]:
    """The resource's outputs: the inputs as they really are, and what follows from them."""
    return {
        **live_inputs(inputs, found),
        "keySource": KEY_VAULT,
        "keyName": found.key.name,
        "keyVersion": found.key.version,
        "keyVaultUri": found.key.vault_uri,
        "principalId": account.principal_for(found.identity_client_id),
        "boundAt": bound_at,
        "operationId": operation_id,
    }


def live_inputs(inputs: Mapping[str, Value], found: Bound) -> dict[str, Value]:
    """The inputs as they would have to be written to get what is bound.

    A value that means the same keeps its spelling. `vaultId` goes when the key is in another vault;
    `accountDigest` says what was asserted, not what is bound, so it stays.
    """
    live = {name: inputs[name] for name in ("accountId", "accountDigest") if inputs.get(name)}
    uri = found.key.text.rstrip("/")
    live["keyUriWithVersion"] = _same_spelling(inputs.get("keyUriWithVersion"), uri)
    if found.identity_client_id:
        live["identityClientId"] = _same_spelling(inputs.get("identityClientId"), found.identity_client_id)
    vault = inputs.get("vaultId")
    if vault and str(vault).rstrip("/").rpartition("/")[2].lower() == found.key.vault_name:
        live["vaultId"] = vault
    return live


def _same_spelling(written: Value, live: str) -> str:
    same = isinstance(written, str) and plain(written) == plain(live)
    return str(written) if same else live


def same_binding(olds: Properties, found: Bound) -> bool:
    """Whether what is bound is what the state says was bound, so that its time and operation still hold."""
    return (
        fold(olds, "keyUriWithVersion") == found.key.text.lower()
        and fold(olds, "identityClientId") == (found.identity_client_id or "").lower()
    )


def same_identity(olds: Properties, news: Properties) -> bool:
    """Whether the same identity uses the key before and after."""
    return fold(olds, "identityClientId") == fold(news, "identityClientId")


def preview_outputs(inputs: Properties, vault_suffix: str) -> dict[str, Value]:
    """The outputs that are certain before the key is bound; the rest is unknown."""
    key: dict[str, Value] = dict.fromkeys(DERIVED_FROM_KEY_URI, UNKNOWN)
    uri = inputs.text("keyUriWithVersion")
    if uri:
        parsed = ids.key_uri(uri, vault_suffix)
        key = {"keyName": parsed.name, "keyVersion": parsed.version, "keyVaultUri": parsed.vault_uri}
    return {
        **inputs.values,
        "keySource": KEY_VAULT,
        **key,
        **dict.fromkeys(UNCERTAIN, UNKNOWN),
    }
