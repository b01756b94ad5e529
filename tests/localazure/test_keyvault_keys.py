"""The data plane: the life of keys."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.keyvault import crypto
from tests.localazure.keyvault_case import DAY, URI, Case, case, error, inner, key_pairs

__all__ = ["case"]


@pytest.fixture
def vault(case: Case) -> Case:
    case.make_vault()
    return case


def test_a_new_key_has_the_observed_shape(vault: Case) -> None:
    """Default: RSA of 2048 bits for six operations, a version of 32 hex digits, and its attributes."""
    body = vault.make_key()
    head, _, version = body["key"]["kid"].rpartition("/")
    assert head == f"{URI}keys/k"
    assert len(version) == 32
    assert len(body["key"]["n"]) == 342
    assert body["key"]["key_ops"] == ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
    assert set(body["key"]) == {"kid", "kty", "key_ops", "n", "e"}
    attributes = body["attributes"]
    assert attributes == {
        "enabled": True,
        "created": attributes["created"],
        "updated": attributes["created"],
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": 90,
        "exportable": False,
        "hsmPlatform": "0",
    }
    assert "tags" not in body


@pytest.mark.parametrize(
    ("api", "absent"),
    [
        ("2016-10-01", {"recoverableDays", "exportable", "hsmPlatform"}),
        ("7.3", {"exportable", "hsmPlatform"}),
        ("7.4", {"hsmPlatform"}),
        ("7.6-preview.2", set()),
    ],
)
def test_older_api_versions_have_fewer_attributes(vault: Case, api: str, absent: set[str]) -> None:
    """recoverableDays came with 7.0, exportable with 7.4, hsmPlatform with 7.5."""
    vault.make_key()
    attributes = vault.data("GET", "/keys/k", api=api).body["attributes"]
    assert {"recoverableDays", "exportable", "hsmPlatform"} - set(attributes) == absent


@pytest.mark.parametrize(
    ("properties", "level"),
    [
        ({"softDeleteRetentionInDays": 7}, "CustomizedRecoverable+Purgeable"),
        ({"softDeleteRetentionInDays": 7, "enablePurgeProtection": True}, "CustomizedRecoverable"),
        ({"enablePurgeProtection": True}, "Recoverable"),
    ],
)
def test_recovery_level_follows_the_vault(case: Case, properties: dict[str, Any], level: str) -> None:
    """Retention and purge protection decide what a deleted key can become."""
    case.make_vault(**properties)
    assert case.make_key()["attributes"]["recoveryLevel"] == level


def test_private_halves_never_leave(vault: Case) -> None:
    """No document that lists keys, no answer and no audit event holds private material."""
    vault.make_key()
    answers = [vault.data("GET", "/keys/k").body, vault.audit(), vault.cloud.store.scan("vault.key")]
    secret = {"d", "p", "q", "dp", "dq", "qi", "pkcs8"}

    def names(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {n for v in value.values() for n in names(v)}
        return {n for v in value for n in names(v)} if isinstance(value, list | tuple) else set()

    assert not names(answers) & secret


def test_a_second_create_makes_a_version(vault: Case) -> None:
    """Create on an existing name adds a version with new material; both stay readable."""
    first, second = vault.make_key(), vault.make_key()
    assert first["key"]["n"] != second["key"]["n"]
    assert vault.data("GET", "/keys/k").body == second
    old = first["key"]["kid"].rsplit("/", 1)[-1]
    assert vault.data("GET", f"/keys/k/{old}").body == first
    assert vault.data("GET", "/keys/k/").body == second


def test_update_changes_only_what_is_sent(vault: Case) -> None:
    """PATCH with an empty version changes the current one; the rest stays."""
    vault.make_key(tags={"a": "b"})
    body = vault.data("PATCH", "/keys/k/", {"attributes": {"enabled": False, "exp": 4102444800}}).body
    assert (body["attributes"]["enabled"], body["attributes"]["exp"]) == (False, 4102444800)
    assert body["tags"] == {"a": "b"}
    body = vault.data("PATCH", "/keys/k", {"key_ops": ["wrapKey"]}).body
    assert body["key"]["key_ops"] == ["wrapKey"]
    assert body["attributes"]["enabled"] is False
    assert vault.data("GET", "/keys/k").body == body


def test_absent_keys_and_versions_are_key_not_found(vault: Case) -> None:
    """404 KeyNotFound for a key, a version, and a deleted key that is none."""
    assert error(vault.data("GET", "/keys/none")) == (404, "KeyNotFound")
    vault.make_key()
    assert error(vault.data("GET", f"/keys/k/{'0' * 32}")) == (404, "KeyNotFound")
    assert vault.data("GET", "/deletedkeys/k").body["error"] == {
        "code": "KeyNotFound",
        "message": "Deleted Key not found: k",
    }


def test_lists_go_page_by_page(vault: Case) -> None:
    """Keys are listed without, versions with their version, at most 25 a page and `maxresults` if less."""
    for name in ("a", "b", "c"):
        vault.make_key(name)
    vault.make_key("a")
    first = vault.data("GET", "/keys?maxresults=2").body
    second = vault.data("GET", first["nextLink"].removeprefix(URI.removesuffix("/"))).body
    assert [k["kid"] for k in first["value"] + second["value"]] == [f"{URI}keys/{n}" for n in "abc"]
    assert second["nextLink"] is None
    versions = vault.data("GET", "/keys/a/versions").body["value"]
    assert len({v["kid"] for v in versions}) == 2
    assert error(vault.data("GET", "/keys?maxresults=26")) == (400, "BadParameter")


def test_a_deleted_key_can_be_seen_recovered_and_used(vault: Case) -> None:
    """Delete answers the dates; the key is then in deletedkeys alone, until it is recovered as it was."""
    before = vault.make_key()
    body = vault.data("DELETE", "/keys/k").body
    assert body["recoveryId"] == f"{URI}deletedkeys/k"
    assert body["scheduledPurgeDate"] - body["deletedDate"] == 90 * DAY
    assert error(vault.data("GET", "/keys/k")) == (404, "KeyNotFound")
    assert vault.data("GET", "/deletedkeys/k").body == body
    assert [k["recoveryId"] for k in vault.data("GET", "/deletedkeys").body["value"]] == [body["recoveryId"]]
    conflict = vault.data("POST", "/keys/k/create", {"kty": "RSA"})
    assert inner(conflict) == (409, "ObjectIsDeletedButRecoverable")
    assert vault.data("POST", "/deletedkeys/k/recover").body == before
    assert vault.data("GET", "/keys/k").body == before


def test_deleting_takes_as_long_as_operations_do(vault: Case) -> None:
    """Meanwhile the key is in neither place, and its name cannot be used."""
    vault.cloud.behave(operation_seconds=20)
    vault.make_key()
    vault.data("DELETE", "/keys/k")
    assert error(vault.data("GET", "/keys/k")) == (404, "KeyNotFound")
    assert error(vault.data("GET", "/deletedkeys/k")) == (404, "KeyNotFound")
    assert inner(vault.data("POST", "/keys/k/create", {"kty": "RSA"})) == (409, "ObjectIsBeingDeleted")
    vault.cloud.clock.advance(20)
    assert vault.data("GET", "/deletedkeys/k").status == 200
    vault.data("POST", "/deletedkeys/k/recover")
    assert error(vault.data("GET", "/keys/k")) == (404, "KeyNotFound")
    vault.cloud.clock.advance(20)
    assert vault.data("GET", "/keys/k").status == 200


def test_purge_is_for_good(vault: Case) -> None:
    """A purged key cannot be recovered, and its private half is gone from the memory."""
    vault.make_key()
    vault.data("DELETE", "/keys/k")
    assert (vault.data("DELETE", "/deletedkeys/k").status) == 204
    assert error(vault.data("POST", "/deletedkeys/k/recover")) == (404, "KeyNotFound")
    assert vault.cloud.store.scan("vault.key.material") == []


def test_fails_to_purge_a_key_of_a_protected_vault(case: Case) -> None:
    """Purge protection holds for keys; the clock purges them when the retention is over."""
    case.make_vault(enablePurgeProtection=True, softDeleteRetentionInDays=7)
    case.make_key()
    case.data("DELETE", "/keys/k")
    assert error(case.data("DELETE", "/deletedkeys/k")) == (403, "Forbidden")
    case.cloud.clock.advance(7 * DAY + 1)
    assert error(case.data("GET", "/deletedkeys/k")) == (404, "KeyNotFound")
    assert case.data("GET", "/deletedkeys").body["value"] == []
    assert case.cloud.store.scan("vault.key.material") == []


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


def test_the_rotation_policy_of_a_key_that_never_had_one(vault: Case) -> None:
    """It notifies 30 days before expiry and has no id."""
    vault.make_key()
    assert vault.data("GET", "/keys/k/rotationpolicy").body == {
        "lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}],
        "attributes": None,
    }


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


def test_an_imported_key_decrypts_what_its_public_half_encrypted(vault: Case) -> None:
    """Import takes a private JWK and answers only its public half."""
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    n = private.private_numbers()
    numbers = {"n": n.public_numbers.n, "e": n.public_numbers.e, "d": n.d, "p": n.p, "q": n.q}
    numbers |= {"dp": n.dmp1, "dq": n.dmq1, "qi": n.iqmp}
    jwk = {name: crypto.b64url(v.to_bytes((v.bit_length() + 7) // 8, "big")) for name, v in numbers.items()}
    body = vault.data("PUT", "/keys/mine", {"key": {"kty": "RSA", **jwk}}).body
    assert set(body["key"]) == {"kid", "kty", "key_ops", "n", "e"}
    secret = private.public_key().encrypt(b"hello", padding.PKCS1v15())
    response = vault.data("POST", "/keys/mine/decrypt", {"alg": "RSA1_5", "value": crypto.b64url(secret)})
    assert crypto.from_b64url(response.body["value"]) == b"hello"
    assert error(vault.data("PUT", "/keys/bad", {"key": {"kty": "RSA", "n": jwk["n"]}})) == (
        400,
        "BadParameter",
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/keys/k/create", {"kty": "RSA", "key_size": 1024}),
        ("/keys/k/create", {"kty": "oct"}),
        ("/keys/k/create", {}),
        ("/keys/k/create", ["RSA"]),
        ("/keys/k_k/create", {"kty": "RSA"}),
        ("/keys/k/create", {"kty": "RSA", "tags": {"a": 1}}),
        ("/keys/k/create", {"kty": "RSA", "attributes": {"nbf": "soon"}}),
        ("/keys/k/create", {"kty": "RSA", "attributes": {"exportable": True}}),
        ("/keys/k/create", {"kty": "RSA-HSM"}),
    ],
)
def test_fails_to_create_what_cannot_be(vault: Case, path: str, body: Any) -> None:
    """A request that breaks a rule is 400 BadParameter and makes no key."""
    assert error(vault.data("POST", path, body)) == (400, "BadParameter")
    assert vault.data("GET", "/keys").body["value"] == []


def test_real_keys_are_made() -> None:
    """Without the pool of the tests: RSA of every size, no two alike."""
    assert {crypto.generate("RSA", size=size).size for size in (2048, 3072)} == {2048, 3072}
    assert len({pair.public["n"] for pair in key_pairs()}) == 3
