"""Resource groups, identities, diagnostic settings, locks and ARM's own refusals as observed."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.localazure.observed.fact import GATEWAY, GROUP, GUID, Fact, Step, check, vault_body
from tests.support.front import SUBSCRIPTION

API = "?api-version=2021-04-01"
NEW = f"{SUBSCRIPTION}/resourceGroups/new"
WEST = {"location": "West Europe"}
DELETE = Step("DELETE", NEW + API)
RESULT = rf"https://management.azure.com{SUBSCRIPTION}/operationresults/[\w-]+\{API}"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
IDENTITY_URL = f"{IDENTITY}?api-version=2023-01-31"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v-1"
MAKE_VAULT = Step("PUT", f"{VAULT}?api-version=2023-02-01", vault_body())
SETTING = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/Audit"
SETTING_URL = f"{SETTING}?api-version=2017-05-01-preview"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
MAKE_WORKSPACE = Step("PUT", f"{WORKSPACE}?api-version=2023-09-01", WEST)
LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/stay?api-version=2016-09-01"


def setting(**sinks: str) -> dict[str, Any]:
    return {"properties": {**sinks, "logs": [{"category": "AuditEvent", "enabled": True}]}}


FACTS = (
    Fact(
        "a new group is 201, its location normalised",
        "PUT",
        NEW + API,
        201,
        WEST,
        has={
            "location": "westeurope",
            "type": "Microsoft.Resources/resourceGroups",
            "properties": {"provisioningState": "Succeeded"},
        },
    ),
    Fact("a group that exists is 200", "PUT", NEW + API, 200, WEST, given=(Step("PUT", NEW + API, WEST),)),
    Fact(
        "an old api-version's group has no type",
        "GET",
        f"{GROUP}?api-version=2016-09-01",
        200,
        lacks=("type",),
    ),
    Fact(
        "a group's delete is accepted",
        "DELETE",
        NEW + API,
        202,
        given=(Step("PUT", NEW + API, WEST),),
        headers={"retry-after": "15"},
        matching={"location": RESULT},
        whole=None,
    ),
    Fact(
        "it goes on with the same headers",
        "GET",
        "{location}",
        202,
        given=(Step("PUT", NEW + API, WEST), DELETE),
        headers={"retry-after": "15"},
        matching={"location": RESULT},
        whole=None,
    ),
    Fact(
        "it ends with an empty 200",
        "GET",
        "{location}",
        200,
        given=(Step("PUT", NEW + API, WEST), DELETE, Step("GET", "{location}")),
        without=("location", "retry-after"),
        whole=None,
    ),
    Fact(
        "an absent group is the gateway's 404",
        "GET",
        NEW + API,
        404,
        headers=GATEWAY,
        has={"error.code": "ResourceGroupNotFound"},
        message="Resource group 'new' could not be found.",
    ),
    Fact(
        "a new identity is 201 with a relative location",
        "PUT",
        IDENTITY_URL,
        201,
        WEST,
        headers={"location": IDENTITY.replace("resourceGroups", "resourcegroups")},
        has={"id": IDENTITY.replace("resourceGroups", "resourcegroups")},
        like={"properties.principalId": GUID, "properties.clientId": GUID},
    ),
    Fact(
        "an identity that exists is 200 and the same",
        "PUT",
        IDENTITY_URL,
        200,
        WEST,
        given=(Step("PUT", IDENTITY_URL, WEST),),
        without=("location",),
        kept=("properties", "id"),
    ),
    Fact(
        "a diagnostic setting is 200, its id in lower case and much of it null",
        "PUT",
        SETTING_URL,
        200,
        setting(workspaceId=WORKSPACE),
        given=(MAKE_VAULT, MAKE_WORKSPACE),
        has={
            "id": SETTING.lower(),
            "name": "Audit",
            **dict.fromkeys(("type", "location", "kind", "tags"), None),
            "properties.workspaceId": WORKSPACE,
            "properties.storageAccountId": None,
        },
    ),
    Fact(
        "a put of a setting replaces it: what is not sent becomes null",
        "PUT",
        SETTING_URL,
        200,
        setting(workspaceId=WORKSPACE),
        given=(
            MAKE_VAULT,
            MAKE_WORKSPACE,
            Step("PUT", SETTING_URL, setting(workspaceId=WORKSPACE, storageAccountId="/subscriptions/s")),
        ),
        has={"properties.storageAccountId": None},
    ),
    Fact(
        "a setting's delete is 200",
        "DELETE",
        SETTING_URL,
        200,
        given=(MAKE_VAULT, MAKE_WORKSPACE, Step("PUT", SETTING_URL, setting(workspaceId=WORKSPACE))),
        whole=None,
    ),
    Fact("a new lock is 201", "PUT", LOCK, 201, {"properties": {"level": "CanNotDelete"}}),
    *(
        Fact(
            f"{method} of a lock is 200",
            method,
            LOCK,
            200,
            given=(Step("PUT", LOCK, {"properties": {"level": "CanNotDelete"}}),),
        )
        for method in ("GET", "DELETE")
    ),
    Fact(
        "the description of the cloud is for anybody",
        "GET",
        "/metadata/endpoints?api-version=2022-09-01",
        200,
        has={
            "0.name": "AzureCloud",
            "0.resourceManager": "https://management.azure.com/",
            "0.authentication.loginEndpoint": "https://login.microsoftonline.com/",
            "0.authentication.audiences.0": "https://management.core.windows.net/",
            "0.suffixes.keyVaultDns": "vault.azure.net",
            "0.suffixes.storage": "core.windows.net",
            "0.microsoftGraphResourceId": "https://graph.microsoft.com/",
        },
        who=None,
    ),
    Fact(
        "later api-versions name a setting's type, as their definition does",
        "GET",
        SETTING_URL.replace("2017-05-01-preview", "2021-05-01-preview"),
        200,
        given=(MAKE_VAULT, MAKE_WORKSPACE, Step("PUT", SETTING_URL, setting(workspaceId=WORKSPACE))),
        has={"id": SETTING.lower(), "type": "Microsoft.Insights/diagnosticSettings"},
    ),
    Fact(
        "who has no role is refused by the gateway",
        "PUT",
        NEW + API,
        403,
        WEST,
        headers=GATEWAY,
        has={"error.code": "AuthorizationFailed"},
        message=f"The client '{seed.READER.client_id}' with object id '{seed.READER.object_id}' does not "
        "have authorization to perform action 'Microsoft.Resources/subscriptions/resourceGroups/write' over "
        f"scope '{NEW}'.",
        who=seed.READER,
    ),
    Fact(
        "an unregistered provider takes no writes",
        MAKE_VAULT.method,
        MAKE_VAULT.path,
        409,
        MAKE_VAULT.send,
        given=(Step("POST", f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/unregister{API}"),),
        headers=GATEWAY,
        has={"error.code": "MissingSubscriptionRegistration"},
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_arm_is_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)
