"""The two types whose real provider has code of its own: AccessPolicy and Key."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from localazure.standin.azure import Answer
from localazure.standin.values import UNKNOWN
from tests.localazure.standin.driver import MISSING, PLACE, VAULT, Engine, RecordingArm, refused

POLICY_TYPE = "azure-native:keyvault:AccessPolicy"
KEY_TYPE = "azure-native:keyvault:Key"
POLICY: dict[str, Any] = {"objectId": "o", "tenantId": "t", "permissions": {"keys": ["get", "wrapKey"]}}
POLICY_INPUTS = {**PLACE, "vaultName": "v", "policy": POLICY}
POLICY_ID, KEY_ID = f"{VAULT}/accessPolicy/o", f"{VAULT}/keys/k"
RSA = {"kty": "RSA", "keySize": 2048}
KEY_INPUTS = {
    **PLACE,
    "vaultName": "v",
    "keyName": "k",
    "azureApiVersion": "2024-11-01",
    "properties": {
        **RSA,
        "attributes": {"enabled": True, "notBefore": 1, "expires": 2},
        "releasePolicy": {"data": "d"},
    },
}
KEY_PROPERTIES = {
    **RSA,
    "keyUri": "https://v.vault.azure.net/keys/k",
    "keyUriWithVersion": "https://v.vault.azure.net/keys/k/1",
    "attributes": {"enabled": True, "nbf": 1, "exp": 2, "created": 3},
    "release_policy": {"data": "d"},
}
KEY_ANSWER = {
    "id": KEY_ID,
    "name": "k",
    "location": "westeurope",
    "type": "Microsoft.KeyVault/vaults/keys",
    "properties": KEY_PROPERTIES,
}
DATA_PLANE = "https://v.vault.azure.net"


def vault_with(*policies: dict[str, Any]) -> Answer:
    return Answer(200, {"id": VAULT, "properties": {"accessPolicies": list(policies)}})


async def test_access_policy_is_upserted_by_itself_and_read_back(engine: Engine, arm: RecordingArm) -> None:
    """`replace` with the one entry, an unset application as empty text; the state is what the vault has."""
    stored = {**POLICY, "applicationId": "", "permissions": {"keys": ["get", "wrapKey"], "secrets": []}}
    arm.tell(f"GET {VAULT}", vault_with(), vault_with(stored))
    assert await engine.create(POLICY_TYPE, POLICY_INPUTS) == (POLICY_ID, POLICY_INPUTS)
    body = {"properties": {"accessPolicies": [{**POLICY, "applicationId": ""}]}}
    assert ("PUT", f"{VAULT}/accessPolicies/replace", body) in arm.calls


@pytest.mark.parametrize(
    ("answers", "update", "message"),
    [
        ([vault_with(POLICY)], False, f'cannot create already existing resource "{POLICY_ID}"'),
        ([vault_with(), vault_with()], False, "newly written access policy not found"),
        ([vault_with()], True, "access policy for o does not exist"),
    ],
)
async def test_fails_with_the_texts_of_the_real_access_policy(
    engine: Engine, arm: RecordingArm, answers: list[Answer], update: bool, message: str
) -> None:
    """A present entry is not created again, an absent one not updated, a lost one is told."""
    arm.tell(f"GET {VAULT}", *answers)
    write: Awaitable[object] = (
        engine.update(POLICY_TYPE, POLICY_ID, POLICY_INPUTS, POLICY_INPUTS)
        if update
        else engine.create(POLICY_TYPE, POLICY_INPUTS)
    )
    assert await refused(write) == message


@pytest.mark.parametrize(
    ("answer", "there"),
    [
        (MISSING, None),
        (vault_with({**POLICY, "objectId": "other"}), None),
        (
            vault_with({**POLICY, "permissions": {"keys": ["get"]}}),
            {**POLICY, "permissions": {"keys": ["get"]}},
        ),
    ],
    ids=["its vault is gone", "its entry is gone", "it was narrowed"],
)
async def test_access_policy_follows_what_was_changed_beside_the_program(
    engine: Engine, arm: RecordingArm, answer: Answer, there: Any
) -> None:
    """An entry of another object does not count; an import finds vault, group and entry."""
    arm.tell(f"GET {VAULT}", answer, answer)
    for known in ((POLICY_INPUTS, POLICY_INPUTS), ()):
        id, inputs, _ = await engine.read(POLICY_TYPE, POLICY_ID, *known)
        assert (id, inputs if there else None) == (
            (POLICY_ID, {**POLICY_INPUTS, "policy": there}) if there else ("", None)
        )


async def test_access_policy_is_removed_by_its_old_entry(engine: Engine, arm: RecordingArm) -> None:
    """Delete sends the old inputs' entry to `remove`; a vault that is gone is fine."""
    remove = f"{VAULT}/accessPolicies/remove"
    await engine.delete(POLICY_TYPE, POLICY_ID, POLICY_INPUTS)
    arm.tell(f"PUT {remove}", MISSING)
    await engine.delete(POLICY_TYPE, POLICY_ID, POLICY_INPUTS)
    body = {"properties": {"accessPolicies": [{**POLICY, "applicationId": ""}]}}
    assert arm.calls == [("PUT", remove, body)] * 2


