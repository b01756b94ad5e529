"""What was read about accounts, vaults, keys and grants, or stated about them, as frozen models.

Owns their shapes, where in Azure's answers each field is told, and what follows from one of them alone. Times
are seconds since 1970 (UTC), sizes bits. None means that Azure's answer did not say. What a program states,
or a preview shows, has the shape of the answer, with marks for what is hidden: the models named Stated*. The
models judge nothing: `rights` and `demands` do. `adapters` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from core import arm_ids, audit_log, key_uris, values
from core.defaults import DEFAULTS
from core.roles import Role
from core.values import Hidden, Shown, Value

Text = TypeVar("Text", bound=Shown)
"""A text of a fact: known where Azure answered, perhaps a mark where a program or a preview tells it."""

MICROSOFT_KEY_SOURCE = "Microsoft.CognitiveServices"
KEY_VAULT_SOURCE = "Microsoft.KeyVault"
"""The two values of `encryption.keySource`."""
EVERYBODY = "00000000-0000-0000-0000-000000000000"
"""The object id by which a deny assignment means every principal."""
HOURS_HELD = 48
"""Hours for which Azure keeps a deleted account and its name."""
LIVE_ENCRYPTION = 'properties["encryption@live"]'
"""An entry of an account's `ignoreChanges` that names no property. The components set it if a binding sets
the key, because an update of the account has to repeat that key. It tells the policy pack that the account
has the encryption among the inputs already, and that the program does not ask for another one."""


def told(path: str, default: Any = "") -> Any:
    """A field by its dotted path in Azure's answer, and what it is where the answer does not have it."""
    return field(default=default, metadata={"path": path})


@dataclass(frozen=True)
class EncryptionFields(Generic[Text]):
    """An account's `properties.encryption`; what is absent or empty is ""."""

    key_source: Text = told("keySource", MICROSOFT_KEY_SOURCE)
    key_vault_uri: Text = told("keyVaultProperties.keyVaultUri")
    key_name: Text = told("keyVaultProperties.keyName")
    key_version: Text = told("keyVaultProperties.keyVersion")
    identity_client_id: Text = told("keyVaultProperties.identityClientId")

    @property
    def is_customer_managed(self) -> bool:
        """Whether the data is known to be under a customer's key. Absent and Microsoft.CognitiveServices both
        mean that it is not (observed: an account made without `encryption` answers none)."""
        return values.word(self.key_source) == KEY_VAULT_SOURCE.lower()


@dataclass(frozen=True)
class StatedEncryption(EncryptionFields[Shown]):
    """The encryption that a program states for an account, or a preview shows."""


@dataclass(frozen=True)
class Encryption(EncryptionFields[str]):
    """The encryption that an account has."""

    @property
    def body(self) -> dict[str, Any]:
        """As a write of the account states it. An empty version means the same as none."""
        found: dict[str, Any] = {"keySource": self.key_source}
        if self.key_name:
            key = {
                "keyName": self.key_name,
                "keyVersion": self.key_version,
                "keyVaultUri": self.key_vault_uri,
            }
            if self.identity_client_id:
                key["identityClientId"] = self.identity_client_id
            found["keyVaultProperties"] = key
        return found

    @property
    def key(self) -> key_uris.KeyUri | None:
        """The key that the account is bound to, its vault in lower case; None on Microsoft-managed keys."""
        if not self.is_customer_managed:
            return None
        return key_uris.KeyUri.of(self.key_vault_uri, self.key_name, self.key_version)


@dataclass(frozen=True)
class Network:
    """Who may reach an endpoint. What is absent has Azure's default: open, trusted services pass."""

    public_access: Value = DEFAULTS["publicNetworkAccess"]
    default_action: Value = DEFAULTS["defaultAction"]
    bypass: Value = DEFAULTS["bypass"]
    ip_rules: tuple[Value, ...] | Hidden = ()
    subnet_rules: tuple[Value, ...] | Hidden = ()
    private_endpoints: int = 0

    @property
    def is_disabled(self) -> bool:
        """Whether public access is disabled, whatever the firewall says."""
        return values.word(self.public_access) == "disabled"

    @property
    def in_perimeter(self) -> bool:
        """Whether a network security perimeter decides who gets in. Its rules are not read here; without any
        it lets nobody in (azure/private-link/network-security-perimeter-concepts, 2026-11-28)."""
        return values.word(self.public_access) == "securedbyperimeter"

    @property
    def is_open(self) -> bool | Hidden:
        """Whether every address may connect; a mark where that is not shown."""
        action = values.word(self.default_action)
        if self.is_disabled or self.in_perimeter or action == "deny":
            return False
        unknown = (one for one in (self.public_access, action) if isinstance(one, Hidden))
        return next(unknown, True)

    @property
    def described(self) -> str:
        """The rules as a message tells them."""
        if self.is_disabled:
            return f"public access is disabled; private endpoints: {self.private_endpoints}"
        if self.in_perimeter:
            return "a network security perimeter decides who may connect"
        if self.is_open:
            return "every address may connect"
        lists = (() if isinstance(rules, Hidden) else rules for rules in (self.ip_rules, self.subnet_rules))
        addresses, subnets = lists
        return (
            f"allowed addresses: {', '.join(map(str, addresses)) or 'none'}; allowed subnets: {len(subnets)}"
        )

    @property
    def admits_trusted_services(self) -> bool:
        """Whether Microsoft's trusted services get through, for certain. A list such as Storage's "Logging,
        AzureServices" names them, too."""
        named = values.word(self.bypass)
        return self.is_open is True or (isinstance(named, str) and "azureservices" in named.split(","))


