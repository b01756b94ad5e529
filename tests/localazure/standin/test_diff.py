"""Diff: input against input, with azure-native's replace table."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from localazure.standin.diff import difference, spelled
from localazure.standin.table import resource_type
from localazure.standin.values import UNKNOWN

ACCOUNT = {"resourceGroupName": "rg", "accountName": "a", "location": "westeurope", "kind": "TextAnalytics"}


def diff(
    token: str, old: dict[str, Any], new: dict[str, Any], outputs: dict[str, Any] | None = None
) -> tuple[dict[str, str], bool]:
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
def test_account_changes_are_judged_by_the_replace_table(
    change: dict[str, Any], expected: dict[str, str]
) -> None:
    """Only path fields and the location of an account need another account."""
    assert diff("cognitiveservices:Account", ACCOUNT, ACCOUNT | change)[0] == expected


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


def test_key_properties_never_replace() -> None:
    """Size and type of a key are updates, though ARM will not change a key."""
    old = {"keyName": "k", "properties": {"keySize": 2048, "kty": "RSA"}}
    new = {"keyName": "k", "properties": {"keySize": 3072, "kty": "RSA"}}
    assert diff("keyvault:Key", old, new) == ({"properties.keySize": "UPDATE"}, False)


def test_access_policy_replaces_for_another_object_only() -> None:
    """Permissions change in place; another object is another entry, and the old one goes first."""
    old = {"vaultName": "v", "policy": {"objectId": "o", "tenantId": "t", "permissions": {"keys": ["get"]}}}
    wider = {**old, "policy": {**old["policy"], "permissions": {"keys": ["get", "wrapKey"]}}}  # type: ignore[dict-item]
    other = {**old, "policy": {**old["policy"], "objectId": UNKNOWN}}  # type: ignore[dict-item]
    token = "keyvault:AccessPolicy"
    assert diff(token, old, wider) == ({"policy.permissions.keys[1]": "ADD"}, False)
    assert diff(token, old, other) == ({"policy.objectId": "UPDATE!"}, True)


def test_a_random_name_lets_the_replacement_come_first() -> None:
    """Deleting first is for resources whose name would collide."""
    moved = ACCOUNT | {"location": "northeurope"}
    assert diff("cognitiveservices:Account", ACCOUNT, moved)[1] is True
    assert diff("cognitiveservices:Account", ACCOUNT | {"__createBeforeDelete": True}, moved)[1] is False


def test_adding_a_specification_default_is_no_change() -> None:
    """An absent property means its default, so spelling the default out changes nothing."""
    old = {"properties": {"tenantId": "t"}}
    same = {"properties": {"tenantId": "t", "softDeleteRetentionInDays": 90}}
    shorter = {"properties": {"tenantId": "t", "softDeleteRetentionInDays": 7}}
    assert diff("keyvault:Vault", old, same)[0] == {}
    assert diff("keyvault:Vault", old, shorter)[0] == {"properties.softDeleteRetentionInDays": "ADD"}


def test_access_policies_of_a_vault_have_no_order() -> None:
    """Entries are told apart by tenant, object and permissions; a new one shows in its place."""

    def vault(*objects: str) -> dict[str, Any]:
        entries = [{"objectId": name, "tenantId": "t", "permissions": {"keys": ["get"]}} for name in objects]
        return {"properties": {"accessPolicies": entries}}

    added = {"properties.accessPolicies[1]": "ADD"}
    assert diff("keyvault:Vault", vault("a", "b"), vault("b", "a"))[0] == {}
    assert diff("keyvault:Vault", vault("a", "b"), vault("b", "c", "a"))[0] == added


def test_user_assigned_identities_have_no_order() -> None:
    """The ids of an identity are a set."""
    old = {"identity": {"userAssignedIdentities": ["/a", "/b"]}}
    new = {"identity": {"userAssignedIdentities": ["/b", "/a"]}}
    assert diff("cognitiveservices:Account", old, new) == ({}, False)


def test_spelling_out_the_present_name_replaces_nothing() -> None:
    """A replacing property that is added with the value it already has is an addition in place."""
    token, new = "authorization:RoleAssignment", {"principalId": "p"}
    assert diff(token, {}, new, {"principalId": "p"})[0] == {"principalId": "ADD"}
    assert diff(token, {}, new, {"principalId": "q"})[0] == {"principalId": "ADD!"}


def test_paths_are_spelled_as_pulumi_does() -> None:
    """A key that is no plain word is quoted."""
    assert spelled(("properties", "accessPolicies", 0, "objectId")) == "properties.accessPolicies[0].objectId"
    assert spelled(("tags", "cost.centre")) == 'tags["cost.centre"]'