async def test_preview_of_an_access_policy_is_its_inputs(engine: Engine, arm: RecordingArm) -> None:
    """Its outputs are its inputs, unknown where they are unknown."""
    inputs = {**POLICY_INPUTS, "policy": {**POLICY, "objectId": UNKNOWN}}
    assert (await engine.create(POLICY_TYPE, inputs, preview=True))[1] == inputs
    assert arm.calls == []


async def test_key_stores_the_answer_to_its_put_with_the_programs_names(
    engine: Engine, arm: RecordingArm
) -> None:
    """No GET follows the PUT; nbf, exp and release_policy are ARM's spellings of three properties. A rotation
    changes the outputs and not the inputs."""
    arm.tell(f"PUT {KEY_ID}", Answer(200, KEY_ANSWER))
    id, outputs = await engine.create(KEY_TYPE, KEY_INPUTS)
    assert (id, arm.asks) == (KEY_ID, [f"GET {KEY_ID}", f"PUT {KEY_ID}"])
    attributes = {"enabled": True, "nbf": 1, "exp": 2}
    assert arm.sent("PUT") == [
        {"properties": {**RSA, "attributes": attributes, "release_policy": {"data": "d"}}}
    ]
    assert outputs["keyUriWithVersion"] == "https://v.vault.azure.net/keys/k/1"
    assert outputs["attributes"] == {"enabled": True, "notBefore": 1, "expires": 2, "created": 3}
    assert (outputs["releasePolicy"], "properties" in outputs) == ({"data": "d"}, False)
    arm.resources[KEY_ID.lower()] = {
        **KEY_ANSWER,
        "properties": {**KEY_PROPERTIES, "keyUriWithVersion": "https://v/2"},
    }
    _, inputs, properties = await engine.read(KEY_TYPE, KEY_ID, KEY_INPUTS, outputs)
    assert (inputs, properties["keyUriWithVersion"]) == (KEY_INPUTS, "https://v/2")


async def test_imported_key_has_nested_inputs(engine: Engine, arm: RecordingArm) -> None:
    """Inputs are nested where the outputs are flat; what only Azure sets is left out."""
    arm.resources[KEY_ID.lower()] = KEY_ANSWER
    _, inputs, _ = await engine.read(KEY_TYPE, KEY_ID)
    assert inputs == {k: v for k, v in KEY_INPUTS.items() if k != "azureApiVersion"}


def conflict(arm: RecordingArm, conflicts: int, deleted: Answer) -> None:
    """Lets the first PUTs of the key conflict; `deleted` answers for its deleted namesake."""
    told = Answer(409, {"error": {"code": "Conflict", "message": "deleted"}})
    arm.tell(f"PUT {KEY_ID}", *[told] * conflicts, Answer(200, KEY_ANSWER))
    arm.tell(f"GET {DATA_PLANE}/deletedkeys/k", *[deleted] * 9)


async def test_a_soft_deleted_key_is_recovered(engine: Engine, arm: RecordingArm) -> None:
    """On a conflict the deleted key is recovered once, and the PUT repeated until it goes through."""
    conflict(arm, 3, Answer(200, {"recoveryId": "r"}))
    await engine.create(KEY_TYPE, KEY_INPUTS)
    put, deleted = f"PUT {KEY_ID}", f"{DATA_PLANE}/deletedkeys/k"
    assert arm.asks[1:] == [put, f"GET {deleted}", f"POST {deleted}/recover", put, put, put]


async def test_fails_with_the_conflict_when_nothing_was_deleted(engine: Engine, arm: RecordingArm) -> None:
    """Six conflicts in a row without a deleted key are the user's to see."""
    conflict(arm, 9, MISSING)
    assert (
        await refused(engine.create(KEY_TYPE, KEY_INPUTS)) == 'Status=409 Code="Conflict" Message="deleted"'
    )
    assert len(arm.sent("PUT")) == 6


async def test_key_is_deleted_in_the_vault(engine: Engine, arm: RecordingArm) -> None:
    """ARM has no DELETE for keys: the data plane's is used, and a missing key is fine."""
    await engine.delete(KEY_TYPE, KEY_ID, KEY_INPUTS)
    assert arm.asks == [f"DELETE {DATA_PLANE}/keys/k"]
