"""Azure RBAC as pure rules: what roles allow, where a grant counts, where a request is judged."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.arm import place_of
from localazure.authorization import allows_data, assign_role
from localazure.cloud import Cloud
from localazure.directory import create_principal
from localazure.roles import BY_NAME

GROUP = f"/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/g"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"
KEY = f"{VAULT}/keys/k"
WRAP = "Microsoft.KeyVault/vaults/keys/wrap/action"
SERVICE_USER = "Key Vault Crypto Service Encryption User"


def test_a_role_allows_its_actions_and_no_other() -> None:
    """Wildcards match across slashes and case, and notActions win. Data actions are none of them: an owner of
    a vault may not use its keys."""
    actions = {
        ("Contributor", "Microsoft.KeyVault/vaults/write"): True,
        ("Contributor", "microsoft.authorization/roleassignments/WRITE"): False,
        ("Reader", "Microsoft.KeyVault/vaults/read"): True,
        ("Reader", "Microsoft.CognitiveServices/accounts/listKeys/action"): False,
        ("User Access Administrator", "Microsoft.Authorization/roleAssignments/write"): True,
        ("User Access Administrator", "Microsoft.KeyVault/vaults/write"): False,
        ("Key Vault Contributor", "Microsoft.KeyVault/locations/deletedVaults/purge/action"): False,
    }
    of_data = {
        (SERVICE_USER, WRAP): True,
        (SERVICE_USER, "Microsoft.KeyVault/vaults/keys/encrypt/action"): False,
        ("Key Vault Crypto Officer", "Microsoft.KeyVault/vaults/secrets/getSecret/action"): False,
        ("Owner", WRAP): False,
    }
    assert {(role, action): BY_NAME[role].allows(action) for role, action in actions} == actions
    assert {(role, action): BY_NAME[role].allows_data(action) for role, action in of_data} == of_data


@pytest.mark.parametrize(
    ("at", "scope", "counts"),
    [
        (GROUP, KEY, True),
        (GROUP, KEY.upper(), True),
        (GROUP, KEY.replace("/g/", "/gg/"), False),
        (KEY, KEY, True),
        (KEY, f"{KEY}2", False),
        (KEY, VAULT, False),
    ],
)
def test_a_grant_counts_at_its_scope_and_below(at: str, scope: str, counts: bool) -> None:
    """Not at its neighbours, nor at one whose name it begins; and for nobody else."""
    cloud = Cloud()
    who = create_principal(cloud, tenant_id=seed.TENANT_ID, name="app").object_id
    grant = assign_role(cloud, who, SERVICE_USER, at)
    assert allows_data(cloud, who, WRAP, scope) == (grant["id"] if counts else None)
    assert allows_data(cloud, "somebody-else", WRAP, scope) is None


def test_permissions_are_checked_at_the_resource() -> None:
    """A collection is checked where it hangs, an action at its resource, as ARM does."""
    scopes = {
        "": "",
        "/resourceGroups/G": "/resourceGroups/G",
        "/resourceGroups/a%20b": "/resourceGroups/a b",
        "/providers/N/t": "",
        "/providers/N/t/x": "/providers/N/t/x",
        "/providers/N/t/x/listKeys": "/providers/N/t/x",
        "/providers/N/t/x/u/y": "/providers/N/t/x/u/y",
        "/providers/N/t/x/providers/M/v/z": "/providers/N/t/x/providers/M/v/z",
        "/providers/N/t/x/providers/M/v": "/providers/N/t/x",
    }
    subscription = "/subscriptions/S"
    found = {path: place_of(f"{subscription}{path}").scope.removeprefix(subscription) for path in scopes}
    assert found == scopes
