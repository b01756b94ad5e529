"""`$filter` of the lists: as clients spell it, and refused where it is not understood."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from localazure import seed
from tests.localazure.observed.fact import vault_body
from tests.support.front import ARM, SUBSCRIPTION, Door, Reply

WEST = {"location": "West Europe"}


@pytest.fixture(scope="module")
def door() -> Door:
    """Two groups; a vault and two identities, one of them in East US."""
    door = Door()
    made = (
        ("one", {**WEST, "tags": {"Team": "a", "env": "b"}}),
        ("two", {**WEST, "tags": {"team": "b"}}),
        ("one/providers/Microsoft.KeyVault/vaults/kv-filtered", {**vault_body(), "tags": {"team": "a"}}),
        ("one/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-west", WEST),
        ("two/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-east", {"location": "eastus"}),
    )
    for place, body in made:
        assert door.send("PUT", f"{SUBSCRIPTION}/resourceGroups/{place}", body).status < 300
    return door


def listed(door: Door, path: str, filter: str, more: str = "") -> Reply:
    query = f"api-version=2021-04-01&$filter={quote(filter)}{more}"
    return door.send("GET", f"{ARM}{SUBSCRIPTION}/{path}?{query}")


@pytest.mark.parametrize(
    ("path", "filter", "names"),
    [
        # As the command line of Azure writes them.
        ("resourceGroups", "tagname eq 'team' and tagvalue eq 'a'", ["one"]),
        ("resources", "tagname eq 'team' and tagvalue eq 'a'", ["kv-filtered"]),
        ("resources", "tagname eq 'none'", []),
        ("resources", "name eq 'ID-WEST'", ["id-west"]),
        ("resources", "Location EQ 'East US'", ["id-east"]),
        ("resources", "resourceGroup eq 'two'", ["id-east"]),
        ("resources", "resourceType eq 'microsoft.keyvault/vaults' and name eq 'id-west'", []),
        # As the service documents them.
        ("resourceGroups", "tagName eq 'TEAM'", ["one", "two"]),
        ("resourceGroups", "tagName eq 'team' and tagValue eq 'A'", []),
        ("resourceGroups", "tagName eq 'env' and tagValue eq 'a'", []),
        ("resources", "substringof('id-', name)", ["id-west", "id-east"]),
        ("resources", "startswith(tagName, 'te')", ["kv-filtered"]),
        ("resources", "resourceType ne 'Microsoft.KeyVault/vaults'", ["id-west", "id-east"]),
        (
            "resources",
            "name eq 'id-east' or location eq 'westeurope' and name eq 'id-west'",
            ["id-west", "id-east"],
        ),
        ("resources", "name eq 'it''s'", []),
        ("resources", "", ["kv-filtered", "id-west", "id-east"]),
    ],
)
def test_a_filter_wants_what_it_says(door: Door, path: str, filter: str, names: list[str]) -> None:
    """Every clause counts, names in any case; `and` binds before `or`."""
    assert [row["name"] for row in listed(door, path, filter).body["value"]] == names


@pytest.mark.parametrize(
    "filter",
    [
        "name",
        "name eq x",
        "colour eq 'red'",
        "name gt 'a'",
        "name eq 'a' name eq 'b'",
        "name eq 'a' and",
        "tagName ne 'a'",
    ],
)
@pytest.mark.parametrize("path", ["resources", "resourceGroups"])
def test_fails_for_a_filter_that_is_not_understood(door: Door, path: str, filter: str) -> None:
    """No list is answered as if the filter were not there."""
    reply = listed(door, path, filter)
    assert (reply.status, reply.code) == (400, "InvalidFilterInQueryString")
    assert filter in reply.message


def test_expand_adds_what_a_row_has_not(door: Door) -> None:
    """`$expand` tells the state and the times of a resource; without it they are not there."""
    (plain,) = listed(door, "resources", "name eq 'kv-filtered'").body["value"]
    (row,) = listed(
        door, "resources", "name eq 'kv-filtered'", "&$expand=createdTime,changedTime,provisioningState"
    ).body["value"]
    assert set(row) - set(plain) == {"createdTime", "changedTime", "provisioningState"}
    assert seed.SUBSCRIPTION_ID in row["id"]


@pytest.mark.parametrize(
    ("type", "filter", "found"),
    [
        ("roleDefinitions", "rolename eq 'Reader'", 1),
        ("roleDefinitions", "type eq 'CustomRole'", 0),
        ("roleDefinitions", "type eq 'BuiltInRole' and roleName eq 'reader'", 1),
        ("roleAssignments", f"principalid eq '{seed.READER.object_id}'", 1),
        ("roleAssignments", f"atscope() and ASSIGNEDTO('{seed.READER.object_id}')", 1),
        ("roleAssignments", "principalId eq 'nobody'", 0),
    ],
)
def test_roles_are_filtered_whatever_the_case(door: Door, type: str, filter: str, found: int) -> None:
    """Names in a filter have no case, and roles of one's own are none of the built-in ones."""
    rows = listed(door, f"providers/Microsoft.Authorization/{type}", filter).body["value"]
    assert len(rows) == found
