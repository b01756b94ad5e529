"""Reads that one row of facts.yaml cannot say, and what is told of a function that is not here."""

from __future__ import annotations

from pulumi.runtime.proto import provider_pb2

from localazure.standin.azure import Answer
from localazure.standin.wire import SECRET
from tests.localazure.standin.driver import (
    ACCOUNT,
    ACCOUNT_BODY,
    ACCOUNT_INPUTS,
    ACCOUNT_TYPE,
    GROUP,
    MISSING,
    PLACE,
    Engine,
    found,
    refused,
)


async def test_refresh_carries_later_changes_into_the_inputs_and_no_old_defaults(engine: Engine) -> None:
    """An encryption set by somebody becomes an input; a default that was there all along does not."""
    enabled, encryption = {"publicNetworkAccess": "Enabled"}, {"keySource": "Microsoft.KeyVault"}
    engine.arm.tell(f"GET {ACCOUNT}", MISSING, found(properties=enabled, **ACCOUNT_BODY))
    made = await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    now = {"properties": {**enabled, "encryption": encryption}, "etag": "2", **ACCOUNT_BODY}
    engine.arm.tell(f"GET {ACCOUNT}", found(**now))
    read = await engine.read(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, made["outputs"])
    assert read["inputs"] == {**ACCOUNT_INPUTS, "properties": {"encryption": encryption}}
    assert read["outputs"]["properties"]["encryption"] == encryption


async def test_a_client_token_is_for_resource_manager(engine: Engine) -> None:
    """Unless it is asked for another endpoint."""
    for endpoint, scope in (
        ({}, "https://management.azure.com//.default"),
        ({"endpoint": "x"}, "x/.default"),
    ):
        got = await engine.invoke("authorization:getClientToken", endpoint)
        assert got == {"token": await engine.arm.token(scope)}


async def test_fails_to_import_an_id_of_another_type(engine: Engine) -> None:
    """An id that does not fit the type says which form it should have."""
    assert "is not an id of the form" in await refused(engine.read(ACCOUNT_TYPE, GROUP))


async def test_a_key_that_is_listed_is_no_secret_to_the_engine(engine: Engine) -> None:
    """Nothing is marked secret by the provider: who lists keys wraps them."""
    engine.arm.tell(f"POST {ACCOUNT}/listKeys", Answer(200, {"key1": "one", "key2": "two"}))
    request = provider_pb2.InvokeRequest(tok="azure-native:cognitiveservices:listAccountKeys")
    request.args.update({**PLACE, "accountName": "a"})
    answer = getattr(await engine.stub.Invoke(request), "return")
    assert dict(answer) == {"key1": "one", "key2": "two"}
    assert SECRET not in str(answer)


async def test_fails_for_a_function_that_is_not_here_naming_those_that_are(engine: Engine) -> None:
    """The text names the function and every one that can be called."""
    told = await refused(engine.invoke("keyvault:getSecret", {}))
    assert "function 'azure-native:keyvault:getSecret' is not known" in told
    for known in ("getClientConfig", "getVault", "listAccountKeys", "getPolicyExemption"):
        assert known in told
