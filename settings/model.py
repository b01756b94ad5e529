"""The settings of a service: each one's name, type, default, meaning and own limits.

Owns: what can be checked on one setting alone; the groups are in groups.py. Does not own: rules between
settings (rules.py), Azure's limits (components/names.py and its neighbours). The table of settings in the
documentation is made from these descriptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field

from components import names
from components.contract import EncryptedLanguageServiceArgs, has_key
from components.regions import region
from components.tags import checked_tags
from settings.groups import AuditSettings, Group, KeySettings, NetworkSettings, VaultSettings


class ServiceSettings(Group):
    """One Language service."""

    name: Annotated[str, AfterValidator(names.SERVICE.checked)] = Field(
        description="Name of the service. Names of its resources are made from it, so it is never changed."
    )
    location: Annotated[str, AfterValidator(region)] = Field(
        description="Azure region of everything made here. Another is another account, with none of the data."
    )
    protect: bool = Field(
        default=True,
        description="Whether Pulumi refuses to delete or replace what holds data or gives access to it.",
    )
    encryption: Literal["customerManaged", "microsoftManaged"] = Field(
        default="customerManaged",
        description="Whose key the data at rest is under. The customer's can be turned on later.",
    )
    identity: Literal["systemAssigned", "userAssigned", "systemAndUserAssigned"] = Field(
        default="systemAssigned",
        description="Who uses the key. `systemAssigned`: the account's own identity, in two phases; else: "
        "an identity made before the account, which is bound in its create.",
    )
    access_model: Literal["accessPolicy", "rbac"] = Field(
        default="accessPolicy",
        description="How the vault grants the use of its keys; of an existing vault, the way that it has.",
    )
    access: Literal["granted", "revoked"] = Field(
        default="granted",
        description="Whether the account may use the key. `revoked` takes the grant away: the account's data "
        "answers 403, and vault, key, account and binding stay as they are; `granted` again gives it back.",
    )
    resource_group_name: Annotated[str, AfterValidator(names.RESOURCE_GROUP.checked)] | None = Field(
        default=None,
        description="Name of the resource group made here. Default: `rg-` and the service's name.",
    )
    existing_resource_group_name: Annotated[str, AfterValidator(names.RESOURCE_GROUP.checked)] | None = Field(
        default=None, description="Name of a resource group that exists. None is made then."
    )
    account_name: Annotated[str, AfterValidator(names.ACCOUNT.checked)] | None = Field(
        default=None,
        description="Name of the account and subdomain of its endpoint, unique in the world. "
        "Default: `lang-` and the service's name.",
    )
    soft_deleted: Literal["refuse", "recover"] = Field(
        default="refuse",
        description="When a deleted vault or account still holds a name: `refuse` says which, until when and "
        "what to do; `recover` brings it back with its keys and data.",
    )
    replace_account: Annotated[str, AfterValidator(names.ACCOUNT.checked)] | None = Field(
        default=None,
        description="Name of the account that a changed `accountName` may replace. Its data goes with it. "
        "Where it is protected, one `pulumi up` with this setting alone comes first.",
    )
    unbind_account: Annotated[str, AfterValidator(names.ACCOUNT.checked)] | None = Field(
        default=None,
        description="Name of the account that `encryption: microsoftManaged` may take from the customer's "
        "key. No data is lost; vault, key and access stay as long as this is said. Where the account is "
        "protected, one `pulumi up` with this setting alone comes first.",
    )
    sku: Literal["S", "F0"] = Field(
        default="S", description="Pricing tier. The free tier, F0, cannot have a customer-managed key."
    )
    vault: VaultSettings = Field(
        default=VaultSettings(), description="The vault: made here, or one that exists."
    )
    key: KeySettings = Field(default=KeySettings(), description="The key: made here, or one that exists.")
    network: NetworkSettings = Field(
        default=NetworkSettings(), description="Who may reach the account and the vault made here."
    )
    audit: AuditSettings = Field(
        default=AuditSettings(),
        description="Where the audit logs of the account and of the vault made here go.",
    )
    as_found: list[Literal["access", "identity", "network", "otherProperties", "tags", "vault"]] = Field(
        default=[],
        description="Parts of an adopted account (and its vault and access) that stay as they were found, "
        "whatever else is said here. `python -m operate adopt` writes it; take a word out to have that part "
        "as declared.",
    )
    tags: Annotated[Mapping[str, str], AfterValidator(checked_tags)] = Field(
        default={}, description="Tags of everything made here."
    )

    @property
    def has_key(self) -> bool:
        """Whether the service has a customer's key, of which names are made."""
        return has_key(cast("EncryptedLanguageServiceArgs", self.args()))

    def args(self) -> dict[str, Any]:
        """The inputs of components.contract.EncryptedLanguageServiceArgs, which has the same names."""
        return self.model_dump(exclude={"name", "protect"}, exclude_none=True, by_alias=False)


class Settings(Group):
    """All that a stack says: one service, or several that share what is said at the top.

    `subscription_id` and `tenant_id` are what it says of azure-native's login, if it does.
    """

    services: tuple[ServiceSettings, ...]
    subscription_id: str | None = None
    tenant_id: str | None = None
