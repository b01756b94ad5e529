"""Foundry projects and deployments of models: what they need, and what they keep an account from."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.directory import find_principal
from localazure.web import Json
from tests.localazure.driver import ACCOUNT, ACCOUNT_API, UNBIND, VAULT, Case, bind, error, vault_body

FOUNDRY: dict[str, Any] = {
    "kind": "AIServices",
    "sku": {"name": "S0"},
    "properties": {"allowProjectManagement": True},
}
PROJECT = f"{ACCOUNT}/projects/claims"
SYSTEM = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {}}
MODEL = {"model": {"format": "OpenAI", "name": "gpt-4o-mini", "version": "2024-07-18"}}


def send(case: Case, method: str, path: str, body: Json = None) -> Any:
    return case.arm(method, path, body, api=ACCOUNT_API)


def deploy(case: Case, name: str = "mini", **more: Any) -> Any:
    body = {"sku": {"name": "GlobalStandard", "capacity": 5}, "properties": MODEL, **more}
    return send(case, "PUT", f"{ACCOUNT}/deployments/{name}", body)


def test_a_project_has_an_identity_of_its_own_until_it_is_deleted(case: Case) -> None:
    """The shape of the definition's example; a second PUT keeps the identity, a delete takes it away."""
    case.make(**FOUNDRY)
    body = {**SYSTEM, "properties": {"displayName": "Claims"}}
    made = send(case, "PUT", PROJECT, body)
    assert made.status == 201
    found = made.body
    assert found["name"] == "Language-1/claims"
    assert found["type"] == "Microsoft.CognitiveServices/accounts/projects"
    assert made.headers["etag"] == found["etag"] == send(case, "GET", PROJECT).headers["etag"]
    assert found["properties"]["endpoints"] == {
        "AI Foundry API": "https://contoso-language.services.ai.azure.com/api/projects/claims"
    }
    assert (found["properties"]["displayName"], found["properties"]["isDefault"]) == ("Claims", True)
    principal = found["identity"]["principalId"]
    assert principal != case.get()["identity"]["principalId"]
    again = send(case, "PUT", PROJECT, body)
    assert (again.status, again.body["identity"]["principalId"]) == (200, principal)
    assert send(case, "PATCH", PROJECT, {"tags": {"a": "b"}}).body["properties"]["displayName"] == "Claims"
    assert send(case, "GET", f"{ACCOUNT}/projects").body["value"] == [send(case, "GET", PROJECT).body]
    assert send(case, "DELETE", PROJECT).status == 200
    assert find_principal(case.cloud, principal) is None
    assert (send(case, "GET", PROJECT).status, send(case, "DELETE", PROJECT).status) == (404, 204)


@pytest.mark.parametrize(
    ("account", "lacks"),
    [
        ({"kind": "TextAnalytics", "sku": {"name": "S"}}, "of kind AIServices"),
        ({"properties": {"allowProjectManagement": False}}, "with allowProjectManagement true"),
        ({"identity": None}, "with a managed identity"),
        ({"properties": {"allowProjectManagement": True, "customSubDomainName": None}}, "custom subdomain"),
    ],
)
def test_a_project_needs_a_foundry_account(case: Case, account: dict[str, Any], lacks: str) -> None:
    """400 says what the account lacks."""
    case.make(**{**FOUNDRY, **account})
    refused = send(case, "PUT", PROJECT, SYSTEM)
    assert error(refused) == (400, "BadRequest")
    assert lacks in refused.body["error"]["message"]


def test_an_account_with_projects_keeps_the_source_of_its_key(case: Case) -> None:
    """Neither unbound nor bound later, unless Azure is assumed to allow it; without projects both pass."""
    case.bound(**FOUNDRY)
    assert send(case, "PUT", PROJECT, SYSTEM).status == 201
    assert error(case.patch(UNBIND)) == (400, "BadRequest")
    case.cloud.behave(key_source_with_projects="allowed")
    assert case.patch(UNBIND).status == 202
    case.cloud.behave(key_source_with_projects="refused")
    assert error(case.patch(bind(case.make_key()))) == (400, "BadRequest")
    send(case, "DELETE", PROJECT)
    assert case.patch(bind(case.make_key())).status == 202


