"""Refresh and import, against a recording ARM."""

from __future__ import annotations

import grpc
import pytest

from localazure.standin.azure import Answer
from localazure.standin.wire import from_struct
from tests.localazure.standin.arm import (
    ACCOUNT,
    ACCOUNT_BODY,
    ACCOUNT_INPUTS,
    ACCOUNT_TYPE,
    GROUP,
    POLICY,
    VAULT,
    VAULT_INPUTS,
    VAULT_TYPE,
    missing,
)
from tests.localazure.standin.case import configured

pytestmark = pytest.mark.asyncio


async def test_refresh_finds_a_resource_gone() -> None:
    """404 is an empty answer, which drops the resource from state."""
    async with configured() as (engine, _):
        got = await engine.read(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, {"id": ACCOUNT})
    assert got.id == ""


async def test_refresh_carries_later_changes_into_the_inputs_and_no_old_defaults() -> None:
    """An encryption set by somebody becomes an input; a default that was there all along does not."""
    first = {"id": ACCOUNT, "properties": {"publicNetworkAccess": "Enabled"}, **ACCOUNT_BODY}
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": {"keyName": "k"}}
    async with configured() as (engine, arm):
        arm.answers[f"GET {ACCOUNT}"] = [missing(), Answer(200, first)]
        _, outputs = await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
        arm.resources[ACCOUNT.lower()] = {
            **first,
            "etag": "2",
            "properties": {"publicNetworkAccess": "Enabled", "encryption": encryption},
        }
        got = await engine.read(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, outputs)
    assert from_struct(got.inputs) == {**ACCOUNT_INPUTS, "properties": {"encryption": encryption}}
    assert from_struct(got.properties)["properties"]["encryption"] == encryption


async def test_refresh_ignores_access_policies_that_the_vault_does_not_declare() -> None:
    """Standalone access policies are other resources' business; declared ones are followed."""
    bare = {"id": VAULT, "properties": {"tenantId": "t", "accessPolicies": []}}
    async with configured() as (engine, arm):
        arm.resources[VAULT.lower()] = {**bare, "properties": {"tenantId": "t", "accessPolicies": [POLICY]}}
        got = await engine.read(VAULT_TYPE, VAULT, VAULT_INPUTS, bare)
        inline = {**VAULT_INPUTS, "properties": {**VAULT_INPUTS["properties"], "accessPolicies": []}}  # type: ignore[dict-item]
        followed = await engine.read(VAULT_TYPE, VAULT, inline, bare)
    assert from_struct(got.inputs) == VAULT_INPUTS
    assert from_struct(followed.inputs)["properties"]["accessPolicies"] == [POLICY]


async def test_import_makes_the_inputs_from_the_resource() -> None:
    """Without inputs they are the id's parts and the answer without read-only and empty properties."""
    answer = {
        "id": ACCOUNT,
        "name": "a",
        "etag": "1",
        "tags": {},
        **ACCOUNT_BODY,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a": {"clientId": "c"}}},
        "properties": {"endpoint": "https://x", "publicNetworkAccess": "Enabled", "capabilities": []},
    }
    async with configured() as (engine, arm):
        arm.resources[ACCOUNT.lower()] = answer
        got = await engine.read(ACCOUNT_TYPE, ACCOUNT)
    assert got.id == ACCOUNT
    assert from_struct(got.inputs) == {
        **ACCOUNT_BODY,
        "resourceGroupName": "rg",
        "accountName": "a",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a"]},
        "properties": {"publicNetworkAccess": "Enabled"},
    }


async def test_fails_to_import_an_id_of_another_type() -> None:
    """An id that does not fit the type says which form it should have."""
    async with configured() as (engine, arm):
        arm.resources[GROUP.lower()] = {"id": GROUP}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.read(ACCOUNT_TYPE, GROUP)
    assert "is not an id of the form" in caught.value.details()
