"""The parts of one service, each made from the service's inputs under its own options."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pulumi

from components.arguments.as_found import kept_paths
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.azure_cmk import (
    CustomerManagedKey,
    FoundryAutoUpgrade,
    KeyAccessCleanup,
    KeyAccessValidation,
    KeyVersion,
)
from components.azure_failures import waiting_hooks
from components.azure_native import read_back, value_at
from components.component import ChildOptions
from components.declared import Declaration, Declare, Registering
from components.parts.service_key import ServiceKey
from components.parts.supporting_resources import SupportingResources
from components.resources.access import make_grant
from components.resources.account import MadeAccount, make_account
from components.resources.kept_properties import declared_links
from components.resources.references import KeyReference, VaultReference
from components.resources.vault_guard import grant_guard, role_guard, vault_guard
from components.service_plan import ServicePlan
from core import adapters, arm_ids
from core import resource_types as types
from core.service.desired import ACCESS_POLICY, RBAC, UNKNOWN, USER_ASSIGNED


class MadeIdentity(NamedTuple):
    """An identity that is made. If Azure is only asked about it, its `id` is known."""

    id: pulumi.Input[str]
    client_id: pulumi.Input[str]
    principal_id: pulumi.Input[str]


class ServiceResources:
    """Declares the parts of a service under the options of its children. With `asks`, hands the declarations
    to that, which asks about them and makes none."""

    def __init__(
        self,
        inputs: EncryptedAIServicesAccountArgs,
        preflight: ServicePlan,
        child: ChildOptions,
        protected: ChildOptions,
        vault_provider: pulumi.ProviderResource | None = None,
        *,
        asks: Declare | None = None,
    ) -> None:
        self._service, self._changed = preflight.service, preflight.changed
        self._inputs = inputs = inputs.of_account(preflight.service.before.account)
        self._child_options, self._protected_options, self._asks = child, protected, asks
        self._vault: VaultReference | None = None
        self._child = self._declares(child)
        self._protected = self._declares(protected)
        self._key = ServiceKey(inputs, preflight, self._child, vault_provider)
        self.resource_group_name: pulumi.Input[str] = inputs.resource_group_name
        self.resource_group_name = self._resource_group()

    def _resource_group(self) -> pulumi.Input[str]:
        """The name of the group, made here or existing."""
        inputs = self._inputs
        if inputs.existing_resource_group_name is not None:
            return inputs.existing_resource_group_name
        group = Declaration(
            types.RESOURCE_GROUP,
            f"{inputs.name}-group",
            self._place,
            inputs.argument_of("resourceGroup"),
            "existingResourceGroupName",
        )
        return self._protected(group).name

    @property
    def _place(self) -> dict[str, Any]:
        """The arguments that most resources made here share, by azure-native's names."""
        inputs = self._inputs
        return {
            "resourceGroupName": self.resource_group_name,
            "location": inputs.location,
            "tags": inputs.tags,
        }

    def _declares(self, options: ChildOptions, kind: str = "") -> Declare:
        """A function that declares parts of a kind, which may stay as they were found."""
        return self._asks or Registering(options, kept_paths(kind, self._inputs.as_found))

    def key(self) -> KeyReference:
        """The key, in its vault."""
        inputs, service = self._inputs, self._service
        as_found = [*inputs.as_found, "vault"] if service.leaves_vault else inputs.as_found
        declare = self._asks or Registering(self._protected_options, kept_paths("vault", as_found))
        guard, before = None, service.before
        if inputs.makes_vault and not self._asks:
            is_settled = before.account is not None and before.account.has_settled
            may_change_model = not before.is_bound or not is_settled
            guard = vault_guard(
                f"{inputs.name}-vault",
                before.vault.name if before.vault else inputs.vault.name,
                user="" if service.place.assignment_id else service.granted_user,
                live=service.live.vault,
                may_leave_roles=service.stack_chose_roles or may_change_model,
                may_enter_roles=not service.settings_chose_roles or may_change_model,
            )
        key = self._key.make(declare, self.resource_group_name, guard)
        self._vault = key.vault
        return key

    def access_ends_with(self, key: KeyReference) -> pulumi.Resource:
        """The resource whose deletion ends the access of the account's own identity, once the account is
        gone: a vault made here, else a resource for this alone. The grant goes with it and not before the
        account, which would be left without its key."""
        if self._inputs.makes_vault:
            return key.vault.made_by[0]
        subscription, name = self._service.login.subscription_id, self._inputs.account_name
        group: pulumi.Output[str] = pulumi.Output.from_input(self.resource_group_name)
        account_id = group.apply(
            lambda group: arm_ids.child(arm_ids.group_id(subscription, group), arm_ids.ACCOUNT, name)
        )
        return KeyAccessCleanup(
            f"{self._inputs.name}-access-cleanup",
            key_id=key.id,
            account_id=account_id,
            opts=self._child_options(),
        )

    def identity(self) -> MadeIdentity:
        """A user-assigned identity, for an account that is bound to the key in its own create."""
        identity = Declaration(
            types.USER_ASSIGNED_IDENTITY,
            f"{self._inputs.name}-identity",
            {**self._place, "resourceName": self._inputs.name_of("identity")},
            self._inputs.argument_of("identity"),
        )
        # A service that an alias renames, or whose rule of names changes, keeps its identity.
        made = self._declares(self._protected_options, "identity")(identity, ignore_changes=["resourceName"])
        if made.resource is None:
            return MadeIdentity(made.id, UNKNOWN, UNKNOWN)
        live = read_back(made.resource, types.GET_IDENTITY, resourceName=made.resource.name)
        return MadeIdentity(made.id, value_at(live, "clientId"), value_at(live, "principalId"))

    def account(
        self,
        after: Sequence[pulumi.Resource] = (),
        identity_id: pulumi.Input[str] | None = None,
        encryption: Mapping[str, Any] | None = None,
    ) -> MadeAccount:
        """The account; with `encryption` bound in its create, by the identity given."""
        declared = self._declared_account(identity_id, encryption)
        self._account_frozen = self._why_frozen(binds_in_its_create=encryption is not None)
        if self._asks:
            nothing: pulumi.Output[Any] = pulumi.Output.from_input(UNKNOWN)
            return MadeAccount(*self._asks(declared), nothing, nothing)
        return make_account(
            declared,
            self._protected_options,
            after=after,
            kept=kept_paths("account", self._inputs.as_found),
            frozen=self._account_frozen,
            unbinds=self._inputs.unbinds and identity_id is not None,
            before=self._service.account,
            subscription_id=self._service.login.subscription_id,
            on_error=self._on_error(bound_in_its_create=encryption is not None),
        )

    def _why_frozen(self, *, binds_in_its_create: bool) -> str:
        """Why this run does not write an existing account; "" if it may."""
        if self._inputs.is_revoked:
            return "because its access to the key is revoked; after `access: granted`, a `pulumi up` does"
        # In two phases the grant comes after the account, so that the account waits for another update.
        if self._service.account_waits and not binds_in_its_create:
            return "because its access to the key comes first; the next `pulumi up` does"
        return ""

    def _declared_account(
        self, identity_id: pulumi.Input[str] | None, encryption: Mapping[str, Any] | None
    ) -> Declaration:
        inputs = self._inputs
        properties: dict[str, Any] = {
            "customSubDomainName": inputs.account_name,
            "disableLocalAuth": True,
            "publicNetworkAccess": inputs.network.public_network_access,
            "networkAcls": inputs.network.account_rules,
            **declared_links(inputs.storage_account_ids, inputs.search_service_id, inputs.search_service_key),
        }
        if inputs.projects or inputs.allow_project_management is not None:
            properties["allowProjectManagement"] = bool(inputs.projects) or inputs.allow_project_management
        if encryption:
            properties["encryption"] = encryption
        assigned = [*([] if identity_id is None else [identity_id]), *inputs.other_identity_ids]
        kinds = [
            *(["SystemAssigned"] if inputs.identity != USER_ASSIGNED else []),
            *(["UserAssigned"] if assigned else []),
        ]
        identity = {"type": ", ".join(kinds) or "None"}
        arguments = {
            **self._place,
            "accountName": inputs.account_name,
            "kind": inputs.kind,
            "sku": {"name": inputs.sku},
            "identity": {**identity, "userAssignedIdentities": assigned} if assigned else identity,
            "properties": properties,
        }
        return Declaration(types.ACCOUNT, f"{inputs.name}-account", arguments, inputs.argument_of("account"))

    def grant(
        self, key: KeyReference, principal_id: pulumi.Input[str], deleted_with: pulumi.Resource | None = None
    ) -> pulumi.CustomResource | None:
        """Access to the key for an identity; none while access is revoked."""
        if self._inputs.is_revoked:
            return None
        # Not protected, so that `access: revoked` deletes it in one update. The binding or the account, which
        # depends on it, is protected: no destroy deletes the grant of an account that stays.
        declare = self._declares(self._child_options, "grant")
        name, place = f"{self._inputs.name}-access", self._service.place
        guard, user = None, self._service.granted_user
        if not self._asks:
            if self._inputs.grants_by == ACCESS_POLICY:
                guard = grant_guard(name, place.vault_id, user)
            else:
                is_adopted = user and not self._service.before.grant_recorded
                guard = role_guard(name, place.assignment_id if is_adopted else "")
        made = make_grant(
            self._inputs.name,
            key,
            declare,
            principal_id=principal_id,
            tenant_id=self._service.login.tenant_id,
            access_model=self._inputs.grants_by,
            deleted_with=deleted_with,
            takes_over=name not in self._service.recorded_policies,
            guard=guard,
        )
        resource: pulumi.CustomResource | None = made.resource
        return resource

    def access_in_effect(
        self, key: KeyReference, identity: MadeIdentity, grant: pulumi.CustomResource | None
    ) -> list[pulumi.Resource]:
        """The grant of an identity and the proof that it counts: an account bound in its create comes after
        both. An account that was adopted has used its key already, and needs no proof."""
        if grant is None:
            return []
        if self._service.proven_by_use:
            return [grant]
        # Only an existing account can prove more than Resource Manager shows.
        account_id = self._service.account_id if self._service.account_waits else None
        return [grant, self._validation(key, identity.principal_id, grant, account_id)]

    def restored_access(
        self,
        key: KeyReference,
        account: MadeAccount,
        grant: pulumi.CustomResource | None,
        after: pulumi.Resource,
    ) -> None:
        """The proof that an account can read its data again, from the update on that restores its access."""
        if grant and (self._service.account_waits or self._service.has_proof):
            self._validation(key, account.grantee_id, grant, account.resource.id, depends_on=[after])

    def _validation(
        self,
        key: KeyReference,
        principal_id: pulumi.Input[str],
        grant: pulumi.CustomResource,
        account_id: pulumi.Input[str] | None,
        **options: Any,
    ) -> KeyAccessValidation:
        return KeyAccessValidation(
            f"{self._inputs.name}-key-access",
            key_id=key.id,
            principal_id=principal_id,
            grant_id=grant.id,
            # The proof writes the key as Azure shows it, which may add a version to a binding without one.
            account_id=account_id if self._inputs.names_version else None,
            opts=self._child_options(**options),
        )

    def _on_error(self, *, bound_in_its_create: bool) -> list[pulumi.ErrorHook]:
        # An existing account has used a key of such a vault, so a refusal now has another reason.
        live = self._service.account.live
        is_used = live is not None and adapters.account(live).has_settled
        untried = self._inputs.grants_by == RBAC and not is_used
        user = adapters.account(live).key_user if live else None
        grantee = user or "" if self._inputs.grants_by == ACCESS_POLICY else ""
        return waiting_hooks(
            self._inputs.name,
            "account",
            hopeless=self._service.account.hopeless,
            # A write of a bound account states its key again, which is refused while restored access does not
            # count yet.
            states_key=bound_in_its_create or self._service.account_id is not None,
            untried_rbac=untried,
            grantee=grantee,
        )

    def key_version(self, key: KeyReference, follower_id: pulumi.Input[str] | None = None) -> KeyVersion:
        """The version of the key that is in use, for the account that is to be bound to it: `follower_id`, or
        else the existing account, which was bound in its create."""
        return KeyVersion(
            f"{self._inputs.name}-key-version",
            key_id=key.id,
            generation=self._inputs.key.generation,
            pin=self._inputs.key.pin,
            account_id=self._service.account_id if follower_id is None else follower_id,
            account_leaves=self._inputs.unbinds or None,
            opts=self._child_options(
                depends_on=[*self._key.officers, *self.key_operators(key)],
                # A rotation waits for the access that the account needs to follow it.
                ignore_changes=["generation", "pin"] if self._inputs.is_revoked else None,
            ),
        )

    def bound_uri(self, version: KeyVersion) -> pulumi.Output[str]:
        """The URI of the key to bind the account to, without a version if the account names none."""
        return version.key_uri_with_version if self._inputs.names_version else version.key_uri

    def key_operators(self, key: KeyReference) -> list[pulumi.Resource]:
        """The access policies of the key operators."""
        return self._key.grant_operators(key)

    @property
    def binds_later(self) -> bool:
        """Whether the state has no binding yet, as after a cut-off return to the key, and access is revoked:
        the service cannot use the key to bind the data."""
        return self._inputs.is_revoked and self._service.account.recorded_key is None

    def binding(
        self, account: MadeAccount, version: KeyVersion, grant: pulumi.Resource | None, key: KeyReference
    ) -> CustomerManagedKey:
        """The binding of the account to the version, after the grant.

        Without a grant, access is revoked. The binding then stays as it is: the service cannot use the key to
        bind the data again.
        """
        unchanged = [] if grant else ["keyUriWithVersion", "vaultId"]
        # A name that stays in the settings unprotects no other account.
        account_name = arm_ids.name_of(self._service.account_id or "")
        leaves = self._inputs.unbind_account == account_name
        options = self._child_options if leaves else self._protected_options
        return CustomerManagedKey(
            f"{self._inputs.name}-binding",
            account_id=account.id,
            key_uri_with_version=self.bound_uri(version),
            vault_id=key.vault.id,
            opts=options(
                depends_on=[grant] if grant else [],
                ignore_changes=unchanged,
                deleted_with=account.resource,
            ),
        )

    def _auto_upgrade(self, account: MadeAccount, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        """Whether Azure may turn the account into a Foundry resource by itself; nothing if the settings leave
        that as it is, or if this run does not write the account. `after` write the account, too."""
        chosen, before = self._inputs.foundry_auto_upgrade, self._service.before
        if chosen is None or self._asks:
            return []
        if self._account_frozen and not before.has(types.FOUNDRY_AUTO_UPGRADE, "auto-upgrade"):
            name = self._inputs.account_name
            pulumi.log.warn(
                f"this update leaves foundryAutoUpgrade of account {name!r} as it is, {self._account_frozen}"
            )
            return []
        writes = int(before.part(types.FOUNDRY_AUTO_UPGRADE, "auto-upgrade").get("afterWrite") or 0)
        upgrade = FoundryAutoUpgrade(
            f"{self._inputs.name}-auto-upgrade",
            account_id=account.id,
            mode=chosen.capitalize(),
            # Known once the account is written, or need not be.
            after_write=account.resource.urn.apply(lambda urn: str(writes + (urn in self._changed))),
            opts=self._child_options(
                depends_on=[*after],
                ignore_changes=["mode", "afterWrite"] if self._account_frozen else None,
            ),
        )
        return [upgrade]

    def supporting_resources(
        self, account: MadeAccount, after: Sequence[pulumi.Resource] = ()
    ) -> pulumi.Output[str | None]:
        """Makes the parts that come after the account and its binding. Returns the id of the workspace of its
        audit logs."""
        vault_id = self._vault.id if self._vault and self._inputs.makes_vault else None
        parts = SupportingResources(
            self._inputs, account, vault_id, self._place, self._child, self._protected
        )
        return parts.make(self._service.login.object_id, [*after, *self._auto_upgrade(account, after)])
