"""Configuration per provider instance, functions, and what an engine is told about the provider."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from localazure.standin import serve
from localazure.standin.connections import MOST_CONNECTIONS
from localazure.standin.wire import from_struct
from tests.localazure.standin.arm import ACCOUNT, ENVIRON, OBJECT, SUBSCRIPTION, TENANT, missing
from tests.localazure.standin.case import configured, engine, stand_in

pytestmark = pytest.mark.asyncio

GROUP_TYPE = "azure-native:resources:ResourceGroup"
INPUTS = {"resourceGroupName": "rg", "location": "westeurope"}


async def test_provider_instances_do_not_share_a_configuration() -> None:
    """Two instances on one server write to their own subscriptions with their own logins."""
    async with stand_in() as (port, opened), engine(port) as one, engine(port) as two:
        await one.configure(subscriptionId="first", location="here")
        await two.configure(subscriptionId="second", clientId="other", clientSecret="hidden")
        first, _ = await one.create(GROUP_TYPE, INPUTS)
        second, _ = await two.create(GROUP_TYPE, INPUTS)
        placed, _ = await one.check(GROUP_TYPE, {})
        unplaced, failures = await two.check(GROUP_TYPE, {})
    assert first == "/subscriptions/first/resourceGroups/rg"
    assert second == "/subscriptions/second/resourceGroups/rg"
    assert placed["location"] == "here"
    assert "location" not in unplaced
    assert failures == ["missing required property 'location'"]
    assert [arm.login.client_id for arm in opened if arm.login] == ["client", "other"]
    assert not any("hidden" in repr(arm.login) for arm in opened)


async def test_fails_without_configure() -> None:
    """A connection that was never configured gets no login from anywhere."""
    async with stand_in() as (port, opened), engine(port) as instance:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await instance.create(GROUP_TYPE, INPUTS)
    assert "this connection was not configured" in caught.value.details()
    assert opened == []


async def test_a_new_attachment_forgets_what_its_address_had() -> None:
    """Attach starts afresh: the former login is closed and of no use."""
    async with stand_in() as (port, opened), engine(port) as instance:
        await instance.configure()
        await instance.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
        with pytest.raises(grpc.aio.AioRpcError):
            await instance.create(GROUP_TYPE, INPUTS)
    assert opened[0].closed


async def test_instances_that_left_make_way() -> None:
    """The number of remembered instances is bounded; the longest unused is closed."""
    async with stand_in() as (port, opened):
        for _ in range(MOST_CONNECTIONS + 1):
            async with engine(port) as instance:
                await instance.configure()
        assert [arm.closed for arm in opened] == [True] + [False] * MOST_CONNECTIONS


async def test_a_fleet_keeps_every_instance_to_its_end() -> None:
    """With a provider for each of 200 subscriptions the first can still write after the last came."""
    async with stand_in() as (port, _), AsyncExitStack() as attached:
        for number in range(200):
            instance = await attached.enter_async_context(engine(port))
            await instance.configure(subscriptionId=f"s{number}")
            if not number:
                first = instance
        id, _ = await first.create(GROUP_TYPE, INPUTS)
    assert id == "/subscriptions/s0/resourceGroups/rg"


async def test_the_ways_to_azure_end_with_the_server() -> None:
    """A stopped server leaves no open session."""
    async with stand_in() as (port, opened), engine(port) as instance:
        await instance.configure()
    await asyncio.wait_for(opened[0].ended.wait(), 30)
    assert opened[0].closed


async def test_what_is_not_implemented_says_so() -> None:
    """An engine that asks for parameterization is told that there is none."""
    async with stand_in() as (port, _), engine(port) as instance:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await instance.stub.Parameterize(provider_pb2.ParameterizeRequest())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_fails_to_serve_with_a_delay_that_is_no_number() -> None:
    """A mistyped delay is told with its name."""
    with pytest.raises(ValueError, match="LOCALAZURE_POLL_SECONDS is 'soon'; it has to be a number"):
        await serve("127.0.0.1:0", {**ENVIRON, "LOCALAZURE_POLL_SECONDS": "soon"})


async def test_fails_to_configure_with_every_reason() -> None:
    """Missing and unsupported settings are told together."""
    environ = {name: value for name, value in ENVIRON.items() if not name.startswith("ARM_")}
    async with stand_in(environ) as (port, _), engine(port) as instance:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await instance.configure(useOidc="true", clientId="c", environment="china")
    told = caught.value.details().split("; ")
    assert told == [
        "'azure-native:useOidc' is not supported by the local azure-native: it logs in with a client secret",
        "'azure-native:environment' is 'china': the local Azure is 'public'",
        "'tenantId' is not set: set azure-native:tenantId or ARM_TENANT_ID",
        "'clientSecret' is not set: set azure-native:clientSecret or ARM_CLIENT_SECRET",
        "'subscriptionId' is not set: set azure-native:subscriptionId or ARM_SUBSCRIPTION_ID",
    ]


async def test_a_metadata_host_stands_above_the_environment() -> None:
    """With one the environment's name is not asked for, as with the real provider; the way is the same."""
    async with stand_in() as (port, opened), engine(port) as instance:
        await instance.configure(metadataHost="management.azure.com", environment="china")
    assert len(opened) == 1


