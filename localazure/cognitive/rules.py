"""What must hold before an account may live on a customer's key: pure rules over facts.

Sources: "Language service encryption of data at rest" (region, tenant, soft delete, purge protection,
RSA 2048, identity, SKU) and users' reports. That a rule is enforced when the key is bound, and with which
text, was never recorded: the texts are those users reported, which mislead by being few. What is really
wrong goes into the response header `x-localazure-findings`, which Azure has not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from localazure.keyvault.model import KeyVersion, Vault
from localazure.locations import normal_location
from localazure.web import ServiceError

INVALID = "KeyVaultProperties is invalid"
NOT_RECOVERABLE = "The encryption key must be recoverable and not purgeable"
NO_IDENTITY = "A managed identity is required to use a customer-managed key"
NOT_OFFERED = "Customer-managed keys are not supported for this kind and SKU of account"
_NEEDED_OPERATIONS = ("wrapKey", "unwrapKey")


@dataclass(frozen=True)
class Finding:
    """One reason against the key: what was found, and the text the service answers with."""

    found: str
    message: str = INVALID
    status: int = 400
    code: str = "BadRequest"


@dataclass(frozen=True)
class Facts:
    """All that decides whether an account may live on a key; `now` is seconds on the cloud's clock.

    `principal_id` is the identity that would use the key, None with the reason in `no_principal`.
    `vault` and `key` are None where there are none; `key_vault_properties` is the caller's block.
    """

    key_vault_properties: dict[str, str]
    location: str
    tenant_id: str
    kind: str
    sku: str
    takes_customer_key: bool
    identity_refused: bool
    follows_key: bool
    takes_key: bool
    principal_id: str | None
    no_principal: str
    vault: Vault | None
    key: KeyVersion | None
    outbound_restricted: bool
    allowed_hosts: tuple[str, ...]
    now: float


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Every reason against the binding, in the order in which the service would answer it."""
    return (*_of_identity(facts), *settings_findings(facts), *_of_vault(facts), *_of_key(facts))


def settings_findings(facts: Facts) -> tuple[Finding, ...]:
    """The reasons against its key in the account's own settings; for every write to a bound account."""
    return tuple(_of_settings(facts))


def refuse(found: tuple[Finding, ...]) -> None:
    """Raises the answer to the first finding, if there is any; the header has all of them."""
    if found:
        first = found[0]
        header = {"x-localazure-findings": "; ".join(f.found for f in found)}
        raise ServiceError(first.status, first.code, first.message, headers=header)


def host_of(vault_uri: str) -> str:
    """The host of a vault URI, lower case."""
    return vault_uri.lower().removeprefix("https://").split("/", 1)[0]


def _of_identity(facts: Facts) -> Iterator[Finding]:
    if facts.principal_id is None:
        yield Finding(facts.no_principal, NO_IDENTITY)
    if facts.identity_refused:
        found = f"kind {facts.kind} uses a key only through the account's own identity"
        yield Finding(found, NOT_OFFERED)


def _of_settings(facts: Facts) -> Iterator[Finding]:
    if not facts.takes_customer_key:
        found = f"kind {facts.kind} with SKU {facts.sku} lacks the CustomerManagedKey capability"
        yield Finding(found, NOT_OFFERED)
    host = host_of(facts.key_vault_properties.get("keyVaultUri", ""))
    allowed = {entry.lower().removeprefix("https://").rstrip("/") for entry in facts.allowed_hosts}
    if host and facts.outbound_restricted and host not in allowed:
        yield Finding(f"restrictOutboundNetworkAccess is true and allowedFqdnList lacks {host}")


def _of_vault(facts: Facts) -> Iterator[Finding]:
    uri = facts.key_vault_properties.get("keyVaultUri", "")
    vault = facts.vault
    if not uri:
        yield Finding("keyVaultUri is missing")
    elif vault is None or vault.deleted is not None:
        yield Finding(f"there is no vault at {uri}")
    else:
        if not vault.soft_delete:
            yield Finding(f"vault {vault.name} has no soft delete", NOT_RECOVERABLE)
        if not vault.purge_protected:
            yield Finding(f"vault {vault.name} has no purge protection", NOT_RECOVERABLE)
        if normal_location(vault.location) != normal_location(facts.location):
            yield Finding(
                f"vault {vault.name} is in {vault.location}, the account in {facts.location}: "
                "they must be in the same region"
            )
        if vault.tenant_id.lower() != facts.tenant_id.lower():
            yield Finding(
                f"vault {vault.name} belongs to tenant {vault.tenant_id}, the account to {facts.tenant_id}"
            )


def _of_key(facts: Facts) -> Iterator[Finding]:
    name = facts.key_vault_properties.get("keyName", "")
    version = facts.key_vault_properties.get("keyVersion", "")
    key = facts.key
    if not name:
        yield Finding("keyName is missing")
    if not version and not facts.follows_key:
        yield Finding(f"keyVersion is missing: kind {facts.kind} does not follow a key by itself")
    if facts.vault is None or not name or not (version or facts.follows_key):
        return
    if key is None:
        yield Finding(f"the vault has no version {version or 'that is enabled'} of a key {name}")
        return
    version = key.version
    if not facts.takes_key:
        found = f"key {name} is {key.kty} {key.size or ''}".rstrip()
        yield Finding(f"{found}, which kind {facts.kind} does not take")
    if not key.enabled:
        yield Finding(f"version {version} of key {name} is disabled")
    if key.not_before is not None and facts.now < key.not_before:
        yield Finding(f"version {version} of key {name} is not valid yet")
    if key.expires is not None and facts.now >= key.expires:
        yield Finding(f"version {version} of key {name} has expired")
    if missing := [operation for operation in _NEEDED_OPERATIONS if operation not in key.operations]:
        yield Finding(f"key {name} does not permit {' and '.join(missing)}")
