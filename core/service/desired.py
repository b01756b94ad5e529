"""What is asked for about one service: its arguments as plain values, with the names that follow from them.

Owns: the words of the choices about a service's key, and what follows from them. Does not own: the rules
between arguments, nor their defaults (components/).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core import arm_ids, kinds
from core.kinds import AccountKind

UNKNOWN: Final = ""
"""Stands for the value of an argument that something else is yet to make."""
DEPLOYER: Final = "deployer"
"""The identity that runs Pulumi, where object ids are given."""
ACCESS_POLICY, RBAC, MANAGED_HSM = "accessPolicy", "rbac", "managedHsm"
"""The two models by which a vault grants the use of its keys: it has one or the other, never both. A managed
HSM has roles of its own, which nobody chooses."""
CUSTOMER_MANAGED, MICROSOFT_MANAGED = "customerManaged", "microsoftManaged"
SYSTEM_ASSIGNED, USER_ASSIGNED, BOTH = "systemAssigned", "userAssigned", "systemAndUserAssigned"
GRANTED, REVOKED = "granted", "revoked"
CLOSED, SELECTED, OPEN, PRIVATE = "closed", "selected", "open", "private"
"""Who may reach the endpoints of a service and its vault. `private`: who comes through private endpoints."""
DISABLED, ENABLED = "disabled", "enabled"
"""Whether Azure may turn an account into a Foundry resource by itself."""
PINNED, AUTOMATIC = "pinned", "automatic"
"""How an account follows the versions of its key: it names one, or none."""


class EncryptionChoices:
    """What follows from the choices about a service's key. A vault has `id`, a key has `id` and `version`."""

    encryption: str
    identity: str
    access: str
    access_model: str
    unbind_account: str | None
    vault: Any
    key: Any

    @property
    def unbinds(self) -> bool:
        """Whether the account is put back on Microsoft-managed keys, while the customer's key stays."""
        return self.encryption == MICROSOFT_MANAGED and self.unbind_account is not None

    @property
    def has_key(self) -> bool:
        """Whether the service has a customer-managed key: its data is under it, or was until unbound."""
        return self.encryption == CUSTOMER_MANAGED or self.unbinds

    @property
    def is_revoked(self) -> bool:
        """Whether the account may not use its key."""
        return self.access == REVOKED

    @property
    def binds_in_two_phases(self) -> bool:
        """Whether the account's own identity uses the key. It exists only once the account does."""
        return self.identity == SYSTEM_ASSIGNED

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key is in a managed HSM, whose own roles grant it."""
        key_id = self.key.id if isinstance(self.key.id, str) else ""
        return self.has_key and arm_ids.in_managed_hsm(key_id)

    @property
    def grants_by(self) -> str:
        """How the use of the key is granted: the vault's access model, or a managed HSM's own roles."""
        return MANAGED_HSM if self.in_managed_hsm else self.access_model

    @property
    def names_version(self) -> bool:
        """Whether the account names the version of the key that it uses."""
        return bool(self.key.version == PINNED)

    @property
    def makes_key(self) -> bool:
        """Whether the key is made here."""
        return self.has_key and self.key.id is None

    @property
    def makes_vault(self) -> bool:
        """Whether the vault is made here."""
        return self.makes_key and self.vault.id is None


@dataclass(frozen=True, kw_only=True)
class DesiredVault:
    """The vault: made here under a name, or the existing one `id`. `key_operators` are object ids, or
    DEPLOYER, who may make new versions of the key."""

    name: str = ""
    id: str | None = None
    key_operators: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DesiredKey:
    """The key: made here under a name, or the existing one `id`. `pin` is the version to stay on,
    `generation` the number that a rotation raises."""

    name: str = ""
    id: str | None = None
    type: str = ""
    size: int = 0
    version: str = PINNED
    pin: str | None = None
    generation: int | None = None


@dataclass(frozen=True, kw_only=True)
class DesiredEncryption(EncryptionChoices):
    """Whose key a service is under, in which vault, used by whom. `unbind_account` and `revoke_account` are
    the name of the account where that is done on purpose."""

    encryption: str = CUSTOMER_MANAGED
    identity: str = SYSTEM_ASSIGNED
    access: str = GRANTED
    access_model: str = ACCESS_POLICY
    unbind_account: str | None = None
    revoke_account: str | None = None
    vault: DesiredVault = DesiredVault()
    key: DesiredKey = DesiredKey()


@dataclass(frozen=True, kw_only=True)
class DesiredService(DesiredEncryption):
    """One service as it is asked for. The names are complete; `arguments` has, by kind of resource, the path
    of the argument that its name comes from. `named_projects` are those to keep and to remove; `network`
    is who may reach it; `workspace_id` is the given workspace for audit logs, if any."""

    account_name: str
    kind: str
    location: str
    resource_group_name: str = ""
    existing_resource_group_name: str | None = None
    foundry_auto_upgrade: str | None = None
    named_projects: tuple[str, ...] = ()
    network: str = CLOSED
    keeps_logs: bool = False
    workspace_id: str | None = None
    as_found: tuple[str, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def account_kind(self) -> AccountKind:
        """The limits and abilities of the account's kind."""
        return kinds.named(self.kind)

    @property
    def group_name(self) -> str:
        """The resource group, made here or existing; UNKNOWN if something else is yet to make it."""
        existing = self.existing_resource_group_name
        return self.resource_group_name if existing is None else existing

    def argument_of(self, resource: str) -> str:
        """The path of the argument that the resource has its name from."""
        return self.arguments[resource]