@dataclass(frozen=True)
class UserAssignedIdentity:
    """A user-assigned identity: its ARM id and two GUIDs, "" where Azure did not say."""

    id: str
    client_id: str = told("clientId")
    principal_id: str = told("principalId")


@dataclass(frozen=True)
class StatedIdentity:
    """The `identity` that a program states for an account, or a preview shows: its type as Azure compares it,
    lower case without spaces; the ids of the identities made elsewhere that it has, lower case, None where
    they are not known. `shown` has these as outputs alone describe them; the rest is of the account's own."""

    type: Shown = ""
    principal_id: Shown = told("identity.principalId")
    tenant_id: Shown = told("identity.tenantId")
    attached: frozenset[str] | None = frozenset()
    shown: tuple[UserAssignedIdentity, ...] = ()

    @property
    def is_system(self) -> bool:
        """Whether the account is known to have an identity of its own."""
        return "systemassigned" in values.as_text(self.type).split(",")

    @property
    def is_user(self) -> bool:
        """Whether the account is known to have identities that were made elsewhere."""
        return "userassigned" in values.as_text(self.type).split(",")


UPGRADE_MODES = ("Disabled", "Enabled")
"""Whether Azure may upgrade an account by itself, in its own words."""


@dataclass(frozen=True)
class Upgrade:
    """Azure's plan to turn an account of Azure OpenAI into a Foundry resource by itself, from the account's
    `properties.foundryAutoUpgrade`. `at` is a time as Azure writes it."""

    mode: str = told("mode")
    planned: bool = told("plannedByMicrosoft", False)
    at: str = told("scheduledAt")

    @property
    def text(self) -> str:
        """The plan in words; "" where Azure shows none, or the account has opted out."""
        if not self.planned or self.mode.lower() == "disabled":
            return ""
        return (
            f"Azure plans to make it a Foundry resource by itself{f' on {self.at[:10]}' if self.at else ''}"
        )


@dataclass(frozen=True)
class Account:
    """An Azure AI services account. `principal_id` is its system-assigned identity's, None without one."""

    id: str = told("id")
    name: str = told("name")
    kind: str = told("kind")
    sku: str = told("sku.name")
    location: str = told("location")
    provisioning_state: str = told("properties.provisioningState")
    subdomain: str = told("properties.customSubDomainName")
    encryption: Encryption = Encryption()
    principal_id: str | None = told("identity.principalId", None)
    tenant_id: str | None = told("identity.tenantId", None)
    user_assigned: tuple[UserAssignedIdentity, ...] = ()
    capabilities: tuple[str, ...] | None = None
    restricts_outbound: bool = told("properties.restrictOutboundNetworkAccess", False)
    allowed_fqdns: tuple[str, ...] = told("properties.allowedFqdnList", ())
    manages_projects: bool = told("properties.allowProjectManagement", False)
    storage_ids: tuple[str, ...] = ()
    local_auth: bool = True
    network: Network = Network()

    def principal_for(self, client_id: str | None) -> str | None:
        """The object id of the identity that uses the key: the user-assigned one with that client id, or,
        without one, the account's own. None where the account has no such identity."""
        if not client_id:
            return self.principal_id
        user = self._user(client_id)
        if user is None:
            return None
        return user.principal_id or None

    @property
    def has_settled(self) -> bool:
        """Whether its last operation ended well. After one that failed, Azure may show the values that were
        asked for."""
        return self.provisioning_state == "Succeeded"

    @property
    def key_client(self) -> UserAssignedIdentity | None:
        """The user-assigned identity by which the account uses its key, if it has one with that client id."""
        return self._user(self.encryption.identity_client_id)

    @property
    def may_show_own_client(self) -> bool:
        """Whether the client id by which the key is used can be the account's own. Nobody has observed
        whether Azure shows a client id for a binding through the system-assigned identity."""
        return bool(self.encryption.identity_client_id and self.principal_id) and self.key_client is None

    def without_own_client(self, client_id: str | None) -> Account:
        """The account as if Azure did not show `client_id`, which is the account's own."""
        if not client_id or client_id.lower() != self.encryption.identity_client_id.lower():
            return self
        return replace(self, encryption=replace(self.encryption, identity_client_id=""))

    @property
    def key_user(self) -> str | None:
        """The object id of the identity by which the account uses the key that it is bound to."""
        return self.principal_for(self.encryption.identity_client_id)

    def _user(self, client_id: str) -> UserAssignedIdentity | None:
        named = client_id.lower()
        return next((one for one in self.user_assigned if named and one.client_id.lower() == named), None)


