"""The resource for one entry of a vault's access policies, at the local Azure; azure-native's states too."""

from __future__ import annotations

from typing import Any

import pytest

from core.resource_types import ACCESS_POLICY
from localazure import seed
from provider.wire import decode, encode
from tests.provider.rig import Engine, engine, refused
from tests.provider.world import GROUP, KEYS, World

WHO = "aaaaaaaa-0000-4000-8000-000000000001"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{KEYS}"
ID = f"{VAULT}/accessPolicy/{WHO}"
PLACE = {"subscriptionId": seed.SUBSCRIPTION_ID, "resourceGroupName": "language", "vaultName": KEYS}
NEEDED = ["get", "wrapKey", "unwrapKey"]


def policy(keys: list[str], who: str = WHO, **more: Any) -> dict[str, Any]:
    return {"tenantId": seed.TENANT_ID, "objectId": who, "permissions": {"keys": keys, **more}}


INPUTS = {**PLACE, "policy": policy(NEEDED)}


@pytest.fixture
def world() -> World:
    """A vault in which an account's identity may use keys."""
    return World()


@pytest.fixture
async def pulumi(world: World) -> Engine:
    return await engine(world.azure())


def write(world: World, kind: str, entry: dict[str, Any]) -> None:
    """Somebody else adds, replaces or removes an entry."""
    body = {"properties": {"accessPolicies": [entry]}}
    world.field.send("PUT", f"{VAULT}/accessPolicies/{kind}", "2026-02-01", body)


def entries(world: World) -> dict[str, Any]:
    """The vault's entries by their identities."""
    vault = world.field.send("GET", VAULT, "2026-02-01")
    return {one["objectId"]: one["permissions"] for one in vault["properties"]["accessPolicies"]}


async def test_an_entry_is_made_changed_and_removed(world: World, pulumi: Engine) -> None:
    """Beside those of others, which stay; a destroy of a vault that is gone has nothing to do."""
    others = entries(world)
    id, made = await pulumi.create(ACCESS_POLICY, INPUTS)
    assert (id, made.values) == (ID, INPUTS)
    assert entries(world) == {**others, WHO: {"keys": NEEDED}}
    news = {**PLACE, "policy": policy(["get"])}
    await pulumi.update(ACCESS_POLICY, id, made.values, INPUTS, news)
    assert entries(world)[WHO] == {"keys": ["get"]}
    await pulumi.delete(ACCESS_POLICY, id, news)
    assert entries(world) == others
    world.field.send("DELETE", VAULT, "2026-02-01")
    await pulumi.delete(ACCESS_POLICY, id, news)
    assert (await pulumi.read(ACCESS_POLICY, id, INPUTS, made.values))[0] == ""


@pytest.mark.parametrize("stale", [False, True])
async def test_an_entry_that_exists_is_refused_or_taken_over(
    world: World, pulumi: Engine, stale: bool
) -> None:
    """Somebody else made it, and may delete it: the words are azure-native's, whose explanation says how to
    take it over. What a kill left is just what is declared. It is written all the same, because a read may
    show what is gone."""
    others, exists = entries(world), f'existing resource "{VAULT}/accessPolicy/{world.principal}"'
    declared = policy([one.upper() for one in NEEDED], world.principal)
    await refused(pulumi.create(ACCESS_POLICY, {**PLACE, "policy": declared}), exists)
    assert entries(world) == others
    if stale:
        world.cloud.behave(read_lag_seconds=30.0)
        write(world, "remove", policy(NEEDED, world.principal))
    inputs = {**PLACE, "policy": declared, "takesOver": True}
    id, _ = await pulumi.create(ACCESS_POLICY, inputs)
    assert id == f"{VAULT}/accessPolicy/{world.principal}"
    other = {**inputs, "policy": policy(["get"], world.principal)}
    await refused(pulumi.create(ACCESS_POLICY, other), f"cannot create already {exists}")
    world.cloud.behave(read_lag_seconds=0.0)
    assert entries(world)[world.principal] == declared["permissions"]


@pytest.mark.parametrize("first", [{}, {"takesOver": True}])
async def test_what_the_creation_alone_reads_stays_as_recorded(
    world: World, pulumi: Engine, first: dict[str, Any]
) -> None:
    """The program takes over no entry that the state has: said again of one that exists, that would write the
    state in an update that changes nothing. A successor takes over what is declared of it, and no more."""
    write(world, "add", policy(NEEDED))
    recorded = {**INPUTS, "takesOver": True}
    for said, olds, expected in (
        ({**INPUTS, **first}, recorded, recorded),
        ({**INPUTS, **first}, INPUTS, INPUTS),
        ({**INPUTS, **first}, {}, {**INPUTS, **first}),
    ):
        checked = await pulumi.ask("Check", ACCESS_POLICY, olds=encode(olds), news=encode(said))
        assert decode(checked.inputs).values == expected
    _, read, inputs = await pulumi.read(ACCESS_POLICY, ID, recorded, recorded)
    assert (read.values, inputs.values) == (recorded, recorded)


async def test_what_others_change_is_seen(world: World, pulumi: Engine) -> None:
    """More permissions, of keys or of anything else, and an entry that is gone; not another spelling. One
    answer that it is gone may be late."""
    id, made = await pulumi.create(ACCESS_POLICY, INPUTS)
    world.cloud.behave(read_lag_seconds=5.0, lagging_reads="every_other")
    assert (await pulumi.read(ACCESS_POLICY, id, INPUTS, made.values))[0] == ID
    world.cloud.behave(read_lag_seconds=0.0)
    for found, expected in (
        (policy(["WrapKey", "Get", "unwrapkey"], secrets=[]), INPUTS["policy"]),
        (policy([*NEEDED, "delete"]), policy([*NEEDED, "delete"])),
        (policy(NEEDED, secrets=["get"]), policy(NEEDED, secrets=["get"])),
    ):
        write(world, "replace", found)
        _, read, _ = await pulumi.read(ACCESS_POLICY, id, INPUTS, made.values)
        assert read.values == {**PLACE, "policy": expected}
    write(world, "remove", policy(NEEDED, secrets=["get"]))
    assert (await pulumi.read(ACCESS_POLICY, id, INPUTS, made.values))[0] == ""


async def test_an_update_without_a_refresh_reads_nothing(pulumi: Engine) -> None:
    """As of azure-native's resource: such an update gives nothing back that somebody took away."""
    made = await pulumi.ask("Create", ACCESS_POLICY, properties=encode(INPUTS))
    assert not made.refresh_before_update


async def test_an_import_comes_with_the_id_alone(world: World, pulumi: Engine) -> None:
    """Its inputs are then those that a program states, so that it proposes no change."""
    write(world, "add", policy(NEEDED))
    _, outputs, inputs = await pulumi.read(ACCESS_POLICY, ID)
    assert await pulumi.diff(ACCESS_POLICY, outputs.values, inputs.values, INPUTS) == {}
