"""Soft-deleted accounts: what stays, what comes back, what a purge takes."""

from __future__ import annotations

import pytest

from localazure.authorization import assign_role
from localazure.cognitive import delete_in_group
from tests.localazure.driver import (
    ACCOUNT,
    COGNITIVE,
    GROUP,
    OWNER,
    PROJECTS,
    RESTORE,
    SERVICE,
    Case,
    deny_accounts_without_a_key,
    error,
)

DELETED = f"{COGNITIVE}/locations/westeurope/resourceGroups/rg/deletedAccounts/Language-1"


def test_fails_to_restore_what_was_never_deleted(case: Case) -> None:
    """`restore` without a soft-deleted account is refused and creates nothing."""
    assert case.arm("PUT", ACCOUNT, RESTORE).status == 404
    assert case.arm("GET", ACCOUNT).status == 404


def test_a_restore_is_judged_by_policy_as_any_create(case: Case) -> None:
    """Under Deny a restore that names no customer's key is refused (assumed), and nothing comes back."""
    case.make()
    case.arm("DELETE", ACCOUNT)
    deny_accounts_without_a_key(case.cloud)
    assert error(case.arm("PUT", ACCOUNT, RESTORE)) == (403, "RequestDisallowedByPolicy")
    assert case.arm("GET", DELETED).status == 200


def test_roles_at_an_account_go_with_it(case: Case) -> None:
    """Another account of the same name is not open to whom the first one was, nor is a restored one."""
    role = "Cognitive Services Language Owner"
    case.make()
    assign_role(case.cloud, SERVICE.object_id, role, ACCOUNT)
    assert case.language("GET", PROJECTS, caller=SERVICE).status == 200
    case.arm("DELETE", ACCOUNT)
    assert case.arm("PUT", ACCOUNT, RESTORE).status == 201
    assert case.language("GET", PROJECTS, caller=SERVICE).status == 401
    assert case.language("GET", PROJECTS, caller=OWNER).status == 200


@pytest.mark.parametrize("by", ["request", "clock"])
def test_a_purge_ends_name_identity_and_data(case: Case, by: str) -> None:
    """202 with both headers, polled to Succeeded, or two days on the clock; then the name is free and nothing
    is left."""
    principal = case.make()["identity"]["principalId"]
    case.project("PATCH")
    case.arm("DELETE", ACCOUNT)
    assert case.cloud.store.get("principal", principal) is not None
    if by == "request":
        response = case.arm("DELETE", DELETED)
        assert response.status == 202
        assert {"azure-asyncoperation", "location"} <= set(response.headers)
        case.finish(response)
    else:
        case.cloud.clock.advance(2 * 86400)
    assert case.arm("GET", f"{COGNITIVE}/deletedAccounts").body["value"] == []
    assert case.arm("GET", DELETED).status == 404
    assert case.cloud.store.get("principal", principal) is None
    assert case.cloud.store.scan("account.project") == []
    assert case.cloud.store.scan("account.subdomain") == []
    assert case.put().status == 201


def test_a_purge_of_the_wrong_location_touches_nothing(case: Case) -> None:
    """The id of a deleted account has its location: another one is another id, hence 404, as reported."""
    case.make()
    case.arm("DELETE", ACCOUNT)
    assert case.arm("DELETE", DELETED.replace("westeurope", "northeurope")).status == 404
    assert case.arm("GET", DELETED).status == 200


def test_deleting_a_resource_group_soft_deletes_its_accounts(case: Case) -> None:
    """The accounts of a group that goes can be restored, and are in its subscription's deleted ones."""
    case.make()
    delete_in_group(case.cloud, GROUP.upper())
    assert case.arm("GET", ACCOUNT).status == 404
    assert case.arm("PUT", ACCOUNT, RESTORE).status == 201
