"""The data plane: keys are made, imported, read, listed, updated, backed up, deleted and recovered."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from localazure.keyvault import crypto
from tests.localazure.driver import DAY, GROUP, URI, Case, error, inner, version_of
from tests.support.front import Reply
from tests.support.quick_keys import key_pairs

OTHER = f"{GROUP}/providers/Microsoft.KeyVault/vaults/contoso-2"
ANSWER_HEADERS = ("region", "network-info", "service-version")
BAD, GONE = (400, "BadParameter"), (404, "KeyNotFound")


@pytest.mark.parametrize(
    ("api", "absent"),
    [
        ("2016-10-01", {"recoverableDays", "exportable", "hsmPlatform"}),
        ("7.3", {"exportable", "hsmPlatform"}),
        ("7.4", {"hsmPlatform"}),
        ("7.6-preview.2", set()),
        ("2025-07-01", set()),
        ("2026-01-01-preview", set()),
    ],
)
def test_older_api_versions_have_fewer_attributes(vault: Case, api: str, absent: set[str]) -> None:
    """recoverableDays came with 7.0, exportable with 7.4, hsmPlatform with 7.5; dates follow 7.6."""
    vault.make_key()
    attributes = vault.data("GET", "/keys/k", api=api).body["attributes"]
    assert {"recoverableDays", "exportable", "hsmPlatform"} - set(attributes) == absent


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
    assert vault.data("GET", f"/keys/k/{version_of(first)}").body == first
    assert vault.data("GET", "/keys/k").body == vault.data("GET", "/keys/k/").body == second


def test_update_changes_only_what_is_sent(vault: Case) -> None:
    """PATCH with an empty version changes the current one; the rest stays."""
    vault.make_key(tags={"a": "b"})
    body = vault.data("PATCH", "/keys/k/", {"attributes": {"enabled": False, "exp": 4102444800}}).body
    assert (body["attributes"]["enabled"], body["attributes"]["exp"]) == (False, 4102444800)
    assert body["tags"] == {"a": "b"}
    body = vault.data("PATCH", "/keys/k", {"key_ops": ["wrapKey"]}).body
    assert (body["key"]["key_ops"], body["attributes"]["enabled"]) == (["wrapKey"], False)
    assert vault.data("GET", "/keys/k").body == body


@pytest.mark.parametrize(("before", "change"), [({"nbf": 200}, {"exp": 100}), ({"exp": 100}, {"nbf": 200})])
def test_fails_to_make_a_key_expire_before_it_is_valid(
    vault: Case, before: dict[str, int], change: dict[str, int]
) -> None:
    """An update is measured against what it leaves as it is."""
    made = vault.make_key(attributes=before)
    assert error(vault.data("PATCH", "/keys/k", {"attributes": change})) == BAD
    assert vault.data("GET", "/keys/k").body == made


def test_hardware_keys_name_their_platform(case: Case) -> None:
    """A software key is on platform 0, one of a hardware security module on another."""
    case.make_vault(sku={"family": "A", "name": "premium"})
    kinds = ("RSA", "RSA-HSM", "EC", "EC-HSM")
    found = [case.make_key(kind, kty=kind)["attributes"]["hsmPlatform"] for kind in kinds]
    assert found == ["0", "2", "0", "2"]


@pytest.mark.parametrize(("path", "api"), [("/keys", "7.6"), ("/keys/none", "7.6"), ("/keys", "")])
def test_every_answer_says_where_it_comes_from(vault: Case, path: str, api: str) -> None:
    """Refused or not, an answer names region, service version and the client's address."""
    response = vault.data("GET", path, api=api)
    headers = {name: response.headers.get(f"x-ms-keyvault-{name}", "") for name in ANSWER_HEADERS}
    assert headers["region"] == "westeurope"
    assert headers["network-info"] == "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;"
    assert headers["service-version"]


