"""What a binding is: what is asked for, how what is bound differs, and what the engine is answered.

Plain functions; knows no client and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core import arm_ids, key_uris, kinds
from core.clouds import Cloud
from core.facts import CUSTOMER_MANAGED, MICROSOFT_MANAGED, Account, Encryption, Vault
from core.key_uris import KeyUri
from provider.errors import ErrorContext
from provider.live_state import Target
from provider.resource import fold, plain
from provider.wire import UNKNOWN, Properties, Value

DERIVED_FROM_KEY_URI = ("keyName", "keyVersion", "keyVaultUri")
"""Outputs that contain the key URI, and so are secret when it is."""

UNCERTAIN = ("principalId", "boundAt", "operationId")
"""Outputs that are known only after the binding."""


def target(inputs: Properties, cloud: Cloud) -> Target:
    """Parses checked inputs as far as they are known. Raises MalformedError where `check` was not called."""
    account, key, vault = (inputs.text(name) for name in ("accountId", "keyUriWithVersion", "vaultId"))
    return Target(
        account=arm_ids.account_id(account) if account else None,
        key=key_uris.parse(key, cloud) if key else None,
        vault=arm_ids.vault_id(vault) if vault else None,
        vault_known=not inputs.is_unknown("vaultId"),
        identity_client_id=inputs.text("identityClientId"),
        identity_known=not inputs.is_unknown("identityClientId"),
    )


def error_context(wanted: Target, account: Account | None = None, vault: Vault | None = None) -> ErrorContext:
    """What a translated error is about, and its commands are filled with; `vault` is that of the key."""
    key = wanted.key
    if key is None:
        return ErrorContext()
    # The id of a vault that is not known tells a managed HSM all the same.
    hsm = arm_ids.child("", arm_ids.MANAGED_HSM, "HSM_NAME")
    vault_id = wanted.vault.text if wanted.vault else hsm if key.in_managed_hsm else "VAULT_ID"
    known = ErrorContext(vault_id, key.vault_name, key.name)
    if account is None:
        return known
    used = account.encryption.key if account.has_settled else None
    is_untried = used is None or used.vault_uri != key.vault_uri
    return replace(
        known,
        principal_id=account.principal_for(wanted.identity_client_id) or known.principal_id,
        untried_rbac=vault is not None and vault.uses_rbac and is_untried,
        role=kinds.role_by_page(account.kind, vault_id).name,
    )


def as_recorded(olds: Properties, account: Account) -> Account:
    """The account with the key version that the state has of its binding, where Azure shows the same binding.

    If Azure showed no version then, one that is bound to a version of that key may show none (whether every
    answer has `keyVersion` was never observed); where it did show one, an account without one follows its key
    by itself. If it showed one of a binding without a version, it goes on to show the one that it uses.
    """
    known, key = olds.text("keyUriWithVersion"), account.encryption.key
    if key is None or known is None:
        return account
    was = key_uris.parse(known)
    if not olds.text("keyVersion") and not key.version and was.same_key(key):
        return bound_as(account, was.version)
    if olds.text("keyVersion") and not was.version:
        return bound_as(account, "")
    return account


def bound_as(account: Account, version: str) -> Account:
    """The account as if Azure showed this key version."""
    return replace(account, encryption=replace(account.encryption, key_version=version))


def mismatches(wanted: Encryption, live: Encryption, shown: str = "", in_use: str = "") -> list[str]:
    """Each field in which an account's encryption differs from the wanted one; empty if none does. A read
    that has no version matches any, unless Azure's answer to the write had a version (`shown`); where none is
    wanted, so does the version that Azure uses (`in_use`), which it may show."""
    if not live.is_customer_managed:
        return [f"keySource: found {MICROSOFT_MANAGED}, expected {CUSTOMER_MANAGED}"]
    hosts = key_uris.vault_host(live.key_vault_uri), key_uris.vault_host(wanted.key_vault_uri)
    version = live.key_version or ("none" if shown else wanted.key_version)
    if not wanted.key_version and version.lower() == in_use.lower():
        version = ""
    pairs = (
        ("keyVaultUri", *hosts),
        ("keyName", live.key_name, wanted.key_name),
        ("keyVersion", version or "none", wanted.key_version or "none"),
        ("identityClientId", live.identity_client_id or "none", wanted.identity_client_id or "none"),
    )
    return [
        f"{name}: found {found}, expected {expected}"
        for name, found, expected in pairs
        if found.lower() != expected.lower()
    ]


def outputs(
    inputs: Mapping[str, Value],
    account: Account,
    *,
    shown_version: str,
    bound_at: str | None,
    operation_id: str | None,
) -> dict[str, Value]:
    """The resource's outputs: the inputs as they really are, and what follows from them. The account must be
    bound. `shown_version` is the key version that Azure shows; by it, a later read knows whether an answer
    without one says something."""
    live, key = account.encryption, _bound_key(account)
    return {
        **live_inputs(inputs, account),
        "keySource": CUSTOMER_MANAGED,
        "keyName": key.name,
        "keyVersion": shown_version,
        "keyVaultUri": key.vault_uri,
        "principalId": account.principal_for(live.identity_client_id),
        "boundAt": bound_at,
        "operationId": operation_id,
    }


def live_inputs(inputs: Mapping[str, Value], account: Account) -> dict[str, Value]:
    """The inputs as they would have to be written to get what the account is bound to.

    A value that means the same keeps its spelling. `vaultId` goes when the key is in another vault;
    `accountDigest` and `onDelete` say nothing of what is bound, so they stay.
    """
    key, client = _bound_key(account), account.encryption.identity_client_id
    live = {name: inputs[name] for name in ("accountId", "accountDigest", "onDelete") if inputs.get(name)}
    live["keyUriWithVersion"] = _same_spelling(inputs.get("keyUriWithVersion"), key.text)
    if client:
        live["identityClientId"] = _same_spelling(inputs.get("identityClientId"), client)
    vault = inputs.get("vaultId")
    if vault and key.is_in(arm_ids.vault_id(str(vault))):
        live["vaultId"] = vault
    return live


def same_binding(olds: Properties, account: Account) -> bool:
    """Whether what is bound is what the state says was bound, so that its time and operation still hold."""
    return fold(olds, "keyUriWithVersion") == _bound_key(account).text.lower() and (
        fold(olds, "identityClientId") == account.encryption.identity_client_id.lower()
    )


def is_as_it_was(olds: Properties, account: Account) -> bool:
    """Whether an account that is bound is bound as the state has it. A state without a key says nothing."""
    return olds.text("keyUriWithVersion") is None or same_binding(olds, as_recorded(olds, account))


def preview_outputs(inputs: Properties, cloud: Cloud) -> dict[str, Value]:
    """The outputs that are certain before the key is bound; the rest is unknown."""
    key: dict[str, Value] = dict.fromkeys(DERIVED_FROM_KEY_URI, UNKNOWN)
    uri = inputs.text("keyUriWithVersion")
    if uri:
        parsed = key_uris.parse(uri, cloud)
        key = {"keyName": parsed.name, "keyVersion": parsed.version, "keyVaultUri": parsed.vault_uri}
    return {
        **inputs.values,
        "keySource": CUSTOMER_MANAGED,
        **key,
        **dict.fromkeys(UNCERTAIN, UNKNOWN),
    }


def _bound_key(account: Account) -> KeyUri:
    key = account.encryption.key
    if key is None:
        raise ValueError(f"the account {account.id} is on Microsoft-managed keys")
    return key


def _same_spelling(written: Value, live: str) -> str:
    same = isinstance(written, str) and plain(written) == plain(live)
    return str(written) if same else live
