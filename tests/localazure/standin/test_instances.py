"""Configuration per provider instance, and what an engine is told about the provider."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from localazure.standin.answer import Answer
from localazure.standin.arm import Delays
from localazure.standin.azure import HttpsAzure, Login
from localazure.standin.connections import MOST_CONNECTIONS
from localazure.standin.wire import from_struct, to_struct
from tests.localazure.standin.driver import (
    ACCOUNT,
    ACCOUNT_TYPE,
    ENVIRON,
    GROUP_TYPE,
    MISSING,
    PLACE,
    Engine,
    engine_at,
    found,
    kept,
    refused,
    stand_in,
)

INPUTS = {**PLACE, "location": "westeurope"}


async def test_provider_instances_do_not_share_a_configuration() -> None:
    """Two instances on one server write to their own subscriptions with their own logins."""
    async with stand_in() as (port, opened), engine_at(port) as one, engine_at(port) as two:
        await one.configure(subscriptionId="first", location="here")
        await two.configure(subscriptionId="second", clientId="other", clientSecret="hidden")
        made = [(await instance.create(GROUP_TYPE, INPUTS))["id"] for instance in (one, two)]
        placed, unplaced = [await instance.check(GROUP_TYPE, {}) for instance in (one, two)]
    assert made == [f"/subscriptions/{name}/resourceGroups/rg" for name in ("first", "second")]
    assert (placed["inputs"]["location"], "location" in unplaced["inputs"]) == ("here", False)
    assert unplaced["failures"] == ["missing required property 'location'"]
    assert [arm.login.client_id for arm in opened if arm.login] == ["client", "other"]
    assert not any("hidden" in repr(arm.login) for arm in opened)


async def test_fails_without_configure() -> None:
    """A connection that was never configured gets no login from anywhere, nor one that is attached anew: the
    former login is closed and of no use. What is not there says so."""
    async with stand_in() as (port, opened), engine_at(port) as instance:
        assert "this connection was not configured" in await refused(instance.create(GROUP_TYPE, INPUTS))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await instance.stub.Parameterize(provider_pb2.ParameterizeRequest())
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert opened == []
        await instance.configure()
        await instance.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
        assert "this connection was not configured" in await refused(instance.create(GROUP_TYPE, INPUTS))
    assert opened[0].ended.is_set()


async def test_instances_that_left_make_way() -> None:
    """The number of remembered instances is bounded, beyond a provider for each of 200 subscriptions; the
    longest unused is closed first."""
    assert MOST_CONNECTIONS >= 200
    async with stand_in() as (port, opened):
        for _ in range(MOST_CONNECTIONS + 1):
            async with engine_at(port) as instance:
                await instance.configure()
        await asyncio.wait_for(opened[0].ended.wait(), 30)
        assert not any(arm.ended.is_set() for arm in opened[1:])
    await asyncio.wait_for(opened[-1].ended.wait(), 30)


async def test_fails_to_configure_with_every_reason() -> None:
    """Missing and unsupported settings are told together; with a metadata host the environment's name is not
    asked for, as with the real provider; and azure-native 3 cannot diff without old inputs."""
    environ = {name: value for name, value in ENVIRON.items() if not name.startswith("ARM_")}
    async with stand_in(environ) as (port, _), engine_at(port) as instance:
        told = await refused(instance.configure(useOidc="true", clientId="c", environment="china"))
    assert told.split("; ") == [
        "'azure-native:useOidc' is not supported by the local azure-native: it logs in with a client secret",
        "'azure-native:environment' is 'china': the local Azure is 'public'",
        "'tenantId' is not set: set azure-native:tenantId or ARM_TENANT_ID",
        "'clientSecret' is not set: set azure-native:clientSecret or ARM_CLIENT_SECRET",
        "'subscriptionId' is not set: set azure-native:subscriptionId or ARM_SUBSCRIPTION_ID",
    ]
    async with stand_in() as (port, opened), engine_at(port) as instance:
        await instance.configure(metadataHost="management.azure.com", environment="china")
        old = provider_pb2.ConfigureRequest(sends_old_inputs=True)
        assert "3.74" in await refused(instance.stub.Configure(old))
    assert len(opened) == 1


async def test_the_engine_is_told_of_preview_and_nothing_of_secrets(engine: Engine) -> None:
    """Without acceptSecrets the engine strips secrets and marks outputs again, as with azure-native.
    CheckConfig echoes; DiffConfig leaves the comparison to the engine, which takes up a changed login."""
    handshake = await engine.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
    request = provider_pb2.ConfigureRequest(sends_old_inputs=True, sends_old_inputs_to_delete=True)
    answer = await engine.stub.Configure(request)
    assert answer.supportsPreview
    assert not any([answer.acceptSecrets, answer.acceptResources, answer.acceptOutputs])
    assert not any([handshake.accept_secrets, handshake.accept_resources, handshake.accept_outputs])
    assert (await engine.stub.GetPluginInfo(empty_pb2.Empty())).version == "3.29.0"
    news = to_struct({"location": "here"})
    checked = await engine.stub.CheckConfig(provider_pb2.CheckRequest(news=news))
    diffed = await engine.stub.DiffConfig(provider_pb2.DiffRequest(news=news))
    assert from_struct(checked.inputs) == {"location": "here"}
    assert diffed.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN


async def test_cancel_ends_the_wait_of_its_own_instance() -> None:
    """Ctrl-C stops polling at once and keeps the half-made resource; another instance goes on."""
    account = {**PLACE, "accountName": "a", "location": "l", "properties": {}}
    async with (
        stand_in(delays=Delays(poll=30)) as (port, opened),
        engine_at(port) as one,
        engine_at(port) as two,
    ):
        await one.configure()
        await two.configure()
        opened[0].tell(f"PUT {ACCOUNT}", Answer(201, {"id": ACCOUNT}))
        opened[0].tell(f"GET {ACCOUNT}", MISSING, found())
        creating = asyncio.create_task(kept(one.create(ACCOUNT_TYPE, account)))
        await asyncio.wait_for(opened[0].written.wait(), 5)
        await one.stub.Cancel(empty_pb2.Empty())
        failure = await asyncio.wait_for(creating, 5)
        await two.create(GROUP_TYPE, INPUTS)
    assert (failure.id, list(failure.reasons)) == (ACCOUNT, ["the operation was cancelled"])


async def test_calls_that_begin_together_log_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait for the first one's token, as azure-native's own do."""
    asked: list[str] = []

    async def exchange(self: HttpsAzure, method: str, url: str, **content: Any) -> Answer:
        asked.append(f"{method} {content['data']['scope']}")
        await asyncio.sleep(0)
        return Answer(200, {"access_token": f"token {len(asked)}", "expires_in": 3600}, {})

    monkeypatch.setattr(HttpsAzure, "_exchange", exchange)
    azure = HttpsAzure(Login("tenant", "client", "secret", "subscription"), {})
    assert [*await asyncio.gather(*(azure.token("vault") for _ in range(3)))] == ["token 1"] * 3
    assert asked == ["POST vault"]
