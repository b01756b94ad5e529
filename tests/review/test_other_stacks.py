"""Changes whose data the preview does not show: accounts of other stacks, other providers, whole groups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from review import report
from review.preview import read
from tests.review.build import (
    ACCOUNT,
    GROUP,
    KEY,
    POLICY,
    PRINCIPAL,
    ROLE,
    ROLES,
    TODAY,
    UNKNOWN,
    VAULT,
    VAULT_ID,
    account,
    bound,
    policy,
    review,
    same,
    state,
    step,
    vault,
    verdicts,
)

EXACT = ("get", "wrapKey", "unwrapKey")
RESOURCE_GROUP = "azure-native:resources:ResourceGroup"


def test_a_grant_to_another_stacks_account_is_not_taken_unseen() -> None:
    """A stack of vaults and grants decides over the data of accounts that it does not hold."""
    made = review(same(VAULT, "v", vault()), step("delete", POLICY, "p", policy(*EXACT)))
    assert [(row.noun, row.verdicts[0].verdict.name.value) for row in made.rows] == [
        ("access policy", "access-revoked")
    ]
    assert made.severity.exit_code == 4
    assert PRINCIPAL in str(made.rows[0].verdicts[0].verdict.values)


def test_a_grant_alone_is_enough_to_be_told() -> None:
    """Without --show-sames neither the account nor the vault is in the preview."""
    assert verdicts(step("delete", POLICY, "p", policy(*EXACT))) == ["access-revoked"]
    assert verdicts(step("update", POLICY, "p", policy(*EXACT), policy("get"))) == ["access-revoked"]


def test_a_grant_that_is_kept_or_made_again_takes_nothing() -> None:
    """Kept in Azure, given by another resource, or changed in what the service does not need."""
    kept = {**policy(*EXACT), "retainOnDelete": True}
    assert verdicts(step("delete", POLICY, "p", kept)) == []
    moved = [step("delete", POLICY, "p", policy(*EXACT)), step("create", POLICY, "q", None, policy(*EXACT))]
    assert verdicts(*moved) == []
    assert verdicts(step("update", POLICY, "p", policy(*EXACT), policy(*EXACT, "list"))) == []


def test_who_may_do_more_or_may_have_another_grant_needs_a_look() -> None:
    """An administrator is likely no service, and a holder that the update makes may be the same one."""
    wide = policy("all")
    assert verdicts(step("delete", POLICY, "p", wide)) == ["undetermined"]
    again = policy(*EXACT, principal=UNKNOWN)
    assert verdicts(step("replace", POLICY, "p", policy(*EXACT), {**again, "id": ""})) == ["undetermined"]


def test_a_list_that_a_vault_was_found_with_hides_no_grant() -> None:
    """It may be as old as the last update's refresh, and an entry that is still there refuses the policy's
    create."""
    entry = {"objectId": PRINCIPAL, "permissions": {"keys": list(EXACT)}}
    found = {**vault(), "outputs": vault(accessPolicies=[entry])["outputs"]}
    given = step("create", POLICY, "p", None, {**policy(*EXACT), "id": ""})
    assert verdicts(same(VAULT, "v", found), given) == ["principal-added"]
    changed = step("replace", POLICY, "p", policy(*EXACT, principal="2" * 36), policy(*EXACT))
    assert "principal-added" in verdicts(same(VAULT, "v", found), changed)


def test_a_vault_that_goes_speaks_for_its_grants() -> None:
    """One reason, and not one for each grant that goes with the vault."""
    steps = [step("delete", VAULT, "v", vault()), step("delete", POLICY, "p", policy(*EXACT))]
    assert verdicts(*steps) == ["vault-deleted"]


def test_a_resource_group_that_goes_takes_what_is_in_it() -> None:
    """Azure deletes all of it, also what another stack made and what this one wanted to keep."""
    group = state({"resourceGroupName": "rg"}, id=GROUP)
    assert verdicts(step("delete", RESOURCE_GROUP, "g", group)) == ["undetermined"]
    assert verdicts(step("replace", RESOURCE_GROUP, "g", group, group)) == ["undetermined"]
    assert verdicts(step("create", RESOURCE_GROUP, "g", None, group)) == []
    kept = step("delete", ACCOUNT, "a", {**account(), "retainOnDelete": True})
    assert verdicts(kept) == ["released"]
    assert set(verdicts(kept, step("delete", RESOURCE_GROUP, "g", group))) == {
        "account-deleted",
        "undetermined",
    }
    other = state({"resourceGroupName": "r"}, id=GROUP[:-1])
    assert set(verdicts(kept, step("delete", RESOURCE_GROUP, "g", other))) == {"released", "undetermined"}


ARM: dict[str, dict[str, Any]] = {
    "a vault's template": {"template": {"resources": [{"type": "Microsoft.KeyVault/vaults/accessPolicies"}]}},
    "a template of text": {
        "templateContent": json.dumps({"resources": [{"type": "microsoft.keyvault/vaults"}]})
    },
    "a template elsewhere": {"templateLink": {"uri": "https://example.com/x.json"}},
    "a template known after apply": {"template": UNKNOWN},
    "a template with a value known after apply": {"template": {"resources": [{"type": UNKNOWN}]}},
    "a role": {"template": {"resources": [{"type": "Microsoft.Authorization/roleAssignments"}]}},
}
AZAPI: dict[str, dict[str, Any]] = {
    "an account": {"type": "Microsoft.CognitiveServices/accounts@2024-10-01", "body": {}},
    "a type known after apply": {"type": UNKNOWN},
}
GENERIC: dict[str, dict[str, Any]] = {
    "a lock": {"resourceProviderNamespace": "Microsoft.Authorization", "resourceType": "locks"},
    "policies": {
        "resourceProviderNamespace": "Microsoft.KeyVault",
        "parentResourcePath": "vaults/kv",
        "resourceType": "accessPolicies",
    },
}
UNREAD: list[tuple[str, dict[str, Any]]] = [
    *(("azure-native:resources:Deployment", {"properties": one}) for one in ARM.values()),
    *(("azapi:index:UpdateResource", one) for one in AZAPI.values()),
    ("azapi:resources:ResourceAction", AZAPI["an account"]),
    *(("azure-native:resources:Resource", one) for one in GENERIC.values()),
    ("azure:keyvault/accessPolicy:AccessPolicy", {}),
    ("azure:keyvault/key:Key", {}),
    ("azure:cognitive/account:Account", {}),
    ("azurerm:index/keyVaultKey:KeyVaultKey", {}),
    ("azure:cognitive/accountCustomerManagedKey:AccountCustomerManagedKey", {}),
    ("azure-native:managedidentity:FederatedIdentityCredential", {}),
    ("azure-native:authorization/v20220401:RoleDefinition", {}),
    ("azure-native:authorization:PimRoleEligibilitySchedule", {}),
    ("azure-native:authorization:RoleEligibilityScheduleRequest", {}),
]


@pytest.mark.parametrize("op", ["create", "update", "delete"])
@pytest.mark.parametrize(("token", "inputs"), UNREAD)
def test_what_may_write_the_same_by_another_way_needs_a_look(
    token: str, inputs: dict[str, Any], op: str
) -> None:
    """An account can be unbound, or a stranger let in, by a template, another provider, a role's definition
    or an identity's other login: the review does not read them, and says so."""
    held = state(inputs, id="/x")
    made = step(op, token, "x", None if op == "create" else held, None if op == "delete" else held)
    assert verdicts(*bound(), made) == ["undetermined"]
    assert verdicts(*bound(), same(token, "x", held)) == []


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("azure-native:resources:Deployment", {"properties": {"template": {"resources": [{"type": "a/b"}]}}}),
        ("azapi:index:Resource", {"type": "Microsoft.Storage/storageAccounts@2024-01-01"}),
        ("azure-native:resources:Resource", {"resourceProviderNamespace": "a", "resourceType": "b"}),
        ("azure-native:managedidentity:UserAssignedIdentity", {}),
    ],
)
def test_what_cannot_write_it_needs_none(token: str, inputs: dict[str, Any]) -> None:
    """A template of other types, another type of azapi, another generic resource."""
    held = state(inputs, id="/x")
    assert verdicts(*bound(), step("create", token, "x", None, held)) == []
    assert verdicts(*bound(), step("update", token, "x", held, held)) == []


