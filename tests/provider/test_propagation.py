"""Access that counts only later, on the local Azure's own clock: how often it is asked, and for how long."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from core.login import login
from provider.azure import Azure
from provider.azure_client import AzureClient
from tests.provider.fault_matrix import IN_VAULT
from tests.provider.rig import ACCESS, CMK, VERSION, FakeClock, engine
from tests.provider.world import World

JITTER = 0.8
"""The least share of a pause that its jitter leaves."""


class CloudClock(FakeClock):
    """A clock whose pauses pass in the cloud, and nowhere else."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.to_thread(self._world.azure.control, "/clock", {"advance": seconds})


class Watch(SansIOHTTPPolicy[Any, Any]):
    """Notes in `asked` the moment of each request by what it asks for."""

    def __init__(self, clock: FakeClock) -> None:
        self.asked: dict[tuple[str, str], list[float]] = {}
        self._clock = clock

    def on_request(self, request: Any) -> None:
        method, path = request.http_request.method, request.http_request.url.partition("?")[0]
        self.asked.setdefault((method, path), []).append(self._clock.now())


@pytest.mark.parametrize("delay", [0, 5, 60, 300, 1200])
async def test_access_that_comes_late_is_waited_for(
    world: World, delay: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """However late access counts, the account is bound soon after, and nothing is asked for more often than
    its back-off allows."""
    inputs = {**IN_VAULT.binding(world, 0), "accountId": world.account_id("contoso-late")}
    world.azure.control("/behaviour", {"grant_delay_seconds": delay})
    world.grant(world.make_account("contoso-late"))
    clock = CloudClock(world)
    watch = Watch(clock)
    client = AzureClient(login({}, os.environ), policies=[watch])
    async with engine(Azure(client), clock) as pulumi:
        await pulumi.create(CMK, inputs)
    assert world.bound_key("contoso-late") == inputs["keyUriWithVersion"]

    calls = Counter(method for (method, _), moments in watch.asked.items() for _ in moments)
    with capsys.disabled():
        sys.stdout.write(
            f"\naccess after {delay:>3} s: bound after {clock.now():5.1f} s, {len(clock.slept):>2} waits, "
            f"{calls['PATCH']:>2} PATCH, {calls['GET']:>2} GET\n"
        )
    # The last wait began before access counted; it lasts 30 s at most, give or take its jitter.
    assert delay - 5 <= clock.now() <= delay + 40
    for (method, path), moments in watch.asked.items():
        first, ceiling = (2.0, 30.0) if method == "PATCH" else (0.5, 10.0)
        least = [JITTER * min(first * 1.6**n, ceiling) for n in range(len(moments))]
        gaps = [after - before for before, after in pairwise(moments)]
        assert all(gap >= pause for gap, pause in zip(gaps, least, strict=False)), (
            f"{method} {path}: {moments}"
        )


async def test_reads_that_lag_behind_writes_are_waited_for(world: World) -> None:
    """With reads of half a minute ago, a grant just made is seen in time, and so are a new version
    and what was bound."""
    account, principal = world.account_id("contoso-lag"), world.make_account("contoso-lag")
    inputs = {**IN_VAULT.binding(world, 0), "accountId": account}
    world.azure.control("/behaviour", {"read_lag_seconds": 30})
    world.grant(principal)
    clock, key = CloudClock(world), {"keyId": world.key_id()}
    async with engine(Azure(AzureClient(login({}, os.environ))), clock) as pulumi:
        id, bound = await pulumi.create(CMK, inputs)
        assert world.bound_key("contoso-lag") == inputs["keyUriWithVersion"]
        _, version = await pulumi.create(VERSION, {**key, "accountId": account})
        rotated = await pulumi.update(VERSION, key["keyId"], version.values, key, {**key, "generation": 1})
        news = {**inputs, "keyUriWithVersion": rotated.values["keyUriWithVersion"]}
        await pulumi.update(CMK, id, bound.values, inputs, news)
    assert world.history("contoso-lag")[-1]["keyUri"] == news["keyUriWithVersion"]


@pytest.mark.parametrize("delay", [0, 300])
async def test_access_given_back_is_proven_by_the_account_that_lives_on_the_key(
    world: World, delay: int
) -> None:
    """The validation of restored access ends when the service can open the key again, and not before."""
    inputs = {**IN_VAULT.binding(world, 0), "accountId": world.account_id("contoso-back")}
    principal = world.make_account("contoso-back")
    world.grant(principal)
    clock = CloudClock(world)
    async with engine(Azure(AzureClient(login({}, os.environ))), clock) as pulumi:
        await pulumi.create(CMK, inputs)
        world.revoke(principal)
        world.azure.control("/behaviour", {"grant_delay_seconds": delay})
        world.grant(principal)
        validated = {
            "keyId": world.key_id(),
            "principalId": principal,
            "accountId": inputs["accountId"],
        }
        before = clock.now()
        _, outputs = await pulumi.create(ACCESS, validated)
    assert outputs.values["proven"] is True
    assert delay - 5 <= clock.now() - before <= delay + 40
    assert {entry["keySource"] for entry in world.history("contoso-back")[2:]} == {"Microsoft.KeyVault"}
