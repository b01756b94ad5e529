"""What was read from Azure, as frozen facts. Owns no rule: `preflight`, `binding` and `grants` judge them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Encryption:
    """An account's `properties.encryption`, as answered; empty strings count as absent."""

    key_source: str | None = None
    key_vault_uri: str | None = None
    key_name: str | None = None
    key_version: str | None = None
    identity_client_id: str | None = None


@dataclass(frozen=True)
class UserIdentity:
    """A user-assigned identity that an account has; both ids are GUIDs."""

    id: str
    client_id: str
    principal_id: str


@dataclass(frozen=True)
class Account:
    """An account as ARM answers it. `location` is in Azure's or the caller's spelling."""

    id: str
    kind: str
    location: str
    provisioning_state: str
    encryption: Encryption | None = None
    principal_id: str | None = None
    tenant_id: str | None = None
    user_identities: tuple[UserIdentity, ...] = ()
    capabilities: tuple[str, ...] | None = None
    restricts_outbound: bool = False
    allowed_fqdns: tuple[str, ...] = ()
    manages_projects: bool = False

    def principal_for(self, client_id: str | None) -> str | None:
        """The principal that would use the key: the system identity's, or the given user-assigned one's."""
        if not client_id:
            return self.principal_id
        found = (i for i in self.user_identities if i.client_id.lower() == client_id.lower())
        return next((i.principal_id for i in found), None)


@dataclass(frozen=True)
class PolicyEntry:
    """One access policy of a vault; `keys` are its key permissions as written."""

    object_id: str
    tenant_id: str
    keys: tuple[str, ...]
    application_id: str | None = None


@dataclass(frozen=True)
class Vault:
    """A key vault as ARM answers it. `soft_delete` and `purge_protection` of None mean absent."""

    id: str
    uri: str
    location: str
    tenant_id: str
    soft_delete: bool | None
    purge_protection: bool | None
    uses_rbac: bool = False
    policies: tuple[PolicyEntry, ...] = ()
    default_action: str = "Allow"
    bypass: str = "AzureServices"
    public_network_access: str = "Enabled"


@dataclass(frozen=True)
class KeyVersion:
    """One version of a key. Times are seconds since 1970 (UTC); None where Azure gave nothing."""

    version: str
    kty: str | None = None
    size: int | None = None
    operations: tuple[str, ...] | None = None
    enabled: bool = True
    created: int | None = None
    not_before: int | None = None
    expires: int | None = None
    uri: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RoleGrant:
    """A role assignment that holds for a principal, with the data actions of its role definition.

    `conditional` says that the assignment carries a condition, which nobody here evaluates.
    """

    scope: str
    role_id: str
    data_actions: tuple[str, ...]
    not_data_actions: tuple[str, ...] = ()
    conditional: bool = False


@dataclass(frozen=True)
class Unreadable:
    """Something that could not be read, and why, for the report of what was not checked."""

    what: str
    why: str


@dataclass(frozen=True)
class Deleted:
    """A soft-deleted vault or account, whose name is still taken. Times as Azure writes them.

    `principal_id` is an account's own identity's, which comes back with the account.
    """

    id: str
    name: str
    location: str
    deletion_date: str | None
    scheduled_purge_date: str | None
    resource_id: str | None = None
    principal_id: str | None = None


@dataclass(frozen=True)
class Surroundings:
    """Everything a preflight looks at. A field is None when it is absent, not known yet or unreadable.

    `vault_asked` and `key_asked` say whether it was looked for: only then does None mean absent. `bound_key`
    is the version that the account is bound to now, looked for where another version is wished for.
    """

    account: Account | None = None
    account_asked: bool = False
    vault: Vault | None = None
    vault_asked: bool = False
    key: KeyVersion | None = None
    key_asked: bool = False
    bound_key: KeyVersion | None = None
    bound_key_asked: bool = False
    roles: tuple[RoleGrant, ...] | None = None
    unreadable: tuple[Unreadable, ...] = ()
