"""Vaults in ARM: what they answer, and what cannot be made of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.keyvault_case import (
    GROUP,
    OTHER_GROUP,
    OTHER_SUBSCRIPTION,
    OTHER_TENANT,
    OWNER,
    PROVIDER,
    SERVICE,
    STRANGER,
    VAULT,
    Case,
    case,
    error,
    policy,
    vault_body,
)

__all__ = ["case"]


def test_create_answers_registering_dns_and_get_the_final_uri(case: Case) -> None:
    """First 200, not ready, with the name's case and no slash; GETs have the final one, and end as ready."""
    answers = [case.arm("PUT", VAULT, vault_body()), *(case.arm("GET", VAULT) for _ in range(2))]
    states = [answer.body["properties"]["provisioningState"] for answer in answers]
    assert states == ["RegisteringDns", "RegisteringDns", "Succeeded"]
    uris = [answer.body["properties"]["vaultUri"] for answer in answers]
    assert uris == ["https://Contoso-1.vault.azure.net", *["https://contoso-1.vault.azure.net/"] * 2]


def test_a_vault_that_nobody_looks_at_is_ready_too(case: Case) -> None:
    """Two seconds after its time is over, seen or not; and whoever changes it finds it ready at once."""
    case.arm("PUT", VAULT, vault_body())
    case.cloud.clock.advance(2)
    assert case.arm("GET", VAULT).body["properties"]["provisioningState"] == "Succeeded"
    other = VAULT.replace("Contoso-1", "other")
    case.arm("PUT", other, vault_body())
    assert case.arm("PATCH", other, {}).body["properties"]["provisioningState"] == "Succeeded"


def test_a_vault_stays_in_registering_dns_for_as_long_as_operations_take(case: Case) -> None:
    """GET answers RegisteringDns until the cloud's clock has passed the duration of an operation."""
    case.cloud.behave(operation_seconds=60)
    case.make_vault()
    assert case.arm("GET", VAULT).body["properties"]["provisioningState"] == "RegisteringDns"
    case.cloud.clock.advance(60)
    assert case.arm("GET", VAULT).body["properties"]["provisioningState"] == "Succeeded"


def test_body_has_the_observed_defaults_and_nothing_that_was_not_set(case: Case) -> None:
    """Defaults are those observed; what only appears when set does not appear."""
    body = case.arm("PUT", VAULT, vault_body(), api="2023-02-01").body
    assert body["tags"] == {}
    assert "etag" not in body
    assert list(body["properties"]) == [
        "sku",
        "tenantId",
        "accessPolicies",
        "enabledForDeployment",
        "enableSoftDelete",
        "vaultUri",
        "provisioningState",
        "publicNetworkAccess",
    ]
    assert body["properties"]["enableSoftDelete"] is True
    assert body["properties"]["publicNetworkAccess"] == "Enabled"


@pytest.mark.parametrize(
    ("api", "present"),
    [
        ("2018-02-14", set()),
        ("2019-09-01", {"enableSoftDelete"}),
        ("2021-04-01-preview", {"systemData", "enableSoftDelete"}),
    ],
)
def test_older_api_versions_answer_less(case: Case, api: str, present: set[str]) -> None:
    """systemData, enableSoftDelete and publicNetworkAccess came with later api-versions."""
    case.make_vault()
    body = case.arm("GET", VAULT, api=api).body
    later = {"systemData", "enableSoftDelete", "publicNetworkAccess"}
    assert later & ({*body} | {*body["properties"]}) == present


