"""Rotation of keys: its policies as pure rules, by hand, by the clock, and while a key is deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localazure.keyvault import rotation
from localazure.keyvault.model import KeyVersion
from localazure.web import Json
from tests.localazure.driver import DAY, URI, VAULT, Case, error, vault_body, version_of

START = int(datetime(2026, 1, 31, tzinfo=UTC).timestamp())


def action(kind: str, **trigger: str) -> Any:
    return {"action": {"type": kind}, "trigger": trigger}


ROTATE, NOTIFY = action("Rotate", timeAfterCreate="P30D"), action("Notify", timeBeforeExpiry="P30D")


@pytest.mark.parametrize(
    ("duration", "back", "expected"),
    [
        ("P30D", False, "2026-03-02"),
        ("P1M", False, "2026-02-28"),
        ("P1Y", False, "2027-01-31"),
        ("P2W", True, "2026-01-17"),
        ("P2M", True, "2025-11-30"),
        ("PT24H", False, "2026-02-01"),
    ],
)
def test_durations_follow_the_calendar(duration: str, back: bool, expected: str) -> None:
    """Months and years are calendar ones; a day that a month lacks becomes its last."""
    moved = rotation.shift(START, duration, back=back)
    assert datetime.fromtimestamp(moved, UTC).date().isoformat() == expected


@pytest.mark.parametrize(
    ("actions", "expiry", "wrong"),
    [
        ([ROTATE], None, None),
        ([action("rotate", timeBeforeExpiry="P30D"), NOTIFY], "P90D", None),
        ([], "P28D", None),
        ([], "P27D", "expiryTime P27D is too short"),
        ([], "90 days", "'90 days' is no ISO 8601 duration"),
        ([action("Rotate", timeAfterCreate="P6D")], None, "trigger P6D is too short"),
        ([action("Rotate", timeBeforeExpiry="P30D")], None, "needs an expiryTime"),
        ([action("Rotate", timeAfterCreate="P90D")], "P90D", "does not lie within"),
        ([action("Notify", timeAfterCreate="P30D")], "P90D", "triggered by timeBeforeExpiry"),
        ([action("Delete", timeAfterCreate="P30D")], None, "'Delete' is not known"),
        ([action("Rotate")], None, "either timeAfterCreate or timeBeforeExpiry"),
        ([ROTATE, action("rotate", timeBeforeExpiry="P30D")], "P90D", "at most one of each"),
        ([{"trigger": {}}], None, "needs trigger and action"),
        ("rotate", None, "needs trigger and action"),
        ([action("Rotate", timeAfterCreate="P99999Y")], None, "the longest is 'P100Y'"),
        ([action("Rotate", timeAfterCreate="PT9999999999H")], None, "needs trigger and action"),
    ],
)
def test_policies_are_checked(actions: Any, expiry: str | None, wrong: str | None) -> None:
    """What is wrong with a policy is said in a sentence; a right one passes."""
    found = rotation.problem({"lifetimeActions": actions, "attributes": {"expiryTime": expiry}})
    assert found is None if wrong is None else wrong in (found or "")


@pytest.mark.parametrize(
    ("lifetime", "changes", "days"),
    [
        (ROTATE, {}, 30),
        (action("Rotate", timeBeforeExpiry="P10D"), {"expires": 90}, 80),
        (action("Rotate", timeBeforeExpiry="P10D"), {}, None),
        (action("Notify", timeBeforeExpiry="P10D"), {"expires": 90}, None),
        # A trigger that was over when the policy was set, or the version changed, acts from then on.
        (ROTATE, {"policy": 100}, 100),
        (ROTATE, {"updated": 40}, 40),
    ],
)
def test_when_the_next_version_is_due(lifetime: Any, changes: dict[str, int], days: int | None) -> None:
    """Counted from the current version's creation, or back from its expiry if it has one; never by Notify."""
    at = {name: START + number * DAY for name, number in changes.items()}
    updated, expires = at.get("updated", START), at.get("expires")
    current = KeyVersion("v", "RSA", 2048, (), True, START, updated, {}, expires=expires)
    policy = {"lifetimeActions": [lifetime], "attributes": {"updated": at.get("policy", START)}}
    assert rotation.due(policy, current) == (None if days is None else START + days * DAY)


@pytest.fixture
def vault(vault: Case) -> Case:
    """A vault with the key `k`."""
    vault.make_key(key_ops=["wrapKey", "unwrapKey"], tags={"a": "b"})
    return vault


def put(case: Case, *actions: Any, expiry: str | None = None) -> Json:
    """Sets the rotation policy of the key."""
    attributes = {"expiryTime": expiry} if expiry else {}
    reply = case.data("PUT", "/keys/k/rotationpolicy", {"lifetimeActions": actions, "attributes": attributes})
    assert reply.status == 200, reply
    return reply.body


