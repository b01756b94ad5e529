"""Diff: input against input, with azure-native's replace table."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from localazure.standin.diff import difference
from localazure.standin.table import resource_type
from localazure.standin.values import UNKNOWN

ACCOUNT = {"resourceGroupName": "rg", "accountName": "a", "location": "westeurope", "kind": "TextAnalytics"}
POLICY = {"objectId": "o", "tenantId": "t", "permissions": {"keys": ["get"]}}


def diff(token: str, old: Any, new: Any, outputs: Any = None) -> tuple[dict[str, str], bool]:
    """Path to kind (a replacing one ends in `!`), and whether the old resource must go first."""
    row = resource_type(f"azure-native:{token}")
    found = difference(row, old_inputs=old, new_inputs=new, old_outputs=outputs or {})
    kind = provider_pb2.PropertyDiff.Kind.Name
    kinds = {path: kind(one.kind).replace("_REPLACE", "!") for path, one in found.detailedDiff.items()}
    return kinds, found.deleteBeforeReplace


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"location": "northeurope"}, {"location": "UPDATE!"}),
        ({"resourceGroupName": "other"}, {"resourceGroupName": "UPDATE!"}),
        ({"accountName": UNKNOWN}, {"accountName": "UPDATE!"}),
        ({"location": "West Europe"}, {}),
        ({"resourceGroupName": "RG"}, {}),
        ({"kind": "Language"}, {"kind": "UPDATE"}),
        ({"tags": {"cost.centre": "7"}}, {"tags": "ADD"}),
        ({"__createBeforeDelete": True, "azureApiVersion": "2099-01-01"}, {}),
        ({"identity": {"type": "SystemAssigned"}}, {"identity": "ADD"}),
    ],
)
def test_account_changes_are_judged_by_the_replace_table(change: Any, expected: dict[str, str]) -> None:
    """Only path fields and the location of an account need another account, for which the old one, unless its
    name was drawn, goes first."""
    replaced = "UPDATE!" in expected.values()
    assert diff("cognitiveservices:Account", ACCOUNT, ACCOUNT | change) == (expected, replaced)
    drawn = ACCOUNT | {"__createBeforeDelete": True}
    assert diff("cognitiveservices:Account", drawn, drawn | change) == (expected, False)


@pytest.mark.parametrize(
    ("token", "name", "expected"),
    [
        ("keyvault:Vault", "location", "UPDATE"),
        ("resources:ResourceGroup", "location", "UPDATE!"),
        ("authorization:RoleAssignment", "principalId", "UPDATE!"),
        ("authorization:RoleAssignment", "scope", "UPDATE!"),
        ("authorization:RoleAssignment", "roleDefinitionId", "UPDATE"),
        ("monitor:DiagnosticSetting", "resourceUri", "UPDATE!"),
        ("monitor:DiagnosticSetting", "workspaceId", "UPDATE"),
        ("operationalinsights:Workspace", "location", "UPDATE!"),
    ],
)
def test_each_type_replaces_as_its_real_provider_does(token: str, name: str, expected: str) -> None:
    """A vault's location is a PUT in place; a group's, a role assignment's principal and scope are not."""
    assert diff(token, {name: "one"}, {name: "two"})[0] == {name: expected}


def vault(*objects: str) -> Any:
    return {"properties": {"accessPolicies": [{**POLICY, "objectId": name} for name in objects]}}


def identity(*ids: str) -> Any:
    return {"identity": {"userAssignedIdentities": list(ids)}}


def policy(**changes: Any) -> Any:
    return {"vaultName": "v", "policy": {**POLICY, **changes}}


def of(**properties: Any) -> Any:
    return {"properties": {"kty": "RSA", **properties}}


WIDER = policy(permissions={"keys": ["get", "wrapKey"]})
TAG = {"cost.centre": "7"}
DAYS = "softDeleteRetentionInDays"


@pytest.mark.parametrize(
    ("token", "old", "new", "expected"),
    [
        ("keyvault:Key", of(keySize=2048), of(keySize=3072), {"properties.keySize": "UPDATE"}),
        ("keyvault:AccessPolicy", policy(), WIDER, {"policy.permissions.keys[1]": "ADD"}),
        ("keyvault:AccessPolicy", policy(), policy(objectId=UNKNOWN), {"policy.objectId": "UPDATE!"}),
        ("keyvault:Vault", of(), of(**{DAYS: 90}), {}),
        ("keyvault:Vault", of(), of(**{DAYS: 7}), {f"properties.{DAYS}": "ADD"}),
        ("keyvault:Vault", vault("a", "b"), vault("b", "a"), {}),
        ("keyvault:Vault", vault("a", "b"), vault("b", "c", "a"), {"properties.accessPolicies[1]": "ADD"}),
        ("cognitiveservices:Account", identity("/a", "/b"), identity("/b", "/a"), {}),
        ("cognitiveservices:Account", {"tags": {}}, {"tags": TAG}, {'tags["cost.centre"]': "ADD"}),
    ],
)
def test_a_change_is_told_where_it_is(token: str, old: Any, new: Any, expected: dict[str, str]) -> None:
    """A key changes in place, though ARM will not change one; another object is another access policy. A
    default that is spelled out is no change, nor is another order of a vault's policies or of identities."""
    assert diff(token, old, new)[0] == expected


@pytest.mark.parametrize(("now", "expected"), [("p", "ADD"), ("q", "ADD!")])
def test_spelling_out_the_present_name_replaces_nothing(now: str, expected: str) -> None:
    """A replacing property that is added with the value it already has is an addition in place."""
    found = diff("authorization:RoleAssignment", {}, {"principalId": "p"}, {"principalId": now})
    assert found[0] == {"principalId": expected}
