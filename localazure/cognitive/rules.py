"""The conditions for an account under a customer's key: pure rules over facts.

Sources: "Language service encryption of data at rest" (region, tenant, soft delete, purge protection,
RSA 2048, identity, SKU) and users' reports. Nobody recorded when Azure enforces a rule, nor its text: here it
is at the binding, with the texts that users reported. These are few, so that many a text names another
reason; the response header `x-localazure-findings`, which Azure lacks, has the true one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from localazure.cognitive.kinds import KINDS, Kind
from localazure.cognitive.models import Account
from localazure.keyvault.models import KeyVersion, Vault
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


@dataclass(frozen=True)
class Facts:
    """The facts that decide whether an account may have a key; `now` is seconds on the cloud's clock.

    `uri`, `name` and `version` are the caller's, empty if not given; `vault` and `key` are the existing ones.
    `principal_id` is the identity that would use the key, None with the reason in `no_principal`.
    `follows_key`: the service takes a key without a version.
    """

    account: Account
    uri: str
    name: str
    version: str
    follows_key: bool
    principal_id: str | None
    no_principal: str
    vault: Vault | None
    key: KeyVersion | None
    now: float

    @property
    def kind(self) -> Kind:
        return KINDS[self.account.kind.lower()]


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Every reason against the binding, in the order in which the service would answer it."""
    return (*_of_identity(facts), *settings_findings(facts), *_of_vault(facts), *_of_key(facts))


def settings_findings(facts: Facts) -> tuple[Finding, ...]:
    """The reasons against its key in the account's own settings; for every write to a bound account."""
    return tuple(_of_settings(facts))


def refuse(found: tuple[Finding, ...]) -> None:
    """Raises the answer to the first finding, if there is any; the header has all of them."""
    if found:
        raise refusal("; ".join(one.found for one in found), found[0].message)


def refusal(found: str, message: str = INVALID) -> ServiceError:
    """The service's answer to a finding."""
    return ServiceError(400, "BadRequest", message, headers={"x-localazure-findings": found})


def host_of(vault_uri: str) -> str:
    """The host of a vault URI, lower case."""
    return vault_uri.lower().removeprefix("https://").split("/", 1)[0]


def _of_identity(facts: Facts) -> Iterator[Finding]:
    if facts.principal_id is None:
        yield Finding(facts.no_principal, NO_IDENTITY)
    if facts.kind.own_identity and (facts.account.key_vault_properties or {}).get("identityClientId"):
        found = f"kind {facts.kind.name} uses a key only through the account's own identity"
        yield Finding(found, NOT_OFFERED)


def _of_settings(facts: Facts) -> Iterator[Finding]:
    sku, settings = facts.account.sku["name"], facts.account.properties
    if not facts.kind.takes_customer_key(sku):
        found = f"kind {facts.kind.name} with SKU {sku} lacks the CustomerManagedKey capability"
        yield Finding(found, NOT_OFFERED)
    host, hosts = host_of(facts.uri), settings.get("allowedFqdnList") or ()
    allowed = {entry.lower().removeprefix("https://").rstrip("/") for entry in hosts}
    if host and settings.get("restrictOutboundNetworkAccess") and host not in allowed:
        yield Finding(f"restrictOutboundNetworkAccess is true and allowedFqdnList lacks {host}")


def _of_vault(facts: Facts) -> Iterator[Finding]:
    vault, account = facts.vault, facts.account
    if not facts.uri:
        yield Finding("keyVaultUri is missing")
    elif vault is None or vault.deleted is not None:
        yield Finding(f"there is no vault at {facts.uri}")
    else:
        if not vault.soft_delete:
            yield Finding(f"vault {vault.name} has no soft delete", NOT_RECOVERABLE)
        if not vault.purge_protected:
            yield Finding(f"vault {vault.name} has no purge protection", NOT_RECOVERABLE)
        if vault.place != normal_location(account.location):
            yield Finding(
                f"vault {vault.name} is in {vault.location}, the account in {account.location}: "
                "they must be in the same region"
            )
        if vault.tenant_id.lower() != account.tenant_id.lower():
            yield Finding(
                f"vault {vault.name} belongs to tenant {vault.tenant_id}, the account to {account.tenant_id}"
            )


def _of_key(facts: Facts) -> Iterator[Finding]:
    name, version, key = facts.name, facts.version, facts.key
    if not name:
        yield Finding("keyName is missing")
    if not version and not facts.follows_key:
        yield Finding(f"keyVersion is missing: kind {facts.kind.name} does not follow a key by itself")
    if facts.vault is None or not name or not (version or facts.follows_key):
        return
    if key is None:
        yield Finding(f"the vault has no version {version or 'that is enabled'} of a key {name}")
        return
    if not facts.kind.takes_key(key.kty, key.size):
        found = f"key {name} is {key.kty} {key.size or ''}".rstrip()
        yield Finding(f"{found}, which kind {facts.kind.name} does not take")
    if not key.enabled:
        yield Finding(f"version {key.version} of key {name} is disabled")
    if key.not_before is not None and facts.now < key.not_before:
        yield Finding(f"version {key.version} of key {name} is not valid yet")
    if key.expires is not None and facts.now >= key.expires:
        yield Finding(f"version {key.version} of key {name} has expired")
    if missing := [operation for operation in _NEEDED_OPERATIONS if operation not in key.operations]:
        yield Finding(f"key {name} does not permit {' and '.join(missing)}")
