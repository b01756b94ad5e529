"""Keys in ARM: a PUT makes what is not there, and never touches what is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.driver import DAY, VAULT, Case, error

KEY = f"{VAULT}/keys/cmk"
NOTIFY = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "notify"}}
RSA: Any = {"properties": {"kty": "RSA", "keySize": 2048}}


def rotate(after: str) -> Any:
    return {"trigger": {"timeAfterCreate": after}, "action": {"type": "rotate"}}


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


def test_a_key_answers_its_rotation_policy_and_no_empty_tags(vault: Case) -> None:
    """PUT and GET carry the policy that counts, in ARM's spelling; `tags` are there when there are any."""
    rotate = {"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}
    assert "tags" not in vault.arm("PUT", KEY, RSA).body
    policy = {"lifetimeActions": [rotate], "attributes": {"expiryTime": "P1Y"}}
    assert vault.data("PUT", "/keys/cmk/rotationpolicy", policy).status == 200
    shown = vault.arm("GET", KEY).body
    assert "tags" not in shown
    found = shown["properties"]["rotationPolicy"]
    assert found["attributes"]["expiryTime"] == "P1Y"
    assert [action["action"]["type"] for action in found["lifetimeActions"]] == ["rotate", "notify"]


def test_put_on_an_existing_key_changes_nothing(vault: Case) -> None:
    """Another size, other operations, other attributes: 200 and the key as it was."""
    before = vault.arm("PUT", KEY, RSA)
    other = {"kty": "RSA", "keySize": 4096, "attributes": {"enabled": False}, "keyOps": ["sign"]}
    after = vault.arm("PUT", KEY, {"properties": other})
    assert (after.status, after.body) == (200, before.body)


def test_put_makes_no_version_but_get_follows_rotation(vault: Case) -> None:
    """After a rotation GET has the newest version's URI, and the versions are listed with theirs; one that
    never was is 404."""
    first = vault.arm("PUT", KEY, RSA).body["properties"]["keyUriWithVersion"]
    vault.data("POST", "/keys/cmk/rotate")
    newest = vault.arm("GET", KEY).body["properties"]["keyUriWithVersion"]
    assert vault.arm("PUT", KEY, RSA).body["properties"]["keyUriWithVersion"] == newest != first
    rows = vault.arm("GET", f"{KEY}/versions").body["value"]
    assert {row["properties"]["keyUriWithVersion"] for row in rows} == {first, newest}
    version = vault.arm("GET", f"{KEY}/versions/{first.rsplit('/', 1)[-1]}").body
    assert version["properties"]["keyUriWithVersion"] == first
    assert version["type"] == "Microsoft.KeyVault/vaults/keys/versions"
    assert error(vault.arm("GET", f"{KEY}/versions/{'0' * 32}")) == (404, "KeyNotFound")


def test_arm_needs_no_right_on_the_data(case: Case) -> None:
    """A vault that lets nobody at its keys and is closed to the network still takes keys from ARM."""
    case.make_vault(accessPolicies=[], publicNetworkAccess="Disabled")
    assert case.arm("PUT", KEY, RSA).status == 200
    assert [row["name"] for row in case.arm("GET", f"{VAULT}/keys").body["value"]] == ["cmk"]


def test_fails_for_a_soft_deleted_name(vault: Case) -> None:
    """A soft-deleted key's name is 409 until it is recovered; then PUT answers the old key. Without a vault,
    ARM names the parent that is missing."""
    before = vault.arm("PUT", KEY, RSA).body
    vault.data("DELETE", "/keys/cmk")
    assert error(vault.arm("PUT", KEY, RSA)) == (409, "Conflict")
    assert error(vault.arm("GET", KEY)) == (404, "KeyNotFound")
    vault.data("POST", "/deletedkeys/cmk/recover")
    assert vault.arm("PUT", KEY, RSA).body == before
    vault.arm("DELETE", VAULT)
    assert error(vault.arm("GET", KEY)) == (404, "ParentResourceNotFound")


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
        {"kty": "RSA", "rotationPolicy": {"lifetimeActions": [rotate("P1D")]}},
    ],
)
def test_fails_for_a_key_that_cannot_be(vault: Case, properties: dict[str, Any]) -> None:
    """A wrong type, size, curve, operation, validity or rotation policy: 400 and no key."""
    assert error(vault.arm("PUT", KEY, {"properties": properties})) == (400, "BadParameter")
    assert error(vault.arm("GET", KEY)) == (404, "KeyNotFound")


def test_a_rotation_policy_set_at_creation_rotates(vault: Case) -> None:
    """A policy in the PUT (lower-case action) is kept in ARM's spelling, with the default notification, and
    acted on by the clock."""
    policy = {"attributes": {"expiryTime": "P90D"}, "lifetimeActions": [rotate("P30D")]}
    sent = {"properties": {"kty": "RSA", "rotationPolicy": policy}}
    found = vault.arm("PUT", KEY, sent).body["properties"]
    assert found["rotationPolicy"] == {**policy, "lifetimeActions": [rotate("P30D"), NOTIFY]}
    assert found["attributes"]["exp"] == found["attributes"]["created"] + 90 * DAY
    vault.cloud.clock.advance(61 * DAY)
    assert len(vault.arm("GET", f"{KEY}/versions").body["value"]) == 3
    assert [e["operation"] for e in vault.audit()].count("KeyRotateIfDue") == 2


def test_hsm_and_ec_keys(case: Case) -> None:
    """A premium vault takes RSA-HSM; an EC key has a curve instead of a size."""
    case.make_vault(sku={"family": "A", "name": "premium"})
    hsm, ec = (
        case.arm("PUT", f"{VAULT}/keys/{sent['kty']}", {"properties": sent}).body["properties"]
        for sent in ({"kty": "RSA-HSM"}, {"kty": "EC", "curveName": "P-384"})
    )
    assert (hsm["kty"], hsm["keySize"]) == ("RSA-HSM", 2048)
    assert (ec["curveName"], ec["keyOps"]) == ("P-384", ["sign", "verify"])
    assert "keySize" not in ec
