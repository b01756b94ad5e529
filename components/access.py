"""The grant: one identity may use one key.

Owns: both access models. An access policy counts for every key of the vault, a role assignment for this key
alone. Does not own: when it counts; the binding waits for that.
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
from pulumi_azure_native import authorization, keyvault

from components import names
from components.access_mode import RBAC
from components.component import Component, Options
from components.key import KeyReference
from components.roles import ENCRYPTION_USER, KeyRole


@dataclass(frozen=True)
class KeyHolder:
    """Who is given access. When `deleted_with` is deleted in the same run, the grant goes with it."""

    principal_id: pulumi.Input[str]
    deleted_with: pulumi.Resource | None = None


class KeyAccessArgs(TypedDict):
    """Inputs of KeyAccess."""

    key: KeyReference
    """Required. The key: `EncryptionKey.reference`, or an existing one."""
    holder: KeyHolder
    """Required. The identity: `LanguageAccount.holder`, `EncryptionIdentity.holder`, or any other."""
    tenant_id: pulumi.Input[str]
    """Required. The tenant of both."""
    access: str
    """Required. The vault's model: "accessPolicy" or "rbac"."""
    role: NotRequired[KeyRole | None]
    """Optional. What may be done; default what the service needs: get, wrap and unwrap."""


class KeyAccess(Component):
    """Access to a key, for exactly one identity.

    Produces: azure-native:keyvault:AccessPolicy, or azure-native:authorization:RoleAssignment at the key's
    scope.
    """

    grant: pulumi.Resource
    """What a binding must depend on."""

    def __init__(self, name: str, args: KeyAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.grant = make_grant(name, args, self.kept)
        self.register_outputs({})


def make_grant(
    name: str, args: KeyAccessArgs, kept: Options, *, adopts: str | None = None
) -> pulumi.Resource:
    """Makes the grant. `adopts` is the id of one that is there already and is taken over as it is."""
    make = _role_assignment if args["access"] == RBAC else _access_policy
    return make(
        f"{name}-access",
        args,
        kept(deleted_with=args["holder"].deleted_with, provider=args["key"].vault.provider, import_=adopts),
    )


def read_grant(name: str, args: KeyAccessArgs, part: Options) -> pulumi.Resource:
    """The grant that a restored account has kept, read and not written; it fails where there is none.

    It has a name of its own, because the next run takes the grant over under its usual one.
    """
    key, principal_id = args["key"], args["holder"].principal_id
    opts = part(provider=key.vault.provider)
    if args["access"] == RBAC:
        scope = pulumi.Output.from_input(key.id)
        assignment = pulumi.Output.all(scope, principal_id).apply(
            lambda facts: names.role_assignment_name(facts[0], facts[1], ENCRYPTION_USER.definition)
        )
        kind = "/providers/Microsoft.Authorization/roleAssignments/"
        role_id = pulumi.Output.concat(scope, kind, assignment)
        return authorization.RoleAssignment.get(f"{name}-kept-access", role_id, opts)
    policy_id = pulumi.Output.concat(key.vault.id, "/accessPolicy/", principal_id)
    return keyvault.AccessPolicy.get(f"{name}-kept-access", policy_id, opts)


def _access_policy(name: str, args: KeyAccessArgs, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    vault, role = args["key"].vault, args.get("role") or ENCRYPTION_USER
    return keyvault.AccessPolicy(
        name,
        resource_group_name=vault.resource_group_name,
        vault_name=vault.name,
        policy=keyvault.AccessPolicyEntryArgs(
            tenant_id=args["tenant_id"],
            object_id=args["holder"].principal_id,
            permissions=keyvault.PermissionsArgs(keys=list(role.permissions)),
        ),
        opts=opts,
    )


def _role_assignment(name: str, args: KeyAccessArgs, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    role, holder = args.get("role") or ENCRYPTION_USER, args["holder"]
    scope = pulumi.Output.from_input(args["key"].id)
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
