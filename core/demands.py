"""What the service demands of account, vault and key before it takes a customer's key.

Owns each demand once, as a plain function over facts or single values, so that a policy that knows one
property can ask as well as a preflight that read everything. Quotations are from the source document,
"Language service encryption of data at rest"
(learn.microsoft.com/azure/ai-services/language-service/concepts/encryption-data-at-rest), unless said
otherwise. Does not own the grant (`rights`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from core import api_versions, key_uris, kinds, regions
from core.defaults import DEFAULTS
from core.facts import KeyVersion, Network

KEY_TYPES: Final = ("RSA", "RSA-HSM")
KEY_SIZE: Final = 2048
"""Bits. "Only RSA keys of size 2048 are supported with Azure AI services encryption"."""
KEY_OPERATIONS: Final = ("wrapKey", "unwrapKey")
RETENTION_DAYS: Final[int] = DEFAULTS["softDeleteRetentionInDays"]
"""Days for which a vault keeps what was deleted: default and maximum (soft-delete-overview)."""
CAPABILITY: Final = "CustomerManagedKey"
"""The name in an account's `capabilities` of the tiers and kinds that take a customer's key."""
FIXES: Final = {
    # `az keyvault update` has no option for it (az 2.91.0).
    "soft-delete": f"az rest --method patch --url '{{vault_id}}?api-version={api_versions.VAULTS}' "
    """--body '{{"properties": {{"enableSoftDelete": true}}}}'""",
    "purge-protection": "{update} --enable-purge-protection true",
    "trusted-services": "{update} --bypass AzureServices",
    "key-operations": f"az keyvault key set-attributes --id {{key}} --ops {' '.join(KEY_OPERATIONS)}",
}
"""The command by which a demand is met, for those that one command meets; `update` is `update_command`."""


def update_command(vault_name: str, *, in_managed_hsm: bool = False) -> str:
    """The command that changes a vault, or a managed HSM."""
    if in_managed_hsm:
        return f"az keyvault update-hsm --hsm-name {vault_name}"
    return f"az keyvault update --name {vault_name}"


@dataclass(frozen=True)
class Unmet:
    """A demand that does not hold: what was found, and what was expected instead."""

    demand: str
    found: str
    expected: str

    @property
    def text(self) -> str:
        """Both, as one clause of a message."""
        return f"{self.found}; expected {self.expected}"


def region(account: str, vault: str, noun: str = "vault") -> Unmet | None:
    """ "The Azure AI services resource and the key vault must be in the same region"."""
    if regions.same(account, vault):
        return None
    return Unmet("same-region", f"the account is in {account}, the {noun} in {vault}", "one region for both")


def tenant(account: str, vault: str, noun: str = "vault") -> Unmet | None:
    """ "... and in the same Microsoft Entra tenant, but they can be in different subscriptions"."""
    if account.lower() == vault.lower():
        return None
    return Unmet(
        "same-tenant",
        f"the account is in tenant {account}, the {noun} in {vault}",
        "one tenant for both, because a managed identity does not cross tenants",
    )


def activated(activated: bool | None) -> Unmet | None:
    """A managed HSM keeps no keys before its security domain was downloaded (managed-hsm/quick-create-cli);
    what Azure did not say is not judged."""
    if activated is not False:
        return None
    return Unmet(
        "hsm-activated", "the managed HSM is not activated", "an HSM with its security domain downloaded"
    )


def soft_delete(enabled: bool | None, purge_protection: bool | None) -> Unmet | None:
    """ "You must enable both the Soft Delete and Do Not Purge properties on the key vault".

    A vault that does not say has soft delete if it has purge protection, which "can only be enabled once
    soft-delete is enabled" (azure/key-vault/general/soft-delete-overview).
    """
    if enabled or (enabled is None and purge_protection):
        return None
    return Unmet("soft-delete", f"the vault has enableSoftDelete {_shown(enabled)}", "true")


def purge_protection(enabled: bool | None, noun: str = "vault") -> Unmet | None:
    """ "You must enable both the Soft Delete and Do Not Purge properties on the key vault"."""
    if enabled:
        return None
    return Unmet("purge-protection", f"the {noun} has enablePurgeProtection {_shown(enabled)}", "true")


def trusted_services(network: Network, noun: str = "vault") -> Unmet | None:
    """A vault with a firewall must let trusted Microsoft services in, by which the account reaches its key
    (azure/key-vault/general/overview-vnet-service-endpoints, trusted services)."""
    if network.admits_trusted_services:
        return None
    return Unmet(
        "trusted-services",
        f"the {noun}'s network is closed with bypass {network.bypass}",
        "bypass AzureServices",
    )


def key_type(type: str | None, size: int | None) -> Unmet | None:
    """ "Only RSA keys of size 2048 are supported"; what Azure did not say is not judged."""
    if type is not None and type.upper() not in KEY_TYPES:
        return Unmet("key-type", f"the key is of type {type}", f"{' or '.join(KEY_TYPES)} of {KEY_SIZE} bits")
    if size not in (None, KEY_SIZE):
        return Unmet("key-type", f"the key has {size} bits", f"{KEY_SIZE}")
    return None


def key_operations(operations: Iterable[str] | None) -> Unmet | None:
    """The key must allow the wrapping and unwrapping of data keys; what Azure did not say is not judged."""
    if operations is None:
        return None
    given = {word.lower() for word in operations}
    missing = [word for word in KEY_OPERATIONS if word.lower() not in given]
    if not missing:
        return None
    return Unmet(
        "key-operations", f"the key does not allow {' and '.join(missing)}", "both wrapKey and unwrapKey"
    )


def key_usable(version: KeyVersion, now: float) -> list[Unmet]:
    """Why a version cannot be bound at `now` (seconds since 1970): disabled, not valid yet, or expired."""
    name, expected = f"the key version {version.version}", "a version that is enabled and valid"
    found = [] if version.enabled else [f"{name} is disabled"]
    if version.not_before is not None and version.not_before > now:
        found.append(f"{name} is not valid before {moment(version.not_before)}")
    if version.expires is not None and version.expires <= now:
        found.append(f"{name} expired on {moment(version.expires)}")
    return [Unmet("key-usable", text, expected) for text in found]


def depends_on_clock(version: KeyVersion, now: float) -> bool:
    """Whether a clock that is wrong by a day would judge the version differently. With a clock that is wrong
    by more, the login to Microsoft Entra fails first (assumed)."""
    return len({bool(key_usable(version, now + off)) for off in (-86400.0, 0.0, 86400.0)}) > 1


def tier(kind: str, sku: str, capabilities: Sequence[str] | None) -> Unmet | None:
    """ "Pricing Tier for CMK": the account lists the capability. Not judged where it lists none."""
    if capabilities is None or CAPABILITY.lower() in {name.lower() for name in capabilities}:
        return None
    return Unmet(
        "tier",
        f"the account of kind {kind} and tier {sku or 'unknown'} has no capability {CAPABILITY}",
        f"a tier that has it, such as {kinds.tier_for_a_key(kind) or 'a paid one'}",
    )


def outbound(restricts: bool, allowed: Iterable[str], vault_uri: str) -> Unmet | None:
    """An account that restricts outbound access must allow its vault's host (Azure/ResourceModules#3259)."""
    host = key_uris.vault_host(vault_uri)
    names = sorted(name.lower() for name in allowed)
    if not restricts or host in names:
        return None
    return Unmet(
        "outbound",
        f"the account restricts outbound access and allows {', '.join(names) or 'nothing'}",
        f"{host} in allowedFqdnList, or restrictOutboundNetworkAccess false",
    )


def moment(seconds: int) -> str:
    """A time as messages write it: `2026-01-31T12:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(value: bool | None) -> str:
    return "absent" if value is None else str(value).lower()
