"""One Language service whose data at rest is under a customer-managed key.

Owns: which parts there are in each mode, and their order. Does not own: what each part must be; the parts do.
"""

from collections.abc import Sequence
from typing import Any

import pulumi

from components.access import KeyAccessArgs, KeyHolder, make_grant, read_grant
from components.access_mode import ACCESS_POLICY
from components.account import Account, InlineKeyArgs, make_account
from components.audit import make_audit_trail
from components.binding import make_binding
from components.component import Component
from components.contract import (
    MICROSOFT_MANAGED,
    SYSTEM_ASSIGNED,
    USER_ASSIGNED,
    EncryptedLanguageServiceArgs,
    checked,
)
from components.identity import make_identity
from components.key import KeyReference
from components.key_version import KeyVersion
from components.operators import grant_operators
from components.placement import place_key
from components.private_network import make_private_endpoints
from components.resource_group import make_resource_group
from components.survey import Surroundings, Wanted, survey


class EncryptedLanguageService(Component):
    """A Language account under your own key, with the vault, key, identity and access that this takes.

    With a system-assigned identity it is made in two phases, for the identity is there only once the account
    is: first the account, on Microsoft-managed keys, and access for its identity; then the binding of the
    key. With a user-assigned identity the account is bound in its own create. Raises ValueError for a name
    that Azure refuses, RefusedError for what would lose data that stands.
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
        around: Surroundings | None = None,
    ) -> None:
        """`vault_provider` is an azure-native provider for an existing vault's subscription, if another.
        `around` is what survey() found; a program of several services asks once for all of them."""
        wanted = Wanted(checked(args), vault_provider)
        self._around = around or survey({name: wanted})[name]
        super().__init__(name, opts)
        self._name, self._args, self._vault_provider = name, args, vault_provider
        self._made_vault_id: pulumi.Input[str] | None = None
        self._bound: list[pulumi.Resource] = []
        self.resource_group_name = make_resource_group(name, args, self.kept)
        if args.get("encryption") == MICROSOFT_MANAGED:
            self._on_microsoft_managed_keys()
        elif args.get("identity") in (None, SYSTEM_ASSIGNED):
            self._in_two_phases()
        else:
            self._in_one_phase()
        make_private_endpoints(
            name,
            args,
            self.part,
            resource_group_name=self.resource_group_name,
            targets={"account": self.account_id, "vault": self._made_vault_id},
            after=self._bound,
        )
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
        grant = self._grant(key, account.holder)
        # Phase 2: the binding of the key.
        version = self._key_version(key)
        binding = make_binding(
            self._name,
            {"account": account, "key_version": version, "grant": grant, "vault_id": key.vault.id},
            self._kept_unless_replaced,
        )
        self.key_uri_with_version = binding.key_uri_with_version
        self._bound = [binding]

    def _in_one_phase(self) -> None:
        key = self._key()
        identity = make_identity(
            self._name,
            {
                "resource_group_name": self.resource_group_name,
                "location": self._args["location"],
                "tags": self._args.get("tags"),
            },
            self.kept,
        )
        grant = self._grant(key, identity.holder)
        version = self._key_version(key)
        self._account(
            after=[grant],
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

    def _key(self) -> KeyReference:
        key = place_key(
            self._name,
            self._args,
            self._around,
            self.kept,
            resource_group_name=self.resource_group_name,
            vault_provider=self._vault_provider,
        )
        self._made_vault_id = key.vault.id if key.vault.resource else None
        return key

    def _account(
        self,
        after: Sequence[pulumi.Resource],
        identity_id: pulumi.Input[str] | None = None,
        encryption_key: InlineKeyArgs | None = None,
    ) -> Account:
        account = make_account(
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
                "tags": self._args.get("tags"),
            },
            self._kept_unless_replaced,
            after=after,
            restores=self._around.restores_account,
        )
        self.account_id, self.account_name = account.resource.id, account.resource.name
        self.endpoint, self.principal_id = account.endpoint, account.principal_id
        return account

    def _grant(self, key: KeyReference, holder: KeyHolder) -> pulumi.Resource:
        grant = f"{self._name}-access"
        args: KeyAccessArgs = {
            "key": key,
            "holder": holder,
            "tenant_id": self._around.tenant_id,
            "access": self._args.get("access") or ACCESS_POLICY,
        }
        if grant in self._around.present:
            return read_grant(self._name, args, self.part)
        return make_grant(
            self._name, args, self._kept_unless_replaced, adopts=self._around.adopted.get(grant)
        )

    def _key_version(self, key: KeyReference) -> KeyVersion:
        wanted = self._args.get("key") or {}
        version = KeyVersion(
            f"{self._name}-key-version",
            {"key_id": key.id, "generation": wanted.get("generation"), "pin": wanted.get("pin")},
            self.part(depends_on=grant_operators(self._name, self._args, self._around, key, self.part)),
        )
        self.vault_id = pulumi.Output.from_input(key.vault.id)
        self.vault_uri = version.vault_uri
        return version

    def _audit(self) -> None:
        wanted = self._args.get("audit") or {}
        if wanted.get("new_workspace") or wanted.get("workspace_id"):
            make_audit_trail(
                self._name,
                {
                    "resource_group_name": self.resource_group_name,
                    "location": self._args["location"],
                    "account_id": self.account_id,
                    "vault_id": self._made_vault_id,
                    "workspace_id": wanted.get("workspace_id"),
                    "alerts": wanted.get("alerts"),
                    "alert_emails": wanted.get("alert_emails"),
                    "alert_action_group_ids": wanted.get("alert_action_group_ids"),
                    "tags": self._args.get("tags"),
                },
                self,
            )

    def _kept_unless_replaced(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of the account and what goes with it, whose loss may be asked for by name."""
        return (self.part if self._args.get("replace_account") else self.kept)(**options)