@pytest.mark.parametrize(("api", "rbac"), [("2024-11-01", None), ("2026-02-01", True)])
def test_new_vaults_are_under_rbac_from_2026_on(case: Case, api: str, rbac: bool | None) -> None:
    """Without a word about it, the api-version decides over a new vault's permission model."""
    body = case.arm("PUT", VAULT, vault_body(), api=api).body
    assert body["properties"].get("enableRbacAuthorization") is rbac


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        (
            {"enablePurgeProtection": False},
            "BadRequest",
            'The property "enablePurgeProtection" cannot be set to false.',
        ),
        ({"tenantId": OTHER_TENANT}, "BadRequest", "An invalid value was provided for 'tenantId'."),
        ({"tenantId": None}, "BadRequest", "An invalid value was provided for 'tenantId'."),
        ({"sku": None}, "BadRequest", "An invalid value was provided for 'sku'."),
        ({"sku": {"family": "A", "name": "basic"}}, "BadRequest", "An invalid value was provided for 'sku'."),
        ({"accessPolicies": None}, "BadRequest", "An invalid value was provided for 'accessPolicies'."),
        (
            {"softDeleteRetentionInDays": 6},
            "BadRequest",
            "An invalid value was provided for 'softDeleteRetentionInDays'.",
        ),
        (
            {"softDeleteRetentionInDays": 91},
            "BadRequest",
            "An invalid value was provided for 'softDeleteRetentionInDays'.",
        ),
        (
            {"enableSoftDelete": False, "enablePurgeProtection": True},
            "BadRequest",
            'The property "enablePurgeProtection" needs',
        ),
        ({"enableSoftDelete": "yes"}, "BadRequest", "An invalid value was provided for 'enableSoftDelete'."),
        (
            {"accessPolicies": [policy(STRANGER, "get")]},
            "BadRequest",
            "An invalid value was provided for 'accessPolicies'.",
        ),
        (
            {"accessPolicies": [policy(OWNER, "fly")]},
            "BadRequest",
            "An invalid value was provided for 'accessPolicies'.",
        ),
        (
            {"networkAcls": {"bypass": "Everybody"}},
            "BadRequest",
            "An invalid value was provided for 'networkAcls.bypass'.",
        ),
    ],
)
def test_fails_to_create_what_azure_refuses(
    case: Case, changes: dict[str, Any], code: str, text: str
) -> None:
    """A body that breaks a rule is refused with 400 and leaves no vault behind."""
    response = case.make_vault(**changes)
    assert error(response) == (400, code)
    assert response.body["error"]["message"].startswith(text)
    assert error(case.arm("GET", VAULT)) == (404, "ResourceNotFound")


@pytest.mark.parametrize("name", ["ab", "a" * 25, "1abc", "abc-", "a--b", "a_b"])
def test_fails_for_a_name_that_no_vault_can_have(case: Case, name: str) -> None:
    """Vault names have 3-24 letters, digits and single hyphens, a letter first and no hyphen last."""
    path = VAULT.replace("Contoso-1", name)
    assert error(case.make_vault(path)) == (400, "VaultNameNotValid")


def test_fails_without_a_resource_group(case: Case) -> None:
    """A vault needs a resource group that exists."""
    assert error(case.make_vault(VAULT.replace("/rg/", "/none/"))) == (404, "ResourceGroupNotFound")


