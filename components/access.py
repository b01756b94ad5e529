"""The grant: one identity may use one key.

Owns: both access models. An access policy holds for every key of the vault, a role assignment for this key
alone. Does not own: when a grant is in effect; the binding waits for that.

A service's grant is not protected, unlike everything else that the data depends on: the engine refuses to
delete what is protected in the state, so `access: revoked` would take two updates, and an emergency has no
time for two. What depends on the grant is protected (the binding, or the account that is bound in its
create), and that keeps the grant: measured on the engine, `pulumi destroy` refuses, `--exclude-protected`
leaves the grant because something protected needs it, `--target` refuses without its dependents. Also, the
policy pack refuses a stack without it (grant-present), and the review blocks it (access-revoked) until it
is approved. A grant that is composed by itself (`KeyAccess`) is protected.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from components.access_model import ACCESS_POLICY, RBAC
from components.arguments import checks
from components.arguments.inputs import ComponentArguments, argument, read
from components.azure_cmk import AccessPolicy, ManagedHsmRoleAssignment
from components.component import Component
from components.declared import Declaration, Declare, Made, Registering, then
from components.program import shared
from components.references import KeyReference, key_at
from components.role_assignment import assign_role
from components.vault_writes import VaultWrites
from core import arm_ids, rights, roles


@dataclass(frozen=True)
class KeyPermissions:
    """What may be done with a key, in the words of both access models: those of an access policy, and the
    built-in role that a role assignment takes."""

    policy: tuple[str, ...]
    role: roles.Role


USE = KeyPermissions(rights.NEEDED, roles.CRYPTO_SERVICE_ENCRYPTION_USER)
"""What the service needs to hold its data under the key, and no more."""
ROTATION = KeyPermissions(("get", "list", "update", "rotate"), roles.CRYPTO_OFFICER)
"""What a person or pipeline needs to create a new version of the key."""


@dataclass(frozen=True)
class KeyGrant:
    """One identity's access to one key, in the vault's model: "accessPolicy" or "rbac". The grant goes with
    `deleted_with` where that is deleted in the same run."""

    key: KeyReference
    principal_id: pulumi.Input[str]
    tenant_id: pulumi.Input[str]
    access_model: str
    permissions: KeyPermissions = USE
    deleted_with: pulumi.Resource | None = None


class KeyUser(Protocol):
    """Whatever has an identity that can be granted a key: AIServicesAccount, EncryptionIdentity."""

    principal_id: pulumi.Output[Any]
    tenant_id: pulumi.Output[Any]


def has_identity(principal_id: str | None) -> str:
    """The object id. Raises ValueError where an account has no system-assigned identity."""
    if principal_id is None:
        raise ValueError(
            "the account has no system-assigned identity, so it cannot be granted a key; set systemAssigned, "
            "or grant the key to its user-assigned identity"
        )
    return principal_id


@dataclass(frozen=True, kw_only=True)
class KeyAccessArgs(ComponentArguments):
    """Inputs of KeyAccess."""

    key_id: pulumi.Input[str] = argument(check=checks.key_id)
    """Required. ARM id of the key, without a version."""
    principal_id: pulumi.Input[str] = argument(check=checks.guid)
    """Required. Object id of the identity, such as `AIServicesAccount.principal_id`."""
    tenant_id: pulumi.Input[str] = argument(check=checks.guid)
    """Required. The tenant of both."""
    access_model: str = argument(ACCESS_POLICY, choices=(ACCESS_POLICY, RBAC))
    """Optional. The vault's model: "accessPolicy" (default) or "rbac". A managed HSM has its own roles."""


class KeyAccess(Component):
    """Access to a key, for exactly one identity and for no more than the service needs: get, wrap and unwrap.

    Produces: azure-cmk:index:AccessPolicy, or azure-native:authorization:RoleAssignment at the key's
    scope; for a key of a managed HSM, azure-cmk:index:ManagedHsmRoleAssignment.
    """

    grant_id: pulumi.Output[str]
    """ARM id of the grant, which a binding takes, so that it comes after it."""

    def __init__(
        self, name: str, args: KeyAccessArgs | Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        inputs = read(KeyAccessArgs, name, args)
        super().__init__(name, opts)
        grant = KeyGrant(key_at(inputs.key_id), inputs.principal_id, inputs.tenant_id, inputs.access_model)
        made = make_grant(name, grant, Registering(self.protected_child))
        self.grant_id = pulumi.Output.from_input(made.id)
        self.register_outputs(self.outputs())


def make_grant(
    name: str,
    grant: KeyGrant,
    declare: Declare,
    *,
    adopts: str | None = None,
    takes_over: bool = False,
    writes: VaultWrites | None = None,
    argument: str = "access",
) -> Made:
    """Makes the grant `name`, after earlier `writes` to the vault. `adopts` is the id of a role assignment
    that exists and is taken over as it is; with `takes_over` an access policy is taken over that is just what
    is declared; in a managed HSM that is done without either. `argument` is the path of the argument that
    asks for it."""
    # A grant that moves to another vault with its key is made before the old one is deleted: the account is
    # bound again in between.
    options: dict[str, Any] = {"deleted_with": grant.deleted_with, "delete_before_replace": False}
    if grant.key.in_managed_hsm:
        # No resource of Resource Manager: nothing is asked about it.
        arguments = {"scope": grant.key.id, "principal_id": grant.principal_id}
        return declare(Declaration(ManagedHsmRoleAssignment, f"{name}-access", "", "", arguments), **options)
    if grant.access_model == RBAC:
        options |= {"import_": adopts, "provider": grant.key.vault.provider}
        return assign_role(
            f"{name}-access",
            grant.permissions.role,
            declare,
            scope=grant.key.id,
            principal_id=grant.principal_id,
            argument=argument,
            waits_for_access=(name, "role"),
            **options,
        )
    return (writes or shared(VaultWrites)).in_turn(
        grant.key.vault, declare, _access_policy(f"{name}-access", grant, argument, takes_over), **options
    )


def _access_policy(name: str, grant: KeyGrant, argument: str, takes_over: bool) -> Declaration:
    vault = grant.key.vault
    return Declaration(
        AccessPolicy,
        name,
        f"{arm_ids.VAULT}/accessPolicies",
        "add",
        {
            "subscription_id": then(vault.id, arm_ids.subscription_of),
            "resource_group_name": vault.resource_group_name,
            "vault_name": vault.name,
            "policy": {
                "tenantId": grant.tenant_id,
                "objectId": grant.principal_id,
                "permissions": {"keys": [*grant.permissions.policy]},
            },
            "takes_over": takes_over or None,
        },
        argument,
        at=vault.id,
    )
