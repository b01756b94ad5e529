"""The two types whose real provider has code of its own: AccessPolicy and Key."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import grpc
import pytest

from localazure.standin.azure import Answer
from localazure.standin.values import UNKNOWN
from localazure.standin.wire import from_struct
from tests.localazure.standin.arm import VAULT, RecordingArm, missing
from tests.localazure.standin.case import configured

pytestmark = pytest.mark.asyncio

POLICY_TYPE = "azure-native:keyvault:AccessPolicy"
KEY_TYPE = "azure-native:keyvault:Key"
POLICY = {"objectId": "o", "tenantId": "t", "permissions": {"keys": ["get", "wrapKey"]}}
POLICY_INPUTS = {"resourceGroupName": "rg", "vaultName": "v", "policy": POLICY}
POLICY_ID = f"{VAULT}/accessPolicy/o"
KEY_ID = f"{VAULT}/keys/k"
KEY_INPUTS = {
    "resourceGroupName": "rg",
    "vaultName": "v",
    "keyName": "k",
    "azureApiVersion": "2024-11-01",
    "properties": {
        "kty": "RSA",
        "keySize": 2048,
        "attributes": {"enabled": True, "notBefore": 1, "expires": 2},
        "releasePolicy": {"data": "d"},
    },
}
KEY_ANSWER = {
    "id": KEY_ID,
    "name": "k",
    "location": "westeurope",
    "type": "Microsoft.KeyVault/vaults/keys",
    "properties": {
        "kty": "RSA",
        "keySize": 2048,
        "keyUri": "https://v.vault.azure.net/keys/k",
        "keyUriWithVersion": "https://v.vault.azure.net/keys/k/1",
        "attributes": {"enabled": True, "nbf": 1, "exp": 2, "created": 3},
        "release_policy": {"data": "d"},
    },
}


def vault_with(*policies: dict[str, Any]) -> Answer:
    return Answer(200, {"id": VAULT, "properties": {"accessPolicies": list(policies)}})


async def test_access_policy_is_upserted_by_itself_and_read_back() -> None:
    """`replace` with the one entry, an unset application as empty text; the state is what the vault has."""
    stored = {**POLICY, "applicationId": "", "permissions": {"keys": ["get", "wrapKey"], "secrets": []}}
    async with configured() as (engine, arm):
        arm.answers[f"GET {VAULT}"] = [vault_with(), vault_with(stored)]
        id, outputs = await engine.create(POLICY_TYPE, POLICY_INPUTS)
    put = (
        "PUT",
        f"{VAULT}/accessPolicies/replace",
        {"properties": {"accessPolicies": [{**POLICY, "applicationId": ""}]}},
    )
    assert put in arm.calls
    assert id == POLICY_ID
    assert outputs == POLICY_INPUTS


@pytest.mark.parametrize(
    ("before", "after", "update", "message"),
    [
        (vault_with(POLICY), None, False, f'cannot create already existing resource "{POLICY_ID}"'),
        (vault_with(), vault_with(), False, "newly written access policy not found"),
        (vault_with(), None, True, "access policy for o does not exist"),
    ],
)
async def test_fails_with_the_texts_of_the_real_access_policy(
    before: Answer, after: Answer | None, update: bool, message: str
) -> None:
    """A present entry is not created again, an absent one not updated, a lost one is told."""
    async with configured() as (engine, arm):
        arm.answers[f"GET {VAULT}"] = [before, *([after] if after else [])]
        write: Awaitable[object] = (
            engine.update(POLICY_TYPE, POLICY_ID, POLICY_INPUTS, POLICY_INPUTS)
            if update
            else engine.create(POLICY_TYPE, POLICY_INPUTS)
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await write
    assert caught.value.details() == message


async def test_access_policy_is_gone_with_its_entry_or_its_vault() -> None:
    """Read gives nothing for either; an entry of another object does not count."""
    async with configured() as (engine, arm):
        arm.answers[f"GET {VAULT}"] = [missing(), vault_with({**POLICY, "objectId": "other"})]
        first = await engine.read(POLICY_TYPE, POLICY_ID, POLICY_INPUTS, POLICY_INPUTS)
        second = await engine.read(POLICY_TYPE, POLICY_ID, POLICY_INPUTS, POLICY_INPUTS)
    assert (first.id, second.id) == ("", "")


async def test_access_policy_follows_what_was_changed_beside_the_program() -> None:
    """A narrowed permission shows in the refreshed inputs, and an import finds vault, group and entry."""
    narrowed = {**POLICY, "permissions": {"keys": ["get"]}}
    async with configured() as (engine, arm):
        arm.answers[f"GET {VAULT}"] = [vault_with(narrowed), vault_with(narrowed)]
        refreshed = await engine.read(POLICY_TYPE, POLICY_ID, POLICY_INPUTS, POLICY_INPUTS)
        imported = await engine.read(POLICY_TYPE, POLICY_ID)
    assert from_struct(refreshed.inputs) == {**POLICY_INPUTS, "policy": narrowed}
    assert from_struct(imported.inputs) == {**POLICY_INPUTS, "policy": narrowed}


async def test_access_policy_is_removed_by_its_old_entry() -> None:
    """Delete sends the old inputs' entry to `remove`; a vault that is gone is fine."""
    remove = f"{VAULT}/accessPolicies/remove"
    async with configured() as (engine, arm):
        await engine.delete(POLICY_TYPE, POLICY_ID, POLICY_INPUTS)
        arm.answers[f"PUT {remove}"] = [missing()]
        await engine.delete(POLICY_TYPE, POLICY_ID, POLICY_INPUTS)
    body = {"properties": {"accessPolicies": [{**POLICY, "applicationId": ""}]}}
    assert arm.calls == [("PUT", remove, body), ("PUT", remove, body)]


