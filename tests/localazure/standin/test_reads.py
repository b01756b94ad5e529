"""Refresh, import and azure-native's functions: what is read, and what is told of one that is not here."""

from __future__ import annotations

from typing import Any

import pytest
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
    RecordingArm,
    refused,
)

AT_GROUP, AT_VAULT = f"{GROUP}/providers", f"{VAULT}/providers"


async def test_refresh_finds_a_resource_gone(engine: Engine) -> None:
    """404 is an empty answer, which drops the resource from state."""
    assert (await engine.read(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, {"id": ACCOUNT}))[0] == ""


async def test_refresh_carries_later_changes_into_the_inputs_and_no_old_defaults(
    engine: Engine, arm: RecordingArm
) -> None:
    """An encryption set by somebody becomes an input; a default that was there all along does not."""
    first = {"id": ACCOUNT, "properties": {"publicNetworkAccess": "Enabled"}, **ACCOUNT_BODY}
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": {"keyName": "k"}}
    arm.tell(f"GET {ACCOUNT}", MISSING, Answer(200, first))
    _, outputs = await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    now = {"publicNetworkAccess": "Enabled", "encryption": encryption}
    arm.resources[ACCOUNT.lower()] = {**first, "etag": "2", "properties": now}
    _, inputs, properties = await engine.read(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, outputs)
    assert inputs == {**ACCOUNT_INPUTS, "properties": {"encryption": encryption}}
    assert properties["properties"]["encryption"] == encryption


async def test_refresh_ignores_access_policies_that_the_vault_does_not_declare(
    engine: Engine, arm: RecordingArm
) -> None:
    """Standalone access policies are other resources' business; declared ones are followed."""
    bare = {"id": VAULT, "properties": {"tenantId": "t", "accessPolicies": []}}
    arm.resources[VAULT.lower()] = {**bare, "properties": {"tenantId": "t", "accessPolicies": [POLICY]}}
    inline = {**VAULT_INPUTS, "properties": {**VAULT_PROPERTIES, "accessPolicies": []}}
    assert (await engine.read(VAULT_TYPE, VAULT, VAULT_INPUTS, bare))[1] == VAULT_INPUTS
    followed = (await engine.read(VAULT_TYPE, VAULT, inline, bare))[1]
    assert followed["properties"]["accessPolicies"] == [POLICY]


async def test_import_makes_the_inputs_from_the_resource(engine: Engine, arm: RecordingArm) -> None:
    """Without inputs they are the id's parts and the answer without read-only and empty properties."""
    ids: Any = {"type": "UserAssigned", "userAssignedIdentities": {"/a": {"clientId": "c"}}}
    properties = {"endpoint": "https://x", "publicNetworkAccess": "Enabled", "capabilities": []}
    told = {"id": ACCOUNT, "name": "a", "etag": "1", "tags": {}, **ACCOUNT_BODY}
    arm.resources[ACCOUNT.lower()] = {**told, "identity": ids, "properties": properties}
    id, inputs, _ = await engine.read(ACCOUNT_TYPE, ACCOUNT)
    assert id == ACCOUNT
    assert inputs == {
        **ACCOUNT_BODY,
        **PLACE,
        "accountName": "a",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a"]},
        "properties": {"publicNetworkAccess": "Enabled"},
    }


async def test_fails_to_import_an_id_of_another_type(engine: Engine, arm: RecordingArm) -> None:
    """An id that does not fit the type says which form it should have."""
    arm.resources[GROUP.lower()] = {"id": GROUP}
    assert "is not an id of the form" in await refused(engine.read(ACCOUNT_TYPE, GROUP))


NESTED, FLAT = True, False


