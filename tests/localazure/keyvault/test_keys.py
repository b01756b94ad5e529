"""The data plane: keys are made, imported, read, listed and updated."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.keyvault import crypto
from tests.localazure.driver import URI, Case, error
from tests.support.quick_keys import key_pairs

ANSWER_HEADERS = ("region", "network-info", "service-version")


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


@pytest.mark.parametrize(("before", "change"), [({"nbf": 200}, {"exp": 100}), ({"exp": 100}, {"nbf": 200})])
def test_fails_to_make_a_key_expire_before_it_is_valid(
    vault: Case, before: dict[str, int], change: dict[str, int]
) -> None:
    """An update is measured against what it leaves as it is."""
    made = vault.make_key(attributes=before)
    assert error(vault.data("PATCH", "/keys/k", {"attributes": change})) == (400, "BadParameter")
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
    """Keys are listed without, versions with their version, at most 25 a page and `maxresults` if less."""
    for name in ("a", "b", "c"):
        vault.make_key(name)
    vault.make_key("a")
    first = vault.data("GET", "/keys?maxresults=2").body
    assert first["nextLink"].startswith(
        "https://contoso-1.vault.azure.net:443/keys?api-version=7.6&$skiptoken="
    )
    second = vault.data("GET", first["nextLink"].removeprefix(URI.removesuffix("/") + ":443")).body
    assert [k["kid"] for k in first["value"] + second["value"]] == [f"{URI}keys/{n}" for n in "abc"]
    assert second["nextLink"] is None
    versions = vault.data("GET", "/keys/a/versions").body["value"]
    assert len({v["kid"] for v in versions}) == 2


@pytest.mark.parametrize("size", ["26", "0", "-1", "many", "²"])
def test_fails_for_a_page_size_that_is_none(vault: Case, size: str) -> None:
    """`maxresults` is a number from 1 to 25."""
    assert error(vault.data("GET", f"/keys?maxresults={size}")) == (400, "BadParameter")


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
        ("/keys/k/create", {"kty": "EC", "crv": ["P-256"]}),
    ],
)
def test_fails_to_create_what_cannot_be(vault: Case, path: str, body: Any) -> None:
    """A request that breaks a rule is 400 BadParameter and makes no key."""
    assert error(vault.data("POST", path, body)) == (400, "BadParameter")
    assert vault.data("GET", "/keys").body["value"] == []


def test_real_keys_are_made() -> None:
    """Without the pool of the tests: RSA of every size, no two alike."""
    assert crypto.generate("RSA", size=3072).size == 3072
    assert {pair.size for pair in key_pairs()} == {2048}
    assert len({pair.public["n"] for pair in key_pairs()}) == 3
