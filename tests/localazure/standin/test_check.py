"""What Check adds and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.standin.table import ROWS
from localazure.standin.values import UNKNOWN
from tests.localazure.standin.driver import (
    ACCOUNT_TYPE,
    FORBIDDEN,
    GROUP,
    PLACE,
    VAULT_PROPERTIES,
    VAULT_TYPE,
    Engine,
    RecordingArm,
    refused,
)

OLD = {**PLACE, "accountName": "old", "location": "here", "__createBeforeDelete": True}
KEY = {**PLACE, "vaultName": "vault", "properties": {"kty": "RSA"}}
ROLE = {"principalId": "p", "roleDefinitionId": "r", "scope": "/s"}
WRONG = {
    **PLACE,
    "vaultName": "a_name_that_is_too_long_for_a_vault",
    "location": 7,
    "properties": {"sku": {"name": "standard"}, "enablePurgeProtection": "yes", "accessPolicies": {}},
    "tags": {"a": ["b"]},
}


async def test_check_names_a_resource_from_the_seed_and_marks_it_replaceable(engine: Engine) -> None:
    """A top-level resource without a name gets its logical name and 8 hex digits, the same for a seed."""
    first, again, other = [
        (await engine.check(ACCOUNT_TYPE, PLACE, randomSeed=seed))[0] for seed in (b"a", b"a", b"b")
    ]
    assert first["accountName"].startswith("thing")
    assert len(first["accountName"]) == len("thing") + 8
    assert set(first["accountName"][5:]) <= set("0123456789abcdef")
    assert first["__createBeforeDelete"] is True
    assert first == again
    assert other["accountName"] != first["accountName"]


@pytest.mark.parametrize(
    ("type", "news", "olds", "inputs"),
    [
        (ACCOUNT_TYPE, PLACE, OLD, {**OLD, "azureApiVersion": "2025-06-01"}),
        (
            "azure-native:keyvault:Key",
            KEY,
            None,
            {**KEY, "keyName": "thing", "azureApiVersion": "2024-11-01"},
        ),
    ],
    ids=["the old name and location stay", "a child has its logical name"],
)
async def test_check_adds_what_the_program_does_not_say(
    engine: Engine, arm: RecordingArm, *, type: str, news: Any, olds: Any, inputs: Any
) -> None:
    """And asks nobody."""
    assert await engine.check(type, news, olds) == (inputs, [])
    assert arm.calls == []


async def test_check_draws_a_uuid_for_a_role_assignment(engine: Engine) -> None:
    """ARM takes only a UUID as the name of a role assignment."""
    drawn, _ = await engine.check("azure-native:authorization:RoleAssignment", ROLE)
    assert (len(drawn["roleAssignmentName"]), drawn["__createBeforeDelete"]) == (36, True)


async def test_check_asks_once_for_the_location_of_a_group(engine: Engine, arm: RecordingArm) -> None:
    """Without a location the resource gets its group's, read once per provider instance."""
    found = [
        (await engine.check(ACCOUNT_TYPE, {"resourceGroupName": name}))[0]["location"]
        for name in ("rg", "RG")
    ]
    assert found == ["westeurope", "westeurope"]
    assert arm.asks == [f"GET {GROUP}"]


async def test_a_location_may_be_unknown_or_not_told(engine: Engine, arm: RecordingArm) -> None:
    """In a preview of a new group it is unknown, not missing; a group that is not read leaves it to ARM."""
    news = {"resourceGroupName": UNKNOWN, "properties": VAULT_PROPERTIES}
    inputs, failures = await engine.check(VAULT_TYPE, news)
    assert (inputs["location"], failures, arm.calls) == (UNKNOWN, [], [])
    arm.tell(f"GET {GROUP}", FORBIDDEN)
    inputs, failures = await engine.check(ACCOUNT_TYPE, PLACE)
    assert ("location" in inputs, failures) == (False, [])


async def test_check_takes_the_location_of_the_config_first(engine: Engine, arm: RecordingArm) -> None:
    """`azure-native:location` spares the request for the group's."""
    await engine.configure(location="northeurope")
    inputs, _ = await engine.check(ACCOUNT_TYPE, PLACE)
    assert (inputs["location"], arm.calls) == ("northeurope", [])


@pytest.mark.parametrize(
    ("type", "news", "failures"),
    [
        # A property that no type declares is not refused, as azure-native does not.
        (ACCOUNT_TYPE, {**PLACE, "colour": "blue"}, []),
        (
            VAULT_TYPE,
            WRONG,
            [
                "'location' should be of type 'string' but got '7'",
                "'properties.accessPolicies' should be of type 'array' but got an object",
                "'properties.enablePurgeProtection' should be of type 'boolean' but got 'yes'",
                "missing required property 'properties.sku.family'",
                "missing required property 'properties.tenantId'",
                "'tags.a' should be of type 'string' but got an array",
                "'vaultName' does not match expression '^[a-zA-Z0-9-]{3,24}$'",
            ],
        ),
    ],
    ids=["unknown property", "all at once"],
)
async def test_check_fails_with_every_reason_at_once(
    engine: Engine, type: str, news: Any, failures: list[str]
) -> None:
    """Missing, mistyped and misspelled inputs are all told in one answer."""
    assert (await engine.check(type, news))[1] == failures


@pytest.mark.parametrize(
    "token", ["keyvault:Secret", "cognitiveservices:CommitmentPlan", "storage:StorageAccount"]
)
async def test_fails_for_a_type_that_is_not_here_naming_those_that_are(
    engine: Engine, arm: RecordingArm, token: str
) -> None:
    """Already the check of the inputs fails, before anything is made."""
    told = await refused(engine.check(f"azure-native:{token}", {}))
    assert f"resource type 'azure-native:{token}' is not known" in told
    assert all(row.token in told for row in ROWS)
    assert arm.calls == []


async def test_check_takes_a_pinned_version_of_the_same_type(engine: Engine) -> None:
    """`keyvault/v20230701:Vault` is the vault's row, asked by the version that it pins."""
    inputs, _ = await engine.check("azure-native:keyvault/v20230701:Vault", PLACE)
    assert inputs["azureApiVersion"] == "2023-07-01"