def test_lists_go_page_by_page(vault: Case) -> None:
    """Keys are listed without, versions with their version, `maxresults` a page."""
    for name in ("a", "b", "c", "a"):
        vault.make_key(name)
    host = "https://contoso-1.vault.azure.net:443"
    first = vault.data("GET", "/keys?maxresults=2").body
    assert first["nextLink"].startswith(f"{host}/keys?api-version=7.6&$skiptoken=")
    second = vault.data("GET", first["nextLink"].removeprefix(host)).body
    assert [k["kid"] for k in first["value"] + second["value"]] == [f"{URI}keys/{n}" for n in "abc"]
    assert second["nextLink"] is None
    assert len({v["kid"] for v in vault.data("GET", "/keys/a/versions").body["value"]}) == 2


@pytest.mark.parametrize("size", ["26", "0", "-1", "many", "²"])
def test_fails_for_a_page_size_that_is_none(vault: Case, size: str) -> None:
    """`maxresults` is a number from 1 to 25."""
    assert error(vault.data("GET", f"/keys?maxresults={size}")) == BAD


def test_an_imported_key_decrypts_what_its_public_half_encrypted(vault: Case) -> None:
    """Import takes a private JWK and answers only its public half."""
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
    assert error(vault.data("PUT", "/keys/bad", {"key": {"kty": "RSA", "n": jwk["n"]}})) == BAD


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
        ("/keys/k/create", {"kty": "EC", "crv": ["P-256"]}),
    ],
)
def test_fails_to_create_what_cannot_be(vault: Case, path: str, body: Any) -> None:
    """A request that breaks a rule is 400 BadParameter and makes no key."""
    assert error(vault.data("POST", path, body)) == BAD
    assert vault.data("GET", "/keys").body["value"] == []


def test_real_keys_are_made() -> None:
    """Without the pool of the tests: RSA of every size, no two alike."""
    assert crypto.generate("RSA", size=3072).size == 3072
    assert {pair.size for pair in key_pairs()} == {2048}
    assert len({pair.public["n"] for pair in key_pairs()}) == 3


# Deleted keys


def test_a_deleted_key_can_be_seen_recovered_and_used(vault: Case) -> None:
    """Delete answers the dates; the key is then in deletedkeys alone, until it is recovered as it was."""
    before = vault.make_key()
    body = vault.data("DELETE", "/keys/k").body
    assert body["recoveryId"] == f"{URI}deletedkeys/k"
    assert body["scheduledPurgeDate"] - body["deletedDate"] == 90 * DAY
    assert error(vault.data("GET", "/keys/k")) == GONE
    assert vault.data("GET", "/deletedkeys/k").body == body
    assert [k["recoveryId"] for k in vault.data("GET", "/deletedkeys").body["value"]] == [body["recoveryId"]]
    conflict = vault.data("POST", "/keys/k/create", {"kty": "RSA"})
    assert inner(conflict) == (409, "ObjectIsDeletedButRecoverable")
    assert vault.data("POST", "/deletedkeys/k/recover").body == before
    assert vault.data("GET", "/keys/k").body == before


def test_deleting_takes_as_long_as_operations_do(vault: Case) -> None:
    """Meanwhile the key is in neither place, and its name cannot be used."""
    vault.cloud.behave(deleted_keys_visible_after=20)
    vault.make_key()
    vault.data("DELETE", "/keys/k")
    assert error(vault.data("GET", "/keys/k")) == error(vault.data("GET", "/deletedkeys/k")) == GONE
    assert inner(vault.data("POST", "/keys/k/create", {"kty": "RSA"})) == (409, "ObjectIsBeingDeleted")
    vault.cloud.clock.advance(20)
    assert vault.data("GET", "/deletedkeys/k").status == 200
    vault.data("POST", "/deletedkeys/k/recover")
    assert error(vault.data("GET", "/keys/k")) == GONE
    vault.cloud.clock.advance(20)
    assert vault.data("GET", "/keys/k").status == 200


