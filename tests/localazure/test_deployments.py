"""deployments/validate: what a template would be refused for, and that asking changes nothing."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from core import arm_template
from localazure import limits, seed
from localazure.authorization import assign_role
from localazure.keyvault import crypto
from tests.localazure.driver import GROUP, SERVICE, VAULT, WEST, Case
from tests.support.front import SUBSCRIPTION, Reply
from tests.support.quick_keys import key_pairs

DEPLOYMENTS = "Microsoft.Resources/deployments"
POLICIES = "providers/Microsoft.Authorization"
KEY_POLICY = f"/{POLICIES}/policyDefinitions/67121cc7-ff39-4ab8-b7e3-95b84dab487d"
LATER = "[reference('language').identity.principalId]"
VAULT_BODY: dict[str, Any] = {
    **WEST,
    "properties": {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [],
    },
}


def resource(type: str, name: str, body: Any, version: str = "2024-11-01", **more: Any) -> dict[str, Any]:
    return {"type": type, "apiVersion": version, "name": name, **more, **body}


def vault(name: str = "Contoso-1", **more: Any) -> dict[str, Any]:
    return resource("Microsoft.KeyVault/vaults", name, {**VAULT_BODY, **more})


def key(size: int = 2048) -> dict[str, Any]:
    body = {"properties": {"kty": "RSA", "keySize": size}}
    return resource("Microsoft.KeyVault/vaults/keys", "Contoso-1/k", body)


def account(name: str = "language", **properties: Any) -> dict[str, Any]:
    body = {**WEST, "kind": "TextAnalytics", "sku": {"name": "S"}, "properties": properties}
    return resource("Microsoft.CognitiveServices/accounts", name, body, "2025-06-01")


def inside(group: str, *resources: Any) -> dict[str, Any]:
    body = {"properties": arm_template.properties(resources)}
    return resource(DEPLOYMENTS, "inside", body, "2025-04-01", resourceGroup=group)


def validate(
    case: Case, *resources: Any, at: str = GROUP, who: Any = seed.DEPLOYER, level: str = arm_template.PROVIDER
) -> Reply:
    url = f"{at}/providers/{DEPLOYMENTS}/d/validate?api-version=2025-04-01"
    return case.ask("POST", url, {"properties": arm_template.properties(resources, level)}, who=who)


def details(reply: Reply) -> list[tuple[str, str]]:
    assert (reply.status, reply.code) == (400, "InvalidTemplateDeployment"), reply
    return [(one["code"], one["target"].rpartition("/")[2]) for one in reply.body["error"].get("details", ())]


def documents(case: Case) -> list[Any]:
    """All that is stored, documents and events, but for what the activity log has of each request."""
    rows = case.cloud.store._db.execute(
        "SELECT kind, id, body FROM documents "
        "UNION ALL SELECT stream, id, body FROM events WHERE stream != 'activity'"
    )
    return sorted(map(str, rows))


def deny_unbound(case: Case) -> None:
    deny = {"policyDefinitionId": KEY_POLICY, "parameters": {"effect": {"value": "Deny"}}}
    url = f"{SUBSCRIPTION}/{POLICIES}/policyAssignments/cmk"
    case.do({"ask": f"PUT {url} -> 201", "send": {"properties": deny}})


def test_a_template_that_can_be_deployed_is_valid_and_makes_nothing() -> None:
    """A vault with a key, an account, and a lock at the vault; a group with the same in it. That an account
    names a key that is not there shows only when the key is used."""
    case = Case()
    lock = {"properties": {"level": "CanNotDelete"}}
    locked = resource(f"{POLICIES[10:]}/locks", "l", lock, "2020-05-01", scope=VAULT)
    new = resource("Microsoft.Resources/resourceGroups", "new", WEST, "2024-03-01")
    before = documents(case)
    key_of = {"keyName": "k", "keyVersion": "1" * 32, "keyVaultUri": "https://not-there.vault.azure.net/"}
    bound = account(encryption={"keySource": "Microsoft.KeyVault", "keyVaultProperties": key_of})
    reply = validate(case, vault(), key(), bound, locked)
    assert reply.status == 200
    assert len(reply.body["properties"]["validatedResources"]) == 4
    assert validate(case, new, inside("new", vault(), key(), account()), at=SUBSCRIPTION).status == 200
    assert documents(case) == before


def test_each_refusal_of_a_put_is_told_at_once() -> None:
    """Names, also of what is soft-deleted, policies and registrations, at once and in the PUT's words."""
    case = Case()
    case.do("vault", "account", f"DELETE {VAULT}")
    deny_unbound(case)
    reply = validate(case, vault(), key(), account("other", customSubDomainName="contoso-language"))
    assert details(reply) == [("ConflictError", "Contoso-1"), ("RequestDisallowedByPolicy", "other")]
    put = case.ask("PUT", VAULT, VAULT_BODY)
    assert put.message == reply.body["error"]["details"][0]["message"]
    case.do(f"POST {SUBSCRIPTION}/providers/Microsoft.KeyVault/unregister")
    assert details(validate(case, vault())) == [("MissingSubscriptionRegistration", "Contoso-1")]
    absent = f"{SUBSCRIPTION}/resourceGroups/no"
    assert validate(case, vault(), at=absent).code == "ResourceGroupNotFound"


