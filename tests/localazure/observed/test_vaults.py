"""Microsoft.KeyVault/vaults as observed: create, replace, policies, names and lists."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.localazure.observed.fact import GATEWAY, GROUP, Fact, Step, check, vault_body
from tests.support.front import SUBSCRIPTION

API = "?api-version=2023-02-01"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/Contoso-1"
URL = VAULT + API
PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault"
SOMEBODY = "11111111-2222-4333-8444-555555555555"
POLLING = ("azure-asyncoperation", "location", "etag", "retry-after")
OPTIONAL = (
    "properties.softDeleteRetentionInDays",
    "properties.enablePurgeProtection",
    "properties.networkAcls",
    "properties.enabledForDiskEncryption",
    "properties.enabledForTemplateDeployment",
)
GET = Step("GET", URL)


def create(version: str = API, **properties: Any) -> Step:
    return Step("PUT", VAULT + version, vault_body(**properties))


def granted(*permissions: str) -> dict[str, Any]:
    """A body of accessPolicies/add, replace and remove for somebody."""
    entry = {"tenantId": seed.TENANT_ID, "objectId": SOMEBODY, "permissions": {"keys": list(permissions)}}
    return {"properties": {"accessPolicies": [entry]}}


ADD = f"{VAULT}/accessPolicies/add{API}"
FACTS = (
    Fact(
        "a create is 200 and registers its name",
        "PUT",
        URL,
        200,
        vault_body(),
        matching={"x-ms-keyvault-service-version": r"[\d.]+"},
        without=POLLING,
        has={
            "properties.vaultUri": "https://Contoso-1.vault.azure.net",
            "properties.provisioningState": "RegisteringDns",
            "properties.enableSoftDelete": True,
            "properties.enabledForDeployment": False,
            "properties.publicNetworkAccess": "Enabled",
            "tags": {},
        },
        lacks=("etag", *OPTIONAL),
        keys={"": ("id", "name", "type", "location", "tags", "systemData", "properties")},
    ),
    Fact(
        "the vault itself says that its name is being registered",
        "GET",
        URL,
        200,
        given=(create(),),
        without=POLLING,
        has={
            "properties.vaultUri": "https://contoso-1.vault.azure.net/",
            "properties.provisioningState": "RegisteringDns",
        },
    ),
    Fact(
        "then it has succeeded",
        "GET",
        URL,
        200,
        given=(create(), GET),
        has={"properties.provisioningState": "Succeeded"},
        lacks=("etag", *OPTIONAL),
    ),
    *(
        Fact(
            f"soft delete is on by default in {version}",
            "PUT",
            f"{VAULT}?api-version={version}",
            200,
            vault_body(),
            has={"properties.enableSoftDelete": True},
        )
        for version in ("2019-09-01", "2021-04-01-preview", "2024-11-01")
    ),
    Fact(
        "soft delete is not told in 2018, nor system data",
        "PUT",
        f"{VAULT}?api-version=2018-02-14",
        200,
        vault_body(),
        lacks=("properties.enableSoftDelete", "systemData", "properties.publicNetworkAccess"),
    ),
    Fact(
        "public access is told from 2021-06-01-preview on",
        "PUT",
        f"{VAULT}?api-version=2021-06-01-preview",
        200,
        vault_body(),
        has={"properties.publicNetworkAccess": "Enabled"},
    ),
    Fact(
        "public access is not told in 2021-04-01-preview",
        "PUT",
        f"{VAULT}?api-version=2021-04-01-preview",
        200,
        vault_body(),
        lacks=("properties.publicNetworkAccess",),
        keys={"": ("id", "name", "type", "location", "tags", "systemData", "properties")},
    ),
    Fact(
        "what was set is told",
        "PUT",
        URL,
        200,
        vault_body(
            softDeleteRetentionInDays=7, enablePurgeProtection=True, enabledForTemplateDeployment=False
        ),
        has={
            "properties.softDeleteRetentionInDays": 7,
            "properties.enablePurgeProtection": True,
            "properties.enabledForTemplateDeployment": False,
        },
    ),
    Fact(
        "a put on a vault that exists succeeds at once and replaces its policies",
        "PUT",
        URL,
        200,
        vault_body(vaultUri="https://contoso-1.vault.azure.net/", provisioningState="Succeeded"),
        given=(create(), Step("PUT", ADD, granted("get"))),
        without=POLLING,
        has={"properties.provisioningState": "Succeeded", "properties.accessPolicies": []},
        kept=("systemData.createdAt",),
    ),
    Fact(
        "an empty patch changes nothing",
        "PATCH",
        URL,
        200,
        {},
        given=(create(softDeleteRetentionInDays=7), GET),
        has={"properties.softDeleteRetentionInDays": 7, "properties.provisioningState": "Succeeded"},
        kept=("tags", "properties.accessPolicies", "properties.sku", "systemData.createdAt"),
    ),
    Fact(
        "added policies are answered whole, without a name",
        "PUT",
        ADD,
        200,
        granted("list", "get"),
        given=(create(), Step("PUT", ADD, granted("get"))),
        has={
            "id": f"{VAULT}/accessPolicies/",
            "type": "Microsoft.KeyVault/vaults/accessPolicies",
            "properties.accessPolicies.0.permissions": {"keys": ["get", "list"]},
        },
        lacks=("name", "properties.accessPolicies.1"),
        keys={"": ("id", "type", "properties")},
    ),
    Fact(
        "adding what is there changes nothing",
        "PUT",
        ADD,
        200,
        granted("get"),
        given=(create(), Step("PUT", ADD, granted("get"))),
        has={"properties": granted("get")["properties"]},
    ),
    Fact(
        "purge protection is never switched off, nor said to be off",
        "PUT",
        URL,
        400,
        vault_body(enablePurgeProtection=False),
        without=("x-ms-failure-cause",),
        has={"error.code": "BadRequest"},
        message='The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection '
        "for a vault is an irreversible action.",
    ),
    Fact(
        "a taken name is told",
        "POST",
        f"{PROVIDER}/checkNameAvailability{API}",
        200,
        {"name": "Contoso-1", "type": "Microsoft.KeyVault/vaults"},
        given=(create(),),
        whole={
            "nameAvailable": False,
            "reason": "AlreadyExists",
            "message": "The name 'Contoso-1' is already in use.",
        },
    ),
    Fact(
        "the last page with vaults leads on",
        "GET",
        f"{PROVIDER}/vaults{API}",
        200,
        given=(create(),),
        like={"nextLink": rf"https://management.azure.com{PROVIDER}/vaults\{API}&\$skiptoken=\S+"},
        lacks=("value.1",),
    ),
    Fact(
        "to an empty page",
        "GET",
        "{nextLink}",
        200,
        given=(create(), Step("GET", f"{PROVIDER}/vaults{API}")),
        whole={"value": []},
    ),
    Fact(
        "an absent vault is the gateway's 404",
        "GET",
        URL,
        404,
        headers=GATEWAY,
        has={"error.code": "ResourceNotFound"},
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_vaults_are_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)
