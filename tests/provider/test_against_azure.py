"""Whole lives of a binding through the real clients, against the local Azure."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.rest import HttpRequest

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


async def test_the_time_is_that_of_azures_last_answer(world: World) -> None:
    """A clock that stands two hours behind takes an expired version for no valid one."""
    azure = Azure(AzureClient(login({}, os.environ)))
    (version,) = world.versions()
    stopped = FakeClock()
    properties = await azure.live_key_versions("https://contoso-keys.vault.azure.net", "language-key")
    stopped.epoch = azure.answered_at - 7200
    assert abs(azure.answered_at - (properties[0].created or 0)) < 60
    expires = datetime.fromtimestamp(azure.answered_at - 3600, UTC)
    world.keys().update_key_properties("language-key", version, expires_on=expires)
    async with engine(azure, stopped) as pulumi:
        with pytest.raises(FailedError, match="expired on"):
            await pulumi.create(VERSION, {"keyId": world.key_id()})


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
            shown = world.accounts.accounts.get("language", "contoso-language").properties.encryption
            assert shown.key_vault_properties.identity_client_id
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
            r"(?s)no such tenant.*AADSTS90002.*correlation",
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


async def test_fails_naming_the_right_that_the_deployer_lacks(world: World) -> None:
    """A deployer who may read but not write gets the action and the scope."""
    roles = [{"role": "Reader", "scope": f"/subscriptions/{world.subscription}"}]
    reader = world.azure.control("/principals", {"name": "only-reads", "roles": roles})
    async with plugin(clientId=reader["clientId"], clientSecret=reader["clientSecret"]) as pulumi:
        with pytest.raises(FailedError) as failed:
            await pulumi.create(CMK, inputs_of(world))
    assert "have Microsoft.CognitiveServices/accounts/write granted at /subscriptions/" in str(failed.value)
    assert "AuthorizationFailed" in str(failed.value)
    assert world.bound_key() is None


async def test_everything_wrong_with_a_real_world_is_told_at_once(world: World) -> None:
    """Findings come from what Azure really answers: region, purge protection, size and grant together."""
    world.make_vault("bad-keys", enablePurgeProtection=None)
    uri = world.make_key("bad-keys", "big", keySize=3072)
    world.make_account("contoso-other", identity={"type": "None"})
    inputs = {
        "accountId": world.account_id("contoso-other"),
        "keyUriWithVersion": uri,
        "vaultId": world.vault_id("bad-keys"),
    }
    async with plugin() as pulumi:
        with pytest.raises(FailedError) as failed:
            await pulumi.create(CMK, inputs)
    message = str(failed.value)
    for rule in ("account-has-identity", "vault-has-purge-protection", "key-is-rsa-2048"):
        assert f"- {rule}: " in message
    assert world.bound_key("contoso-other") is None


async def test_a_role_on_the_key_is_as_good_as_an_access_policy(world: World) -> None:
    """In a vault with RBAC the binding needs the role, waits for it to be listed, and says which it is."""
    world.make_vault("role-keys", enableRbacAuthorization=True, accessPolicies=[])
    uri = world.make_key("role-keys")
    inputs = {**inputs_of(world), "keyUriWithVersion": uri, "vaultId": world.vault_id("role-keys")}
    async with plugin() as pulumi:
        with pytest.raises(FailedError, match=r'--role "Key Vault Crypto Service Encryption User"'):
            await pulumi.create(CMK, inputs)
        world.assign_encryption_user(world.key_id("role-keys"))
        await pulumi.create(CMK, inputs)
    assert world.bound_key() == uri


async def test_deleted_names_are_found(world: World) -> None:
    """A deleted vault and account are found by the names they hold, the account with its identity."""
    account = world.accounts.accounts.get("language", "contoso-language")
    world.accounts.accounts.begin_delete("language", "contoso-language", polling_interval=0).result()
    world.vaults.vaults.delete("language", "contoso-keys")
    async with plugin() as pulumi:
        answer, _ = await pulumi.invoke(
            "azure-cmk:index:getDeleted",
            {"subscriptionId": world.subscription},
        )
    (vault,), (deleted,) = answer["vaults"], answer["accounts"]
    assert vault["resourceId"] == world.vault_id()
    assert deleted["scheduledPurgeDate"]
    assert account.identity
    assert deleted["principalId"] == account.identity.principal_id


async def test_fails_telling_the_lock_that_forbids_the_change(world: World) -> None:
    """A read-only lock on the account is reported at once, and bound as soon as it is gone."""
    clock, inputs = FakeClock(), inputs_of(world)
    url = f"{world.account_id()}/providers/Microsoft.Authorization/locks/frozen?api-version=2020-05-01"
    ask = world.accounts._send_request
    ask(HttpRequest("PUT", url, json={"properties": {"level": "ReadOnly"}})).raise_for_status()
    async with plugin(clock) as pulumi:
        with pytest.raises(FailedError, match=r"(?s)read-only lock.*az lock delete.*409 ScopeLocked"):
            await pulumi.create(CMK, inputs)
        ask(HttpRequest("DELETE", url)).raise_for_status()
        assert (clock.slept, world.bound_key()) == ([], None)
        await pulumi.create(CMK, inputs)
    assert world.bound_key() == inputs["keyUriWithVersion"]


async def test_fails_to_rotate_naming_the_deployers_right_and_not_the_accounts(world: World) -> None:
    """A vault with RBAC that denies the deployer even to list is not answered with a role for the account."""
    world.make_vault("role-keys", enableRbacAuthorization=True, accessPolicies=[])
    world.make_key("role-keys")
    roles = [{"role": "Contributor", "scope": f"/subscriptions/{world.subscription}"}]
    deployer = world.azure.control("/principals", {"name": "no-keys", "roles": roles})
    key = world.key_id("role-keys")
    old: dict[str, Any] = {"keyId": key, "generation": 1}
    async with plugin(clientId=deployer["clientId"], clientSecret=deployer["clientSecret"]) as pulumi:
        with pytest.raises(FailedError, match="ForbiddenByRbac") as failed:
            await pulumi.update(VERSION, key, {}, old, {**old, "generation": 2})
    message = str(failed.value)
    assert message.startswith("the deploying principal may not use the key on the vault's data plane")
    officer = f'"Key Vault Crypto Officer" --assignee {deployer["objectId"]}'
    assert f"{officer} --scope {world.vault_id('role-keys')}" in message
