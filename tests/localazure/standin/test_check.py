"""What Check adds and refuses."""

from __future__ import annotations

from localazure.standin.table import ROWS
from tests.localazure.standin.driver import (
    ACCOUNT_TYPE,
    FORBIDDEN,
    GROUP,
    PLACE,
    Engine,
    refused,
)

ROLE = {"principalId": "p", "roleDefinitionId": "r", "scope": "/s"}


async def test_check_draws_a_name_from_the_seed_that_lets_a_replacement_come_first(engine: Engine) -> None:
    """Without a name, the logical name and 8 hex digits, the same for a seed; ARM takes only a UUID as the
    name of a role assignment."""
    first, again, other = [
        (await engine.check(ACCOUNT_TYPE, PLACE, randomSeed=seed))["inputs"] for seed in (b"a", b"a", b"b")
    ]
    assert first["accountName"].startswith("thing")
    assert len(bytes.fromhex(first["accountName"][5:])) == 4
    assert first["__createBeforeDelete"] is True
    assert first == again
    assert other["accountName"] != first["accountName"]
    role = (await engine.check("azure-native:authorization:RoleAssignment", ROLE))["inputs"]
    assert (len(role["roleAssignmentName"]), role["__createBeforeDelete"]) == (36, True)


async def test_check_asks_once_for_the_location_of_a_group(engine: Engine) -> None:
    """Without a location the resource gets its group's, read once per provider instance."""
    found = [
        (await engine.check(ACCOUNT_TYPE, {"resourceGroupName": name}))["inputs"]["location"]
        for name in ("rg", "RG")
    ]
    assert found == ["westeurope", "westeurope"]
    assert engine.arm.asks == [f"GET {GROUP}"]


async def test_a_location_may_not_be_told(engine: Engine) -> None:
    """A group that is not read leaves it to ARM; `azure-native:location` comes first."""
    engine.arm.tell(f"GET {GROUP}", FORBIDDEN)
    checked = await engine.check(ACCOUNT_TYPE, PLACE)
    assert ("location" in checked["inputs"], checked["failures"]) == (False, [])
    await engine.configure(location="northeurope")
    assert (await engine.check(ACCOUNT_TYPE, PLACE))["inputs"]["location"] == "northeurope"
    assert engine.opened[-1].calls == []


async def test_fails_for_a_type_that_is_not_here_naming_those_that_are(engine: Engine) -> None:
    """Already the check of the inputs fails, before anything is made."""
    told = await refused(engine.check("azure-native:keyvault:Secret", {}))
    assert "resource type 'azure-native:keyvault:Secret' is not known" in told
    assert all(row.token in told for row in ROWS)
    assert engine.arm.calls == []
