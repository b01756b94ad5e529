"""A binding to a key of a managed HSM through the real clients, against the local Azure."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.login import login
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from provider.azure import Azure
from provider.azure_client import AzureClient
from tests.provider.rig import (
    ACCESS,
    CMK,
    HSM_ROLE,
    REVOCATION,
    UNBINDS,
    VERSION,
    Engine,
    FailedError,
    FakeClock,
    engine,
)
from tests.provider.world import World


@asynccontextmanager
async def plugin() -> AsyncIterator[Engine]:
    async with engine(Azure(AzureClient(login({}, os.environ))), FakeClock()) as pulumi:
        yield pulumi


def grant_of(world: World, principal: str) -> dict[str, Any]:
    key = f"{world.hsm_id()}/keys/language-key"
    return {
        "scope": key,
        "principalId": principal,
        "roleDefinitionId": HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id,
    }


async def test_a_whole_life(world: World) -> None:
    """Grant, access in effect, version, binding, rotation, revocation, unbinding: all in the HSM, though a
    vault of the same name holds a key of the same name."""
    world.make_hsm()
    principal = world.principal()
    key_id = f"{world.hsm_id()}/keys/language-key"
    async with plugin() as pulumi:
        id, granted = await pulumi.create(HSM_ROLE, grant_of(world, principal))
        access = {"keyId": key_id, "principalId": principal, "grantId": id, "accountId": world.account_id()}
        _, valid = await pulumi.create(ACCESS, access)
        assert (valid.values["accessModel"], valid.values["proven"]) == ("managedHsm", False)
        _, version = await pulumi.create(VERSION, {"keyId": key_id, "generation": 1})
        uri = str(version.values["keyUriWithVersion"])
        assert uri.startswith("https://contoso-keys.managedhsm.azure.net/keys/language-key/")
        inputs = {
            "accountId": world.account_id(),
            "keyUriWithVersion": uri,
            "vaultId": world.hsm_id(),
        }
        bound_id, bound = await pulumi.create(CMK, inputs)
        assert world.bound_key() == uri
        _, outputs, live = await pulumi.read(CMK, bound_id, inputs, bound.values)
        assert (live.values, outputs) == (inputs, bound)
        _, proven = await pulumi.create(ACCESS, access)
        assert proven.values["proven"]

        olds = {"keyId": key_id, "generation": 1, "accountId": world.account_id()}
        rotated = await pulumi.update(VERSION, key_id, version.values, olds, {**olds, "generation": 2})
        news = {**inputs, "keyUriWithVersion": rotated.values["keyUriWithVersion"]}
        assert news["keyUriWithVersion"] != uri
        bound = await pulumi.update(CMK, bound_id, bound.values, inputs, news)
        assert world.bound_key() == news["keyUriWithVersion"]

        await pulumi.create(REVOCATION, {"keyId": key_id, "principalId": principal})
        assert world.history()[-1]["readable"]
        assert (await pulumi.read(HSM_ROLE, id, grant_of(world, principal), granted.values))[0] == ""
        with pytest.raises(FailedError, match="no role assignment at or above the key"):
            await pulumi.update(CMK, bound_id, bound.values, news, {**news, "accountDigest": "2"})
        await pulumi.create(HSM_ROLE, grant_of(world, principal))
        await pulumi.delete(CMK, bound_id, {**bound.values, **UNBINDS})
        assert world.bound_key() is None
        await pulumi.delete(HSM_ROLE, id, granted.values)
    left = world.hsm_roles().list_role_assignments("/keys/language-key")
    assert principal not in {one.properties.principal_id for one in left}


async def test_fails_telling_all_that_stands_in_the_way_at_once(world: World) -> None:
    """Region, purge protection, access, and the version's state: each with the command for an HSM."""
    world.make_hsm(location="northeurope", enablePurgeProtection=False)
    (version,) = [one.version for one in world.hsm_keys().list_properties_of_key_versions("language-key")]
    world.hsm_keys().update_key_properties("language-key", version, enabled=False)
    inputs = {
        "accountId": world.account_id(),
        "keyUriWithVersion": f"https://contoso-keys.managedhsm.azure.net/keys/language-key/{version}",
        "vaultId": world.hsm_id(),
    }
    async with plugin() as pulumi:
        with pytest.raises(FailedError) as refused:
            await pulumi.create(CMK, inputs)
    for part in (
        "the managed HSM in northeurope",
        "az keyvault update-hsm --hsm-name contoso-keys --enable-purge-protection true",
        "az keyvault role assignment create --hsm-name contoso-keys --role",
        f"the key version {version} is disabled",
    ):
        assert part in str(refused.value)
    assert world.bound_key() is None


async def test_a_login_without_a_role_in_the_hsm_is_told_so(world: World) -> None:
    """The key's version is read on the HSM's data plane, where the subscription's owner has nothing."""
    world.make_hsm()
    for one in world.hsm_roles().list_role_assignments("/keys"):
        if one.properties.scope == "/keys":
            world.hsm_roles().delete_role_assignment("/keys", one.name)
    async with plugin() as pulumi:
        with pytest.raises(FailedError, match="Managed HSM Crypto"):
            await pulumi.create(VERSION, {"keyId": f"{world.hsm_id()}/keys/language-key"})
