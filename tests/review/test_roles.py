"""The roles of docs/roles, against what the requests to the local Azure ask for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from localazure.assembly import _ANYWHERE, _TYPES
from tests.support.stack import ROOT


@pytest.mark.parametrize("file", sorted((ROOT / "docs" / "roles").glob("*.json")), ids=lambda file: file.stem)
def test_roles_grant_nothing_by_wildcard(file: Path) -> None:
    """Each role lists what it needs; none may hand out what it has not, and none reads a key's secrets."""
    role = json.loads(file.read_text())
    (granted,) = role["properties"]["permissions"]
    listed = granted["actions"] + granted["dataActions"]
    assert not [action for action in listed if "*" in action]
    assert "Microsoft.CognitiveServices/accounts/listKeys/action" not in listed
    if file.stem == "preview":
        allowed = ("/read", "/action")
        assert all(action.endswith(allowed) for action in listed)
        assert not [action for action in listed if action.endswith(("/write", "/delete"))]


# What no program of this project does, so that no pipeline needs it: the endpoint's own side is read with its
# vault or account, and approved with privateEndpointConnectionsApproval; the network is somebody else's.
_UNUSED = re.compile(
    r"/(models|skus|usages|checkNameAvailability)/|/checkNameAvailability|/(locks|denyAssignments)/(write|delete)"
    r"|encryptionScopes/|privateEndpointConnections/|privateLinkResources/|networkInterfaces/|privateDnsZones/A/"
    r"|/virtualNetworks/(subnets/)?(read|write|delete)$|Authorization/permissions/|diagnosticSettingsCategories/"
    r"|/accounts/(commitmentPlans|connections|deployments|projects)/|/networkSecurityPerimeterConfigurations/"
    r"|/vaults/secrets/|ManagedIdentity/identities/|/denyAssignments/"
)
# What a stack can take out again without a loss of data, of access to it, or of its audit trail.
_PASSING = re.compile(
    r"Microsoft.Insights/|Microsoft.Network/private|savedSearches|roleAssignments|policy(Assignments|Definitions)"
)


def _granted(*roles: str) -> set[str]:
    files = (ROOT / "docs" / "roles" / f"{role}.json" for role in roles)
    return {
        action
        for file in files
        for permission in json.loads(file.read_text())["properties"]["permissions"]
        for action in permission["actions"]
    }


def _permissions(suffix: str) -> set[str]:
    found = {route.permission for route in _TYPES + _ANYWHERE if route.permission.endswith(suffix)}
    return {one for one in found if not _UNUSED.search(one)}


@pytest.mark.parametrize(
    ("roles", "suffix"),
    [(("preview",), "/read"), (("deploy", "azure-policy"), "/read"), (("deploy", "azure-policy"), "/write")],
)
def test_roles_grant_what_the_requests_ask_for(roles: tuple[str, ...], suffix: str) -> None:
    """Each permission that ARM asks for in a request of this project is in the role."""
    assert _permissions(suffix) - _granted(*roles) == set()


def test_the_deployment_deletes_what_can_be_made_again_and_nothing_else() -> None:
    """Alerts, endpoints, grants and policies, but no account, vault, key, workspace, identity or group."""
    deletable = {one for one in _permissions("/delete") if _PASSING.search(one)}
    granted = {one for one in _granted("deploy", "azure-policy") if one.endswith("/delete")}
    assert granted - {"Microsoft.Authorization/policyExemptions/delete"} == deletable


def test_a_deployment_without_azure_policy_cannot_write_policies() -> None:
    """The right to write policies is a role of its own, for stacks that make them, and nothing more."""
    policies = re.compile(r"Microsoft.Authorization/policy(Assignments|Definitions|Exemptions)/")
    assert all(policies.match(action) for action in _granted("azure-policy"))
    assert {one for one in _granted("deploy") if policies.match(one)} == {
        "Microsoft.Authorization/policyAssignments/read"
    }