def test_absent_vault_is_arms_own_404(case: Case) -> None:
    """An absent vault is reported by ARM, with its header; deleting it is 204."""
    response = case.arm("GET", VAULT)
    assert response.headers == {"x-ms-failure-cause": "gateway"}
    assert response.body["error"]["message"] == (
        "The Resource 'Microsoft.KeyVault/vaults/Contoso-1' under resource group 'rg' was not found. For "
        "more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    assert case.arm("DELETE", VAULT).status == 204


def test_names_are_unique_in_the_whole_cloud(case: Case) -> None:
    """Another group or subscription cannot have a vault of the same name, in whatever case."""
    case.make_vault()
    for other in (OTHER_GROUP, GROUP.replace("/rg", "/rg2")):
        case.cloud.store.put("group", other, {"id": other})
        response = case.make_vault(f"{other}/providers/Microsoft.KeyVault/vaults/CONTOSO-1")
        assert error(response) == (409, "VaultAlreadyExists")


def test_put_replaces_policies_and_keeps_what_cannot_be_taken_back(case: Case) -> None:
    """A second PUT drops the policies and network rules that it does not name, but not purge protection,
    soft delete, retention and permission model."""
    case.make_vault(
        enablePurgeProtection=True, softDeleteRetentionInDays=7, networkAcls={"defaultAction": "Deny"}
    )
    response = case.make_vault(accessPolicies=[policy(SERVICE, "get")])
    properties = response.body["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert [p["objectId"] for p in properties["accessPolicies"]] == [SERVICE.object_id]
    assert properties["enablePurgeProtection"] is True
    assert properties["softDeleteRetentionInDays"] == 7
    assert "networkAcls" not in properties


def test_a_body_read_back_can_be_put_again(case: Case) -> None:
    """Read-only properties in a PUT are accepted and change nothing."""
    case.make_vault(enablePurgeProtection=True)
    before = case.arm("GET", VAULT).body
    after = case.arm("PUT", VAULT, before)
    assert after.status == 200
    assert after.body["properties"] == before["properties"]


@pytest.mark.parametrize(
    "change",
    [{"enablePurgeProtection": False}, {"enableSoftDelete": False}, {"softDeleteRetentionInDays": 30}],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_fails_to_take_back_protection(case: Case, method: str, change: dict[str, Any]) -> None:
    """Neither PUT nor PATCH undoes purge protection or soft delete, or changes the retention."""
    case.make_vault(enablePurgeProtection=True, softDeleteRetentionInDays=90)
    before = case.arm("GET", VAULT).body
    body = vault_body(**change) if method == "PUT" else {"properties": change}
    assert error(case.arm(method, VAULT, body)) == (400, "BadRequest")
    assert case.arm("GET", VAULT).body == before


def test_patch_merges(case: Case) -> None:
    """An empty PATCH changes nothing; a PATCH of one property leaves the others."""
    case.make_vault()
    before = case.arm("GET", VAULT).body["properties"]
    assert case.arm("PATCH", VAULT, {}).body["properties"] == before
    after = case.arm("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}, "tags": {"a": "b"}}).body
    assert after["properties"] == {**before, "enablePurgeProtection": True}
    assert after["tags"] == {"a": "b"}


def test_fails_to_move_a_vault(case: Case) -> None:
    """A PUT with another location is refused; another spelling of the same one is not."""
    case.make_vault()
    body = vault_body()
    assert error(case.arm("PUT", VAULT, {**body, "location": "eastus"})) == (409, "InvalidResourceLocation")
    assert case.arm("PUT", VAULT, {**body, "location": "West Europe"}).status == 200


def test_permission_model_changes_only_by_who_may_assign_roles(case: Case) -> None:
    """Turning RBAC on needs Microsoft.Authorization/roleAssignments/write, which a mere writer lacks."""
    case.make_vault()
    change = {"properties": {"enableRbacAuthorization": True}}
    assert error(case.arm("PATCH", VAULT, change, caller=SERVICE)) == (403, "AuthorizationFailed")
    assert case.arm("PATCH", VAULT, change).body["properties"]["enableRbacAuthorization"] is True


def test_policies_are_united_replaced_and_removed(case: Case) -> None:
    """add unites permissions, replace exchanges the listed entries only, remove takes permissions away."""
    case.make_vault()

    def send(kind: str, *keys: str) -> list[Any]:
        body = {"properties": {"accessPolicies": [policy(SERVICE, *keys, applicationId="")]}}
        response = case.arm("PUT", f"{VAULT}/accessPolicies/{kind}", body)
        assert response.body["id"] == f"{VAULT}/accessPolicies/"
        assert "name" not in response.body
        return [p["permissions"]["keys"] for p in response.body["properties"]["accessPolicies"]]

    assert send("add", "get") == [["all", "purge"], ["get"]]
    assert send("add", "Get", "wrapKey") == [["all", "purge"], ["get", "wrapKey"]]
    assert send("replace", "list") == [["all", "purge"], ["list"]]
    assert send("add", "get") == [["all", "purge"], ["list", "get"]]
    assert send("remove", "List") == [["all", "purge"], ["get"]]
    assert send("remove", "get") == [["all", "purge"]]


def test_lists_are_paged_and_end_with_an_empty_page(case: Case) -> None:
    """A page with items names the next one, and the last of those is empty."""
    names = ["vault-a", "vault-b", "vault-c"]
    for name in names:
        case.make_vault(VAULT.replace("Contoso-1", name))
    for scope in (GROUP, f"/subscriptions/{GROUP.split('/')[2]}"):
        url: str | None = f"{scope}/providers/Microsoft.KeyVault/vaults?$top=2"
        pages = []
        while url is not None:
            body = case.arm("GET", url).body
            pages.append([v["name"] for v in body["value"]])
            url = body.get("nextLink", "").removeprefix("https://management.azure.com") or None
        assert pages == [["vault-a", "vault-b"], ["vault-c"], []]
    other = f"/subscriptions/{OTHER_SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults"
    assert case.arm("GET", other).body == {"value": []}


def test_name_availability(case: Case) -> None:
    """A name is taken while a vault, live or soft-deleted, has it."""

    def ask(name: str) -> Any:
        body = {"name": name, "type": "Microsoft.KeyVault/vaults"}
        return case.arm("POST", f"{PROVIDER}/checkNameAvailability", body).body

    assert ask("contoso-1") == {"nameAvailable": True}
    case.make_vault()
    taken = {
        "nameAvailable": False,
        "reason": "AlreadyExists",
        "message": "The name 'contoso-1' is already in use.",
    }
    assert ask("contoso-1") == taken
    case.arm("DELETE", VAULT)
    assert ask("contoso-1") == taken
    assert ask("no_name")["reason"] == "AccountNameInvalid"
