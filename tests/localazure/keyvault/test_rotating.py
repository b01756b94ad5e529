"""The data plane: keys are rotated, by hand and by the clock."""

from __future__ import annotations

import pytest

from localazure.web import Json
from tests.localazure.driver import DAY, URI, Case, error


def test_rotate_makes_new_material_and_an_expiry(vault: Case) -> None:
    """Rotate keeps type, operations and tags, and gives the new version alone the policy's expiry."""
    first = vault.make_key(key_ops=["wrapKey", "unwrapKey"], tags={"a": "b"})
    put = vault.data("PUT", "/keys/k/rotationpolicy", {"attributes": {"expiryTime": "P90D"}})
    assert put.body["id"] == f"{URI}keys/k/rotationpolicy"
    second = vault.data("POST", "/keys/k/rotate").body
    assert second["key"]["n"] != first["key"]["n"]
    assert second["key"]["key_ops"] == ["wrapKey", "unwrapKey"]
    assert second["tags"] == {"a": "b"}
    assert second["attributes"]["exp"] == second["attributes"]["created"] + 90 * DAY
    old = first["key"]["kid"].rsplit("/", 1)[-1]
    assert "exp" not in vault.data("GET", f"/keys/k/{old}").body["attributes"]


ROTATE = {"trigger": {"timeAfterCreate": "P60D"}, "action": {"type": "Rotate"}}
DEFAULT = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
OWN = {"trigger": {"timeBeforeExpiry": "P10D"}, "action": {"type": "Notify"}}


@pytest.mark.parametrize(
    ("sent", "kept"), [([ROTATE], [ROTATE, DEFAULT]), ([], [DEFAULT]), ([OWN, ROTATE], [OWN, ROTATE])]
)
def test_a_policy_without_a_notification_gets_the_default_one(vault: Case, sent: Json, kept: Json) -> None:
    """30 days before expiry, in the answer and when it is read; one that is sent is kept as it is."""
    vault.make_key()
    body = {"lifetimeActions": sent, "attributes": {"expiryTime": "P90D"}}
    answer = vault.data("PUT", "/keys/k/rotationpolicy", body).body
    assert answer["lifetimeActions"] == kept
    assert vault.data("GET", "/keys/k/rotationpolicy").body == answer


def test_the_clock_acts_on_the_rotation_policy(vault: Case) -> None:
    """When the trigger's time has come, whoever reads the key next finds the new version, made on time."""
    first = vault.make_key()
    policy = {
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}],
        "attributes": {"expiryTime": "P90D"},
    }
    vault.data("PUT", "/keys/k/rotationpolicy", policy)
    vault.cloud.clock.advance(29 * DAY)
    assert vault.data("GET", "/keys/k").body == first
    vault.cloud.clock.advance(2 * DAY)
    second = vault.data("GET", "/keys/k").body
    assert second["attributes"]["created"] == first["attributes"]["created"] + 30 * DAY
    assert len(vault.data("GET", "/keys/k/versions").body["value"]) == 2


def test_a_rotation_on_the_way_to_a_refusal_is_undone_with_its_event(vault: Case) -> None:
    """A refused request leaves no rotation, nor an event of one; the next reading does both once."""
    vault.make_key()
    actions = [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}]
    vault.data("PUT", "/keys/k/rotationpolicy", {"lifetimeActions": actions})
    vault.cloud.clock.advance(40 * DAY)
    for _ in range(2):
        assert error(vault.data("GET", f"/keys/k/{'0' * 32}")) == (404, "KeyNotFound")
    version = vault.data("GET", "/keys/k").body["key"]["kid"]
    assert [e["keyId"] for e in vault.audit() if e["operation"] == "KeyRotateIfDue"] == [version]
    assert [e["result"] for e in vault.audit() if e["operation"] == "KeyGet"] == [
        "NotFound",
        "NotFound",
        "Success",
    ]


def test_a_policy_set_late_rotates_once(vault: Case) -> None:
    """A key far older than its new policy's trigger gets one version, made when the policy was set."""
    vault.make_key()
    vault.cloud.clock.advance(100 * DAY)
    actions = [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}]
    policy = vault.data("PUT", "/keys/k/rotationpolicy", {"lifetimeActions": actions}).body
    assert len(vault.data("GET", "/keys/k/versions").body["value"]) == 2
    created = vault.data("GET", "/keys/k").body["attributes"]["created"]
    assert created == policy["attributes"]["updated"]


def test_a_disabled_key_is_not_rotated_by_the_clock(vault: Case) -> None:
    """The policy of a key whose current version is disabled rests."""
    vault.make_key()
    actions = [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}]
    vault.data("PUT", "/keys/k/rotationpolicy", {"lifetimeActions": actions})
    vault.data("PATCH", "/keys/k", {"attributes": {"enabled": False}})
    vault.cloud.clock.advance(40 * DAY)
    assert len(vault.data("GET", "/keys/k/versions").body["value"]) == 1