GROUPS = ("keys", "secrets", "certificates", "storage")
"""What an access policy has permissions on."""


@dataclass(frozen=True)
class PolicyEntryFields(Generic[Text]):
    """One access policy of a vault. `keys` are its permissions on keys; `others` those on the other GROUPS,
    each beside its group. All are spelt as they were read."""

    object_id: Text = told("objectId")
    keys: tuple[Text, ...] = ()
    tenant_id: Text = told("tenantId")
    application_id: Text = told("applicationId")
    others: tuple[tuple[str, Text], ...] = ()

    @property
    def permissions(self) -> tuple[tuple[str, Text], ...]:
        """Every permission beside its group."""
        return (*((GROUPS[0], word) for word in self.keys), *self.others)

    def on(self, group: str) -> frozenset[str] | Hidden:
        """The permissions on one of the groups, lower case; a mark where one of them is not shown."""
        words = {values.word(word) for its_group, word in self.permissions if its_group == group}
        if not words.isdisjoint(Hidden):
            return Hidden.UNKNOWN
        return frozenset(word for word in words if isinstance(word, str))


@dataclass(frozen=True)
class StatedPolicyEntry(PolicyEntryFields[Shown]):
    """An access policy that a program states, or a preview shows."""

    @property
    def who(self) -> str:
        """The holder as a message names it."""
        if isinstance(self.object_id, Hidden):
            return "an object id that is not known yet"
        return values.shown(self.object_id)


@dataclass(frozen=True)
class PolicyEntry(PolicyEntryFields[str]):
    """An access policy that a vault has."""

    @property
    def body(self) -> dict[str, Any]:
        """As a write of the vault states it."""
        permissions: dict[str, list[str]] = {}
        for group, word in self.permissions:
            permissions.setdefault(group, []).append(word)
        found = {"tenantId": self.tenant_id, "objectId": self.object_id, "permissions": permissions}
        if self.application_id:
            found["applicationId"] = self.application_id
        return found


@dataclass(frozen=True)
class Vault:
    """A key vault, or a managed HSM, which always has role assignments of its own.

    `uri` is in Azure's spelling; `retention_days` is None where the answer does not say. `activated`: whether
    the security domain of an HSM was downloaded, before which it keeps no keys; None if unsaid or a vault.
    `sku` is lower case.
    """

    id: str = told("id")
    name: str = told("name")
    uri: str = told("properties.vaultUri")
    location: str = told("location")
    tenant_id: str = told("properties.tenantId")
    soft_delete: bool | None = told("properties.enableSoftDelete", None)
    purge_protection: bool | None = told("properties.enablePurgeProtection", None)
    retention_days: int | None = told("properties.softDeleteRetentionInDays", None)
    uses_rbac: bool = told("properties.enableRbacAuthorization", False)
    policies: tuple[PolicyEntry, ...] = ()
    network: Network = Network()
    activated: bool | None = None
    sku: str = told("properties.sku.name")

    @property
    def is_managed_hsm(self) -> bool:
        """Whether this is a managed HSM."""
        return arm_ids.in_managed_hsm(self.id)

    @property
    def noun(self) -> str:
        """What a message calls it."""
        return "managed HSM" if self.is_managed_hsm else "vault"

    def policy_of(self, object_id: str) -> PolicyEntry | None:
        """The access policy of an identity itself, not of an application that acts for it."""
        own = (one for one in self.policies if not one.application_id)
        return next((one for one in own if arm_ids.same(one.object_id, object_id)), None)


@dataclass(frozen=True)
class KeyVersion:
    """One version of a key. `operations` and `size` are None where the answer does not say (lists do not)."""

    version: str
    type: str | None = told("properties.kty", None)
    size: int | None = told("properties.keySize", None)
    operations: tuple[str, ...] | None = told("properties.keyOps", None)
    enabled: bool = told("properties.attributes.enabled", True)
    created: int | None = told("properties.attributes.created", None)
    not_before: int | None = told("properties.attributes.nbf", None)
    expires: int | None = told("properties.attributes.exp", None)
    uri: str | None = told("properties.keyUriWithVersion", None)


