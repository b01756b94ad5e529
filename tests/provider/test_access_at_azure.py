"""What the deploying principal may not do with a key, and access that comes late, at the local Azure."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

import pytest

from core.login import login
from core.roles import CRYPTO_USER, Role
from provider.azure import Azure
from provider.azure_client import AzureClient
from tests.provider.rig import CMK, VERSION, FailedError, FakeClock, create, engine
from tests.provider.world import World, a_world
from tests.support.azure import RunningAzure


def client(made: Mapping[str, str] | None = None) -> AzureClient:
    """The real client, as the deployer or as a principal that was made."""
    own = {"ARM_CLIENT_ID": made["clientId"], "ARM_CLIENT_SECRET": made["clientSecret"]} if made else {}
    return AzureClient(login({}, {**os.environ, **own}))


class CloudClock(FakeClock):
    """A clock whose pauses pass in the cloud, and nowhere else."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.to_thread(self._world.azure.control, "/clock", {"advance": seconds})


def rbac_world(azure: RunningAzure) -> World:
    """Everything that a binding needs, in a vault under Azure RBAC."""
    world = World(azure)
    world.make_vault(enableRbacAuthorization=True, accessPolicies=[])
    world.assign_role(world.key_id(), world.make_account())
    return world


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        (None, "keys/read"),
        (CRYPTO_USER, "keys/rotate/action"),
    ],
)
async def test_fails_naming_the_data_action_that_is_missing(
    azure: RunningAzure, role: Role | None, refused: str
) -> None:
    """With a role that lacks one of them, the rotation is refused at that step, and names it and the fix."""
    world = rbac_world(azure)
    made = azure.control(
        "/principals",
        {"name": "deployer-2", "roles": [{"role": "Contributor", "scope": world.group_id}]},
    )
    if role:
        world.assign_role(world.vault_id(), made["objectId"], role)
    inputs = {"keyId": world.key_id()}
    async with engine(Azure(client(made)), FakeClock()) as pulumi:
        key, version = await pulumi.create(VERSION, inputs)
        with pytest.raises(FailedError) as failed:
            await pulumi.update(VERSION, key, version.values, inputs, {**inputs, "generation": 1})
    assert refused in str(failed.value)
    assert '--role "Key Vault Crypto Officer"' in str(failed.value)


async def test_a_key_that_needs_a_data_role_is_not_readable_without_it(azure: RunningAzure) -> None:
    """Where Resource Manager answers 400 ForbiddenByRbac for keys, a binding says what was not checked and is
    made, and a key version is refused with the role to have."""
    world = rbac_world(azure)
    version = world.versions_through_arm()[0]
    made = azure.control(
        "/principals",
        {"name": "deployer-2", "roles": [{"role": "Contributor", "scope": world.group_id}]},
    )
    azure.control("/behaviour", {"arm_keys_need_data_role": True})
    uri = f"https://contoso-keys.vault.azure.net/keys/language-key/{version}"
    binding = {"accountId": world.account_id(), "vaultId": world.vault_id(), "keyUriWithVersion": uri}
    async with engine(Azure(client(made)), FakeClock()) as pulumi:
        with pytest.raises(FailedError, match=r"even to read a key.*\n.*Key Vault Crypto Officer"):
            await pulumi.create(VERSION, {"keyId": world.key_id()})
        await pulumi.create(CMK, binding)
    assert world.bound_key() == uri


@pytest.mark.parametrize(
    "words",
    [
        "forbidden",
        "access_policy_not_configured",
        "authentication_failure",
        "properties_invalid",
        "fails_later",
    ],
)
async def test_access_that_comes_late_is_waited_for_in_every_wording(azure: RunningAzure, words: str) -> None:
    """However Azure refuses a key that the identity may not use yet, the binding waits and is made."""
    world = a_world(azure)
    (version,) = world.versions()
    azure.control("/behaviour", {"grant_delay_seconds": 600, "missing_grant": words})
    world.grant(world.make_account("contoso-late"))
    uri = f"https://contoso-keys.vault.azure.net/keys/language-key/{version}"
    inputs = {
        "accountId": world.account_id("contoso-late"),
        "keyUriWithVersion": uri,
        "vaultId": world.vault_id(),
    }
    await create(Azure(client()), CMK, inputs, CloudClock(world))
    assert world.bound_key("contoso-late") == uri


async def test_reads_that_lag_behind_writes_are_waited_for(azure: RunningAzure) -> None:
    """With reads of half a minute ago, a grant just made is seen in time, and so are a new version and what
    was bound."""
    world = a_world(azure)
    (version,) = world.versions()
    uri = f"https://contoso-keys.vault.azure.net/keys/language-key/{version}"
    account, principal = world.account_id("contoso-lag"), world.make_account("contoso-lag")
    inputs = {"accountId": account, "keyUriWithVersion": uri, "vaultId": world.vault_id()}
    azure.control("/behaviour", {"read_lag_seconds": 30})
    world.grant(principal)
    key = {"keyId": world.key_id()}
    async with engine(Azure(client()), CloudClock(world)) as pulumi:
        id, bound = await pulumi.create(CMK, inputs)
        assert world.bound_key("contoso-lag") == uri
        _, made = await pulumi.create(VERSION, {**key, "accountId": account})
        rotated = await pulumi.update(VERSION, key["keyId"], made.values, key, {**key, "generation": 1})
        news = {**inputs, "keyUriWithVersion": rotated.values["keyUriWithVersion"]}
        await pulumi.update(CMK, id, bound.values, inputs, news)
    assert world.history("contoso-lag")[-1]["keyUri"] == news["keyUriWithVersion"]