@pytest.mark.parametrize(
    ("token", "arguments", "id", "name", "nested"),
    [
        ("resources:getResourceGroup", PLACE, GROUP, "", FLAT),
        ("cognitiveservices:getAccount", {**PLACE, "accountName": "a"}, ACCOUNT, "endpoint", NESTED),
        ("keyvault:getVault", {**PLACE, "vaultName": "v"}, VAULT, "vaultUri", NESTED),
        ("keyvault:getKey", {**PLACE, "vaultName": "v", "keyName": "k"}, f"{VAULT}/keys/k", "keyUri", FLAT),
        (
            "managedidentity:getUserAssignedIdentity",
            {**PLACE, "resourceName": "i"},
            f"{AT_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/i",
            "principalId",
            FLAT,
        ),
        (
            "operationalinsights:getWorkspace",
            {**PLACE, "workspaceName": "w"},
            f"{AT_GROUP}/Microsoft.OperationalInsights/workspaces/w",
            "customerId",
            FLAT,
        ),
        (
            "monitor:getDiagnosticSetting",
            {"resourceUri": VAULT, "name": "d"},
            f"{AT_VAULT}/Microsoft.Insights/diagnosticSettings/d",
            "workspaceId",
            FLAT,
        ),
        (
            "authorization:getRoleAssignment",
            {"scope": VAULT, "roleAssignmentName": "r"},
            f"{AT_VAULT}/Microsoft.Authorization/roleAssignments/r",
            "principalId",
            FLAT,
        ),
        (
            "authorization:getPolicyExemption",
            {"scope": GROUP, "policyExemptionName": "e"},
            f"{AT_GROUP}/Microsoft.Authorization/policyExemptions/e",
            "exemptionCategory",
            FLAT,
        ),
        (
            "authorization:getManagementLockByScope",
            {"scope": GROUP, "lockName": "l"},
            f"{AT_GROUP}/Microsoft.Authorization/locks/l",
            "level",
            FLAT,
        ),
    ],
)
async def test_a_getter_gives_what_the_resource_would(
    engine: Engine,
    arm: RecordingArm,
    *,
    token: str,
    arguments: dict[str, str],
    id: str,
    name: str,
    nested: bool,
) -> None:
    """One GET; flat or nested as the resource's outputs are, with the API version that azure-native adds."""
    properties = {name: "x"} if name else {}
    arm.resources[id.lower()] = {"id": id, "name": id.rsplit("/", 1)[1], "properties": properties}
    got = await engine.invoke(token, **arguments)
    assert arm.asks == [f"GET {id}"]
    assert got["azureApiVersion"]
    assert got["name"] == id.rsplit("/", 1)[1]
    assert (got["properties"] if nested else {key: got[key] for key in properties}) == properties


async def test_a_key_that_is_listed_is_no_secret_to_the_engine(engine: Engine, arm: RecordingArm) -> None:
    """Nothing is marked secret by the provider: who lists keys wraps them."""
    arm.tell(f"POST {ACCOUNT}/listKeys", Answer(200, {"key1": "one", "key2": "two"}))
    request = provider_pb2.InvokeRequest(tok="azure-native:cognitiveservices:listAccountKeys")
    request.args.update({**PLACE, "accountName": "a"})
    answer = getattr(await engine.stub.Invoke(request), "return")
    assert dict(answer) == {"key1": "one", "key2": "two"}
    assert SECRET not in str(answer)


async def test_client_config_comes_from_the_claims_of_a_token(engine: Engine) -> None:
    """Client, object and tenant are those of the token, the subscription that of the instance."""
    ids = {"clientId": "client", "objectId": OBJECT, "subscriptionId": SUBSCRIPTION, "tenantId": TENANT}
    assert await engine.invoke("authorization:getClientConfig") == ids
    assert set(await engine.invoke("authorization:getClientToken")) == {"token"}


async def test_fails_a_function_with_the_id_and_azures_answer(engine: Engine) -> None:
    """An absent resource says what was asked for."""
    told = await refused(engine.invoke("cognitiveservices:getAccount", **PLACE, accountName="a"))
    assert told == f'request failed {ACCOUNT}: Status=404 Code="ResourceNotFound" Message="not here"'


@pytest.mark.parametrize("token", ["keyvault:getSecret", "keyvault:getManagedHsm", "storage:listKeys"])
async def test_fails_for_a_function_that_is_not_here_naming_those_that_are(
    engine: Engine, token: str
) -> None:
    """The text names the function and every one that can be called."""
    told = await refused(engine.invoke(token))
    assert f"function 'azure-native:{token}' is not known" in told
    for known in ("getClientConfig", "getVault", "listAccountKeys", "getPolicyExemption"):
        assert known in told
