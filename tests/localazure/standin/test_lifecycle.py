"""Create, update and preview over gRPC, against a recording ARM."""

from __future__ import annotations

import grpc
import pytest

from localazure.standin.azure import Answer
from localazure.standin.values import UNKNOWN
from localazure.standin.wire import from_struct
from tests.localazure.standin.arm import (
    ACCOUNT,
    ACCOUNT_BODY,
    ACCOUNT_INPUTS,
    ACCOUNT_TYPE,
    POLICY,
    VAULT,
    VAULT_INPUTS,
    VAULT_TYPE,
    missing,
)
from tests.localazure.standin.case import configured

pytestmark = pytest.mark.asyncio


async def test_create_puts_the_inputs_and_stores_what_azure_then_answers() -> None:
    """Existence GET, whole PUT, GET: the state is the last answer, without what was never declared."""
    async with configured() as (engine, arm):
        arm.answers[f"GET {ACCOUNT}"] = [
            missing(),
            Answer(
                200, {"id": ACCOUNT, "name": "a", "etag": "1", "colour": "blue", "tags": None, **ACCOUNT_BODY}
            ),
        ]
        id, outputs = await engine.create(ACCOUNT_TYPE, {**ACCOUNT_INPUTS, "unknown": 1})
    assert [call[:2] for call in arm.calls] == [("GET", ACCOUNT), ("PUT", ACCOUNT), ("GET", ACCOUNT)]
    assert arm.sent("PUT") == [ACCOUNT_BODY]
    assert id == ACCOUNT
    assert outputs == {
        **ACCOUNT_BODY,
        "id": ACCOUNT,
        "name": "a",
        "etag": "1",
        "azureApiVersion": "2025-06-01",
    }


async def test_fails_to_create_what_exists() -> None:
    """A resource that is there is never overwritten by a create."""
    async with configured() as (engine, arm):
        arm.resources[ACCOUNT.lower()] = {"id": ACCOUNT}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert caught.value.details() == f"cannot create already existing resource '{ACCOUNT}'"
    assert arm.sent("PUT") == []


async def test_fails_to_create_when_existence_is_not_known() -> None:
    """Any other answer to the existence check stops the create with that answer."""
    async with configured() as (engine, arm):
        arm.answers[f"GET {ACCOUNT}"] = [Answer(403, {"error": {"code": "AuthorizationFailed"}})]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert caught.value.details() == (
        f"cannot check existence of resource '{ACCOUNT}': status code 403, "
        '{"error": {"code": "AuthorizationFailed"}}'
    )


async def test_refusal_by_azure_reads_as_azure_native_prints_it() -> None:
    """Status, code and message of the refusal reach the user; nothing is kept in state."""
    refusal = Answer(409, {"error": {"code": "FlagMustBeSetForRestore", "message": "soft-deleted"}})
    async with configured() as (engine, arm):
        arm.answers[f"PUT {ACCOUNT}"] = [refusal]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.create(ACCOUNT_TYPE, ACCOUNT_INPUTS)
    assert caught.value.details() == 'Status=409 Code="FlagMustBeSetForRestore" Message="soft-deleted"'
    assert "grpc-status-details-bin" not in dict(caught.value.trailing_metadata())


async def test_a_vault_starts_without_access_policies_and_keeps_those_of_others() -> None:
    """A create sends an empty list; an update that declares none sends back what is there."""
    async with configured() as (engine, arm):
        await engine.create(VAULT_TYPE, VAULT_INPUTS)
        arm.resources[VAULT.lower()]["properties"]["accessPolicies"] = [POLICY]
        changed = {**VAULT_INPUTS, "tags": {"a": "b"}}
        await engine.update(VAULT_TYPE, VAULT, VAULT_INPUTS, changed)
        inline = {**VAULT_INPUTS, "properties": {**VAULT_INPUTS["properties"], "accessPolicies": []}}  # type: ignore[dict-item]
        await engine.update(VAULT_TYPE, VAULT, changed, inline)
    assert [body["properties"]["accessPolicies"] for body in arm.sent("PUT")] == [[], [POLICY], []]


async def test_update_sends_the_new_inputs_and_nothing_from_azure() -> None:
    """What was set beside the program, such as an encryption, is not in the PUT."""
    async with configured() as (engine, arm):
        arm.resources[ACCOUNT.lower()] = {"id": ACCOUNT, "properties": {"encryption": {"keySource": "x"}}}
        await engine.update(ACCOUNT_TYPE, ACCOUNT, ACCOUNT_INPUTS, {**ACCOUNT_INPUTS, "tags": {"a": "b"}})
    assert arm.sent("PUT") == [{**ACCOUNT_BODY, "tags": {"a": "b"}}]


