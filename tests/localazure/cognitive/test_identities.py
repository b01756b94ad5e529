"""The managed identities of an account, and who may give it one."""

from __future__ import annotations

import pytest

from localazure.authorization import assign_role
from localazure.web import Json
from tests.localazure.driver import (
    ACCOUNT,
    GROUP,
    IDENTITY,
    SERVICE,
    USER_ASSIGNED,
    Case,
    account_body,
    error,
)


def test_a_system_identity_switched_off_and_on_is_another_principal(case: Case) -> None:
    """The principal goes with the identity; a new one has a new id; adding user-assigned ones keeps it."""
    first = case.make()["identity"]["principalId"]
    case.user_identity()
    case.patch(
        {"identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}}
    )
    both = case.get()["identity"]
    case.patch({"identity": {"type": "None"}})
    assert "identity" not in case.get()
    case.patch({"identity": {"type": "SystemAssigned"}, "properties": {}})
    assert both["type"] == "SystemAssigned, UserAssigned"
    assert both["principalId"] == first
    assert case.get()["identity"]["principalId"] != first
    assert case.cloud.store.get("principal", first) is None


def test_fails_on_a_user_assigned_identity_that_is_not_there(case: Case) -> None:
    """An identity that does not exist is refused."""
    sent = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    refused = case.put(identity=sent)
    assert error(refused) == (400, "FailedIdentityOperation")
    assert IDENTITY in refused.message


def test_the_parts_of_an_identity_come_and_go_by_patch(case: Case) -> None:
    """A second user-assigned identity is added, null takes one away, and its own identity stays."""
    second = f"{IDENTITY}2"
    case.user_identity()
    case.user_identity(second)
    own = case.make(identity={**USER_ASSIGNED, "type": "SystemAssigned, UserAssigned"})["identity"]
    both = {"type": "SystemAssigned, UserAssigned"}
    case.patch({"identity": {**both, "userAssignedIdentities": {second: {}}}})
    assert list(case.get()["identity"]["userAssignedIdentities"]) == [IDENTITY, second]
    case.patch({"identity": {**both, "userAssignedIdentities": {IDENTITY: None}}})
    assert list(case.get()["identity"]["userAssignedIdentities"]) == [second]
    case.patch({"identity": {"type": "SystemAssigned"}})
    assert case.get()["identity"] == {
        "principalId": own["principalId"],
        "tenantId": own["tenantId"],
        "type": "SystemAssigned",
    }


@pytest.mark.parametrize("identity", [{}, {"userAssignedIdentities": {IDENTITY: {}}}])
def test_an_identity_without_a_type_is_not_read_as_none(case: Case, identity: Json) -> None:
    """400, and the own identity, on which the data may hang, is as it was."""
    case.user_identity()
    before = case.make()
    assert error(case.patch({"identity": identity})) == (400, "InvalidRequestContent")
    assert case.get() == before


def test_giving_an_identity_takes_a_role_at_the_identity(case: Case) -> None:
    """Who may write the account but not assign the identity gets ARM's 403 that names both; with it, 201."""
    case.user_identity()
    assign_role(case.cloud, SERVICE.object_id, "Contributor", ACCOUNT)
    body = account_body(identity=USER_ASSIGNED)
    refused = case.arm("PUT", ACCOUNT, body, caller=SERVICE)
    assert error(refused) == (403, "LinkedAuthorizationFailed")
    assert f"on the linked scope(s) '{IDENTITY}'" in refused.body["error"]["message"]
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assign_role(case.cloud, SERVICE.object_id, "Contributor", GROUP)
    assert case.arm("PUT", ACCOUNT, body, caller=SERVICE).status == 201
