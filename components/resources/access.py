"""The grant: one identity may use one key.

Owns: both access models. An access policy holds for every key of the vault, a role assignment for this key
alone. Does not own: when a grant is in effect; the binding waits for that.

A service's grant is not protected, unlike everything else that the data depends on: the engine refuses to
delete what is protected in the state, so `access: revoked` would take two updates, and an emergency has no
time for two. The resource that depends on the grant is protected (the binding, or the account that is bound
in its create), and that keeps the grant: measured on the engine, `pulumi destroy` refuses,
`--exclude-protected` leaves the grant because something protected needs it, `--target` refuses without its
dependents. Also, the policy pack refuses a stack without it (grant-present), and the review blocks it
(access-revoked) until it is approved.
"""

from collections.abc import Sequence
from typing import Any

import pulumi

from components.declared import Declaration, Declare, Made, then
from components.resources.references import KeyReference
from components.resources.role_assignment import assign_role
from components.resources.vault_writes import in_turn
from core import arm_ids, roles
from core import resource_types as types
from core.rights import KEY_USE, KeyPermissions
from core.service.desired import RBAC


def make_grant(
    name: str,
    key: KeyReference,
    declare: Declare,
    *,
    principal_id: pulumi.Input[str],
    tenant_id: pulumi.Input[str],
    access_model: str,
    permissions: KeyPermissions = KEY_USE,
    deleted_with: pulumi.Resource | None = None,
    takes_over: bool = False,
    argument: str = "access",
    aliases: Sequence[pulumi.Alias] = (),
    guard: pulumi.ResourceHookBinding | None = None,
) -> Made:
    """Makes the grant `name`: one identity's access to one key, in the vault's model, "accessPolicy" or
    "rbac", after earlier writes to the vault. If a run deletes `deleted_with`, the grant goes with it.
    With `takes_over` the grant takes over an existing access policy that equals the declared one; in a
    managed HSM it always does. `argument` is the path of the argument that asks for the grant;
    `guard` are the hooks of its writes."""
    # If a grant moves to another vault with its key, the new one is made before the old one is deleted,
    # because the account is bound again in between.
    options: dict[str, Any] = {
        "deleted_with": deleted_with,
        "delete_before_replace": False,
        "aliases": [*aliases],
        "guard": guard,
    }
    if key.in_managed_hsm:
        # It is no resource of Resource Manager, which therefore cannot be asked about it.
        role = roles.HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
        given = {"scope": key.id, "principalId": principal_id, "roleDefinitionId": role}
        return declare(Declaration(types.HSM_ROLE_ASSIGNMENT, f"{name}-access", given), **options)
    if access_model == RBAC:
        return assign_role(
            f"{name}-access",
            permissions.role,
            declare,
            scope=key.id,
            principal_id=principal_id,
            argument=argument,
            waits_for_access=(name, "role"),
            provider=key.vault.provider,
            **options,
        )
    vault, allowed = key.vault, {"keys": [*permissions.policy]}
    entry: dict[str, Any] = {
        "subscriptionId": then(vault.id, arm_ids.subscription_of),
        "resourceGroupName": vault.resource_group_name,
        "vaultName": vault.name,
        "policy": {"tenantId": tenant_id, "objectId": principal_id, "permissions": allowed},
        "takesOver": takes_over or None,
    }
    policy = Declaration(types.ACCESS_POLICY, f"{name}-access", entry, argument, at=vault.id)
    return in_turn(vault, declare, policy, **options)