async def test_fails_to_configure_for_an_engine_without_old_inputs() -> None:
    """azure-native 3 cannot diff without old inputs, and says which CLI sends them."""
    async with stand_in() as (port, _), engine(port) as instance:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await instance.stub.Configure(provider_pb2.ConfigureRequest(sends_old_inputs=True))
    assert "3.74" in caught.value.details()


async def test_the_engine_is_told_of_preview_and_naming_and_nothing_of_secrets() -> None:
    """Without acceptSecrets the engine strips secrets and marks outputs again, as with azure-native."""
    async with stand_in() as (port, _), engine(port) as instance:
        handshake = await instance.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
        request = provider_pb2.ConfigureRequest(sends_old_inputs=True, sends_old_inputs_to_delete=True)
        answer = await instance.stub.Configure(request)
        info = await instance.stub.GetPluginInfo(empty_pb2.Empty())
    assert handshake.supports_autonaming_configuration
    assert answer.supportsPreview
    assert answer.supports_autonaming_configuration
    assert not any([answer.acceptSecrets, answer.acceptResources, answer.acceptOutputs])
    assert not any([handshake.accept_secrets, handshake.accept_resources, handshake.accept_outputs])
    assert info.version == "3.29.0"


async def test_provider_config_is_taken_as_it_is() -> None:
    """CheckConfig echoes; DiffConfig leaves the comparison to the engine, which takes up a changed login."""
    async with configured() as (instance, _):
        news = instance.struct({"location": "here"})
        checked = await instance.stub.CheckConfig(provider_pb2.CheckRequest(news=news))
        diffed = await instance.stub.DiffConfig(provider_pb2.DiffRequest(news=news))
    assert from_struct(checked.inputs) == {"location": "here"}
    assert diffed.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN


async def test_cancel_ends_the_wait_of_its_own_instance() -> None:
    """Ctrl-C stops polling at once and keeps the half-made resource; another instance goes on."""
    environ = {**ENVIRON, "LOCALAZURE_POLL_SECONDS": "30"}
    account = {"resourceGroupName": "rg", "accountName": "a", "location": "l", "properties": {}}
    async with stand_in(environ) as (port, opened), engine(port) as one, engine(port) as two:
        await one.configure()
        await two.configure()
        opened[0].answers[f"PUT {ACCOUNT}"] = [opened[0].answer(201, {"id": ACCOUNT})]
        opened[0].answers[f"GET {ACCOUNT}"] = [missing(), opened[0].answer(200, {"id": ACCOUNT})]
        creating = asyncio.create_task(one.create("azure-native:cognitiveservices:Account", account))
        await opened[0].asked("PUT")
        await one.stub.Cancel(empty_pb2.Empty())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(creating, 5)
        await two.create(GROUP_TYPE, INPUTS)
    assert caught.value.details() == "the operation was cancelled"
    assert "grpc-status-details-bin" in dict(caught.value.trailing_metadata())


async def test_client_config_comes_from_the_claims_of_a_token() -> None:
    """Client, object and tenant are those of the token, the subscription that of the instance."""
    async with configured() as (instance, _):
        found = await instance.invoke("azure-native:authorization:getClientConfig")
        token = await instance.invoke("azure-native:authorization:getClientToken")
    assert found == {
        "clientId": "client",
        "objectId": OBJECT,
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
    }
    assert set(token) == {"token"}


async def test_fails_a_function_with_the_id_and_azures_answer() -> None:
    """An absent resource and an unknown function each say what was asked for."""
    arguments = {"resourceGroupName": "rg", "accountName": "a"}
    async with configured() as (instance, _):
        with pytest.raises(grpc.aio.AioRpcError) as absent:
            await instance.invoke("azure-native:cognitiveservices:getAccount", **arguments)
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await instance.invoke("azure-native:storage:getStorageAccount")
    assert absent.value.details() == (
        f'request failed {ACCOUNT}: Status=404 Code="ResourceNotFound" Message="not here"'
    )
    assert "function 'azure-native:storage:getStorageAccount' is not known" in unknown.value.details()