@pytest.mark.parametrize("protected", [False, True])
def test_purge_is_for_good(case: Case, protected: bool) -> None:
    """By a request, or in a protected vault by the clock alone, when the retention is over: the key cannot be
    recovered, and its private half is gone from the memory."""
    case.make_vault(softDeleteRetentionInDays=7, enablePurgeProtection=True if protected else None)
    case.make_key()
    case.data("DELETE", "/keys/k")
    purged = case.data("DELETE", "/deletedkeys/k")
    if protected:
        assert error(purged) == (403, "Forbidden")
        case.cloud.clock.advance(7 * DAY + 1)
    else:
        assert purged.status == 204
    assert error(case.data("GET", "/deletedkeys/k")) == GONE
    assert error(case.data("POST", "/deletedkeys/k/recover")) == GONE
    assert case.data("GET", "/deletedkeys").body["value"] == []
    assert case.cloud.store.scan("vault.key.material") == []


# Backups


def backup(case: Case) -> str:
    response = case.data("POST", "/keys/k/backup")
    assert response.status == 200, response.body
    return str(response.body["value"])


def restore(case: Case, value: object, into: str = "contoso-1") -> Reply:
    return case.data("POST", "/keys/restore", {"value": value}, vault=into)


def test_a_key_lives_on_in_another_vault(vault: Case) -> None:
    """All versions with their names and policy: what the old key wrapped, the restored one unwraps."""
    vault.make_key(tags={"a": "b"})
    vault.make_key()
    data = crypto.b64url(b"data key")
    wrapped = vault.data("POST", "/keys/k//wrapkey", {"alg": "RSA-OAEP-256", "value": data}).body
    vault.make_vault(OTHER)
    restored = restore(vault, backup(vault), "contoso-2")
    version = wrapped["kid"].rsplit("/", 1)[-1]
    assert restored.body["key"]["kid"] == f"https://contoso-2.vault.azure.net/keys/k/{version}"
    listed = [
        vault.data("GET", "/keys/k/versions", vault=name).body["value"] for name in ("contoso-1", "contoso-2")
    ]
    old, new = ([item["kid"].rsplit("/", 1)[-1] for item in rows] for rows in listed)
    assert old == new
    body = {"alg": "RSA-OAEP-256", "value": wrapped["value"]}
    opened = vault.data("POST", f"/keys/k/{version}/unwrapkey", body, vault="contoso-2")
    assert opened.body["value"] == data


def test_a_purged_key_comes_back_from_its_backup(vault: Case) -> None:
    """409 while the vault has a key of the name, deleted or not; purged, it is restored as it was."""
    kid = vault.make_key()["key"]["kid"]
    value = backup(vault)
    assert error(restore(vault, value)) == (409, "Conflict")
    vault.data("DELETE", "/keys/k")
    assert error(restore(vault, value)) == (409, "Conflict")
    vault.data("DELETE", "/deletedkeys/k")
    assert restore(vault, value).body["key"]["kid"] == kid
    assert {"KeyBackup", "KeyRestore"} <= {event["operation"] for event in vault.audit()}


@pytest.mark.parametrize(
    "value", [None, "", 5, "!", crypto.b64url(b"no backup of a key at all, nor of this")]
)
def test_fails_to_restore_what_is_no_backup(vault: Case, value: object) -> None:
    """400 for anything that this cloud did not make."""
    assert error(restore(vault, value)) == BAD


def test_a_backup_hides_the_key_and_is_bound_to_its_maker(vault: Case) -> None:
    """The value holds no readable name or number, and one changed character makes it worthless."""
    vault.make_key()
    value = backup(vault)
    assert b"contoso" not in crypto.from_b64url(value)
    changed = value[:40] + ("A" if value[40] != "A" else "B") + value[41:]
    assert error(restore(vault, changed)) == BAD
