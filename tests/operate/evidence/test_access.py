"""Who can unwrap, and who could come to."""

from __future__ import annotations

from typing import Any

import pytest

from core.facts import PolicyEntry, RoleAssignment, Vault
from core.roles import Permissions
from operate.evidence import access
from operate.evidence.access import PrincipalRight
from operate.evidence.model import NotChecked, Service
from tests.operate.evidence.made import (
    GROUP,
    NEEDED,
    OTHER,
    OWN,
    SUBSCRIPTION,
    assignment,
    data,
    key,
    service,
    vault,
)

KEY = key().id


def role(scope: str, *blocks: Permissions, **changes: object) -> RoleAssignment:
    return assignment(OTHER, "a role", scope, *blocks, **changes)


def of(vault: Vault, assignments: Any = ()) -> Service:
    return service(vault=vault, assignments=assignments)


def unwrappers(vault: Vault, assignments: Any = ()) -> tuple[PrincipalRight, ...]:
    found = access.unwrappers(of(vault, assignments))
    assert not isinstance(found, NotChecked)
    return found


@pytest.mark.parametrize(
    ("permissions", "can"),
    [
        (("unwrapkey",), True),
        (("decrypt",), True),
        (("all",), True),
        (("get", "wrapkey", "encrypt", "sign"), False),
        ((), False),
    ],
)
def test_an_access_policy_lets_unwrap(permissions: tuple[str, ...], can: bool) -> None:
    """unwrapKey, decrypt and all let somebody read data keys; nothing else does."""
    assert bool(unwrappers(vault(policies=(PolicyEntry(OTHER, permissions),)))) is can


@pytest.mark.parametrize(
    ("given", "can"),
    [
        (role(KEY, data("unwrap/action")), True),
        (role(KEY, data("decrypt/action")), True),
        (role(GROUP.upper(), Permissions(data_actions=("*",))), True),
        (role("/providers/Microsoft.Management/managementGroups/all", data("*")), True),
        (role(KEY, data("read", "wrap/action")), False),
        (role(f"{vault().id}/keys/another", data("*")), False),
        (role(SUBSCRIPTION, Permissions(("*",))), False),
    ],
)
def test_a_role_lets_unwrap(given: RoleAssignment, can: bool) -> None:
    """By its data actions, at the key or above it; Owner alone is no data role."""
    assert bool(unwrappers(vault(uses_rbac=True), (given,))) is can


def test_each_model_counts_its_own_grants_only() -> None:
    """Policies do not count under Azure RBAC, roles do not count under access policies."""
    policy, given = PolicyEntry(OTHER, ("all",)), role(KEY, data("*"))
    assert unwrappers(vault(uses_rbac=True, policies=(policy,))) == ()
    assert unwrappers(vault(policies=()), (given,)) == ()


def test_unread_role_assignments_leave_it_open() -> None:
    """Without them nobody can say who can unwrap under Azure RBAC; access policies need none."""
    unread, told = NotChecked("403"), NotChecked("the list of role assignments was not read: 403")
    assert access.unwrappers(of(vault(uses_rbac=True), unread)) == told
    assert unwrappers(vault(policies=()), unread) == ()
    assert access.controllers(of(vault(), unread)) == told
    assert isinstance(access.unwrappers(of(vault(uses_rbac=True), None)), NotChecked)


def test_a_grant_through_an_application_is_not_the_accounts() -> None:
    """It serves that application on the identity's behalf, so the identity alone may not use the key."""
    plain, through = PolicyEntry(OWN, NEEDED), PolicyEntry(OWN, NEEDED, application_id=OTHER)
    assert [grant.is_of(OWN) for grant in unwrappers(vault(policies=(plain, through)))] == [True, False]


@pytest.mark.parametrize(
    ("vault", "given", "can"),
    [
        (vault(policies=(PolicyEntry(OTHER, ("delete",)),)), (), True),
        (vault(policies=(PolicyEntry(OTHER, ("update",)),)), (), True),
        (vault(policies=(PolicyEntry(OTHER, ("purge",)),)), (), True),
        (vault(policies=(PolicyEntry(OWN, NEEDED),)), (), False),
        (vault(policies=()), (role(KEY, data("*")),), False),
        (vault(uses_rbac=True), (role(KEY, data("update/action")),), True),
        (vault(uses_rbac=True), (role(KEY, data("unwrap/action", "rotate/action")),), False),
        (vault(policies=()), (role(SUBSCRIPTION, Permissions(("*",))),), True),
        (vault(policies=()), (role(SUBSCRIPTION, Permissions(("Microsoft.KeyVault/vaults/read",))),), False),
    ],
)
def test_who_can_take_the_key_away(vault: Vault, given: Any, can: bool) -> None:
    """Whoever deletes, purges or disables it, and whoever deletes its vault, in both models."""
    found = access.destroyers(of(vault, given))
    assert not isinstance(found, NotChecked)
    assert bool(found) is can


@pytest.mark.parametrize(
    ("actions", "not_actions", "rbac", "can"),
    [
        (("*",), (), False, True),
        (("Microsoft.KeyVault/*",), (), False, True),
        (("*",), ("Microsoft.Authorization/*/Write",), False, True),
        (("Microsoft.Authorization/roleAssignments/write",), (), False, True),
        (("Microsoft.KeyVault/vaults/accessPolicies/write",), (), False, True),
        (("Microsoft.KeyVault/vaults/accessPolicies/write",), (), True, False),
        (("Microsoft.KeyVault/vaults/read",), (), False, False),
        (("Microsoft.Authorization/roleAssignments/write",), (), True, True),
        (("Microsoft.Authorization/*",), ("Microsoft.Authorization/*/Write",), True, False),
        (("*/read",), (), True, False),
    ],
)
def test_who_could_grant(
    actions: tuple[str, ...],
    not_actions: tuple[str, ...],
    rbac: bool,
    can: bool,
) -> None:
    """Whoever writes vault or role assignments could in both models; access policies, where they count."""
    given = role(SUBSCRIPTION, Permissions(actions, not_actions))
    found = access.controllers(of(vault(uses_rbac=rbac), (given,)))
    assert not isinstance(found, NotChecked)
    assert bool(found) is can