async def test_preview_of_an_access_policy_is_its_inputs() -> None:
    """Its outputs are its inputs, unknown where they are unknown."""
    inputs = {**POLICY_INPUTS, "policy": {**POLICY, "objectId": UNKNOWN}}
    async with configured() as (engine, arm):
        _, outputs = await engine.create(POLICY_TYPE, inputs, preview=True)
    assert outputs == inputs
    assert arm.calls == []


async def test_key_stores_the_answer_to_its_put_with_the_programs_names() -> None:
    """No GET follows the PUT; nbf, exp and release_policy are ARM's spellings of three properties."""
    async with configured() as (engine, arm):
        arm.answers[f"PUT {KEY_ID}"] = [Answer(200, KEY_ANSWER)]
        id, outputs = await engine.create(KEY_TYPE, KEY_INPUTS)
    assert [call[0] for call in arm.calls] == ["GET", "PUT"]
    assert arm.sent("PUT") == [
        {
            "properties": {
                "kty": "RSA",
                "keySize": 2048,
                "attributes": {"enabled": True, "nbf": 1, "exp": 2},
                "release_policy": {"data": "d"},
            }
        }
    ]
    assert id == KEY_ID
    assert outputs["keyUriWithVersion"] == "https://v.vault.azure.net/keys/k/1"
    assert outputs["attributes"] == {"enabled": True, "notBefore": 1, "expires": 2, "created": 3}
    assert outputs["releasePolicy"] == {"data": "d"}
    assert "properties" not in outputs


async def test_a_rotated_key_changes_the_outputs_and_not_the_inputs() -> None:
    """A refresh shows the new version; nothing that the program declares differs."""
    rotated = {**KEY_ANSWER, "properties": {**KEY_ANSWER["properties"], "keyUriWithVersion": "https://v/2"}}  # type: ignore[dict-item]
    async with configured() as (engine, arm):
        arm.answers[f"PUT {KEY_ID}"] = [Answer(200, KEY_ANSWER)]
        _, outputs = await engine.create(KEY_TYPE, KEY_INPUTS)
        arm.resources[KEY_ID.lower()] = rotated
        got = await engine.read(KEY_TYPE, KEY_ID, KEY_INPUTS, outputs)
    assert from_struct(got.inputs) == KEY_INPUTS
    assert from_struct(got.properties)["keyUriWithVersion"] == "https://v/2"


async def test_imported_key_has_nested_inputs() -> None:
    """Inputs are nested where the outputs are flat; what only Azure sets is left out."""
    async with configured() as (engine, arm):
        arm.resources[KEY_ID.lower()] = KEY_ANSWER
        got = await engine.read(KEY_TYPE, KEY_ID)
    assert from_struct(got.inputs) == {k: v for k, v in KEY_INPUTS.items() if k != "azureApiVersion"}


DATA_PLANE = "https://v.vault.azure.net"


def conflict(arm: RecordingArm, conflicts: int, deleted: Answer) -> None:
    """Lets the first PUTs of the key conflict; `deleted` answers for its deleted namesake."""
    arm.answers[f"PUT {KEY_ID}"] = [
        Answer(409, {"error": {"code": "Conflict", "message": "deleted"}})
    ] * conflicts
    arm.answers[f"PUT {KEY_ID}"] += [Answer(200, KEY_ANSWER)]
    arm.answers[f"GET {DATA_PLANE}/deletedkeys/k"] = [deleted] * 9


async def test_a_soft_deleted_key_is_recovered() -> None:
    """On a conflict the deleted key is recovered once, and the PUT repeated until it goes through."""
    async with configured() as (engine, arm):
        conflict(arm, 3, Answer(200, {"recoveryId": "r"}))
        await engine.create(KEY_TYPE, KEY_INPUTS)
    put = ("PUT", KEY_ID)
    assert [call[:2] for call in arm.calls[1:]] == [
        put,
        ("GET", f"{DATA_PLANE}/deletedkeys/k"),
        ("POST", f"{DATA_PLANE}/deletedkeys/k/recover"),
        put,
        put,
        put,
    ]


async def test_fails_with_the_conflict_when_nothing_was_deleted() -> None:
    """Six conflicts in a row without a deleted key are the user's to see."""
    async with configured() as (engine, arm):
        conflict(arm, 9, missing())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.create(KEY_TYPE, KEY_INPUTS)
    assert caught.value.details() == 'Status=409 Code="Conflict" Message="deleted"'
    assert len(arm.sent("PUT")) == 6


async def test_key_is_deleted_in_the_vault() -> None:
    """ARM has no DELETE for keys: the data plane's is used, and a missing key is fine."""
    async with configured() as (engine, arm):
        await engine.delete(KEY_TYPE, KEY_ID, KEY_INPUTS)
    assert arm.calls == [("DELETE", f"{DATA_PLANE}/keys/k", None)]
