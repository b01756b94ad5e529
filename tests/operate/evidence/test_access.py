"""Who can unwrap, and who could come to."""

from __future__ import annotations

import pytest

from operate.evidence.access import controllers, covers, excess, unwrappers
from operate.evidence.model import AccessPolicy, Assignment, NotChecked
from tests.operate.evidence.made import GROUP, OTHER, SUBSCRIPTION, assignment, key, vault

KEYS = "Microsoft.KeyVault/vaults/keys"
KEY = key().id


def role(scope: str, *data_actions: str, **changes: object) -> Assignment:
    return assignment(OTHER, "a role", scope, data_actions=data_actions, **changes)


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
    found = unwrappers(vault(policies=(AccessPolicy(OTHER, permissions),)), KEY, ())
    assert not isinstance(found, NotChecked)
    assert bool(found) is can


@pytest.mark.parametrize(
    ("given", "can"),
    [
        (role(KEY, f"{KEYS}/unwrap/action"), True),
        (role(KEY, f"{KEYS}/decrypt/action"), True),
        (role(vault().id, f"{KEYS}/*"), True),
        (role(GROUP.upper(), "*"), True),
        (role(SUBSCRIPTION, "microsoft.keyvault/VAULTS/*"), True),
        (role("/", f"{KEYS}/*"), True),
        (role("/providers/Microsoft.Management/managementGroups/all", f"{KEYS}/*"), True),
        (role(KEY, f"{KEYS}/read", f"{KEYS}/wrap/action"), False),
        (role(f"{KEY}2", f"{KEYS}/*"), False),
        (role(f"{vault().id}/keys/another", f"{KEYS}/*"), False),
        (role(f"{SUBSCRIPTION}/resourceGroups/rg-contoso-2", f"{KEYS}/*"), False),
        (role(KEY, f"{KEYS}/*", not_data_actions=(f"{KEYS}/unwrap/action", f"{KEYS}/decrypt/action")), False),
        (assignment(OTHER, "Owner", SUBSCRIPTION, actions=("*",)), False),
    ],
)
def test_a_role_lets_unwrap(given: Assignment, can: bool) -> None:
    """By its data actions, at the key or above it; Owner alone is no data role."""
    found = unwrappers(vault(uses_rbac=True), KEY, (given,))
    assert not isinstance(found, NotChecked)
    assert bool(found) is can


def test_each_model_counts_its_own_grants_only() -> None:
    """Policies do not count under Azure RBAC, roles do not count under access policies."""
    policy, given = AccessPolicy(OTHER, ("all",)), role(KEY, f"{KEYS}/*")
    assert unwrappers(vault(uses_rbac=True, policies=(policy,)), KEY, ()) == ()
    assert unwrappers(vault(policies=()), KEY, (given,)) == ()


def test_unread_role_assignments_leave_it_open() -> None:
    """Without them nobody can say who can unwrap under Azure RBAC; access policies need none."""
    unread = NotChecked("403")
    assert unwrappers(vault(uses_rbac=True), KEY, unread) == unread
    assert unwrappers(vault(policies=()), KEY, unread) == ()
    assert controllers(vault(), KEY, unread) == unread
    assert isinstance(unwrappers(vault(uses_rbac=True), KEY, None), NotChecked)


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
    given = assignment(OTHER, "a role", SUBSCRIPTION, actions=actions, not_actions=not_actions)
    found = controllers(vault(uses_rbac=rbac), KEY, (given,))
    assert not isinstance(found, NotChecked)
    assert bool(found) is can


def test_what_exceeds_the_need() -> None:
    """Beyond get, wrapKey and unwrapKey everything is too much."""
    policy = AccessPolicy(OTHER, ("get", "purge", "sign", "unwrapkey", "wrapkey"))
    found = unwrappers(vault(policies=(policy,)), KEY, ())
    assert not isinstance(found, NotChecked)
    assert excess(found[0]) == ("purge", "sign")


def test_a_scope_covers_itself_and_what_is_below() -> None:
    """A name that only begins alike is another resource."""
    assert covers(GROUP, f"{GROUP}/providers/x")
    assert covers(GROUP, GROUP)
    assert not covers(f"{GROUP}/providers/x", GROUP)
    assert not covers(GROUP, f"{GROUP}2/providers/x")
