"""The inputs of EncryptedLanguageService: what a user says about one service.

Owns: the names, shapes and defaults that the stack's settings and the component share. Not with `from
__future__ import annotations`: Pulumi reads these types when it makes the package's schema.
"""

from typing import NotRequired, TypedDict, cast

import pulumi

from components import inputs
from components.access_mode import ACCESS_POLICY, RBAC
from components.component import Tags
from components.network import CHOICES, NetworkArgs

CUSTOMER_MANAGED, MICROSOFT_MANAGED = "customerManaged", "microsoftManaged"
SYSTEM_ASSIGNED, USER_ASSIGNED, BOTH = "systemAssigned", "userAssigned", "systemAndUserAssigned"
DEPLOYER = "deployer"
REFUSE, RECOVER = "refuse", "recover"
GRANTED, REVOKED = "granted", "revoked"

_CHOICES = {
    "encryption": (CUSTOMER_MANAGED, MICROSOFT_MANAGED),
    "identity": (SYSTEM_ASSIGNED, USER_ASSIGNED, BOTH),
    "access_model": (ACCESS_POLICY, RBAC),
    "access": (GRANTED, REVOKED),
    "soft_deleted": (REFUSE, RECOVER),
    **CHOICES,
}


class ServiceVaultArgs(TypedDict):
    """The vault of a service: made here, or one that exists."""

    name: NotRequired[str | None]
    """Optional. Name of the vault made here; default `kv-<service>`."""
    id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing vault, in any subscription of the tenant; none is made then."""
    key_operators: NotRequired[list[str] | None]
    """Conditional. With access policies: object ids that may make a new version of the key; "deployer" is
    whoever runs Pulumi. With "rbac" they need the role Key Vault Crypto Officer, which is given where
    people's roles are."""


class ServiceKeyArgs(TypedDict):
    """The key of a service: made here, or one that exists."""

    name: NotRequired[str | None]
    """Optional. Name of the key made here; default `cmk-<service>`."""
    id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing key; neither vault nor key is made then."""
    generation: NotRequired[int | None]
    """Optional. A higher number makes a new version of the key and binds it; it only counts up."""
    pin: NotRequired[str | None]
    """Optional. The version (32 hex digits) to stay on instead of the newest."""
    expires_after_days: NotRequired[int | None]
    """Optional. How long a version made by rotation can be used; taken when the key is made; default 730."""
    rotates_after_days: NotRequired[int | None]
    """Optional. When the vault makes a new version by itself; taken when the key is made; default 540."""


class ServiceAuditArgs(TypedDict):
    """Where the audit logs of the account and of the vault made here go."""

    new_workspace: NotRequired[bool | None]
    """Optional. Makes a Log Analytics workspace for them, `log-<service>`; default true, unless
    `workspace_id` is given."""
    workspace_id: NotRequired[pulumi.Input[str] | None]
    """Optional. ARM id of an existing workspace."""
    alerts: NotRequired[bool | None]
    """Optional. Keeps queries in the workspace, and alerts on failed unwraps and on keys that expire soon."""
    alert_emails: NotRequired[list[str] | None]
    """Optional. Addresses that alerts are sent to."""
    alert_action_group_ids: NotRequired[list[pulumi.Input[str]] | None]
    """Optional. ARM ids of existing action groups that alerts are sent to."""


class EncryptedLanguageServiceArgs(TypedDict):
    """Inputs of EncryptedLanguageService."""

    location: str
    """Required. The region of everything made here. Another one is another account, with none of the data."""
    encryption: NotRequired[str | None]
    """Optional. "customerManaged" (default) or "microsoftManaged", from which a later update can turn the key
    on."""
    identity: NotRequired[str | None]
    """Optional. Who uses the key: "systemAssigned" (default; bound in two phases), or "userAssigned" or
    "systemAndUserAssigned" (bound in the account's own create)."""
    access_model: NotRequired[str | None]
    """Optional. How use of the key is granted: "accessPolicy" (default) or "rbac"."""
    access: NotRequired[str | None]
    """Optional. Whether the account may use the key: "granted" (default), or "revoked": its data then answers
    403, and vault, key, account and binding stay as they are."""
    resource_group_name: NotRequired[str | None]
    """Optional. The resource group made here; default `rg-<service>`."""
    existing_resource_group_name: NotRequired[pulumi.Input[str] | None]
    """Optional. A resource group that exists; none is made then."""
    account_name: NotRequired[str | None]
    """Optional. Unique in the world, and the endpoint's subdomain; default `lang-<service>`."""
    soft_deleted: NotRequired[str | None]
    """Optional. What happens when a deleted vault or account still holds a name: "refuse" (default) says so;
    "recover" brings it back with its keys and data."""
    replace_account: NotRequired[str | None]
    """Optional. Name of the account, to be replaced by one of another name. Its data goes with it."""
    unbind_account: NotRequired[str | None]
    """Optional. Name of the account, which with "microsoftManaged" is taken from the customer's key; vault,
    key and access stay as long as this is said."""
    sku: NotRequired[str | None]
    """Optional. Pricing tier of the account; default "S". The free tier cannot have a customer-managed key.
    """
    vault: NotRequired[ServiceVaultArgs | None]
    """Optional. The vault."""
    key: NotRequired[ServiceKeyArgs | None]
    """Optional. The key."""
    network: NotRequired[NetworkArgs | None]
    """Optional. Who may reach the account and the vault made here; default nobody."""
    audit: NotRequired[ServiceAuditArgs | None]
    """Optional. Where the audit logs go; default to a workspace made here."""
    tags: NotRequired[Tags | None]
    """Optional. Tags of everything made here."""
    as_found: NotRequired[list[str] | None]
    """Optional. Parts of an adopted account, vault and access that stay as they were found: "access",
    "identity", "network", "otherProperties", "tags", "vault"."""


def unbinds(args: EncryptedLanguageServiceArgs) -> bool:
    """Whether an account goes back, or has gone back, to Microsoft's keys, and the customer's is kept."""
    return args.get("encryption") == MICROSOFT_MANAGED and bool(args.get("unbind_account"))


def has_key(args: EncryptedLanguageServiceArgs) -> bool:
    """Whether a service has a customer's key: its data is under it, or was until it was unbound."""
    return args.get("encryption") in (None, CUSTOMER_MANAGED) or unbinds(args)


def checked(args: EncryptedLanguageServiceArgs) -> EncryptedLanguageServiceArgs:
    """The inputs themselves. Raises InputError with everything that is wrong with them."""
    return inputs.checked(args, EncryptedLanguageServiceArgs, _CHOICES)


def text(value: pulumi.Input[str] | None) -> str | None:
    """An input of which inputs.plain() has told the value."""
    return cast("str | None", value)
