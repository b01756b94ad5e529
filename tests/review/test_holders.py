"""Who else may use a key, and data whose account the preview does not show: of other stacks and providers,
and in whole groups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.review.build import (
    ACCOUNT,
    GROUP,
    POLICY,
    PRINCIPAL,
    ROLE,
    ROLES,
    UNKNOWN,
    VAULT,
    VAULT_ID,
    account,
    bound,
    policy,
    replaced,
    review,
    same,
    state,
    step,
    vault,
    verdicts,
)

EXACT = ("get", "wrapKey", "unwrapKey")
STRANGER = "99999999-9999-4999-8999-999999999999"
RESOURCE_GROUP = "azure-native:resources:ResourceGroup"
GENERIC = "azure-native:resources:Resource"


def test_a_stranger_is_a_row_that_says_what_it_can_do() -> None:
    """By id, with all that its permissions allow."""
    made = review(*bound(), step("create", POLICY, "q", None, policy("all", "purge", principal=STRANGER)))
    ((noun, name, verdict),) = ((row.noun, row.name, row.verdicts[0].verdict) for row in made.rows)
    assert (noun, name, verdict.name) == ("principal", STRANGER, "principal-added")
    for can in ("read data keys", "wrap data keys", "delete the key", "purge it for good", "(backup)"):
        assert can in verdict.words


@pytest.mark.parametrize(
    ("role", "scope", "rbac", "can"),
    [
        ("00482a5a-887f-4fb3-b363-3b7fe8e74483", VAULT_ID, True, "read data keys"),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", GROUP, False, "change the vault and give anybody access"),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", GROUP, True, "delete the vault"),
        ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", f"{VAULT_ID}/keys/key", True, "give anybody access"),
        ("11111111-2222-4333-8444-555555555555", VAULT_ID, True, "do what the preview does not show"),
    ],
)
def test_what_a_role_allows_depends_on_the_vaults_model(role: str, scope: str, rbac: bool, can: str) -> None:
    """At the key, its vault or above."""
    facts = {"scope": VAULT_ID, "principalId": PRINCIPAL}
    exact = state({**facts, "roleDefinitionId": f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6"})
    given = state({"scope": scope, "principalId": STRANGER, "roleDefinitionId": f"{ROLES}{role}"})
    steps = replaced(bound(), VAULT, same(VAULT, "v", vault(enableRbacAuthorization=rbac)))
    made = review(*steps, *([same(ROLE, "s", exact)] if rbac else []), step("create", ROLE, "r", None, given))
    assert [can in one.verdict.words for row in made.rows for one in row.verdicts] == [True]


def test_who_was_there_before_is_no_news() -> None:
    """Neither unchanged nor with fewer rights; with more, what is more is told."""
    had, more = policy("unwrapKey", principal=STRANGER), policy("unwrapKey", "delete", principal=STRANGER)
    assert verdicts(*bound(), same(POLICY, "q", had)) == []
    assert verdicts(*bound(), step("update", POLICY, "q", more, had)) == []
    made = review(*bound(), step("update", POLICY, "q", had, more))
    (verdict,) = (one.verdict for row in made.rows for one in row.verdicts)
    assert "delete the key" in verdict.words
    assert "read data keys" not in verdict.words


def test_a_service_on_another_services_key_is_a_stranger() -> None:
    """An account's identity has rights on its own key; on the key of another vault it is like anybody."""
    other = policy(*EXACT)
    other["inputs"] = {**other["inputs"], "vaultName": "other"}
    made = review(*bound(), step("create", POLICY, "q", None, other))
    assert [(row.noun, row.name) for row in made.rows] == [("principal", PRINCIPAL)]


@pytest.mark.parametrize(
    ("op", "after", "expected"),
    [
        ("delete", None, ["access-revoked"]),
        ("update", policy("get"), ["access-revoked"]),
        ("update", policy(*EXACT, "list"), []),
        ("replace", {**policy(*EXACT, principal=UNKNOWN), "id": ""}, ["access-revoked"]),
    ],
)
def test_a_grant_alone_is_enough_to_be_told(op: str, after: Any, expected: list[str]) -> None:
    """Without --show-sames neither the account nor the vault is in the preview."""
    assert verdicts(step(op, POLICY, "p", policy(*EXACT), after)) == expected


def test_a_grant_that_another_resource_makes_again_takes_nothing() -> None:
    """Who may do more than a service needs, though, is likely no service."""
    moved = [step("delete", POLICY, "p", policy(*EXACT)), step("create", POLICY, "q", None, policy(*EXACT))]
    assert verdicts(*moved) == []
    assert verdicts(step("delete", POLICY, "p", policy("all"))) == ["undetermined"]


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
    kept = step("delete", ACCOUNT, "a", {**account(), "retainOnDelete": True})
    for id, expected in ((GROUP, "account-deleted"), (GROUP[:-1], "released")):
        group = step("delete", RESOURCE_GROUP, "g", state({"resourceGroupName": "rg"}, id=id))
        assert set(verdicts(kept, group)) == {expected, "undetermined"}


