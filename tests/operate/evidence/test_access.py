"""Who can unwrap, who can take the key away, and who could come to unwrap."""

from collections.abc import Callable
from typing import Any

import pytest

from core.facts import PolicyEntry, RoleAssignment, Vault
from core.roles import Permissions
from operate.evidence.access import PrincipalRight, controllers, destroyers, unwrappers
from operate.evidence.model import NotChecked, Service
from tests.operate.evidence.made import (
    GROUP,
    NEEDED,
    OTHER,
    OWN,
    SUBSCRIPTION,
    assignment,
    at_vault,
    data,
    key,
    service,
    vault,
)

Asked = Callable[[Service], tuple[PrincipalRight, ...] | NotChecked]
KEY = key().id
RBAC, NONE = vault(uses_rbac=True), vault(policies=())
TENANT = "/providers/Microsoft.Management/managementGroups/all"
WRITE, ASSIGN = "Microsoft.KeyVault/vaults/{}write", "Microsoft.Authorization/{}"
POLICIES, ROLES = WRITE.format("accessPolicies/"), ASSIGN.format("roleAssignments/write")


def policy(*permissions: str) -> Vault:
    return vault(policies=(PolicyEntry(OTHER, permissions),))


def role(scope: str, *blocks: Permissions) -> RoleAssignment:
    return assignment(OTHER, "a role", scope, *blocks)


def acts(*actions: str, without: tuple[str, ...] = ()) -> RoleAssignment:
    """By actions of Resource Manager in the subscription."""
    return role(SUBSCRIPTION, Permissions(actions, without))


@pytest.mark.parametrize(
    ("asked", "vault", "given", "can"),
    [
        # unwrapKey, decrypt and all let somebody read data keys; nothing else does.
        (unwrappers, policy("unwrapkey"), (), True),
        (unwrappers, policy("decrypt"), (), True),
        (unwrappers, policy("all"), (), True),
        (unwrappers, policy("get", "wrapkey", "encrypt", "sign"), (), False),
        # A role by its data actions, at the key or above it; Owner alone is no data role.
        (unwrappers, RBAC, (role(KEY, data("unwrap/action")),), True),
        (unwrappers, RBAC, (role(KEY, data("decrypt/action")),), True),
        (unwrappers, RBAC, (role(GROUP.upper(), Permissions(data_actions=("*",))),), True),
        (unwrappers, RBAC, (role(TENANT, data("*")),), True),
        (unwrappers, RBAC, (role(KEY, data("read", "wrap/action")),), False),
        (unwrappers, RBAC, (role(f"{vault().id}/keys/another", data("*")),), False),
        (unwrappers, RBAC, (acts("*"),), False),
        # Each model counts its own grants only.
        (unwrappers, vault(uses_rbac=True, policies=(PolicyEntry(OTHER, ("all",)),)), (), False),
        (unwrappers, NONE, (role(KEY, data("*")),), False),
        # Whoever deletes, purges or disables the key, and whoever deletes its vault, in both models.
        (destroyers, policy("delete"), (), True),
        (destroyers, policy("update"), (), True),
        (destroyers, policy("purge"), (), True),
        (destroyers, policy(*NEEDED), (), False),
        (destroyers, NONE, (role(KEY, data("*")),), False),
        (destroyers, RBAC, (role(KEY, data("update/action")),), True),
        (destroyers, RBAC, (role(KEY, data("unwrap/action", "rotate/action")),), False),
        (destroyers, NONE, (acts("*"),), True),
        (destroyers, NONE, (acts("Microsoft.KeyVault/vaults/read"),), False),
        # Whoever writes vault or role assignments in both models; access policies, where they count.
        (controllers, vault(), (acts(WRITE.format("")),), True),
        (controllers, vault(), (acts("*", without=(ASSIGN.format("*/Write"),)),), True),
        (controllers, vault(), (acts(ROLES),), True),
        (controllers, vault(), (acts(POLICIES),), True),
        (controllers, RBAC, (acts(POLICIES),), False),
        (controllers, RBAC, (acts(ROLES),), True),
        (controllers, RBAC, (acts(ASSIGN.format("*"), without=(ASSIGN.format("*/Write"),)),), False),
        (controllers, RBAC, (acts("*/read"),), False),
    ],
)
def test_who_can(asked: Asked, vault: Vault, given: Any, can: bool) -> None:
    """Unwrap, make the data unreadable, and give themselves the right to unwrap."""
    found = asked(service(vault=vault, assignments=given))
    assert not isinstance(found, NotChecked)
    assert bool(found) is can


def test_unread_role_assignments_leave_it_open() -> None:
    """Without them nobody can say who can unwrap under Azure RBAC; access policies need none."""
    unread, told = NotChecked("403"), NotChecked("the list of role assignments was not read: 403")
    assert unwrappers(service(vault=RBAC, assignments=unread)) == told
    assert unwrappers(service(vault=NONE, assignments=unread)) == ()
    assert controllers(service(assignments=unread)) == told
    assert isinstance(unwrappers(service(vault=RBAC, assignments=None)), NotChecked)


def test_a_grant_through_an_application_is_not_the_accounts() -> None:
    """It serves that application on the identity's behalf, so the identity alone may not use the key."""
    plain, through = PolicyEntry(OWN, NEEDED), PolicyEntry(OWN, NEEDED, application_id=OTHER)
    found = unwrappers(at_vault(policies=(plain, through)))
    assert not isinstance(found, NotChecked)
    assert [grant.is_of(OWN) for grant in found] == [True, False]
