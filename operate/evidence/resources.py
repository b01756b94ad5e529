"""Accounts, vaults and keys, as the cloud told them. All times are UTC.

Owns: their shapes, and what follows from one of them alone. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Identity:
    """An identity of an account. `client_id` is known of user-assigned ones only."""

    kind: str
    principal_id: str
    client_id: str = ""


@dataclass(frozen=True)
class Binding:
    """What the account says its data is encrypted with; empty names on Microsoft's keys."""

    key_source: str
    vault_uri: str = ""
    key_name: str = ""
    key_version: str = ""
    identity_client_id: str = ""

    @property
    def is_customer_managed(self) -> bool:
        return self.key_source.lower() == "microsoft.keyvault"

    @property
    def vault_name(self) -> str:
        """The first label of the vault's host."""
        return self.vault_uri.removeprefix("https://").split(".")[0]

    @property
    def key_uri(self) -> str:
        """The key with its version, as the audit log spells it."""
        return f"{self.vault_uri.rstrip('/')}/keys/{self.key_name}/{self.key_version}".lower()


@dataclass(frozen=True)
class Network:
    """Who may reach an endpoint: `default_action` is Allow where no rule was ever set."""

    public_access: str
    default_action: str
    bypass: str
    ip_rules: int
    subnet_rules: int
    private_endpoints: int

    @property
    def is_open(self) -> bool:
        """Whether everybody may knock."""
        return self.public_access.lower() != "disabled" and self.default_action.lower() == "allow"


@dataclass(frozen=True)
class Account:
    """A Language account. `tenant_id` is its identity's; empty without one."""

    id: str
    name: str
    kind: str
    sku: str
    location: str
    tenant_id: str
    state: str
    local_auth: bool
    network: Network
    identities: tuple[Identity, ...]
    binding: Binding

    @property
    def user(self) -> Identity | None:
        """The identity by which the account uses its key; None where it has no such one."""
        wanted = self.binding.identity_client_id.lower()
        kind = "userAssigned" if wanted else "systemAssigned"
        of_kind = [identity for identity in self.identities if identity.kind == kind]
        return next((i for i in of_kind if not wanted or i.client_id.lower() == wanted), None)


@dataclass(frozen=True)
class AccessPolicy:
    """One entry of a vault's access policies; `permissions` are those on keys, lower case."""

    object_id: str
    permissions: tuple[str, ...]
    application_id: str = ""


@dataclass(frozen=True)
class Vault:
    """A vault and its protections. `retention_days` is how long what is deleted can be had back."""

    id: str
    name: str
    location: str
    tenant_id: str
    uses_rbac: bool
    soft_delete: bool
    retention_days: int
    purge_protection: bool
    network: Network
    policies: tuple[AccessPolicy, ...]


@dataclass(frozen=True)
class KeyVersion:
    """A version of a key."""

    version: str
    enabled: bool
    created: datetime
    not_before: datetime | None = None
    expires: datetime | None = None


@dataclass(frozen=True)
class RotationPolicy:
    """When the vault makes a new version, and for how long that can be used: ISO 8601 durations, or empty."""

    rotates_after_create: str = ""
    rotates_before_expiry: str = ""
    expires_after: str = ""


@dataclass(frozen=True)
class Key:
    """A key with all of its versions, oldest first."""

    id: str
    name: str
    type: str
    size: int | None
    operations: tuple[str, ...]
    versions: tuple[KeyVersion, ...]
    rotation: RotationPolicy | None

    def version(self, version: str) -> KeyVersion | None:
        """The version of this name."""
        return next((v for v in self.versions if v.version.lower() == version.lower()), None)
