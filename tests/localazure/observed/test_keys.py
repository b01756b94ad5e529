"""Key Vault's data plane as observed: challenges, keys and their attributes, versions, rotation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localazure import seed
from tests.localazure.observed.fact import Fact, Step, answer, check, scene, send, vault_body
from tests.localazure.observed.test_vaults import URL as VAULT_URL

HOST = "https://contoso-1.vault.azure.net"
API = "?api-version=7.4"
VERSION = "[0-9a-f]{32}"
KID = f"{HOST}/keys/k/{VERSION}"
ALL = ("all", "purge", "rotate", "getrotationpolicy", "setrotationpolicy")
OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
ROTATES = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Rotate"}}
YEARLY = {
    "lifetimeActions": [ROTATES],
    "attributes": {"expiryTime": "P1Y"},
}
VALUE = "AAECAwQFBgcICQoLDA0ODw"


def url(path: str, version: str = API) -> str:
    return f"{HOST}/{path}{version}"


def vault(**properties: Any) -> Step:
    return Step("PUT", VAULT_URL, vault_body(*ALL, **properties))


CREATE = Step("POST", url("keys/k/create"), {"kty": "RSA"})
MADE = (CREATE,)
POLICY = Step("PUT", url("keys/k/rotationpolicy"), YEARLY)
VAULT = vault()


def key(name: str, version: str, vault_properties: dict[str, Any], **expected: Any) -> Fact:
    """What a new key says of itself in an api-version, in a vault of these properties."""
    create = url("keys/k/create", f"?api-version={version}")
    return Fact(name, "POST", create, 200, {"kty": "RSA"}, given=(vault(**vault_properties),), **expected)


FACTS = (
    Fact(
        "without a token there is a challenge, whatever was sent",
        "POST",
        url("keys/k/create"),
        401,
        given=(VAULT,),
        headers={
            "www-authenticate": f'Bearer authorization="https://login.microsoftonline.com/{seed.TENANT_ID}", '
            'resource="https://vault.azure.net"'
        },
        whole={
            "error": {
                "code": "Unauthorized",
                "message": "AKV10000: Request is missing a Bearer or PoP token.",
            }
        },
        who=None,
    ),
    key(
        "a key is RSA of 2048 bits for everything",
        "7.4",
        {},
        has={"key.kty": "RSA", "key.key_ops": OPERATIONS, "key.e": "AQAB"},
        like={"key.kid": KID, "key.n": "[A-Za-z0-9_-]{342}"},
        keys={"": ("key", "attributes", "tags"), "key": ("kid", "kty", "key_ops", "n", "e")},
        lacks=("attributes.exp", "attributes.nbf"),
    ),
    key(
        "before 7.4 nothing is said of exports",
        "7.3",
        {},
        keys={"attributes": ("enabled", "created", "updated", "recoveryLevel", "recoverableDays")},
    ),
    key("7.4 says that it cannot be exported", "7.4", {}, has={"attributes.exportable": False}),
    key("before 7.5 nothing is said of hardware", "7.4", {}, lacks=("attributes.hsmPlatform",)),
    key("7.5 says on which hardware it is", "7.5", {}, has={"attributes.hsmPlatform": "0"}),
    key(
        "a retention of 7 days is a customised one",
        "7.4",
        {"softDeleteRetentionInDays": 7},
        has={"attributes.recoveryLevel": "CustomizedRecoverable+Purgeable", "attributes.recoverableDays": 7},
    ),
    key(
        "a retention of 90 days is not",
        "7.4",
        {},
        has={"attributes.recoveryLevel": "Recoverable+Purgeable", "attributes.recoverableDays": 90},
    ),
    key(
        "without soft delete it is purgeable",
        "7.4",
        {"enableSoftDelete": False},
        has={"attributes.recoveryLevel": "Purgeable"},
    ),
    Fact(
        "a second create makes another version",
        "POST",
        CREATE.path,
        200,
        {"kty": "RSA"},
        given=(CREATE,),
        like={"key.kid": KID},
        moved=("key.kid", "key.n"),
    ),
    Fact(
        "the expiry and the start are told when they are set",
        "POST",
        CREATE.path,
        200,
        {"kty": "RSA", "attributes": {"nbf": 1700000000, "exp": 4100000000}},
        has={"attributes.nbf": 1700000000, "attributes.exp": 4100000000},
    ),
    Fact(
        "a key that never had a rotation policy has this one",
        "GET",
        POLICY.path,
        200,
        given=MADE,
        whole={
            "lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}],
            "attributes": None,
        },
    ),
    Fact(
        "a rotation policy that is set has an id and its times",
        "PUT",
        POLICY.path,
        200,
        YEARLY,
        given=MADE,
        has={
            "id": f"{HOST}/keys/k/rotationpolicy",
            "lifetimeActions.0": ROTATES,
            "attributes.expiryTime": "P1Y",
        },
        like={"attributes.created": r"\d+", "attributes.updated": r"\d+"},
    ),
    Fact(
        "a rotation makes another version with another modulus",
        "POST",
        url("keys/k/rotate"),
        200,
        given=(CREATE, POLICY),
        like={"key.kid": KID, "attributes.exp": r"\d+"},
        moved=("key.kid", "key.n"),
    ),
    Fact(
        "an empty version is the current one for an update",
        "PATCH",
        url("keys/k/"),
        200,
        {"attributes": {"enabled": False}},
        given=MADE,
        has={"attributes.enabled": False},
        kept=("key.kid",),
    ),
    *(
        Fact(
            f"{word} with an empty version answers the version in use",
            "POST",
            url(f"keys/k//{word}"),
            200,
            {"alg": "RSA-OAEP-256", "value": VALUE},
            given=MADE,
            like={"kid": KID, "value": "[A-Za-z0-9_-]{342}"},
            keys={"": ("kid", "value")},
        )
        for word in ("wrapkey", "encrypt")
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_keys_are_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    has_vault = any(step.path == VAULT_URL for step in fact.given)
    check(fact, before=() if has_vault else (VAULT,))


def test_a_rotated_version_expires_by_the_policy_and_the_older_one_does_not() -> None:
    """`exp` is `created` and the policy's expiryTime; the version that was there keeps none."""
    door = scene()
    fact = Fact("", "POST", url("keys/k/rotate"), 200, given=(CREATE, POLICY))
    rotated, made = answer(door, fact, (VAULT,))
    created = datetime.fromtimestamp(rotated.body["attributes"]["created"], UTC)
    expected = created.replace(year=created.year + 1)
    assert rotated.body["attributes"]["exp"] == expected.timestamp()
    assert made is not None
    older = send(door, "GET", made.body["key"]["kid"] + API)
    assert "exp" not in older.body["attributes"]


def test_what_was_wrapped_is_unwrapped_with_an_empty_version() -> None:
    """unwrapkey answers the kid in use and the bytes that wrapkey got."""
    door = scene()
    fact = Fact("", "POST", url("keys/k//wrapkey"), 200, {"alg": "RSA-OAEP-256", "value": VALUE}, given=MADE)
    wrapped, _ = answer(door, fact, (VAULT,))
    body = {"alg": "RSA-OAEP-256", "value": wrapped.body["value"]}
    unwrapped = send(door, "POST", url("keys/k//unwrapkey"), body)
    assert unwrapped.body == {"kid": wrapped.body["kid"], "value": VALUE}