def newest_first(versions: Iterable[KeyVersion]) -> list[KeyVersion]:
    """Versions by age. Azure counts seconds, so versions of one second keep the order they came in."""
    return sorted(versions, key=lambda version: version.created or 0, reverse=True)


@dataclass(frozen=True)
class RotationPolicy:
    """When the vault makes a new version, and how long that is valid: ISO 8601 durations, or ""."""

    rotates_after_create: str = told("timeAfterCreate")
    rotates_before_expiry: str = told("timeBeforeExpiry")
    expires_after: str = ""


@dataclass(frozen=True)
class Key:
    """A key with the versions that were read, oldest first."""

    id: str = told("id")
    name: str = told("name")
    type: str | None = told("properties.kty", None)
    size: int | None = told("properties.keySize", None)
    operations: tuple[str, ...] | None = told("properties.keyOps", None)
    versions: tuple[KeyVersion, ...] = ()
    rotation: RotationPolicy | None = None

    @property
    def protection(self) -> str:
        """What protects the key (azure/key-vault/keys/about-keys); "" where its type was not read."""
        if not self.type:
            return ""
        return "hardware (HSM)" if self.type.upper().endswith("-HSM") else "software"

    def version(self, version: str) -> KeyVersion | None:
        """The version of this name."""
        return next((one for one in self.versions if one.version.lower() == version.lower()), None)


@dataclass(frozen=True)
class RoleAssignmentFields(Generic[Text]):
    """A role assignment. `role_id` is lower case, the GUID where there is one, whatever scope is before it.
    `role` is None where its definition was not read and is not a built-in one known here; `condition` is ""
    without one."""

    scope: Text
    principal_id: Text = told("properties.principalId")
    role_id: Text = told("properties.roleDefinitionId")
    role: Role | None = None
    principal_type: Text = told("properties.principalType")
    condition: Text = told("properties.condition")


@dataclass(frozen=True)
class StatedRoleAssignment(RoleAssignmentFields[Shown]):
    """A role assignment that a program states, or a preview shows."""


@dataclass(frozen=True)
class RoleAssignment(RoleAssignmentFields[str]):
    """A role assignment that is there."""

    id: str = told("id")

    @property
    def role_name(self) -> str:
        """The role's name, or its id where the definition was not read."""
        return self.role.name if self.role else self.role_id

    def is_for(self, principal_id: str, scope: str) -> bool:
        """Whether it is a principal's, at just this scope."""
        return arm_ids.same(self.principal_id, principal_id) and arm_ids.same(self.scope, scope)


@dataclass(frozen=True)
class DenyAssignment:
    """A deny assignment. `principals` and `excluded` are object ids, or EVERYBODY."""

    scope: str
    principals: tuple[str, ...]
    excluded: tuple[str, ...]
    denied: Role
    applies_below: bool = True


@dataclass(frozen=True)
class DiagnosticSetting:
    """The places that get a resource's logs. `categories` are those that are on, and groups of them, lower
    case; `dedicated`: into tables of their own, not AzureDiagnostics. `others`: ARM ids of a storage account
    and of an event hub's authorization rule that get them, too."""

    name: str = told("name")
    workspace_id: str = told("properties.workspaceId")
    categories: tuple[str, ...] = ()
    dedicated: bool = False
    others: tuple[str, ...] = ()

    @property
    def records_use(self) -> bool:
        """Whether it sends a vault's audit log, by the log's category or a group that has it."""
        return not audit_log.CATEGORIES.isdisjoint(self.categories)

    @property
    def is_audit(self) -> bool:
        """Whether a vault's audit log goes to a workspace."""
        return bool(self.workspace_id) and self.records_use


@dataclass(frozen=True)
class Deleted:
    """A soft-deleted vault, key or account, whose name is still taken. Times as Azure writes them.

    `resource_id` is what the id was before; `principal_id` that of an account's own identity, which comes
    back with the account, as its `kind` and `sku` do.
    """

    id: str = told("id")
    name: str = told("name")
    location: str = told("location")
    deletion_date: str | None = told("properties.deletionDate", None)
    scheduled_purge_date: str | None = told("properties.scheduledPurgeDate", None)
    resource_id: str | None = told("properties.vaultId", None)
    principal_id: str | None = told("identity.principalId", None)
    kind: str | None = told("kind", None)
    sku: str | None = told("sku.name", None)


def key_id(vault_id: str, key_name: str) -> str:
    """The ARM id of a key in a vault or managed HSM."""
    return f"{vault_id.rstrip('/')}/keys/{key_name}"


def vault_name(vault: Vault) -> str:
    """A vault's name, from the answer or else its id."""
    return vault.name or arm_ids.name_of(vault.id)
