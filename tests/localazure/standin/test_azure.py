"""The stand-in against the running local Azure: real tokens, TLS, proxy and the data plane of a vault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import grpc
import pytest

from localazure.standin import serve
from tests.localazure.standin.case import Engine, engine
from tests.support.azure import RunningAzure

pytestmark = pytest.mark.asyncio

GROUP = "azure-native:resources:ResourceGroup"
VAULT = "azure-native:keyvault:Vault"
KEY = "azure-native:keyvault:Key"


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


async def test_a_key_deleted_in_its_vault_is_recovered_with_its_material(azure: RunningAzure) -> None:
    """A key that a program deletes and makes again is the old key, not a new one."""
    group = "standin-recover"
    inputs = {
        "resourceGroupName": group,
        "vaultName": group,
        "keyName": "k",
        "properties": {"kty": "RSA"},
    }
    vault = {
        "resourceGroupName": group,
        "vaultName": group,
        "location": "westeurope",
        "properties": {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": azure.env["ARM_TENANT_ID"],
            "enablePurgeProtection": True,
            "enableRbacAuthorization": True,
        },
    }
    async with attached(azure.env, group) as instance:
        await instance.create(VAULT, vault)
        id, first = await instance.create(KEY, inputs)
        await instance.delete(KEY, id, inputs)
        _, second = await instance.create(KEY, inputs)
    assert second["keyUriWithVersion"] == first["keyUriWithVersion"]


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
