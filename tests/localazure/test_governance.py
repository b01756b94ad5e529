"""Locks and policies: what they forbid, where, and until when."""

from __future__ import annotations

import pytest

from localazure.cognitive.policy import DEFINITION_ID
from localazure.policy_scopes import counting
from tests.support.front import SUBSCRIPTION, Door

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
WEST = {"location": "West Europe"}
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"


@pytest.fixture
def door() -> Door:
    door = Door()
    door.group("g")
    return door


class TestLocks:
    """Microsoft.Authorization/locks."""

    def lock(self, door: Door, scope: str, level: str, name: str = "l") -> str:
        url = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
        assert door.send("PUT", url, {"properties": {"level": level}}).status == 201
        return url

    def test_a_lock_forbids_deletes_at_and_below_its_scope(self, door: Door) -> None:
        """CanNotDelete on a group holds what is in it; writing goes on."""
        door.send("PUT", IDENTITY, WEST)
        url = self.lock(door, GROUP, "CanNotDelete")
        for target in (GROUP, IDENTITY):
            reply = door.send("DELETE", target)
            assert (reply.status, reply.code) == (409, "ScopeLocked")
        assert door.send("PUT", IDENTITY, WEST).status == 200
        assert door.send("DELETE", url).status == 200
        assert door.send("DELETE", IDENTITY).status == 200

    def test_a_lock_below_holds_the_group_above(self, door: Door) -> None:
        """A group cannot go while a lock holds something in it."""
        door.send("PUT", IDENTITY, WEST)
        self.lock(door, IDENTITY, "CanNotDelete")
        assert door.send("DELETE", GROUP).code == "ScopeLocked"

    def test_a_read_only_lock_forbids_writes(self, door: Door) -> None:
        """ReadOnly lets nothing but reading through, and ends with itself."""
        url = self.lock(door, GROUP, "ReadOnly")
        assert door.send("PUT", IDENTITY, WEST).code == "ScopeLocked"
        assert door.send("GET", GROUP).status == 200
        assert door.send("DELETE", url).status == 200
        assert door.send("PUT", IDENTITY, WEST).status == 201

    def test_fails_for_an_unknown_level(self, door: Door) -> None:
        """A lock is CanNotDelete or ReadOnly."""
        url = f"{GROUP}/providers/Microsoft.Authorization/locks/l"
        assert door.send("PUT", url, {"properties": {"level": "Soft"}}).status == 400
        assert door.send("GET", url).code == "LockNotFound"


def test_a_subscriptions_own_definition_can_be_assigned(door: Door) -> None:
    """It is kept as written; its assignment puts nothing in force, and one of no definition is refused."""
    provider = f"{SUBSCRIPTION}/providers/Microsoft.Authorization"
    definition = f"{provider}/policyDefinitions/own"
    assert door.send("PUT", definition, {"properties": {}}).status == 400
    rule = {"if": {"field": "type", "equals": "x"}, "then": {"effect": "deny"}}
    assert door.send("PUT", definition, {"properties": {"policyRule": rule}}).status == 201
    for id, status in ((definition, 201), (f"{definition}-not-there", 404)):
        body = {"policyDefinitionId": id, "parameters": {"effect": {"value": "Deny"}}}
        assert (
            door.send("PUT", f"{provider}/policyAssignments/{id[-3:]}", {"properties": body}).status == status
        )
    assert counting(door.cloud, SUBSCRIPTION, DEFINITION_ID) == []
