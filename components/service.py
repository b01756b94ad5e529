"""One Language service whose data at rest is under a customer-managed key.

Owns: which parts there are in each mode, and their order. Does not own: what each part must be; the parts do.
"""

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_azure_native import authorization, resources

from components import names
from components.access import KeyAccess, KeyHolder
from components.access_mode import ACCESS_POLICY
from components.account import InlineKeyArgs, LanguageAccount
from components.audit import AuditTrail
from components.binding import KeyBinding
from components.component import Component
from components.contract import (
    DEPLOYER,
    MICROSOFT_MANAGED,
    SYSTEM_ASSIGNED,
    USER_ASSIGNED,
    EncryptedLanguageServiceArgs,
    checked,
)
from components.identity import EncryptionIdentity
from components.key import KeyReference
from components.key_version import KeyVersion
from components.placement import place_key
from components.roles import ROTATION_OPERATOR


class EncryptedLanguageService(Component):
    """A Language account under your own key, with the vault, key, identity and access that this takes.

    With a system-assigned identity it is made in two phases, for the identity is there only once the account
    is: first the account, on Microsoft-managed keys, and access for its identity; then the binding of the
    key. With a user-assigned identity the account is bound in its own create. Raises ValueError for a name
    that Azure refuses.
    """

    account_id: pulumi.Output[str]
    """The account's ARM id."""
    account_name: pulumi.Output[str]
    """The account's name."""
    endpoint: pulumi.Output[str]
    """Where the service is called."""
    principal_id: pulumi.Output[str | None]
    """Object id of the identity that uses the key."""
    resource_group_name: pulumi.Output[str]
    """The resource group."""
    vault_id: pulumi.Output[str | None]
    """The vault's ARM id; none on Microsoft-managed keys."""
    vault_uri: pulumi.Output[str | None]
    """The vault's endpoint; none on Microsoft-managed keys."""
    key_uri_with_version: pulumi.Output[str | None]
    """The key and version that the account is bound to; none on Microsoft-managed keys."""

    def __init__(
        self,
        name: str,
        args: EncryptedLanguageServiceArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        vault_provider: pulumi.ProviderResource | None = None,
    ) -> None:
        """`vault_provider` is an azure-native provider for an existing vault's subscription, if another."""
        super().__init__(name, opts)
        self._name, self._args, self._vault_provider = name, checked(args), vault_provider
        self._made_vault_id: pulumi.Input[str] | None = None
        self._client = authorization.get_client_config_output(opts=pulumi.InvokeOutputOptions(parent=self))
        self._vault_args, self._key_args = args.get("vault") or {}, args.get("key") or {}
        self._access_mode = args.get("access") or ACCESS_POLICY
        self.resource_group_name = self._resource_group()
        if args.get("encryption") == MICROSOFT_MANAGED:
            self._on_microsoft_managed_keys()
        elif args.get("identity") in (None, SYSTEM_ASSIGNED):
            self._in_two_phases()
        else:
            self._in_one_phase()
        self._audit()
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, pulumi.Output[Any]]:
        """What a stack exports about the service."""
        return {
            "accountId": self.account_id,
            "accountName": self.account_name,
            "endpoint": self.endpoint,
            "principalId": self.principal_id,
            "resourceGroupName": self.resource_group_name,
            "vaultId": self.vault_id,
            "vaultUri": self.vault_uri,
            "keyUriWithVersion": self.key_uri_with_version,
        }

    def _in_two_phases(self) -> None:
        # Phase 1: the account on Microsoft-managed keys, and access to the key for the identity it then has.
        key = self._key()
        # On destroy the account goes before its vault.
        account = self._account(after=[key.vault.resource] if key.vault.resource else [])
        access = self._access(key, account.holder)
        # Phase 2: the binding of the key.
        version = self._key_version(key)
        binding = KeyBinding(
            self._name,
            {"account": account, "key_version": version, "access": access, "vault_id": key.vault.id},
            self.kept(),
        )
        self.key_uri_with_version = binding.key_uri_with_version

    def _in_one_phase(self) -> None:
        key = self._key()
        identity = EncryptionIdentity(
            self._name,
            {
                "resource_group_name": self.resource_group_name,
                "location": self._args["location"],
                "tags": self._args.get("tags"),
            },
            self.kept(),
        )
        access = self._access(key, identity.holder)
        version = self._key_version(key)
        self._account(
            after=[access.grant],
            identity_id=identity.id,
            encryption_key={
                "key_name": version.key_name,
                "key_version": version.version,
                "key_vault_uri": version.vault_uri,
                "identity_client_id": identity.client_id,
            },
        )
        self.principal_id = identity.principal_id
        self.key_uri_with_version = version.key_uri_with_version

    def _on_microsoft_managed_keys(self) -> None:
        self._account(after=[])
        nothing = pulumi.Output.from_input(None)
        self.vault_id = self.vault_uri = self.key_uri_with_version = nothing

    def _resource_group(self) -> pulumi.Output[str]:
        if existing := self._args.get("existing_resource_group_name"):
            return pulumi.Output.from_input(existing)
        group = resources.ResourceGroup(
            f"{self._name}-group",
            resource_group_name=names.RESOURCE_GROUP.checked(
                self._args.get("resource_group_name") or names.resource_group_name(self._name)
            ),
            location=self._args["location"],
            tags=self._args.get("tags"),
            opts=self.kept(),
        )
        return group.name

    def _key(self) -> KeyReference:
        key = place_key(
            self,
            self._name,
            self._args,
            resource_group_name=self.resource_group_name,
            tenant_id=self._client.tenant_id,
            vault_provider=self._vault_provider,
        )
        self._made_vault_id = key.vault.id if key.vault.resource else None
        return key

    def _account(
        self,
        after: Sequence[pulumi.Resource],
        identity_id: pulumi.Input[str] | None = None,
        encryption_key: InlineKeyArgs | None = None,
    ) -> LanguageAccount:
        account = LanguageAccount(
            self._name,
            {
                "resource_group_name": self.resource_group_name,
                "location": self._args["location"],
                "account_name": self._args.get("account_name"),
                "sku": self._args.get("sku"),
                "system_assigned": self._args.get("identity") != USER_ASSIGNED,
                "user_assigned_identity_id": identity_id,
                "encryption_key": encryption_key,
                "network": self._args.get("network"),
                "after": after,
                "tags": self._args.get("tags"),
            },
            self.kept(),
        )
        self.account_id, self.account_name = account.id, account.account_name
        self.endpoint, self.principal_id = account.endpoint, account.principal_id
        return account

    def _access(self, key: KeyReference, holder: KeyHolder) -> KeyAccess:
        return KeyAccess(
            self._name,
            {
                "key": key,
                "holder": holder,
                "tenant_id": self._client.tenant_id,
                "access": self._access_mode,
            },
            self.kept(),
        )

    def _key_version(self, key: KeyReference) -> KeyVersion:
        version = KeyVersion(
            f"{self._name}-key-version",
            {
                "key_id": key.id,
                "generation": self._key_args.get("generation"),
                "pin": self._key_args.get("pin"),
            },
            self.part(depends_on=self._operators(key)),
        )
        self.vault_id = pulumi.Output.from_input(key.vault.id)
        self.vault_uri = version.vault_uri
        return version

    def _operators(self, key: KeyReference) -> list[pulumi.Resource]:
        """Access for those who may rotate the key; it must be there before a new version is asked for."""
        return [
            KeyAccess(
                f"{self._name}-operator-{operator}",
                {
                    "key": key,
                    "holder": KeyHolder(self._client.object_id if operator == DEPLOYER else operator),
                    "tenant_id": self._client.tenant_id,
                    "access": ACCESS_POLICY,
                    "role": ROTATION_OPERATOR,
                },
                self.part(),
            ).grant
            for operator in self._vault_args.get("key_operators") or ()
        ]

    def _audit(self) -> None:
        wanted = self._args.get("audit") or {}
        if wanted.get("new_workspace") or wanted.get("workspace_id"):
            AuditTrail(
                self._name,
                {
                    "resource_group_name": self.resource_group_name,
                    "location": self._args["location"],
                    "account_id": self.account_id,
                    "vault_id": self._made_vault_id,
                    "workspace_id": wanted.get("workspace_id"),
                    "tags": self._args.get("tags"),
                },
                self.kept(),
            )
