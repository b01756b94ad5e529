"""Key Vault, where a row of facts cannot say it: rotation's arithmetic, permissions, private halves."""

from __future__ import annotations

import base64
import itertools
import json
import math
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jwt.algorithms import RSAAlgorithm

from localazure import keys_ahead
from localazure.keyvault import crypto, rotation, trusted_services
from localazure.keyvault.models import KeyVersion
from tests.localazure.driver import DAY, SERVICE, URI, VAULT, Case
from tests.support import quick_keys

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
START = int(datetime(2026, 1, 31, tzinfo=UTC).timestamp())
VALUE = {"alg": "RSA-OAEP-256", "value": crypto.b64url(bytes(32))}


def action(kind: str, **trigger: str) -> Any:
    return {"action": {"type": kind}, "trigger": trigger}


ROTATE, NOTIFY = action("Rotate", timeAfterCreate="P30D"), action("Notify", timeBeforeExpiry="P30D")


def test_durations_follow_the_calendar() -> None:
    """Months and years are calendar ones; a day that a month lacks becomes its last."""
    ahead = {"P30D": "2026-03-02", "P1M": "2026-02-28", "P1Y": "2027-01-31", "PT24H": "2026-02-01"}
    before = {"P2W": "2026-01-17", "P2M": "2025-11-30"}
    for expected, back in ((ahead, False), (before, True)):
        for duration, day in expected.items():
            moved = datetime.fromtimestamp(rotation.shift(START, duration, back=back), UTC)
            assert moved.date().isoformat() == day, duration


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


# Each operation with the one permission that lets it pass.
OPERATIONS: list[tuple[str, str, str, Any]] = [
    ("create", "POST", "/keys/new/create", {"kty": "RSA"}),
    ("import", "PUT", "/keys/new", {"key": {"kty": "RSA"}}),
    ("get", "GET", "/keys/k", None),
    ("list", "GET", "/keys", None),
    ("list", "GET", "/keys/k/versions", None),
    ("update", "PATCH", "/keys/k", {}),
    ("delete", "DELETE", "/keys/k", None),
    ("get", "GET", "/deletedkeys/gone", None),
    ("list", "GET", "/deletedkeys", None),
    ("recover", "POST", "/deletedkeys/gone/recover", None),
    ("purge", "DELETE", "/deletedkeys/gone", None),
    ("rotate", "POST", "/keys/k/rotate", None),
    ("getrotationpolicy", "GET", "/keys/k/rotationpolicy", None),
    ("setrotationpolicy", "PUT", "/keys/k/rotationpolicy", {"lifetimeActions": [ROTATE]}),
    ("backup", "POST", "/keys/k/backup", None),
    ("restore", "POST", "/keys/restore", {"value": "x"}),
    *((name, "POST", f"/keys/k/{name.lower()}", VALUE) for name in ("wrapKey", "unwrapKey", "encrypt")),
    ("decrypt", "POST", "/keys/k/decrypt", VALUE),
]
PERMISSIONS = sorted({permission for permission, *_ in OPERATIONS})


@pytest.mark.parametrize(("permission", "method", "path", "body"), OPERATIONS)
def test_exactly_its_permission_lets_an_operation_pass(
    case: Case, permission: str, method: str, path: str, body: Any
) -> None:
    """All other permissions together do not let it pass; its own, in whatever case, does, and so does `all`,
    which is everything but purge."""
    case.do(
        "vault",
        "new version",
        {"ask": f"POST {URI}/keys/gone/create", "send": {"kty": "RSA"}},
        f"DELETE {URI}/keys/gone",
    )

    def asked(*permissions: str) -> Any:
        who = {"tenantId": SERVICE.tenant_id, "objectId": SERVICE.object_id}
        entry = {**who, "permissions": {"keys": permissions}}
        case.do({"ask": f"PATCH {VAULT}", "send": {"properties": {"accessPolicies": [entry]}}})
        return case.ask(method, URI + path, body, who=SERVICE)

    refused = asked(*(p for p in PERMISSIONS if p != permission))
    assert (refused.status, refused.body["error"]["innererror"]["code"]) == (403, "ForbiddenByPolicy")
    lacks = f"does not have keys {permission.lower()} permission on key vault 'Contoso-1;location=westeurope'"
    assert lacks in refused.message
    assert (asked("all").status == 403) is (permission == "purge")
    if permission != "delete":  # gone by now
        assert asked(permission.upper()).status != 403


def test_other_services_see_no_key_of_a_deleted_vault(case: Case) -> None:
    case.do("vault", "new version", f"DELETE {VAULT}")
    assert trusted_services.key_at(case.cloud, f"{URI}/", "k", "") is None


