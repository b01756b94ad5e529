"""Cryptographic operations, and the states of a key in which each is allowed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from localazure.keyvault import crypto
from tests.localazure.driver import DATA, OWNER, URI, Case, error, inner


@pytest.fixture
def vault(vault: Case) -> Case:
    """A vault with the key `k`."""
    vault.make_key()
    return vault


def call(case: Case, operation: str, value: bytes, alg: str = "RSA-OAEP-256", version: str = "") -> Any:
    body = {"alg": alg, "value": crypto.b64url(value)}
    return case.data("POST", f"/keys/k/{version}/{operation}", body)


def result(response: Any) -> bytes:
    assert response.status == 200, response.body
    return crypto.from_b64url(response.body["value"])


@pytest.mark.parametrize("alg", ["RSA-OAEP", "RSA-OAEP-256", "RSA1_5"])
@pytest.mark.parametrize(("there", "back"), [("wrapkey", "unwrapkey"), ("encrypt", "decrypt")])
def test_what_goes_in_comes_back(vault: Case, alg: str, there: str, back: str) -> None:
    """Wrap and unwrap, encrypt and decrypt are each other's inverse with every algorithm."""
    hidden = result(call(vault, there, DATA, alg))
    assert hidden != DATA
    assert result(call(vault, back, hidden, alg)) == DATA


def test_an_empty_version_answers_the_version_used(vault: Case) -> None:
    """The kid has the current version, and what it wrapped unwraps with that version after a rotation."""
    first = vault.data("GET", "/keys/k").body["key"]["kid"]
    response = call(vault, "wrapkey", DATA)
    assert response.body["kid"] == first
    vault.data("POST", "/keys/k/rotate")
    hidden, version = result(response), first.rsplit("/", 1)[-1]
    assert result(call(vault, "unwrapkey", hidden, version=version)) == DATA
    assert error(call(vault, "unwrapkey", hidden)) == (400, "BadParameter")


@pytest.mark.parametrize("alg", ["RS256", "PS384", "RS512"])
def test_signatures_hold_for_their_digest_alone(vault: Case, alg: str) -> None:
    """A signature verifies for the digest that was signed and for no other."""
    digest = hashlib.new(f"sha{alg[2:]}", DATA).digest()
    signature = vault.data("POST", "/keys/k/sign", {"alg": alg, "value": crypto.b64url(digest)}).body["value"]
    for shown, expected in ((digest, True), (digest[::-1], False)):
        body = {"alg": alg, "digest": crypto.b64url(shown), "value": signature}
        assert vault.data("POST", "/keys/k/verify", body).body == {"value": expected}


def test_ec_keys_sign_but_do_not_wrap(vault: Case) -> None:
    """An EC key signs with the algorithm of its curve and is permitted nothing else."""
    vault.data("POST", "/keys/k/create", {"kty": "EC", "crv": "P-384"})
    digest = hashlib.sha384(DATA).digest()
    body = {"alg": "ES384", "value": crypto.b64url(digest)}
    signature = vault.data("POST", "/keys/k/sign", body).body["value"]
    assert len(crypto.from_b64url(signature)) == 96
    verified = vault.data("POST", "/keys/k/verify", {**body, "digest": body["value"], "value": signature})
    assert verified.body == {"value": True}
    assert error(vault.data("POST", "/keys/k/sign", {**body, "alg": "ES256"})) == (400, "BadParameter")
    assert inner(call(vault, "wrapkey", DATA)) == (403, "KeyOperationForbidden")


@pytest.mark.parametrize(
    ("alg", "value"),
    [
        ("RSA-OAEP-512", "AAAA"),
        (None, "AAAA"),
        ("RSA-OAEP", "not base64!"),
        ("RSA-OAEP", None),
        ("RSA-OAEP", "A" * 400),
    ],
)
def test_fails_for_bad_parameters(vault: Case, alg: str | None, value: str | None) -> None:
    """An unknown algorithm, no base64url, or too long a value is 400 BadParameter."""
    response = vault.data("POST", "/keys/k/wrapkey", {"alg": alg, "value": value})
    assert error(response) == (400, "BadParameter")


_PAST, _FUTURE = 1, 4102444800


@pytest.mark.parametrize(
    ("change", "code", "allowed"),
    [
        ({"attributes": {"enabled": False}}, "KeyDisabled", set()),
        ({"attributes": {"exp": _PAST}}, "KeyExpired", {"unwrapkey", "decrypt", "verify"}),
        ({"attributes": {"nbf": _FUTURE}}, "KeyNotYetValid", {"unwrapkey", "decrypt", "verify"}),
        ({"key_ops": ["unwrapKey"]}, "KeyOperationForbidden", {"unwrapkey"}),
    ],
)
def test_a_keys_state_decides_what_it_does(
    vault: Case, change: dict[str, Any], code: str, allowed: set[str]
) -> None:
    """Disabled: nothing. Outside its validity: only what recovers old data. Else what key_ops lists."""
    hidden = result(call(vault, "wrapkey", DATA))
    digest = hashlib.sha256(DATA).digest()
    signature = crypto.from_b64url(
        vault.data("POST", "/keys/k/sign", {"alg": "RS256", "value": crypto.b64url(digest)}).body["value"]
    )
    vault.data("PATCH", "/keys/k", change)
    calls = {
        "wrapkey": call(vault, "wrapkey", DATA),
        "encrypt": call(vault, "encrypt", DATA),
        "unwrapkey": call(vault, "unwrapkey", hidden),
        "decrypt": call(vault, "decrypt", hidden),
        "sign": call(vault, "sign", digest, "RS256"),
        "verify": vault.data(
            "POST",
            "/keys/k/verify",
            {"alg": "RS256", "digest": crypto.b64url(digest), "value": crypto.b64url(signature)},
        ),
    }
    assert {name for name, response in calls.items() if response.status == 200} == allowed
    assert {inner(response) for response in calls.values() if response.status != 200} == {(403, code)}
    assert vault.data("GET", "/keys/k").status == 200


def test_validity_follows_the_clouds_clock(vault: Case) -> None:
    """A key expires when the cloud's clock says so, not the machine's."""
    now = int(vault.cloud.clock.now())
    vault.data("PATCH", "/keys/k", {"attributes": {"exp": now + 3600}})
    assert call(vault, "wrapkey", DATA).status == 200
    vault.cloud.clock.advance(3601)
    assert inner(call(vault, "wrapkey", DATA)) == (403, "KeyExpired")


def test_every_use_is_in_the_audit_log(vault: Case) -> None:
    """Success and refusal alike leave who, what, the version, the result and the correlation id."""
    version = vault.data("GET", "/keys/k").body["key"]["kid"].rsplit("/", 1)[-1]
    call(vault, "wrapkey", DATA)
    vault.data("PATCH", "/keys/k", {"attributes": {"enabled": False}})
    call(vault, "wrapkey", DATA, version=version)
    events = [e for e in vault.audit() if e["operation"] == "KeyWrap"]
    assert [e["result"] for e in events] == ["Success", "Forbidden"]
    assert {e["keyId"] for e in events} == {f"{URI}keys/k/{version}"}
    assert {e["correlationId"] for e in events} == {"corr-1"}
    assert {e["objectId"] for e in events} == {OWNER.object_id}
