"""Puts an account's data key under the key its encryption block names, and keeps the history of that."""

from __future__ import annotations

from dataclasses import replace

from localazure.cloud import Cloud, iso
from localazure.cognitive import data, rules
from localazure.cognitive.account import KEY_VAULT, MICROSOFT, Account
from localazure.cognitive.identity import key_user
from localazure.cognitive.kinds import find_kind
from localazure.keyvault import use
from localazure.web import ServiceError


def bind_new(cloud: Cloud, account: Account, correlation_id: str) -> Account:
    """A new account with a new data key, wrapped as its encryption block says. Raises ServiceError."""
    _check(cloud, account, creating=True)
    return _wrapped(cloud, account, data.new_data_key(), correlation_id)


def rebind(cloud: Cloud, old: Account, new: Account, correlation_id: str) -> Account:
    """`new` with the data key of `old` wrapped as the encryption block of `new` says.

    The stored data is not touched. Raises ServiceError when a rule stands against it, or when the old key can
    no longer be used: going on would lose the data for good (the refusal and its text are assumed).
    """
    _check(cloud, new, creating=False)
    try:
        data_key = data.unwrap(cloud, old, correlation_id)
    except data.KeyUnavailableError as error:
        raise ServiceError(
            400,
            "BadRequest",
            rules.INVALID,
            headers={"x-localazure-findings": f"the current key cannot be used: {_line(error.message)}"},
        ) from error
    return _wrapped(cloud, new, data_key, correlation_id)


def check_settings(cloud: Cloud, account: Account) -> None:
    """Raises 400 where a write to a bound account would take away what its key needs.

    The identity is not among that: the service lets it be switched off, and the data is then out of reach.
    """
    if account.key_vault_properties is not None:
        rules.refuse(rules.settings_findings(facts_of(cloud, account, creating=False)))


def record(cloud: Cloud, account: Account, why: str, correlation_id: str) -> None:
    """Adds an entry to the account's encryption history; whether its data can be read is tried out."""
    target = account.key_vault_properties
    cloud.store.append(
        "encryption",
        account.id,
        {
            "time": iso(cloud.clock.now()),
            "keySource": MICROSOFT if target is None else KEY_VAULT,
            "keyUri": None if target is None else key_uri(account),
            "identity": None if target is None else key_user(cloud, account)[0],
            "why": why,
            "readable": account.deleted_at is None and data.readable(cloud, account, correlation_id),
        },
    )


def key_uri(account: Account) -> str:
    """`https://VAULT.vault.azure.net/keys/KEY/VERSION` of a bound account."""
    target = account.key_vault_properties or {}
    return f"{target['keyVaultUri'].rstrip('/')}/keys/{target['keyName']}/{target['keyVersion']}"


def facts_of(cloud: Cloud, account: Account, *, creating: bool) -> rules.Facts:
    """What decides over the key that an account's encryption block names."""
    target = account.key_vault_properties or {}
    sku = str(account.sku["name"])
    kind = find_kind(account.kind)
    uri, name, version = (str(target.get(word) or "") for word in ("keyVaultUri", "keyName", "keyVersion"))
    principal_id, no_principal = key_user(cloud, account, creating=creating)
    vault = use.vault_at(cloud, uri) if uri else None
    return rules.Facts(
        key_vault_properties={"keyVaultUri": uri, "keyName": name, "keyVersion": version},
        location=account.location,
        tenant_id=account.tenant_id,
        kind=account.kind,
        sku=sku,
        takes_customer_key=kind is not None and kind.takes_customer_key(sku),
        principal_id=principal_id,
        no_principal=no_principal,
        vault=vault,
        key=use.key_at(cloud, uri, name, version) if vault and name and version else None,
        outbound_restricted=bool(account.properties.get("restrictOutboundNetworkAccess")),
        allowed_hosts=tuple(account.properties.get("allowedFqdnList") or ()),
        now=cloud.clock.now(),
    )


def _check(cloud: Cloud, account: Account, *, creating: bool) -> None:
    if account.key_vault_properties is not None:
        rules.refuse(rules.findings(facts_of(cloud, account, creating=creating)))


def _wrapped(cloud: Cloud, account: Account, data_key: bytes, correlation_id: str) -> Account:
    try:
        return replace(account, wrapping=data.wrap(cloud, account, data_key, correlation_id))
    except data.KeyUnavailableError as error:
        # Status and code are assumed; the text is Key Vault's own, as sibling providers pass it on.
        header = {"x-localazure-findings": f"the identity cannot use the key: {_line(error.message)}"}
        raise ServiceError(403, "Forbidden", error.message, headers=header) from error


def _line(text: str) -> str:
    return " ".join(text.split())
