"""Refresh, import and azure-native's functions: what is read, and what is told of one that is not here."""

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
    OBJECT,
    PLACE,
    POLICY,
    SUBSCRIPTION,
    TENANT,
    VAULT,
    VAULT_INPUTS,
    VAULT_PROPERTIES,
    VAULT_TYPE,
    Engine,
    Row,
    found,
    refused,
    rows,
)

BARE = {"id": VAULT, "properties": {"tenantId": "t", "accessPolicies": []}}
OTHERS = {VAULT: {"properties": {"tenantId": "t", "accessPolicies": [POLICY]}}}
INLINE = {**VAULT_INPUTS, "properties": {**VAULT_PROPERTIES, "accessPolicies": []}}
READS = {
    "what is gone is an empty answer, which drops it from the state": Row(
        lambda engine: engine.read(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, {"id": ACCOUNT}), has={"id": ""}
    ),
    "access policies that a vault does not declare are not its business": Row(
        lambda engine: engine.read(VAULT_TYPE, VAULT, VAULT_INPUTS, BARE),
        there=OTHERS,
        has={"inputs": VAULT_INPUTS},
    ),
    "those that it declares are followed": Row(
        lambda engine: engine.read(VAULT_TYPE, VAULT, INLINE, BARE),
        there=OTHERS,
        has={"inputs.properties.accessPolicies": [POLICY]},
    ),
    "an import has the id's parts, and the answer without what is read-only or empty": Row(
        lambda engine: engine.read(ACCOUNT_TYPE, ACCOUNT),
        there={
            ACCOUNT: {
                "name": "a",
                "etag": "1",
                "tags": {},
                **ACCOUNT_BODY,
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a": {"clientId": "c"}}},
                "properties": {"endpoint": "x", "publicNetworkAccess": "Enabled", "capabilities": []},
            }
        },
        has={
            "id": ACCOUNT,
            "inputs": {
                **ACCOUNT_BODY,
                **PLACE,
                "accountName": "a",
                "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a"]},
                "properties": {"publicNetworkAccess": "Enabled"},
            },
        },
    ),
    "a function of what is absent says what was asked for": Row(
        lambda engine: engine.invoke("cognitiveservices:getAccount", **PLACE, accountName="a"),
        {f"GET {ACCOUNT}": [MISSING]},
        refused=f'request failed {ACCOUNT}: Status=404 Code="ResourceNotFound" Message="not here"',
    ),
    "the client's ids are the claims of its token, and the instance's subscription": Row(
        lambda engine: engine.invoke("authorization:getClientConfig"),
        has={"clientId": "client", "objectId": OBJECT, "subscriptionId": SUBSCRIPTION, "tenantId": TENANT},
    ),
    "a getter is one GET, nested as the outputs are, with the api-version that azure-native adds": Row(
        lambda engine: engine.invoke("keyvault:getVault", **PLACE, vaultName="v"),
        there={VAULT: {"name": "v", "properties": {"vaultUri": "x"}}},
        has={"name": "v", "azureApiVersion": "2024-11-01", "properties.vaultUri": "x"},
        asks=[f"GET {VAULT}"],
    ),
    "it is flat where they are flat": Row(
        lambda engine: engine.invoke("keyvault:getKey", **PLACE, vaultName="v", keyName="k"),
        there={f"{VAULT}/keys/k": {"properties": {"keyUri": "x"}}},
        has={"keyUri": "x"},
    ),
    "it finds what is at a scope": Row(
        lambda engine: engine.invoke("authorization:getManagementLockByScope", scope=VAULT, lockName="l"),
        there={f"{VAULT}/providers/Microsoft.Authorization/locks/l": {"properties": {"level": "x"}}},
        has={"level": "x"},
    ),
}


@rows(READS)
async def test_a_read(engine: Engine, row: Row) -> None:
    """What the engine gets of what is there."""
    await row.holds(engine)


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
        got = await engine.invoke("authorization:getClientToken", **endpoint)
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
    told = await refused(engine.invoke("keyvault:getSecret"))
    assert "function 'azure-native:keyvault:getSecret' is not known" in told
    for known in ("getClientConfig", "getVault", "listAccountKeys", "getPolicyExemption"):
        assert known in told