@pytest.mark.parametrize(
    ("generic", "verdict"),
    [
        ({"resourceProviderNamespace": "Microsoft.KeyVault", "resourceType": "Vaults"}, ["vault-deleted"]),
        (
            {
                "resourceProviderNamespace": "Microsoft.KeyVault",
                "parentResourcePath": "vaults/kv",
                "resourceType": "keys",
            },
            ["key-deleted"],
        ),
        (
            {"resourceProviderNamespace": "microsoft.cognitiveservices", "resourceType": "accounts"},
            ["account-deleted"],
        ),
        ({"resourceProviderNamespace": "Microsoft.Storage", "resourceType": "accounts"}, []),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_generic_resource_is_what_it_says(
    generic: dict[str, Any], verdict: list[str], stream: bool
) -> None:
    """azure-native's generic resource can be a vault, a key or an account."""
    old = state({**generic, "properties": {}}, id=VAULT_ID)
    gone = step("delete", "azure-native:resources:Resource", "x", old)
    if not stream:
        assert verdicts(gone) == verdict
        return
    metadata = {"op": "delete", "urn": gone["urn"], "type": "azure-native:resources:Resource", "old": old}
    events = [
        {"sequence": 0, "resourcePreEvent": {"metadata": metadata}},
        {"sequence": 1, "summaryEvent": {}},
    ]
    made = report.make(read("\n".join(map(json.dumps, events))), (), TODAY)
    assert [one.verdict.name.value for row in made.rows for one in row.verdicts] == verdict


def test_a_role_elsewhere_is_not_the_access_that_remains() -> None:
    """A role on another resource group, or on what is no vault, does not make up for the one that goes."""
    for scope, expected in (
        (GROUP, []),
        (f"{GROUP}-2", ["access-revoked"]),
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts/s", ["access-revoked"]),
        (GROUP.split("/resourceGroups")[0].upper(), []),
        ("/providers/Microsoft.Management/managementGroups/m", []),
    ):
        facts = {
            "scope": scope,
            "principalId": PRINCIPAL,
            "roleDefinitionId": f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6",
        }
        steps = [one for one in bound() if POLICY not in one["urn"]]
        gone = step("delete", POLICY, "p", policy(*EXACT))
        assert verdicts(*steps, gone, same(ROLE, "r", state(facts))) == expected, scope


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ({}, {"attributes": {"enabled": False}}, ["access-revoked"]),
        ({}, {"attributes": {"enabled": "false"}}, ["access-revoked"]),
        ({"attributes": {"enabled": False}}, {"attributes": {"enabled": False}}, []),
        ({"attributes": {"enabled": False}}, {"attributes": {"enabled": True}}, []),
        ({}, {"attributes": {"enabled": True}}, []),
    ],
)
def test_a_key_that_is_disabled_takes_the_data_away(
    before: dict[str, Any], after: dict[str, Any], verdict: list[str]
) -> None:
    """Also of a key that no account of the preview uses; what was so before is no news."""
    old, new = (
        state({"keyName": "key", "vaultName": "kv", "properties": one}, id=f"{VAULT_ID}/keys/key")
        for one in (before, after)
    )
    assert verdicts(step("update", KEY, "k", old, new)) == verdict
    assert verdicts(*bound(), step("update", KEY, "k", old, new)) == verdict


def test_a_grant_taken_outside_is_told_also_where_it_is_given_again() -> None:
    """The nightly look at a stack that holds no account finds it, too."""
    stack = {"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", "op": "refresh", "oldState": {}}
    found = step("delete", POLICY, "p", policy(*EXACT))
    assert verdicts(stack, step("refresh", VAULT, "v", vault(), vault()), found) == ["access-revoked"]
    gone = step("refresh", POLICY, "p", policy(*EXACT))
    again = step("create", POLICY, "p", None, policy(*EXACT))
    assert verdicts(same(VAULT, "v", vault()), gone, again) == ["access-restored"]
