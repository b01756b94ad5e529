"""Vaults in ARM: what they answer, and what cannot be made of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.driver import (
    GROUP,
    KEY_VAULT,
    OTHER_GROUP,
    OTHER_SUBSCRIPTION,
    OTHER_TENANT,
    OWNER,
    STRANGER,
    VAULT,
    Case,
    error,
    policy,
    vault_body,
)


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
        *(
            (
                {"networkAcls": {name: rules}},
                "BadRequest",
                f"An invalid value was provided for 'networkAcls.{name}'.",
            )
            for name, rules in (
                ("ipRules", "203.0.113.7"),
                ("ipRules", ["203.0.113.7"]),
                ("ipRules", [{"value": "203.0.113.300"}]),
                ("ipRules", [{"value": "2001:db8::/32"}]),
                ("virtualNetworkRules", [{"value": "subnet"}]),
            )
        ),
        *(
            (
                {"accessPolicies": [{**policy(OWNER), "permissions": permissions}]},
                "BadRequest",
                "An invalid value was provided for 'accessPolicies'.",
            )
            for permissions in ({"keys": 5}, {"keys": "get"}, {"secrets": ["read"]}, {"storage": [5]})
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


def test_names_are_unique_in_the_whole_cloud(case: Case) -> None:
    """Another group or subscription cannot have a vault of the same name, in whatever case."""
    case.make_vault()
    for other in (OTHER_GROUP, GROUP.replace("/rg", "/rg2")):
        case.add_group(other)
        response = case.make_vault(f"{other}/providers/Microsoft.KeyVault/vaults/CONTOSO-1")
        assert error(response) == (409, "VaultAlreadyExists")


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
        return case.arm("POST", f"{KEY_VAULT}/checkNameAvailability", body).body

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
