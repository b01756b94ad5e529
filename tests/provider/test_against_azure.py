"""Whole lives of a binding through the real clients, against the local Azure."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.login import login
from provider.azure import Azure
from provider.azure_client import AzureClient
from provider.wire import Properties
from tests.provider.rig import CMK, UNBINDS, VERSION, Engine, FailedError, FakeClock, engine
from tests.provider.world import World


@asynccontextmanager
async def plugin(clock: FakeClock | None = None, **settings: str) -> AsyncIterator[Engine]:
    """The provider on the real clients, logged in as the settings and the environment say."""
    async with engine(Azure(AzureClient(login(settings, os.environ))), clock) as pulumi:
        yield pulumi


def inputs_of(world: World) -> dict[str, Any]:
    (version,) = world.versions()
    return {
        "accountId": world.account_id(),
        "keyUriWithVersion": f"https://contoso-keys.vault.azure.net/keys/language-key/{version}",
        "vaultId": world.vault_id(),
    }


async def test_a_whole_life(world: World) -> None:
    """Version, bind, read, rotate, bind again, unbind: the account follows, never unbound in between."""
    async with plugin() as pulumi:
        key_id, version = await pulumi.create(VERSION, {"keyId": world.key_id(), "generation": 1})
        inputs = {
            "accountId": world.account_id(),
            "keyUriWithVersion": version.values["keyUriWithVersion"],
            "vaultId": world.vault_id(),
        }
        id, bound = await pulumi.create(CMK, inputs)
        assert world.bound_key() == inputs["keyUriWithVersion"] == bound.values["keyUriWithVersion"]
        assert bound.values["operationId"]

        _, outputs, live = await pulumi.read(CMK, id, inputs, bound.values)
        assert live.values == inputs
        assert outputs == bound

        olds = {"keyId": world.key_id(), "generation": 1, "accountId": world.account_id()}
        rotated = await pulumi.update(VERSION, key_id, version.values, olds, {**olds, "generation": 2})
        assert world.versions() == [version.values["version"], rotated.values["version"]]
        news = {**inputs, "keyUriWithVersion": rotated.values["keyUriWithVersion"]}
        bound = await pulumi.update(CMK, id, bound.values, inputs, news)
        assert world.bound_key() == news["keyUriWithVersion"]
        assert [e["keySource"] for e in world.history()][1:] == ["Microsoft.KeyVault"] * 2

        await pulumi.delete(CMK, id, {**bound.values, **UNBINDS})
        assert world.bound_key() is None
        assert (await pulumi.read(CMK, id, inputs, bound.values))[0] == ""


async def test_the_accounts_own_client_id_is_none(world: World) -> None:
    """Where Azure shows it of a binding by the account's own identity, the binding is as it was asked for, at
    once and when it is read."""
    world.azure.control("/behaviour", {"system_identity_client_id": "echoed"})
    try:
        async with plugin() as pulumi:
            inputs = inputs_of(world)
            id, bound = await pulumi.create(CMK, inputs)
            shown = world.field.settled(world.account_id())["properties"]["encryption"]
            assert shown["keyVaultProperties"]["identityClientId"]
            assert (await pulumi.read(CMK, id, inputs, bound.values))[1:] == (bound, Properties(inputs))
    finally:
        world.azure.control("/behaviour", {"system_identity_client_id": "absent"})


async def test_fails_telling_a_wrong_secret_from_a_wrong_service(world: World) -> None:
    """A login that Azure refuses is reported as that, with the setting to change, and is not retried."""
    clock, inputs = FakeClock(), inputs_of(world)
    for settings, message in (
        ({"clientSecret": "wrong"}, r"(?s)client secret is wrong.*fix: set clientSecret"),
        (
            {"tenantId": "0" * 8 + "-0000-0000-0000-" + "0" * 12},
            r"(?s)does not accept the login.*AADSTS90002.*correlation",
        ),
    ):
        async with plugin(clock, **settings) as pulumi:
            with pytest.raises(FailedError, match=message):
                await pulumi.create(CMK, inputs)
    assert clock.slept == []


@pytest.mark.parametrize(
    "path", ["/{tenant}/v2.0/.well-known/openid-configuration", "/{tenant}/oauth2/v2.0/token"]
)
@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        ({"status": 429, "code": "temporarily_unavailable", "retry_after": 7}, 7.0),
        ({"status": 503}, 0.8),
        ({"wire": "drop"}, 0.8),
    ],
)
async def test_a_login_host_in_trouble_is_outlived(
    world: World, path: str, fault: dict[str, Any], waited: float
) -> None:
    """A token that cannot be had just now is asked for again, as late as the login host says."""
    clock, inputs = FakeClock(), inputs_of(world)
    async with plugin(clock) as pulumi:
        world.azure.control("/faults", {"host": "login", "path": path, **fault})
        await pulumi.create(CMK, inputs)
    assert clock.slept[0] >= waited
    assert world.bound_key() == inputs["keyUriWithVersion"]


async def test_deleted_names_are_found(world: World) -> None:
    """A deleted vault and account are found by the names they hold, the account with its identity."""
    identity = world.principal()
    world.field.send("DELETE", world.account_id(), "2024-10-01")
    world.field.send("DELETE", world.vault_id(), "2026-02-01")
    async with plugin() as pulumi:
        answer, _ = await pulumi.invoke(
            "azure-cmk:index:getDeleted",
            {"subscriptionId": world.subscription},
        )
    (vault,), (deleted,) = answer["vaults"], answer["accounts"]
    assert vault["resourceId"] == world.vault_id()
    assert deleted["scheduledPurgeDate"]
    assert deleted["principalId"] == identity
