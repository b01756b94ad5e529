"""The plugin as a process: killed at every call, thirty at once, and what it writes."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from typing import Any

import pytest

from core.login import login
from provider.azure import Azure
from provider.azure_client import AzureClient
from tests.provider.fault_matrix import (
    LIVES,
    PATIENT_SECONDS,
    Life,
    begin,
    recording_client,
    requests_of,
    strike,
    was_struck,
)
from tests.provider.process import plugin_process
from tests.provider.rig import CMK, UNBINDS, VERSION, FakeClock, engine
from tests.provider.world import World

pytestmark = [pytest.mark.timeout(600)]


async def struck(world: World) -> None:
    """Waits until the armed fault has seen its call, which a busy machine may take a while to make."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if was_struck(world):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the call was never made")


@pytest.mark.long
@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.name)
async def test_a_plugin_killed_at_any_call_leaves_what_the_next_run_finishes(
    world: World, life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed while a call is under way, whether it had its effect or not, the next run ends well. A key that
    was rotated just before is rotated once more: nothing has recorded that it was."""
    name = life.name
    begin(life, world)
    made = [r for r in await requests_of(life, world) if r.host in life.struck]
    writes = [r for r in made if r.method != "GET" and r.host != "login"]
    cases = [(r, False) for r in made] + [(r, True) for r in writes]
    versions = len(life.place.versions(world))
    for request, after in cases:
        life.prepare(world)
        before = len(world.history())
        strike(world, request, {"wire": "hang", "after": after})
        async with plugin_process(world.azure.environ) as (pulumi, process):
            running = asyncio.ensure_future(life.run(pulumi, world, {}))
            await struck(world)
            process.kill()
            await asyncio.wait([running])
            running.exception()
        world.azure.control("/faults", method="DELETE")
        async with engine(Azure(recording_client(PATIENT_SECONDS)), FakeClock()) as pulumi:
            await life.run(pulumi, world, {})
        case = f"{name}: killed at {request}, after its effect: {after}"
        is_rotated = after and request.path.endswith("/rotate")
        assert life.holds(world) is not is_rotated, case
        sources = {state["keySource"] for state in world.history()[before:]}
        wanted = "Microsoft.CognitiveServices" if name == "delete" else "Microsoft.KeyVault"
        assert sources <= {wanted}, case
        if not name.startswith("rotate"):
            assert len(life.place.versions(world)) == versions, case
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: killed in {len(cases)} cases\n")


async def test_thirty_bindings_at_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Thirty accounts are bound together by one plugin, each to the right version, with one login."""
    names = [f"contoso-{number:02}" for number in range(30)]
    for name in names:
        world.grant(world.make_account(name))
    (version,) = world.versions()
    uri = f"https://contoso-keys.vault.azure.net/keys/language-key/{version}"
    # A fault that never strikes counts.
    token = {"host": "login", "path": "/{tenant}/oauth2/v2.0/token", "call": 1_000_000}
    world.azure.control("/faults", token)
    began = time.monotonic()
    async with plugin_process(world.azure.environ) as (pulumi, _):
        await asyncio.gather(
            *(
                pulumi.create(
                    CMK,
                    {"accountId": world.account_id(n), "keyUriWithVersion": uri, "vaultId": world.vault_id()},
                )
                for n in names
            )
        )
    (counted,) = world.azure.control("/faults")["value"]
    assert counted["calls"] == 1
    with capsys.disabled():
        sys.stdout.write(f"\n30 bindings at once: {time.monotonic() - began:.1f} s\n")
    assert [world.bound_key(name) for name in names] == [uri] * 30


async def test_nothing_secret_is_written(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A whole life with every logger at its loudest shows no secret, no token and no key material."""
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "msal", "urllib3", "grpc", ""):
        logging.getLogger(name).setLevel(logging.DEBUG)
    client = AzureClient(login({}, os.environ))
    tokens = [
        client.credential.get_token(f"https://{host}/.default").token
        for host in ("management.azure.com", "vault.azure.net")
    ]
    async with engine(Azure(client), FakeClock()) as pulumi:
        inputs: dict[str, Any] = {"keyId": world.key_id(), "generation": 1}
        id, olds = await pulumi.create(VERSION, inputs)
        binding = {
            "accountId": world.account_id(),
            "keyUriWithVersion": olds.values["keyUriWithVersion"],
            "vaultId": world.vault_id(),
        }
        account, bound = await pulumi.create(CMK, binding)
        rotated = await pulumi.update(VERSION, id, olds.values, inputs, {**inputs, "generation": 2})
        await pulumi.read(CMK, account, binding, bound.values)
        await pulumi.delete(CMK, account, {**bound.values, **UNBINDS})
    written = "\n".join([caplog.text, *(str(r.__dict__) for r in caplog.records), str(rotated), str(bound)])
    assert "login.microsoftonline.com" in written
    for secret in (*tokens, world.azure.env["ARM_CLIENT_SECRET"]):
        assert len(secret) > 20
        assert secret not in written
    assert not [token for token in tokens if token.rpartition(".")[2] in written]
    modulus = world.keys().get_key("language-key").key.n.hex()  # type: ignore[attr-defined]
    assert modulus not in written
