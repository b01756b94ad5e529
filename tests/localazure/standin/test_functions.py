"""azure-native's functions: what programs ask for, and what is told of one that is not here."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from localazure.standin.functions import ACTIONS, CLIENT, GETTERS, READERS
from localazure.standin.table import ROWS
from localazure.standin.wire import SECRET
from tests.localazure.standin.arm import ACCOUNT, GROUP, VAULT
from tests.localazure.standin.case import configured

pytestmark = pytest.mark.asyncio

IN_GROUP = {"resourceGroupName": "rg"}
PROVIDERS = f"{GROUP}/providers"
AT_VAULT = f"{VAULT}/providers"


@pytest.mark.parametrize(
    ("token", "arguments", "id", "properties", "expected"),
    [
        ("resources:getResourceGroup", IN_GROUP, GROUP, {}, {"name": "rg"}),
        ("cognitiveservices:getAccount", {**IN_GROUP, "accountName": "a"}, ACCOUNT, {"endpoint": "e"}, None),
        ("keyvault:getVault", {**IN_GROUP, "vaultName": "v"}, VAULT, {"vaultUri": "u"}, None),
        (
            "keyvault:getKey",
            {**IN_GROUP, "vaultName": "v", "keyName": "k"},
            f"{VAULT}/keys/k",
            {"keyUri": "u"},
            {"keyUri": "u"},
        ),
        (
            "managedidentity:getUserAssignedIdentity",
            {**IN_GROUP, "resourceName": "i"},
            f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/i",
            {"principalId": "p"},
            {"principalId": "p"},
        ),
        (
            "operationalinsights:getWorkspace",
            {**IN_GROUP, "workspaceName": "w"},
            f"{PROVIDERS}/Microsoft.OperationalInsights/workspaces/w",
            {"customerId": "c"},
            {"customerId": "c"},
        ),
        (
            "monitor:getDiagnosticSetting",
            {"resourceUri": VAULT, "name": "d"},
            f"{AT_VAULT}/Microsoft.Insights/diagnosticSettings/d",
            {"workspaceId": "w"},
            {"workspaceId": "w"},
        ),
        (
            "authorization:getRoleAssignment",
            {"scope": VAULT, "roleAssignmentName": "r"},
            f"{AT_VAULT}/Microsoft.Authorization/roleAssignments/r",
            {"principalId": "p"},
            {"principalId": "p"},
        ),
        (
            "authorization:getPolicyExemption",
            {"scope": GROUP, "policyExemptionName": "e"},
            f"{PROVIDERS}/Microsoft.Authorization/policyExemptions/e",
            {"exemptionCategory": "Waiver"},
            {"exemptionCategory": "Waiver"},
        ),
        (
            "authorization:getManagementLockByScope",
            {"scope": GROUP, "lockName": "l"},
            f"{PROVIDERS}/Microsoft.Authorization/locks/l",
            {"level": "CanNotDelete"},
            {"level": "CanNotDelete"},
        ),
    ],
)
async def test_a_getter_gives_what_the_resource_would(
    token: str,
    arguments: dict[str, str],
    id: str,
    properties: dict[str, Any],
    expected: dict[str, Any] | None,
) -> None:
    """One GET; flat or nested as the resource's outputs are, with the API version that azure-native adds."""
    async with configured() as (instance, arm):
        arm.resources[id.lower()] = {"id": id, "name": id.rsplit("/", 1)[1], "properties": properties}
        found = await instance.invoke(f"azure-native:{token}", **arguments)
    assert [call[:2] for call in arm.calls] == [("GET", id)]
    assert found["azureApiVersion"]
    assert found["name"] == id.rsplit("/", 1)[1]
    for name, value in (expected or {"properties": properties}).items():
        assert found[name] == value


async def test_a_key_that_is_listed_is_no_secret_to_the_engine() -> None:
    """Nothing is marked secret by the provider: who lists keys wraps them."""
    async with configured() as (instance, arm):
        arm.answers[f"POST {ACCOUNT}/listKeys"] = [arm.answer(200, {"key1": "one", "key2": "two"})]
        request = provider_pb2.InvokeRequest(tok="azure-native:cognitiveservices:listAccountKeys")
        request.args.update({**IN_GROUP, "accountName": "a"})
        answer = getattr(await instance.stub.Invoke(request), "return")
    assert dict(answer) == {"key1": "one", "key2": "two"}
    assert SECRET not in str(answer)


@pytest.mark.parametrize("token", ["keyvault:getSecret", "keyvault:getManagedHsm", "storage:listKeys"])
async def test_fails_for_a_function_that_is_not_here_naming_those_that_are(token: str) -> None:
    """The text names the function and every one that can be called."""
    async with configured() as (instance, _):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await instance.invoke(f"azure-native:{token}")
    told = str(caught.value.details())
    assert f"function 'azure-native:{token}' is not known" in told
    for known in ("getClientConfig", "getVault", "listAccountKeys", "getPolicyExemption"):
        assert known in told


@pytest.mark.parametrize(
    "token", ["keyvault:Secret", "cognitiveservices:CommitmentPlan", "resources:Resource"]
)
async def test_fails_for_a_type_that_is_not_here_naming_those_that_are(token: str) -> None:
    """Already the check of the inputs fails, before anything is made."""
    async with configured() as (instance, arm):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await instance.check(f"azure-native:{token}", {})
    told = str(caught.value.details())
    assert f"resource type 'azure-native:{token}' is not known" in told
    assert all(row.token in told for row in ROWS)
    assert arm.calls == []


async def test_the_schema_is_whole() -> None:
    """Each type has its getter, each function its description, and nothing refers to what is not there."""
    async with configured() as (instance, _):
        text = (await instance.stub.GetSchema(provider_pb2.GetSchemaRequest())).schema
    schema = json.loads(text)
    assert set(schema["resources"]) == {row.token for row in ROWS}
    assert set(schema["functions"]) == {*ACTIONS, *CLIENT, *GETTERS, *READERS}
    missing = {
        ref
        for ref in _references(schema)
        if ref.startswith("#/types/") and ref.removeprefix("#/types/") not in schema["types"]
    }
    assert missing == set()
    config = schema["config"]["variables"]
    assert {"environment", "metadataHost", "subscriptionId", "clientSecret"} <= set(config)
    assert config["clientSecret"]["secret"] is True


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        found = [str(node["$ref"])] if "$ref" in node else []
        return found + [ref for value in node.values() for ref in _references(value)]
    return [ref for value in node for ref in _references(value)] if isinstance(node, list) else []
