"""Keys in ARM: a PUT makes what is not there, and never touches what is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.driver import DAY, VAULT, Case, error

KEY = f"{VAULT}/keys/cmk"
NOTIFY = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "notify"}}
RSA = {"properties": {"kty": "RSA", "keySize": 2048}}


def test_a_new_key_answers_as_the_specification_says(case: Case) -> None:
    """200 with ids, URIs with and without version, operations and attributes; and GET says the same."""
    case.make_vault(enablePurgeProtection=True)
    response = case.arm("PUT", KEY, {**RSA, "tags": {"a": "b"}})
    body = response.body
    version = body["properties"]["keyUriWithVersion"].rsplit("/", 1)[-1]
    assert response.status == 200
    assert (body["id"], body["name"], body["type"]) == (KEY, "cmk", "Microsoft.KeyVault/vaults/keys")
    assert body["tags"] == {"a": "b"}
    assert len(version) == 32
    created = body["properties"]["attributes"].pop("created")
    assert body["properties"]["attributes"].pop("updated") == created
    assert body["properties"] == {
        "attributes": {"enabled": True, "recoveryLevel": "Recoverable", "exportable": False},
        "kty": "RSA",
        "keyOps": ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"],
        "keySize": 2048,
        "keyUri": "https://contoso-1.vault.azure.net/keys/cmk",
        "keyUriWithVersion": f"https://contoso-1.vault.azure.net/keys/cmk/{version}",
        "rotationPolicy": {"attributes": {}, "lifetimeActions": [NOTIFY]},
    }


def test_a_key_answers_its_rotation_policy_and_no_empty_tags(case: Case) -> None:
    """PUT and GET carry the policy that counts, in ARM's spelling; `tags` are there when there are any."""
    case.make_vault()
    rotate = {"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}
    assert "tags" not in case.arm("PUT", KEY, RSA).body
    policy = {"lifetimeActions": [rotate], "attributes": {"expiryTime": "P1Y"}}
    assert case.data("PUT", "/keys/cmk/rotationpolicy", policy).status == 200
    shown = case.arm("GET", KEY).body
    assert "tags" not in shown
    found = shown["properties"]["rotationPolicy"]
    assert found["attributes"]["expiryTime"] == "P1Y"
    assert [action["action"]["type"] for action in found["lifetimeActions"]] == ["rotate", "notify"]


def test_put_on_an_existing_key_changes_nothing(case: Case) -> None:
    """Another size, other operations, other attributes: 200 and the key as it was."""
    case.make_vault()
    before = case.arm("PUT", KEY, RSA)
    other = {
        "properties": {"kty": "RSA", "keySize": 4096, "attributes": {"enabled": False}, "keyOps": ["sign"]}
    }
    after = case.arm("PUT", KEY, other)
    assert (after.status, after.body) == (200, before.body)


def test_put_makes_no_version_but_get_follows_rotation(case: Case) -> None:
    """After a rotation GET has the newest version's URI, and the versions are listed with theirs."""
    case.make_vault()
    first = case.arm("PUT", KEY, RSA).body["properties"]["keyUriWithVersion"]
    case.data("POST", "/keys/cmk/rotate")
    newest = case.arm("GET", KEY).body["properties"]["keyUriWithVersion"]
    assert case.arm("PUT", KEY, RSA).body["properties"]["keyUriWithVersion"] == newest != first
    rows = case.arm("GET", f"{KEY}/versions").body["value"]
    assert {row["properties"]["keyUriWithVersion"] for row in rows} == {first, newest}
    version = case.arm("GET", f"{KEY}/versions/{first.rsplit('/', 1)[-1]}").body
    assert version["properties"]["keyUriWithVersion"] == first
    assert version["type"] == "Microsoft.KeyVault/vaults/keys/versions"


def test_arm_needs_no_right_on_the_data(case: Case) -> None:
    """A vault that lets nobody at its keys and is closed to the network still takes keys from ARM."""
    case.make_vault(accessPolicies=[], publicNetworkAccess="Disabled")
    assert case.arm("PUT", KEY, RSA).status == 200
    assert [row["name"] for row in case.arm("GET", f"{VAULT}/keys").body["value"]] == ["cmk"]


def test_fails_for_a_soft_deleted_name(case: Case) -> None:
    """A soft-deleted key's name is 409 until it is recovered; then PUT answers the old key."""
    case.make_vault()
    before = case.arm("PUT", KEY, RSA).body
    case.data("DELETE", "/keys/cmk")
    assert error(case.arm("PUT", KEY, RSA)) == (409, "Conflict")
    assert error(case.arm("GET", KEY)) == (404, "KeyNotFound")
    case.data("POST", "/deletedkeys/cmk/recover")
    assert case.arm("PUT", KEY, RSA).body == before


def test_fails_in_an_absent_vault(case: Case) -> None:
    """Without the vault, ARM names the parent that is missing."""
    assert error(case.arm("GET", KEY)) == (404, "ParentResourceNotFound")


def test_fails_to_list_deleted_or_absent_versions(case: Case) -> None:
    """A version that never was is 404."""
    case.make_vault()
    case.arm("PUT", KEY, RSA)
    assert error(case.arm("GET", f"{KEY}/versions/{'0' * 32}")) == (404, "KeyNotFound")


@pytest.mark.parametrize(
    "properties",
    [
        {"kty": "RSA", "keySize": 1024},
        {"kty": "RSA", "keySize": "2048"},
        {"kty": "oct"},
        {},
        {"kty": "RSA", "keyOps": ["fly"]},
        {"kty": "RSA-HSM"},
        {"kty": "RSA", "attributes": {"exp": 1, "nbf": 2}},
        {"kty": "EC", "curveName": "P-999"},
        {
            "kty": "RSA",
            "rotationPolicy": {
                "lifetimeActions": [{"trigger": {"timeAfterCreate": "P1D"}, "action": {"type": "rotate"}}]
            },
        },
    ],
)
def test_fails_for_a_key_that_cannot_be(case: Case, properties: dict[str, Any]) -> None:
    """A wrong type, size, curve, operation, validity or rotation policy: 400 and no key."""
    case.make_vault()
    assert error(case.arm("PUT", KEY, {"properties": properties})) == (400, "BadParameter")
    assert error(case.arm("GET", KEY)) == (404, "KeyNotFound")


def test_a_rotation_policy_set_at_creation_rotates(case: Case) -> None:
    """A policy in the PUT (lower-case action) is kept in ARM's spelling, with the default notification, and
    acted on by the clock."""
    case.make_vault()
    policy = {
        "attributes": {"expiryTime": "P90D"},
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "rotate"}}],
    }
    body = case.arm("PUT", KEY, {"properties": {"kty": "RSA", "rotationPolicy": policy}}).body
    attributes = body["properties"]["attributes"]
    notify = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "notify"}}
    assert body["properties"]["rotationPolicy"] == {
        **policy,
        "lifetimeActions": [*policy["lifetimeActions"], notify],
    }
    assert attributes["exp"] == attributes["created"] + 90 * DAY
    case.cloud.clock.advance(61 * DAY)
    assert len(case.arm("GET", f"{KEY}/versions").body["value"]) == 3
    rotated = [e for e in case.audit() if e["operation"] == "KeyRotateIfDue"]
    assert len(rotated) == 2


def test_hsm_and_ec_keys(case: Case) -> None:
    """A premium vault takes RSA-HSM; an EC key has a curve instead of a size."""
    case.make_vault(sku={"family": "A", "name": "premium"})
    hsm = case.arm("PUT", KEY, {"properties": {"kty": "RSA-HSM"}}).body["properties"]
    ec = case.arm("PUT", f"{VAULT}/keys/ec", {"properties": {"kty": "EC", "curveName": "P-384"}}).body[
        "properties"
    ]
    assert (hsm["kty"], hsm["keySize"]) == ("RSA-HSM", 2048)
    assert (ec["curveName"], ec["keyOps"]) == ("P-384", ["sign", "verify"])
    assert "keySize" not in ec
