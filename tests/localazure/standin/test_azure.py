"""The stand-in against the local Azure: real tokens, TLS, proxy, vaults and keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import grpc
import pytest

from localazure.standin import serve
from localazure.standin.wire import from_struct
from tests.localazure.standin.case import Engine, engine, init_failure
from tests.support.azure import RunningAzure

pytestmark = pytest.mark.asyncio

GROUP = "azure-native:resources:ResourceGroup"
VAULT = "azure-native:keyvault:Vault"
KEY = "azure-native:keyvault:Key"
ACCOUNT = "azure-native:cognitiveservices:Account"
POLICY = "azure-native:keyvault:AccessPolicy"


@asynccontextmanager
async def attached(environ: Mapping[str, str], group: str) -> AsyncIterator[Engine]:
    """A configured provider instance, with a resource group of its own."""
    server, port = await serve("127.0.0.1:0", environ)
    try:
        async with engine(port) as instance:
            await instance.configure()
            await instance.create(GROUP, {"resourceGroupName": group, "location": "westeurope"})
            yield instance
    finally:
        await server.stop(None)


def vault_inputs(azure: RunningAzure, group: str, name: str, *, rbac: bool = False) -> dict[str, object]:
    """A vault with purge protection; with `rbac` the deployer's role reaches its keys."""
    return {
        "resourceGroupName": group,
        "vaultName": name,
        "location": "westeurope",
        "properties": {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": azure.env["ARM_TENANT_ID"],
            "enablePurgeProtection": True,
            "enableRbacAuthorization": rbac,
        },
    }


async def test_an_encrypted_account_lives_and_dies_through_the_stand_in(azure: RunningAzure) -> None:
    """Vault, key, account and access policy are made, read, imported, changed and deleted without a diff."""
    group, where = "standin-life", {"resourceGroupName": "standin-life"}
    async with attached(azure.env, group) as instance:
        vault_id, vault = await instance.create(VAULT, vault_inputs(azure, group, "standin-life-vault"))
        key_inputs = {**where, "vaultName": vault["name"], "keyName": "key", "properties": {"kty": "RSA"}}
        _, key = await instance.create(KEY, key_inputs)
        account_inputs = {
            **where,
            "accountName": "standin-life-account",
            "location": "westeurope",
            "kind": "TextAnalytics",
            "sku": {"name": "S"},
            "identity": {"type": "SystemAssigned"},
            "properties": {},
        }
        account_id, account = await instance.create(ACCOUNT, account_inputs)
        policy_inputs = {
            **where,
            "vaultName": vault["name"],
            "policy": {
                "objectId": account["identity"]["principalId"],
                "tenantId": account["identity"]["tenantId"],
                "permissions": {"keys": ["get", "unwrapKey", "wrapKey"]},
            },
        }
        policy_id, policy = await instance.create(POLICY, policy_inputs)
        tagged = {**account_inputs, "tags": {"team": "language"}}
        changed = await instance.update(ACCOUNT, account_id, account_inputs, tagged, account)
        refreshed = await instance.read(ACCOUNT, account_id, tagged, changed)
        imported = await instance.read(VAULT, vault_id)
        keys = await instance.invoke(
            "azure-native:cognitiveservices:listAccountKeys", **where, accountName="standin-life-account"
        )
        client = await instance.invoke("azure-native:authorization:getClientConfig")
        await instance.delete(POLICY, policy_id, policy_inputs)
        await instance.delete(ACCOUNT, account_id, tagged)
        await instance.delete(VAULT, vault_id, {})
        gone = await instance.read(VAULT, vault_id, {}, vault)
    assert vault["properties"]["provisioningState"] == "Succeeded"
    assert key["keyUriWithVersion"].startswith("https://standin-life-vault.vault.azure.net/keys/key/")
    assert policy == policy_inputs
    assert changed["tags"] == {"team": "language"}
    assert from_struct(refreshed.inputs) == tagged
    assert from_struct(imported.inputs)["properties"]["enablePurgeProtection"] is True
    assert set(keys) == {"key1", "key2"}
    assert client["clientId"] == azure.env["ARM_CLIENT_ID"]
    assert client["tenantId"] == azure.env["ARM_TENANT_ID"]
    assert gone.id == ""


async def test_a_key_deleted_in_its_vault_is_recovered_with_its_material(azure: RunningAzure) -> None:
    """A key that a program deletes and makes again is the old key, not a new one."""
    group = "standin-recover"
    inputs = {
        "resourceGroupName": group,
        "vaultName": "standin-recover",
        "keyName": "k",
        "properties": {"kty": "RSA"},
    }
    async with attached(azure.env, group) as instance:
        await instance.create(VAULT, vault_inputs(azure, group, "standin-recover", rbac=True))
        id, first = await instance.create(KEY, inputs)
        await instance.delete(KEY, id, inputs)
        _, second = await instance.create(KEY, inputs)
    assert second["keyUriWithVersion"] == first["keyUriWithVersion"]


async def test_an_accepted_create_that_fails_is_kept_and_put_right(azure: RunningAzure) -> None:
    """The account stays in state with Azure's reason; the next update ends as Succeeded."""
    inputs = {
        "resourceGroupName": "standin-failure",
        "accountName": "standin-failure",
        "location": "westeurope",
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
    }
    async with attached(azure.env, "standin-failure") as instance:
        azure.control("/behaviour", {"failing_operations": "CapacityExceeded"})
        try:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await instance.create(ACCOUNT, inputs)
        finally:
            azure.control("/behaviour", {"failing_operations": ""})
        failure = init_failure(caught.value)
        outputs = from_struct(failure.properties)
        again = await instance.update(ACCOUNT, failure.id, inputs, {**inputs, "tags": {"a": "b"}}, outputs)
    assert [reason.startswith('Code="CapacityExceeded"') for reason in failure.reasons] == [True]
    assert outputs["properties"]["provisioningState"] == "Failed"
    assert from_struct(failure.inputs) == inputs
    assert again["properties"]["provisioningState"] == "Succeeded"


async def test_fails_with_a_wrong_secret_and_never_shows_it(azure: RunningAzure) -> None:
    """A refused login says which client was refused and why, not with which secret."""
    server, port = await serve("127.0.0.1:0", azure.env)
    try:
        async with engine(port) as instance:
            await instance.configure(clientSecret="not-the-secret")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await instance.create(GROUP, {"resourceGroupName": "x", "location": "westeurope"})
    finally:
        await server.stop(None)
    assert f"login of client '{azure.env['ARM_CLIENT_ID']}'" in caught.value.details()
    assert "not-the-secret" not in caught.value.details()