@pytest.mark.parametrize(
    ("kind", "code", "without"),
    [(limits.SKU, "InvalidSkuId", ["one", "two"]), (limits.QUOTA, "InsufficientQuota", ["two"])],
)
def test_what_a_region_has_not_is_told(kind: str, code: str, without: list[str]) -> None:
    """A SKU and a quota, which count an account of the same template, too."""
    case = Case()
    limits.put(case.cloud, limits.Limit(kind, "TextAnalytics/S", "westeurope"), 1)
    assert details(validate(case, account("one"), account("two"))) == [(code, name) for name in without]


def test_missing_rights_are_told_before_all_else() -> None:
    """Each resource that the caller may not write, in one text; without the level they are not asked for."""
    case = Case()
    assign_role(case.cloud, SERVICE.object_id, "Reader", GROUP)
    assert validate(case, account(), who=SERVICE).code == "AuthorizationFailed"
    assign_role(case.cloud, SERVICE.object_id, "Cognitive Services Contributor", GROUP)
    refused = validate(case, vault(), key(), account(), who=SERVICE)
    assert details(refused) == []
    for action in ("KeyVault/vaults/write", "KeyVault/vaults/keys/write"):
        assert f"permission to perform action 'Microsoft.{action}' at scope" in refused.message
    assert "CognitiveServices" not in refused.message
    assert validate(case, vault(), key(), who=SERVICE, level=arm_template.NO_RBAC).status == 200
    other = validate(case, inside("elsewhere"), who=SERVICE).message
    assert "'Microsoft.Resources/deployments/write' at scope" in other


def test_what_is_known_later_is_judged_by_rights_alone() -> None:
    """A grant to an identity that is yet to be made, and what would be below such a resource."""
    case = Case()
    body = {"properties": {"roleDefinitionId": "r", "principalId": LATER}}
    grant = resource(
        f"{POLICIES[10:]}/roleAssignments", "g", body, "2022-04-01", scope="Microsoft.KeyVault/vaults/kv-v"
    )
    assert validate(case, vault("kv-v"), grant).status == 200
    assert validate(case, vault(tags={"id": LATER}), key(size=1)).status == 200
    assert validate(case, vault(tags={"id": "[uniqueString('a')]"})).code == "InvalidTemplate"
    assert validate(case, vault("kv-v/w")).code == "InvalidTemplate"


def test_what_it_covers_is_a_switch() -> None:
    """Policies alone, or nothing at all; the level Template judges no resource."""
    case = Case()
    case.do("vault")
    deny_unbound(case)
    bad = (vault(location="northeurope"), account())
    assert len(details(validate(case, *bad))) == 2
    assert validate(case, *bad, level="Template").status == 200
    case.cloud.behave(validate_covers="template")
    assert details(validate(case, *bad)) == [("RequestDisallowedByPolicy", "language")]
    case.cloud.behave(validate_covers="refused")
    assert validate(case, *bad).code == "InvalidTemplate"


def test_a_question_makes_no_new_key_pair() -> None:
    """Making one takes a twentieth of a second, and the answer does not depend on it."""
    made: list[str] = []

    def counted(kty: str, **more: Any) -> crypto.Material:
        made.append(kty)
        return key_pairs()[0]

    case = Case()
    with patch.object(crypto, "generate", counted):
        assert validate(case, vault(), key()).status == 200
        assert made == []
        case.do({"ask": f"PUT {VAULT}", "send": VAULT_BODY})
        case.do({"ask": f"PUT {VAULT}/keys/k", "send": {"properties": {"kty": "RSA"}}})
    assert made == ["RSA"]


def test_a_template_holds_800_resources() -> None:
    """More of them are no template."""
    many = [vault(f"kv-many-{number}") for number in range(801)]
    reply = validate(Case(), *many)
    assert (reply.status, reply.code) == (400, "InvalidTemplate")
    assert "Limit: 800 and actual: 801" in reply.body["error"]["message"]