def test_an_imported_key_decrypts_what_its_public_half_encrypted(case: Case) -> None:
    """Import takes a private JWK and answers only its public half; half of one is refused."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {**RSAAlgorithm.to_jwk(private, as_dict=True), "key_ops": ["decrypt"]}
    made = case.do("vault", {"ask": f"PUT {URI}/keys/mine", "send": {"key": jwk}})
    assert set(made["key"]) == {"kid", "kty", "key_ops", "n", "e"}
    secret = crypto.b64url(private.public_key().encrypt(b"hello", padding.PKCS1v15()))
    opened = case.do({"ask": f"POST {URI}/keys/mine/decrypt", "send": {"alg": "RSA1_5", "value": secret}})
    assert crypto.from_b64url(opened["value"]) == b"hello"
    case.do(
        {"ask": f"PUT {URI}/keys/bad -> 400 BadParameter", "send": {"key": {"kty": "RSA", "n": jwk["n"]}}}
    )


@pytest.mark.parametrize(
    "padded",
    [
        pytest.param(b"\1" * 254, id="no padding of RSA1_5, as that of RSA-OAEP is none"),
        pytest.param(b"\2" + b"\1" * 7 + b"\0" + b"\1" * 246, id="too little filling"),
        pytest.param(b"\2" + b"\1" * 254, id="nothing after the filling"),
    ],
)
def test_rsa1_5_refuses_what_another_algorithm_encrypted(padded: bytes) -> None:
    """OpenSSL gives random bytes for it, which a client would take for its data."""
    private = crypto.generate("RSA").private
    modulus = _modulus(private)
    value = pow(int.from_bytes(padded), 65537, modulus).to_bytes(256)
    with pytest.raises(crypto.CryptoError, match="not encrypted with this key and algorithm"):
        crypto.decrypt(private, "RSA1_5", value)
    for wrong in (value[1:], modulus.to_bytes(256)):
        with pytest.raises(crypto.CryptoError, match="not encrypted with this key and algorithm"):
            crypto.decrypt(private, "RSA1_5", wrong)


def _modulus(private: str) -> int:
    key = serialization.load_der_private_key(base64.b64decode(private), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.public_key().public_numbers().n


def test_keys_are_real_and_no_two_are_alike() -> None:
    """Those made when they are asked for and those made ahead: each modulus has 2048 bits and no factor of
    another one, and what one key wraps no other unwraps."""
    supply = keys_ahead.KeysAhead()
    supply.wanted = True
    made_ahead: list[str] = []
    while len(made_ahead) < 4:
        if (key := supply.take()) is not None:
            made_ahead.append(key)
    made_now = [quick_keys.generate("RSA").private for _ in range(2)]
    keys = [*made_ahead, *made_now]
    moduli = [_modulus(key) for key in keys]
    assert {modulus.bit_length() for modulus in moduli} == {2048}
    for one, other in itertools.permutations(range(len(keys)), 2):
        assert math.gcd(moduli[one], moduli[other]) == 1
        wrapped = crypto.encrypt(keys[one], "RSA-OAEP-256", b"data key")
        assert crypto.decrypt(keys[one], "RSA-OAEP-256", wrapped) == b"data key"
        with pytest.raises(crypto.CryptoError, match="not encrypted with this key"):
            crypto.decrypt(keys[other], "RSA-OAEP-256", wrapped)


def test_a_wrap_by_one_key_is_not_unwrapped_by_another(case: Case) -> None:
    """Nor by another version of the same key: the answer is a refusal, not other bytes."""
    first = case.do("vault", "new version", {"ask": f"POST {URI}/keys/k/wrapkey", "send": VALUE})
    hidden = {**VALUE, "value": first["value"]}
    case.do(
        {"ask": f"POST {URI}/keys/k/unwrapkey", "send": hidden},
        {"ask": f"POST {URI}/keys/other/create", "send": {"kty": "RSA"}},
        {"ask": f"POST {URI}/keys/other/unwrapkey -> 400 BadParameter", "send": hidden},
        "new version",
        {"ask": f"POST {URI}/keys/k/unwrapkey -> 400 BadParameter", "send": hidden},
    )


def test_a_backup_hides_the_key_and_is_bound_to_its_maker(case: Case) -> None:
    """The value holds no readable name or number, and one changed character makes it worthless."""
    value = case.do("vault", "new version", f"POST {URI}/keys/k/backup")["value"]
    assert b"contoso" not in crypto.from_b64url(value)
    changed = value[:40] + ("A" if value[40] != "A" else "B") + value[41:]
    case.do(
        f"DELETE {URI}/keys/k",
        f"DELETE {URI}/deletedkeys/k",
        {"ask": f"POST {URI}/keys/restore -> 400 BadParameter", "send": {"value": changed}},
    )


def test_private_halves_never_leave(case: Case) -> None:
    """No document that lists keys, no answer and no audit event holds private material."""
    answers = [case.do("vault", "new version"), case.audit(), case.cloud.store.scan("vault.key")]
    assert re.findall(r'"(?:d|p|q|dp|dq|qi|pkcs8)":', json.dumps(answers)) == []
