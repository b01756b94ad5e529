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


async def test_check_draws_a_name_from_the_seed_that_lets_a_replacement_come_first(engine: Engine) -> None:
    """Without a name, the logical name and 8 hex digits, the same for a seed; ARM takes only a UUID as the
    name of a role assignment."""
    first, again, other = [
        (await engine.check(ACCOUNT_TYPE, PLACE, randomSeed=seed))[0] for seed in (b"a", b"a", b"b")
    ]
    assert first["accountName"].startswith("thing")
    assert len(bytes.fromhex(first["accountName"][5:])) == 4
    assert first["__createBeforeDelete"] is True
    assert first == again
    assert other["accountName"] != first["accountName"]
    role, _ = await engine.check("azure-native:authorization:RoleAssignment", ROLE)
    assert (len(role["roleAssignmentName"]), role["__createBeforeDelete"]) == (36, True)


@pytest.mark.parametrize(
    ("type", "news", "olds", "added"),
    [
        (ACCOUNT_TYPE, PLACE, OLD, {**OLD, "azureApiVersion": "2025-06-01"}),
        ("azure-native:keyvault:Key", KEY, {}, {"keyName": "thing", "azureApiVersion": "2024-11-01"}),
        (
            "azure-native:keyvault/v20230701:Key",
            KEY,
            {},
            {"keyName": "thing", "azureApiVersion": "2023-07-01"},
        ),
        # A property that no type declares is not refused, as azure-native does not.
        (ACCOUNT_TYPE, {**OLD, "colour": "blue"}, {}, {"azureApiVersion": "2025-06-01"}),
        # In a preview of a new group its location is not missing.
        (ACCOUNT_TYPE, {**OLD, "resourceGroupName": UNKNOWN}, {}, {"azureApiVersion": "2025-06-01"}),
    ],
    ids=[
        "name and location stay",
        "a child has its logical name",
        "a pinned version",
        "unknown property",
        "",
    ],
)
async def test_check_adds_what_the_program_does_not_say(
    engine: Engine, type: str, news: Any, olds: Any, added: Any
) -> None:
    """And asks nobody."""
    assert await engine.check(type, news, olds) == ({**news, **added}, [])
    assert engine.arm.calls == []


async def test_check_asks_once_for_the_location_of_a_group(engine: Engine) -> None:
    """Without a location the resource gets its group's, read once per provider instance."""
    found = [
        (await engine.check(ACCOUNT_TYPE, {"resourceGroupName": name}))[0]["location"]
        for name in ("rg", "RG")
    ]
    assert found == ["westeurope", "westeurope"]
    assert engine.arm.asks == [f"GET {GROUP}"]


async def test_a_location_may_be_unknown_or_not_told(engine: Engine) -> None:
    """In a preview of a new group it is unknown, not missing; a group that is not read leaves it to ARM;
    `azure-native:location` comes first."""
    news = {"resourceGroupName": UNKNOWN, "properties": VAULT_PROPERTIES}
    inputs, failures = await engine.check(VAULT_TYPE, news)
    assert (inputs["location"], failures, engine.arm.calls) == (UNKNOWN, [], [])
    engine.arm.tell(f"GET {GROUP}", FORBIDDEN)
    inputs, failures = await engine.check(ACCOUNT_TYPE, PLACE)
    assert ("location" in inputs, failures) == (False, [])
    await engine.configure(location="northeurope")
    assert (await engine.check(ACCOUNT_TYPE, PLACE))[0]["location"] == "northeurope"
    assert engine.opened[-1].calls == []


async def test_check_fails_with_every_reason_at_once(engine: Engine) -> None:
    """Missing, mistyped and misspelled inputs are all told in one answer."""
    assert (await engine.check(VAULT_TYPE, WRONG))[1] == [
        "'location' should be of type 'string' but got '7'",
        "'properties.accessPolicies' should be of type 'array' but got an object",
        "'properties.enablePurgeProtection' should be of type 'boolean' but got 'yes'",
        "missing required property 'properties.sku.family'",
        "missing required property 'properties.tenantId'",
        "'tags.a' should be of type 'string' but got an array",
        "'vaultName' does not match expression '^[a-zA-Z0-9-]{3,24}$'",
    ]


async def test_fails_for_a_type_that_is_not_here_naming_those_that_are(engine: Engine) -> None:
    """Already the check of the inputs fails, before anything is made."""
    told = await refused(engine.check("azure-native:keyvault:Secret", {}))
    assert "resource type 'azure-native:keyvault:Secret' is not known" in told
    assert all(row.token in told for row in ROWS)
    assert engine.arm.calls == []
