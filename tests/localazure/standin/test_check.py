"""What Check adds and refuses."""

from __future__ import annotations

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from localazure.standin.values import UNKNOWN
from tests.localazure.standin.arm import GROUP
from tests.localazure.standin.case import configured

pytestmark = pytest.mark.asyncio

ACCOUNT = "azure-native:cognitiveservices:Account"
VAULT = "azure-native:keyvault:Vault"
PROPOSE, ENFORCE, DISABLE = (
    provider_pb2.CheckRequest.AutonamingOptions.Mode.Value(name) for name in ("PROPOSE", "ENFORCE", "DISABLE")
)
PROPERTIES = {"sku": {"family": "A", "name": "standard"}, "tenantId": "t"}


async def test_check_names_a_resource_from_the_seed_and_marks_it_replaceable() -> None:
    """A top-level resource without a name gets its logical name and 8 hex digits, the same for a seed."""
    async with configured() as (engine, _):
        first, _ = await engine.check(ACCOUNT, {"resourceGroupName": "rg"}, randomSeed=b"seed")
        again, _ = await engine.check(ACCOUNT, {"resourceGroupName": "rg"}, randomSeed=b"seed")
        other, _ = await engine.check(ACCOUNT, {"resourceGroupName": "rg"}, randomSeed=b"other")
    assert first["accountName"].startswith("thing")
    assert len(first["accountName"]) == len("thing") + 8
    assert set(first["accountName"][5:]) <= set("0123456789abcdef")
    assert first["__createBeforeDelete"] is True
    assert first == again
    assert other["accountName"] != first["accountName"]


async def test_check_keeps_the_old_name_and_location() -> None:
    """What a resource was called, and where it is, stays when the program says nothing."""
    olds = {"resourceGroupName": "rg", "accountName": "old", "location": "here", "__createBeforeDelete": True}
    async with configured() as (engine, arm):
        inputs, failures = await engine.check(ACCOUNT, {"resourceGroupName": "rg"}, olds)
    assert inputs == {**olds, "azureApiVersion": "2025-06-01"}
    assert failures == []
    assert arm.calls == []


async def test_check_copies_the_logical_name_for_a_child() -> None:
    """A key is called what the program calls it, without a mark."""
    news = {"resourceGroupName": "rg", "vaultName": "vault", "properties": {"kty": "RSA"}}
    async with configured() as (engine, _):
        inputs, failures = await engine.check("azure-native:keyvault:Key", news)
    assert inputs == {**news, "keyName": "thing", "azureApiVersion": "2024-11-01"}
    assert failures == []


async def test_check_draws_a_uuid_for_a_role_assignment_whatever_is_proposed() -> None:
    """ARM takes only a UUID as the name of a role assignment, so a proposed name is not used."""
    token = "azure-native:authorization:RoleAssignment"
    news = {"principalId": "p", "roleDefinitionId": "r", "scope": "/s"}
    proposed = provider_pb2.CheckRequest.AutonamingOptions(proposed_name="mine", mode=PROPOSE)
    enforced = provider_pb2.CheckRequest.AutonamingOptions(proposed_name="mine", mode=ENFORCE)
    async with configured() as (engine, _):
        drawn, _ = await engine.check(token, news, autonaming=proposed)
        given, _ = await engine.check(token, news, autonaming=enforced)
    assert len(drawn["roleAssignmentName"]) == 36
    assert drawn["__createBeforeDelete"] is True
    assert given["roleAssignmentName"] == "mine"


async def test_check_without_automatic_names_asks_for_one() -> None:
    """A stack that disables automatic naming gets the missing name as a failure."""
    disabled = provider_pb2.CheckRequest.AutonamingOptions(mode=DISABLE)
    async with configured() as (engine, _):
        _, failures = await engine.check(ACCOUNT, {"resourceGroupName": "rg"}, autonaming=disabled)
    assert failures == ["missing required property 'accountName'"]


async def test_check_asks_once_for_the_location_of_a_group() -> None:
    """Without a location the resource gets its group's, read once per provider instance."""
    async with configured() as (engine, arm):
        first, _ = await engine.check(ACCOUNT, {"resourceGroupName": "rg"})
        second, _ = await engine.check(ACCOUNT, {"resourceGroupName": "RG"})
    assert (first["location"], second["location"]) == ("westeurope", "westeurope")
    assert [call[:2] for call in arm.calls] == [("GET", GROUP)]


async def test_check_does_not_know_the_location_of_an_unknown_group() -> None:
    """In a preview of a new group the location is unknown, not missing."""
    async with configured() as (engine, arm):
        inputs, failures = await engine.check(VAULT, {"resourceGroupName": UNKNOWN, "properties": PROPERTIES})
    assert inputs["location"] is UNKNOWN
    assert failures == []
    assert arm.calls == []


async def test_check_takes_the_location_of_the_config_first() -> None:
    """`azure-native:location` spares the request for the group's."""
    async with configured() as (engine, arm):
        await engine.configure(location="northeurope")
        inputs, _ = await engine.check(ACCOUNT, {"resourceGroupName": "rg"})
    assert inputs["location"] == "northeurope"
    assert arm.calls == []


async def test_check_fails_with_every_reason_at_once() -> None:
    """Missing, mistyped and misspelled inputs are all told in one answer."""
    news = {
        "resourceGroupName": "rg",
        "vaultName": "a_name_that_is_too_long_for_a_vault",
        "location": 7,
        "properties": {"sku": {"name": "standard"}, "enablePurgeProtection": "yes", "accessPolicies": {}},
        "tags": {"a": ["b"]},
    }
    async with configured() as (engine, _):
        _, failures = await engine.check(VAULT, news)
    assert failures == [
        "'location' should be of type 'string' but got '7'",
        "'properties.accessPolicies' should be of type 'array' but got an object",
        "'properties.enablePurgeProtection' should be of type 'boolean' but got 'yes'",
        "missing required property 'properties.sku.family'",
        "missing required property 'properties.tenantId'",
        "'tags.a' should be of type 'string' but got an array",
        "'vaultName' does not match expression '^[a-zA-Z0-9-]{3,24}$'",
    ]


async def test_check_lets_unknown_properties_pass() -> None:
    """A property that no type declares is not refused, as azure-native does not."""
    async with configured() as (engine, _):
        _, failures = await engine.check(ACCOUNT, {"resourceGroupName": "rg", "colour": "blue"})
    assert failures == []


async def test_fails_for_a_type_without_a_row_naming_the_known_ones() -> None:
    """A type that the stand-in lacks is an error that tells what it has."""
    async with configured() as (engine, _):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await engine.check("azure-native:storage:StorageAccount", {})
    assert "resource type 'azure-native:storage:StorageAccount' is not known" in caught.value.details()
    assert "azure-native:keyvault:Vault" in caught.value.details()


async def test_check_takes_a_pinned_version_of_the_same_type() -> None:
    """`keyvault/v20230701:Vault` is the vault's row, asked by the version that it pins."""
    async with configured() as (engine, _):
        inputs, _ = await engine.check("azure-native:keyvault/v20230701:Vault", {"resourceGroupName": "rg"})
    assert inputs["azureApiVersion"] == "2023-07-01"