@pytest.mark.parametrize(("may", "status"), [("same", 400), ("any", 202)])
def test_the_key_of_a_foundry_account_stays_in_its_vault(case: Case, may: str, status: int) -> None:
    """A key of another vault is refused, unless Azure is assumed to take it; another version is not."""
    account = case.bound(**FOUNDRY)
    case.cloud.behave(foundry_key_vault=may)
    assert case.patch(bind(case.make_key())).status == 202
    other, grant = VAULT.replace("Contoso-1", "Contoso-2"), account["identity"]["principalId"]
    policies = [
        {"tenantId": account["identity"]["tenantId"], "objectId": id, "permissions": {"keys": ["all"]}}
        for id in (grant, "aaaaaaaa-0000-4000-8000-000000000001")
    ]
    whole = vault_body(enablePurgeProtection=True, accessPolicies=policies)
    assert case.arm("PUT", other, whole).status == 200
    made = case.arm("PUT", f"{other}/keys/k", {"properties": {"kty": "RSA"}})
    uri, _, version = made.body["properties"]["keyUriWithVersion"].partition("/keys/k/")
    key = {"keyName": "k", "keyVersion": version, "keyVaultUri": f"{uri}/"}
    sent = {"properties": {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}}}
    assert case.patch(sent).status == status


@pytest.mark.parametrize("child", [PROJECT, f"{ACCOUNT}/deployments/mini"])
def test_an_account_with_children_is_not_deleted(case: Case, child: str) -> None:
    """409 names them; with the switch the account goes, and with its purge what is below it."""
    case.make(**FOUNDRY)
    assert (deploy(case) if "deployments" in child else send(case, "PUT", PROJECT, SYSTEM)).status == 201
    refused = send(case, "DELETE", ACCOUNT)
    assert error(refused) == (409, "CannotDeleteResource")
    assert child.partition("/providers/")[2] in refused.body["error"]["message"]
    case.cloud.behave(account_with_children="deletes_them")
    assert send(case, "DELETE", ACCOUNT).status == 200
    where = ACCOUNT.replace(
        "/resourceGroups", "/providers/Microsoft.CognitiveServices/locations/westeurope/resourceGroups"
    ).replace("/providers/Microsoft.CognitiveServices/accounts", "/deletedAccounts")
    assert send(case, "DELETE", where).status == 202
    case.make(**FOUNDRY)
    assert send(case, "GET", child).status == 404


def test_a_deployment_has_its_model_and_capacity(case: Case) -> None:
    """As the definition's example shows it; on kinds without models, and without a model, it is refused."""
    case.make(kind="OpenAI", sku={"name": "S0"})
    made = deploy(case)
    assert made.status == 201
    assert made.body["sku"] == {"name": "GlobalStandard", "capacity": 5}
    assert made.body["properties"] == {
        "versionUpgradeOption": "OnceNewDefaultVersionAvailable",
        **MODEL,
        "currentCapacity": 5,
        "provisioningState": "Succeeded",
    }
    sent: Any = {"properties": {**MODEL, "versionUpgradeOption": "NoAutoUpgrade"}}
    assert deploy(case, **sent).body["properties"]["versionUpgradeOption"] == "NoAutoUpgrade"
    assert error(deploy(case, properties={})) == (400, "BadRequest")
    other = f"{ACCOUNT}-2"
    case.make(other, properties={"customSubDomainName": "contoso-2"})
    refused = send(case, "PUT", f"{other}/deployments/mini", {"properties": MODEL})
    assert error(refused) == (400, "BadRequest")


def test_writes_below_one_account_do_not_overlap(case: Case) -> None:
    """A second deployment in flight is a conflict; once the first one is through it is taken."""
    case.make(**FOUNDRY)
    case.cloud.behave(child_write_seconds=30)
    assert deploy(case).status == 201
    assert error(deploy(case, "other")) == (409, "RequestConflict")
    assert error(send(case, "PUT", PROJECT, SYSTEM)) == (409, "RequestConflict")
    case.cloud.clock.advance(31)
    assert deploy(case, "other").status == 201


@pytest.mark.parametrize("owner", [ACCOUNT, PROJECT])
def test_a_connection_is_kept_without_its_secrets(case: Case, owner: str) -> None:
    """At the account and at a project: listed, read, changed, and gone with the one that it is at."""
    case.make(**FOUNDRY)
    url = f"{owner}/connections/registry"
    target = {"category": "ContainerRegistry", "target": "https://x", "authType": "None"}
    if owner == PROJECT:
        assert error(send(case, "PUT", url, {"properties": target})) == (404, "ResourceNotFound")
    assert send(case, "PUT", PROJECT, SYSTEM).status == 201
    assert error(send(case, "PUT", url, {"properties": {"category": "x"}})) == (400, "BadRequest")
    made = send(case, "PUT", url, {"properties": {**target, "credentials": {"key": "secret"}}}).body
    assert (made["name"], made["properties"]) == ("registry", target)
    assert send(case, "GET", f"{owner}/connections").body["value"] == [made]
    assert send(case, "PATCH", url, {"properties": {"target": "y"}}).body["properties"]["target"] == "y"
    send(case, "DELETE", PROJECT)
    send(case, "PUT", PROJECT, SYSTEM)
    assert send(case, "GET", url).status == (404 if owner == PROJECT else 200)
