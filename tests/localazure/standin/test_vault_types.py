"""The two types whose real provider has code of its own: AccessPolicy and Key."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.standin.azure import Answer
from localazure.standin.values import UNKNOWN
from tests.localazure.standin.driver import MISSING, PLACE, VAULT, Engine, Row, rows

POLICY_TYPE, KEY_TYPE = "azure-native:keyvault:AccessPolicy", "azure-native:keyvault:Key"
POLICY: dict[str, Any] = {"objectId": "o", "tenantId": "t", "permissions": {"keys": ["get", "wrapKey"]}}
INPUTS = {**PLACE, "vaultName": "v", "policy": POLICY}
NARROWED = {**POLICY, "permissions": {"keys": ["get"]}}
STORED = {"keys": ["get", "wrapKey"], "secrets": []}
LATER = {**INPUTS, "policy": {**POLICY, "objectId": UNKNOWN}}
POLICY_ID, KEY_ID = f"{VAULT}/accessPolicy/o", f"{VAULT}/keys/k"
SENT = {"properties": {"accessPolicies": [{**POLICY, "applicationId": ""}]}}
RSA = {"kty": "RSA", "keySize": 2048}
TIMES = {"enabled": True, "notBefore": 1, "expires": 2}
KEY = {
    **PLACE,
    "vaultName": "v",
    "keyName": "k",
    "properties": {**RSA, "attributes": TIMES, "releasePolicy": {"data": "d"}},
}
KEY_INPUTS = {**KEY, "azureApiVersion": "2024-11-01"}
ARM_TIMES = {"enabled": True, "nbf": 1, "exp": 2}
KEY_PROPERTIES = {
    **RSA,
    "keyUri": "k",
    "keyUriWithVersion": "k/1",
    "release_policy": {"data": "d"},
    "attributes": {**ARM_TIMES, "created": 3},
}
KEY_ANSWER = {"id": KEY_ID, "name": "k", "location": "westeurope", "properties": KEY_PROPERTIES}
GET, PUT = f"GET {VAULT}", f"PUT {VAULT}/accessPolicies/replace"
REMOVE = f"PUT {VAULT}/accessPolicies/remove"
GET_KEY, PUT_KEY, DELETED = f"GET {KEY_ID}", f"PUT {KEY_ID}", "https://v.vault.azure.net/deletedkeys/k"
CONFLICT = Answer(409, {"error": {"code": "Conflict", "message": "deleted"}})


def vault_with(*policies: Any) -> Answer:
    return Answer(200, {"id": VAULT, "properties": {"accessPolicies": list(policies)}})


def create(engine: Engine) -> Any:
    return engine.create(POLICY_TYPE, INPUTS)


def create_key(engine: Engine) -> Any:
    return engine.create(KEY_TYPE, KEY_INPUTS)


ROWS = {
    "a policy is upserted by itself, an unset application as empty text, and read back": Row(
        create,
        {GET: [vault_with(), vault_with({**POLICY, "applicationId": "", "permissions": STORED})]},
        has={"id": POLICY_ID, "outputs": INPUTS},
        asks=[GET, PUT, GET],
        sent=[SENT],
    ),
    "a present policy is not created again": Row(
        create, {GET: [vault_with(POLICY)]}, refused=f'cannot create already existing resource "{POLICY_ID}"'
    ),
    "one that is lost is told": Row(
        create, {GET: [vault_with(), vault_with()]}, refused="newly written access policy not found"
    ),
    "an absent one is not updated": Row(
        lambda engine: engine.update(POLICY_TYPE, POLICY_ID, INPUTS, INPUTS),
        {GET: [vault_with()]},
        refused="access policy for o does not exist",
    ),
    "a policy goes by its old entry": Row(
        lambda engine: engine.delete(POLICY_TYPE, POLICY_ID, INPUTS), asks=[REMOVE], sent=[SENT]
    ),
    "a vault that is gone has lost it": Row(
        lambda engine: engine.delete(POLICY_TYPE, POLICY_ID, INPUTS), {REMOVE: [MISSING]}
    ),
    "a previewed policy is its inputs, unknown where they are": Row(
        lambda engine: engine.create(POLICY_TYPE, LATER, preview=True), has={"outputs": LATER}, asks=[]
    ),
    "a key is what its PUT answered, with three of ARM's names as the program has them": Row(
        create_key,
        {PUT_KEY: [Answer(200, KEY_ANSWER)]},
        has={
            "id": KEY_ID,
            "outputs.keyUriWithVersion": "k/1",
            "outputs.releasePolicy": {"data": "d"},
            "outputs.attributes": {**TIMES, "created": 3},
        },
        asks=[GET_KEY, PUT_KEY],
        sent=[{"properties": {**RSA, "attributes": ARM_TIMES, "release_policy": {"data": "d"}}}],
    ),
    "an imported key has nested inputs without what only Azure sets": Row(
        lambda engine: engine.read(KEY_TYPE, KEY_ID), there={KEY_ID: KEY_ANSWER}, has={"inputs": KEY}
    ),
    "a soft-deleted key is recovered once, and the PUT repeated until it goes through": Row(
        create_key,
        {PUT_KEY: [*[CONFLICT] * 3, Answer(200, KEY_ANSWER)], f"GET {DELETED}": [Answer(200, {"id": "r"})]},
        asks=[GET_KEY, PUT_KEY, f"GET {DELETED}", f"POST {DELETED}/recover", *[PUT_KEY] * 3],
    ),
    "six conflicts without a deleted key are the user's to see": Row(
        create_key,
        {PUT_KEY: [CONFLICT] * 6, f"GET {DELETED}": [MISSING] * 5},
        refused='Status=409 Code="Conflict" Message="deleted"',
    ),
    "a key is deleted in its vault, and fine if it is not there": Row(
        lambda engine: engine.delete(KEY_TYPE, KEY_ID, KEY_INPUTS),
        asks=["DELETE https://v.vault.azure.net/keys/k"],
    ),
}


@rows(ROWS)
async def test_of_a_policy_or_a_key(engine: Engine, row: Row) -> None:
    """The requests of one call, and what the engine stores."""
    await row.holds(engine)


@pytest.mark.parametrize(
    ("answer", "there"),
    [
        (MISSING, None),
        (vault_with({**POLICY, "objectId": "other"}), None),
        (vault_with(NARROWED), {**INPUTS, "policy": NARROWED}),
    ],
    ids=["its vault is gone", "its entry is gone", "it was narrowed"],
)
async def test_access_policy_follows_what_was_changed_beside_the_program(
    engine: Engine, answer: Answer, there: Any
) -> None:
    """An entry of another object does not count; an import finds vault, group and entry."""
    engine.arm.tell(GET, answer, answer)
    for known in ((INPUTS, INPUTS), ()):
        read = await engine.read(POLICY_TYPE, POLICY_ID, *known)
        assert (read["id"], there and read["inputs"]) == ((there and POLICY_ID) or "", there)


async def test_a_rotation_changes_the_outputs_of_a_key_and_not_its_inputs(engine: Engine) -> None:
    """The version is the one that the key has now."""
    outputs = (await create_key(engine))["outputs"]
    rotated = {**KEY_PROPERTIES, "keyUriWithVersion": "k/2"}
    engine.arm.resources[KEY_ID.lower()] = {**KEY_ANSWER, "properties": rotated}
    read = await engine.read(KEY_TYPE, KEY_ID, KEY_INPUTS, outputs)
    assert (read["inputs"], read["outputs"]["keyUriWithVersion"]) == (KEY_INPUTS, "k/2")
