"""The grant: one identity may use one key.

Owns: both access models. An access policy counts for every key of the vault, a role assignment for this key
alone. Does not own: when it counts; the binding waits for that.

A service's grant is not protected, unlike all else that the data hangs on: the engine refuses to delete what
is protected in the state, so that `access: revoked` would take two updates, and an emergency has no time for
two. What depends on the grant is protected (the binding, or the account that is bound in its create), and
that keeps it: measured on the engine, `pulumi destroy` refuses, `--exclude-protected` leaves the grant as
what something protected needs, `--target` refuses without its dependents. Besides, the policy pack refuses a
stack without it (grant-present), and the review blocks it (access-revoked) until it is approved. A grant that
is composed by itself (`KeyAccess`) is protected.
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import authorization, keyvault

from components.access_mode import ACCESS_POLICY, RBAC
from components.arguments import checks, names
from components.arguments.inputs import Inputs, component_name, read, required_text, text
from components.component import Component, Options
from components.key import KeyReference
from components.roles import ENCRYPTION_USER, KeyRole
from components.vault import vault_at
from components.vault_writes import in_turn


@dataclass(frozen=True)
class Grantee:
    """Who is given access. When `deleted_with` is deleted in the same run, the grant goes with it."""

    principal_id: pulumi.Input[str]
    deleted_with: pulumi.Resource | None = None


@dataclass(frozen=True)
class Grant:
    """One holder's access to one key, in the vault's model: "accessPolicy" or "rbac"."""

    key: KeyReference
    holder: Grantee
    tenant_id: pulumi.Input[str]
    access_model: str
    role: KeyRole = ENCRYPTION_USER


class KeyAccessArgs(TypedDict):
    """Inputs of KeyAccess."""

    key_id: pulumi.Input[str]
    """Required. ARM id of the key, without a version."""
    principal_id: pulumi.Input[str]
    """Required. Object id of the identity, such as `LanguageAccount.principal_id`."""
    tenant_id: pulumi.Input[str]
    """Required. The tenant of both."""
    access_model: NotRequired[str | None]
    """Optional. The vault's model: "accessPolicy" (default) or "rbac"."""


@dataclass(frozen=True, kw_only=True)
class KeyAccessInputs(Inputs):
    """KeyAccessArgs with defaults."""

    ARGS = KeyAccessArgs

    name: str = component_name()
    key_id: pulumi.Input[str] = required_text(accepts_outputs=True, check=checks.resource_id(names.KEY_TYPE))
    principal_id: pulumi.Input[str] = required_text(accepts_outputs=True, check=checks.guid)
    tenant_id: pulumi.Input[str] = required_text(accepts_outputs=True, check=checks.guid)
    access_model: str = text(ACCESS_POLICY, choices=(ACCESS_POLICY, RBAC))


class KeyAccess(Component):
    """Access to a key, for exactly one identity and for no more than the service needs: get, wrap and unwrap.

    Produces: azure-native:keyvault:AccessPolicy, or azure-native:authorization:RoleAssignment at the key's
    scope.
    """

    grant_id: pulumi.Output[str]
    """ARM id of the grant, which a binding takes, so that it comes after it."""

    def __init__(self, name: str, args: KeyAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs = read(KeyAccessInputs, name, args)
        super().__init__(name, opts)
        vault_id = pulumi.Output.from_input(inputs.key_id).apply(lambda key: key.rsplit("/keys/", 1)[0])
        key = KeyReference(inputs.key_id, vault_at(vault_id))
        made = make_grant(
            name,
            Grant(key, Grantee(inputs.principal_id), inputs.tenant_id, inputs.access_model),
            self.kept,
        )
        self.grant_id = made.id
        self.register_outputs({"grantId": self.grant_id})


def make_grant(name: str, grant: Grant, kept: Options, *, adopts: str | None = None) -> pulumi.CustomResource:
    """Makes the grant. `adopts` is the id of one that is there already and is taken over as it is."""

    def options(kept: Options) -> pulumi.ResourceOptions:
        return kept(
            deleted_with=grant.holder.deleted_with,
            provider=grant.key.vault.provider,
            import_=adopts,
            # One that moves with its key to another vault is there before the old one goes: in between the
            # account is bound anew.
            delete_before_replace=False,
        )

    if grant.access_model == RBAC:
        return _role_assignment(f"{name}-access", grant, options(kept))
    return in_turn(
        grant.key.vault, kept, lambda in_order: _access_policy(f"{name}-access", grant, options(in_order))
    )


def _access_policy(name: str, grant: Grant, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    vault = grant.key.vault
    return keyvault.AccessPolicy(
        name,
        resource_group_name=vault.resource_group_name,
        vault_name=vault.name,
        policy=keyvault.AccessPolicyEntryArgs(
            tenant_id=grant.tenant_id,
            object_id=grant.holder.principal_id,
            permissions=keyvault.PermissionsArgs(keys=list(grant.role.permissions)),
        ),
        opts=opts,
    )


def _role_assignment(name: str, grant: Grant, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    role, holder = grant.role, grant.holder
    scope = pulumi.Output.from_input(grant.key.id)
    return authorization.RoleAssignment(
        name,
        role_assignment_name=pulumi.Output.all(scope, holder.principal_id).apply(
            lambda facts: names.role_assignment_name(facts[0], facts[1], role.definition)
        ),
        scope=scope,
        role_definition_id=scope.apply(
            lambda key_id: role.definition_id(names.parse_resource_id(key_id, names.KEY_TYPE).subscription_id)
        ),
        principal_id=holder.principal_id,
        # Said, because Azure would look the identity up, and a new one may not be found yet.
        principal_type="ServicePrincipal",
        opts=opts,
    )