async def test_an_identity_that_leaves_is_patched_away() -> None:
    """ARM keeps ids that a PUT does not name, so a removed one goes as null, in a PATCH."""
    both = {**ACCOUNT_INPUTS, "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a", "/b"]}}
    one = {**ACCOUNT_INPUTS, "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/b"]}}
    async with configured() as (engine, arm):
        await engine.create(ACCOUNT_TYPE, both)
        await engine.update(ACCOUNT_TYPE, ACCOUNT, both, one)
    assert arm.sent("PUT")[0]["identity"]["userAssignedIdentities"] == {"/a": {}, "/b": {}}
    assert arm.sent("PATCH")[0]["identity"]["userAssignedIdentities"] == {"/a": None, "/b": {}}


async def test_preview_of_a_create_knows_the_inputs_and_nothing_else() -> None:
    """Name, principal, endpoint and a list that comes back as a map are unknown; ARM is not asked."""
    inputs = {
        **ACCOUNT_INPUTS,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a"]},
        "properties": {"customSubDomainName": UNKNOWN, "disableLocalAuth": True},
    }
    async with configured() as (engine, arm):
        id, outputs = await engine.create(ACCOUNT_TYPE, inputs, preview=True)
    assert id == ""
    assert arm.calls == []
    assert outputs["location"] == "westeurope"
    assert outputs["kind"] == "TextAnalytics"
    assert (outputs["name"], outputs["id"], outputs["etag"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert outputs["identity"] == {
        "type": "UserAssigned",
        "principalId": UNKNOWN,
        "tenantId": UNKNOWN,
        "userAssignedIdentities": UNKNOWN,
    }
    assert outputs["properties"]["disableLocalAuth"] is True
    assert outputs["properties"]["customSubDomainName"] is UNKNOWN
    assert outputs["properties"]["endpoint"] is UNKNOWN


async def test_preview_knows_an_input_where_an_output_has_its_place() -> None:
    """A scope and a map of parameters are echoed; what is nested in a key's inputs and flat in its outputs is
    not, so that a program which counts on it fails here as it would on Azure."""
    assignment = {"scope": VAULT, "policyAssignmentName": "n", "parameters": {"effect": {"value": "Deny"}}}
    key = {
        "resourceGroupName": "rg",
        "vaultName": "v",
        "keyName": "k",
        "tags": {"a": "b"},
        "properties": {"kty": "RSA", "keySize": 2048},
    }
    async with configured() as (engine, arm):
        _, echoed = await engine.create(
            "azure-native:authorization:PolicyAssignment", assignment, preview=True
        )
        _, flat = await engine.create("azure-native:keyvault:Key", key, preview=True)
    assert (echoed["scope"], echoed["parameters"]) == (VAULT, {"effect": {"value": "Deny"}})
    assert flat["tags"] == {"a": "b"}
    assert (flat["kty"], flat["keySize"], flat["keyUri"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert arm.calls == []


async def test_preview_of_an_update_also_knows_name_and_location() -> None:
    """An update changes neither, so both come from the old state."""
    old = {"name": "a", "location": "West Europe", "etag": "1"}
    async with configured() as (engine, _):
        outputs = await engine.update(ACCOUNT_TYPE, ACCOUNT, {}, ACCOUNT_INPUTS, old, preview=True)
    assert (outputs["name"], outputs["location"], outputs["etag"]) == ("a", "West Europe", UNKNOWN)


async def test_flattened_types_send_and_store_beside_location_what_arm_nests() -> None:
    """A workspace's sku and retention are inside ARM's properties and outside in the program."""
    token = "azure-native:operationalinsights:Workspace"
    inputs = {
        "resourceGroupName": "rg",
        "workspaceName": "work",
        "location": "westeurope",
        "retentionInDays": 30,
        "sku": {"name": "PerGB2018"},
    }
    async with configured() as (engine, arm):
        id, outputs = await engine.create(token, inputs)
        got = await engine.read(token, id)
    assert arm.sent("PUT") == [
        {"location": "westeurope", "properties": {"retentionInDays": 30, "sku": {"name": "PerGB2018"}}}
    ]
    assert outputs["sku"] == {"name": "PerGB2018"}
    assert from_struct(got.inputs) == inputs


async def test_a_role_assignment_lives_at_its_scope() -> None:
    """The scope is part of the id, unescaped and without its outer slashes."""
    token = "azure-native:authorization:RoleAssignment"
    inputs = {"scope": f"{VAULT}/", "roleAssignmentName": "n", "principalId": "p", "roleDefinitionId": "/r"}
    async with configured() as (engine, arm):
        id, outputs = await engine.create(token, inputs)
        got = await engine.read(token, id)
    assert id == f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/n"
    assert arm.sent("PUT") == [{"properties": {"principalId": "p", "roleDefinitionId": "/r"}}]
    assert outputs["principalId"] == "p"
    assert from_struct(got.inputs)["scope"] == VAULT