def arm(**template: Any) -> tuple[str, dict[str, Any]]:
    return "azure-native:resources:Deployment", {"properties": template}


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        arm(template={"resources": [{"type": "Microsoft.KeyVault/vaults/accessPolicies"}]}),
        arm(template={"resources": [{"type": "Microsoft.Authorization/roleAssignments"}]}),
        arm(template={"resources": [{"type": UNKNOWN}]}),
        arm(template=UNKNOWN),
        arm(templateContent=json.dumps({"resources": [{"type": "microsoft.keyvault/vaults"}]})),
        arm(templateLink={"uri": "https://example.com/x.json"}),
        ("azapi:index:UpdateResource", {"type": UNKNOWN}),
        ("azapi:resources:ResourceAction", {"type": "Microsoft.CognitiveServices/accounts@2024-10-01"}),
        (GENERIC, {"resourceProviderNamespace": "Microsoft.Authorization", "resourceType": "locks"}),
        ("azure-native:authorization/v20220401:RoleDefinition", {}),
    ],
)
def test_what_may_write_the_same_by_another_way_needs_a_look(token: str, inputs: dict[str, Any]) -> None:
    """An account can be unbound, or a stranger let in, by a template, another provider, a role's definition
    or an identity's other login: the review does not read them, and says so."""
    held = state(inputs, id="/x")
    for made in (
        step("create", token, "x", None, held),
        step("update", token, "x", held, held),
        step("delete", token, "x", held),
    ):
        assert verdicts(*bound(), made) == ["undetermined"]
    assert verdicts(*bound(), same(token, "x", held)) == []


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        arm(template={"resources": [{"type": "a/b"}]}),
        ("azapi:index:Resource", {"type": "Microsoft.Storage/storageAccounts@2024-01-01"}),
        (GENERIC, {"resourceProviderNamespace": "a", "resourceType": "b"}),
        ("azure-native:managedidentity:UserAssignedIdentity", {}),
    ],
)
def test_what_cannot_write_it_needs_none(token: str, inputs: dict[str, Any]) -> None:
    """A template of other types, another type of azapi, another generic resource."""
    assert verdicts(*bound(), step("create", token, "x", None, state(inputs, id="/x"))) == []


@pytest.mark.parametrize(
    ("namespace", "type", "parent", "expected"),
    [
        ("Microsoft.KeyVault", "Vaults", "", ["vault-deleted"]),
        ("Microsoft.KeyVault", "keys", "vaults/kv", ["key-deleted"]),
        ("microsoft.cognitiveservices", "accounts", "", ["account-deleted"]),
        ("Microsoft.Storage", "accounts", "", []),
    ],
)
def test_a_generic_resource_is_what_it_says(
    namespace: str, type: str, parent: str, expected: list[str]
) -> None:
    """azure-native's generic resource can be a vault, a key or an account."""
    named = {"resourceProviderNamespace": namespace, "resourceType": type, "parentResourcePath": parent}
    assert verdicts(step("delete", GENERIC, "x", state({**named, "properties": {}}, id=VAULT_ID))) == expected


LOGS = "azure-native:monitor:DiagnosticSetting"


def logs(place: str, category: str = "AuditEvent") -> dict[str, Any]:
    return state({"resourceUri": VAULT_ID, "workspaceId": f"/w/{place}", "logs": [{"category": category}]})


def test_logs_that_change_places_are_told() -> None:
    """Each category is still recorded, and each place still gets something, but who read the one reads the
    other. A second setting does not make up for a place that is lost."""
    steps = [
        step("update", LOGS, "l", logs("one"), logs("two")),
        step("update", LOGS, "m", logs("two", "Other"), logs("one", "Other")),
    ]
    assert verdicts(*bound(), *steps) == ["protection-weakened"]
    gone = step("delete", LOGS, "m", logs("two"))
    assert verdicts(*bound(), same(LOGS, "l", logs("one")), gone) == ["protection-weakened"]


@pytest.mark.parametrize("hidden", [UNKNOWN, "[secret]"])
@pytest.mark.parametrize(
    "name", ["enableSoftDelete", "enablePurgeProtection", "publicNetworkAccess", "networkAcls"]
)
def test_a_setting_of_the_vault_that_goes_out_of_sight_is_said(name: str, hidden: str) -> None:
    """What was known and is a secret, or known after the update alone, may be anything; one that never was in
    sight has not changed as far as can be told."""
    stated = {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}}
    before, after = vault(**stated), vault(**{**stated, name: hidden})
    assert verdicts(*replaced(bound(), VAULT, step("update", VAULT, "v", before, after))) == ["undetermined"]
    assert verdicts(*replaced(bound(), VAULT, step("update", VAULT, "v", after, after))) == []
