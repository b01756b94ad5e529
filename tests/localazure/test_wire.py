"""What was observed of Azure, as a table: a request, and what its answer has to have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from localazure import seed
from tests.localazure.network_case import ACCOUNT_API, VAULT_API, Case

S = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
G = f"{S}/resourceGroups/net"
ACCOUNT = f"{G}/providers/Microsoft.CognitiveServices/accounts/language"
VAULT = f"{G}/providers/Microsoft.KeyVault/vaults/Contoso-1"
ABSENT = "was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
GATEWAY = {"x-ms-failure-cause": "gateway"}
PROTECTION = (
    'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault '
    "is an irreversible action."
)


@dataclass(frozen=True)
class Fact:
    """One line of the observations; `lacks` are dotted paths that the body must not have."""

    name: str
    method: str
    path: str
    status: int
    send: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    has: dict[str, Any] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    message: str = ""


def vault(**properties: Any) -> dict[str, Any]:
    """A vault's PUT."""
    fixed = {"tenantId": seed.TENANT_ID, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    return {"location": "westeurope", "properties": {**fixed, **properties}}


FACTS = (
    Fact(
        "a create is answered whole and asynchronous",
        "PUT",
        f"{ACCOUNT}2{ACCOUNT_API}",
        201,
        {"location": "West Europe", "kind": "TextAnalytics", "sku": {"name": "S"}},
        without=("location", "retry-after"),
        has={
            "location": "West Europe",
            "properties.provisioningState": "Creating",
            "properties.isMigrated": False,
            "properties.privateEndpointConnections": [],
            "properties.publicNetworkAccess": "Enabled",
            "properties.endpoint": "https://westeurope.api.cognitive.microsoft.com/",
            "properties.apiProperties": {"qnaAzureSearchEndpointKey": None},
        },
        lacks=(
            "tags",
            "identity",
            "properties.encryption",
            "properties.disableLocalAuth",
            "properties.customSubDomainName",
            "properties.networkAcls",
            "properties.callRateLimit",
        ),
    ),
    Fact(
        "a patch is accepted with the new values",
        "PATCH",
        f"{ACCOUNT}{ACCOUNT_API}",
        202,
        {"tags": {"a": "b"}},
        without=("retry-after",),
        has={"tags": {"a": "b"}, "properties.provisioningState": "Accepted"},
    ),
    Fact(
        "a subdomain gives the endpoint",
        "GET",
        f"{ACCOUNT}{ACCOUNT_API}",
        200,
        has={
            "properties.endpoint": "https://language-1.cognitiveservices.azure.com/",
            "properties.endpoints.Language": "https://language-1.cognitiveservices.azure.com/",
        },
    ),
    Fact(
        "an absent account is the gateway's 404",
        "GET",
        f"{ACCOUNT}x{ACCOUNT_API}",
        404,
        headers=GATEWAY,
        has={"error.code": "ResourceNotFound"},
        message="The Resource 'Microsoft.CognitiveServices/accounts/languagex' under resource group 'net' "
        f"{ABSENT}",
    ),
    Fact("an account is deleted at once", "DELETE", f"{ACCOUNT}{ACCOUNT_API}", 200, without=("location",)),
    Fact("an absent account is deleted already", "DELETE", f"{ACCOUNT}x{ACCOUNT_API}", 204),
    Fact(
        "a new vault registers its name",
        "PUT",
        f"{VAULT}2{VAULT_API}",
        200,
        vault(),
        without=("azure-asyncoperation", "location", "etag"),
        has={
            "properties.vaultUri": "https://Contoso-12.vault.azure.net",
            "properties.provisioningState": "RegisteringDns",
            "properties.enableSoftDelete": True,
            "properties.enabledForDeployment": False,
            "tags": {},
        },
        lacks=("etag", "properties.softDeleteRetentionInDays", "properties.enablePurgeProtection"),
    ),
    Fact(
        "a vault's later answers have its final address",
        "GET",
        f"{VAULT}{VAULT_API}",
        200,
        has={"properties.vaultUri": "https://contoso-1.vault.azure.net/"},
    ),
    Fact(
        "purge protection is never switched off",
        "PUT",
        f"{VAULT}3{VAULT_API}",
        400,
        vault(enablePurgeProtection=False),
        has={"error.code": "BadRequest"},
        message=PROTECTION,
    ),
    Fact(
        "a deleted vault that is none is the provider's 404",
        "GET",
        f"{S}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/none{VAULT_API}",
        404,
        without=("x-ms-failure-cause",),
        has={"error.code": "ResourceNotFound"},
        message="The specified resource does not exist.",
    ),
    Fact(
        "a taken name is told",
        "POST",
        f"{S}/providers/Microsoft.KeyVault/checkNameAvailability{VAULT_API}",
        200,
        {"name": "Contoso-1", "type": "Microsoft.KeyVault/vaults"},
        has={
            "nameAvailable": False,
            "reason": "AlreadyExists",
            "message": "The name 'Contoso-1' is already in use.",
        },
    ),
    Fact(
        "a key host asks for a token",
        "GET",
        "https://contoso-1.vault.azure.net/keys?api-version=7.4",
        401,
        headers={
            "www-authenticate": f'Bearer authorization="https://login.microsoftonline.com/{seed.TENANT_ID}", '
            'resource="https://vault.azure.net"'
        },
        has={"error.code": "Unauthorized"},
        message="AKV10000: Request is missing a Bearer or PoP token.",
    ),
    Fact(
        "an absent group is the gateway's 404",
        "GET",
        f"{S}/resourceGroups/none",
        404,
        headers=GATEWAY,
        has={"error.code": "ResourceGroupNotFound"},
        message="Resource group 'none' could not be found.",
    ),
    Fact("a group's delete is accepted", "DELETE", G, 202, headers={"retry-after": "15"}),
    Fact(
        "an old api-version's group has no type",
        "GET",
        f"{G}?api-version=2016-09-01",
        200,
        lacks=("type",),
        has={"location": "westeurope"},
    ),
    Fact(
        "an absent role assignment is not the gateway's",
        "GET",
        f"{G}/providers/Microsoft.Authorization/roleAssignments/none?api-version=2022-04-01",
        404,
        without=("x-ms-failure-cause",),
        has={"error.code": "RoleAssignmentNotFound"},
        message="The role assignment 'none' is not found.",
    ),
)


def at(body: Any, path: str) -> Any:
    """The value at a dotted path; KeyError where there is none."""
    for part in path.split("."):
        body = body[part]
    return body


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_answers_are_as_observed(fact: Fact) -> None:
    """Status, headers, what the body has and what it lacks."""
    case = Case()
    case.make_vault()
    case.make_account()
    bearer = "" if fact.path.startswith("https://contoso") else None
    reply = case.door.send(fact.method, fact.path, fact.send, bearer=bearer)
    assert reply.status == fact.status
    assert {name: reply.headers.get(name) for name in fact.headers} == fact.headers
    assert [name for name in fact.without if name in reply.headers] == []
    assert {path: at(reply.body, path) for path in fact.has} == fact.has
    if fact.message:
        assert reply.message == fact.message
    for path in fact.lacks:
        with pytest.raises(KeyError):
            at(reply.body, path)