def key(case: Case, below: str = "") -> Json:
    return case.data("GET", f"/keys/k{below}").body


def versions(case: Case) -> list[Json]:
    rows: list[Json] = key(case, "/versions")["value"]
    return rows


def test_rotate_makes_new_material_and_an_expiry(vault: Case) -> None:
    """Rotate keeps type, operations and tags, and gives the new version alone the policy's expiry."""
    first = key(vault)
    assert put(vault, expiry="P90D")["id"] == f"{URI}keys/k/rotationpolicy"
    second = vault.data("POST", "/keys/k/rotate").body
    assert second["key"]["n"] != first["key"]["n"]
    assert (second["key"]["key_ops"], second["tags"]) == (["wrapKey", "unwrapKey"], {"a": "b"})
    assert second["attributes"]["exp"] == second["attributes"]["created"] + 90 * DAY
    assert "exp" not in key(vault, f"/{version_of(first)}")["attributes"]


OWN = action("Notify", timeBeforeExpiry="P10D")


@pytest.mark.parametrize(
    ("sent", "kept"), [([ROTATE], [ROTATE, NOTIFY]), ([], [NOTIFY]), ([OWN, ROTATE], [OWN, ROTATE])]
)
def test_a_policy_without_a_notification_gets_the_default_one(vault: Case, sent: Json, kept: Json) -> None:
    """30 days before expiry, in the answer and when it is read; one that is sent is kept as it is."""
    answer = put(vault, *sent, expiry="P90D")
    assert answer["lifetimeActions"] == kept
    assert key(vault, "/rotationpolicy") == answer


def test_the_clock_acts_on_the_rotation_policy(vault: Case) -> None:
    """When the trigger's time has come, whoever reads the key next finds the new version, made on time."""
    first = key(vault)
    put(vault, ROTATE, expiry="P90D")
    vault.cloud.clock.advance(29 * DAY)
    assert key(vault) == first
    vault.cloud.clock.advance(2 * DAY)
    assert key(vault)["attributes"]["created"] == first["attributes"]["created"] + 30 * DAY
    assert len(versions(vault)) == 2


def test_a_rotation_on_the_way_to_a_refusal_is_undone_with_its_event(vault: Case) -> None:
    """A refused request leaves no rotation, nor an event of one; the next reading does both once."""
    put(vault, ROTATE)
    vault.cloud.clock.advance(40 * DAY)
    for _ in range(2):
        assert error(vault.data("GET", f"/keys/k/{'0' * 32}")) == (404, "KeyNotFound")
    kid = key(vault)["key"]["kid"]
    assert [e["keyId"] for e in vault.audit() if e["operation"] == "KeyRotateIfDue"] == [kid]
    results = [e["result"] for e in vault.audit() if e["operation"] == "KeyGet"]
    assert results == ["NotFound", "NotFound", "Success"]


def test_a_policy_set_late_rotates_once(vault: Case) -> None:
    """A key far older than its new policy's trigger gets one version, made when the policy was set."""
    vault.cloud.clock.advance(100 * DAY)
    policy = put(vault, ROTATE)
    assert len(versions(vault)) == 2
    assert key(vault)["attributes"]["created"] == policy["attributes"]["updated"]


def test_a_disabled_key_is_not_rotated_by_the_clock(vault: Case) -> None:
    """The policy of a key whose current version is disabled rests."""
    put(vault, ROTATE)
    vault.data("PATCH", "/keys/k", {"attributes": {"enabled": False}})
    vault.cloud.clock.advance(40 * DAY)
    assert len(versions(vault)) == 1


@pytest.mark.parametrize("what", ["key", "vault"])
def test_what_is_deleted_is_not_rotated_until_it_is_back(vault: Case, what: str) -> None:
    """A rotation whose time comes while its key or vault is deleted takes place at its recovery."""
    put(vault, ROTATE)
    vault.cloud.clock.advance(29 * DAY)
    gone = vault.data("DELETE", "/keys/k") if what == "key" else vault.arm("DELETE", VAULT)
    vault.cloud.clock.advance(10 * DAY)
    recovered = vault.cloud.clock.now()
    if what == "key":
        back = vault.data("POST", "/deletedkeys/k/recover")
    else:
        back = vault.arm("PUT", VAULT, vault_body(createMode="recover"))
    assert (gone.status, back.status) == (200, 200)
    made = [row["attributes"]["created"] for row in versions(vault)]
    assert len(made) == 2
    assert made[-1] >= int(recovered)
