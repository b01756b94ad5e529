"""Microsoft.CognitiveServices/accounts as observed: the create and its operation."""

from __future__ import annotations

import pytest

from localazure import seed
from tests.localazure.observed.fact import GROUP, GUID, TIME, Fact, Step, check

IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/language"
API = "?api-version=2023-05-01"
LANGUAGE = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}}
URL = ACCOUNT + API
ENDPOINTS = (
    "Text Analytics",
    "Custom Text Authoring",
    "Conversational Language Understanding Authoring",
    "Custom Question Answering Authoring",
    "Custom Question Answering",
    "ConversationalLURuntime",
    "Language",
    "Language-2022-05-01",
    "QnAMaker",
    "turing",
    "Turing DeepWrite",
    "QuestionAnswering",
    "QuestionAnsweringBizQA",
    "QuestionAnsweringQnAGen",
    "QuestionAnswering Generate",
    "LUIS.Authoring",
    "Container",
)


def body(**more: object) -> dict[str, object]:
    """A Language account's PUT with other things in it."""
    return {**LANGUAGE, **more}


def create(**more: object) -> Step:
    return Step("PUT", URL, body(**more))


POLL = Step("GET", "{azure-asyncoperation}")
FACTS = (
    Fact(
        "an asynchronous create is 201 with the whole account and one operation header",
        "PUT",
        URL,
        201,
        LANGUAGE,
        matching={
            "etag": f'"{GUID}"',
            "azure-asyncoperation": "https://management.azure.com/.*/operationResults/.*",
        },
        without=("location", "retry-after"),
        has={
            "location": "westeurope",
            "kind": "TextAnalytics",
            "properties.provisioningState": "Creating",
            "properties.isMigrated": False,
            "properties.privateEndpointConnections": [],
            "properties.publicNetworkAccess": "Enabled",
            "properties.endpoint": "https://westeurope.api.cognitive.microsoft.com/",
            "properties.apiProperties": {"qnaAzureSearchEndpointKey": None},
        },
        like={"etag": f'"{GUID}"', "properties.internalId": "[0-9a-f]{32}", "properties.dateCreated": TIME},
        lacks=(
            "tags",
            "identity",
            "properties.encryption",
            "properties.disableLocalAuth",
            "properties.customSubDomainName",
            "properties.networkAcls",
            "properties.callRateLimit",
            "properties.quotaLimit",
            "properties.backupUpperLimit",
            "properties.allowProjectManagement",
        ),
        keys={
            "": ("id", "name", "type", "etag", "location", "sku", "kind", "properties", "systemData"),
            "properties.endpoints": ENDPOINTS,
            "systemData": (
                "createdBy",
                "createdByType",
                "createdAt",
                "lastModifiedBy",
                "lastModifiedByType",
                "lastModifiedAt",
            ),
        },
    ),
    Fact(
        "a synchronous create has succeeded at once, without an operation",
        "PUT",
        URL,
        201,
        LANGUAGE,
        matching={"etag": f'"{GUID}"'},
        without=("azure-asyncoperation", "location", "retry-after"),
        has={"properties.provisioningState": "Succeeded"},
        behave={"synchronous_creates": True},
    ),
    Fact(
        "after a synchronous create the etag stays",
        "GET",
        URL,
        200,
        given=(create(),),
        kept=("etag", "properties.internalId"),
        behave={"synchronous_creates": True},
    ),
    Fact(
        "the operation's address has the location as it was sent and a signature",
        "PUT",
        URL.replace("2023-05-01", "2025-06-01"),
        201,
        body(location="Central US EUAP"),
        matching={
            "azure-asyncoperation": f"https://management.azure.com/subscriptions/{seed.SUBSCRIPTION_ID}/providers/"
            f"Microsoft.CognitiveServices/locations/Central US EUAP/operationResults/{GUID}"
            r"\?api-version=2017-04-18&t=\d{18}&c=[\w-]{1900,}&s=[\w-]{342}&h=[\w-]{43}"
        },
    ),
    Fact(
        "a running operation tells when it started",
        "GET",
        "{azure-asyncoperation}",
        200,
        given=(create(),),
        without=("retry-after", "etag", "azure-asyncoperation", "location"),
        has={"status": "Creating"},
        like={"name": GUID, "startTime": TIME},
        keys={"": ("id", "name", "status", "startTime")},
    ),
    Fact(
        "an ended operation tells when it ended",
        "GET",
        "{azure-asyncoperation}",
        200,
        given=(create(), POLL),
        without=("retry-after", "etag"),
        has={"status": "Succeeded"},
        like={"endTime": TIME},
        keys={"": ("id", "name", "status", "startTime", "endTime")},
    ),
    Fact(
        "an operation takes its time on the clock",
        "GET",
        "{azure-asyncoperation}",
        200,
        given=(create(), POLL, POLL, POLL),
        has={"status": "Creating"},
        behave={"operation_seconds": 92},
    ),
    Fact(
        "after success the etag has moved, and what identifies the account has not",
        "GET",
        URL,
        200,
        given=(create(), POLL, POLL),
        has={"properties.provisioningState": "Succeeded"},
        moved=("etag",),
        kept=("properties.dateCreated", "properties.internalId", "systemData.createdAt"),
    ),
    *(
        Fact(
            f"the location {sent} is echoed as it was sent",
            "PUT",
            URL,
            201,
            body(location=sent),
            has={"location": sent},
        )
        for sent in ("SOUTHCENTRALUS", "West US 2", "WestUS2")
    ),
    Fact(
        "a system-assigned identity is there at once",
        "PUT",
        URL,
        201,
        body(identity={"type": "SystemAssigned"}),
        has={"identity.type": "SystemAssigned", "identity.tenantId": seed.TENANT_ID},
        like={"identity.principalId": GUID},
        keys={"identity": ("principalId", "tenantId", "type")},
    ),
    Fact(
        "a user-assigned identity has its own ids and the account none",
        "PUT",
        URL,
        201,
        body(identity={"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}),
        given=(Step("PUT", f"{IDENTITY}?api-version=2023-01-31", {"location": "westeurope"}),),
        keys={
            "identity": ("tenantId", "type", "userAssignedIdentities"),
            "identity.userAssignedIdentities.*": ("principalId", "clientId"),
        },
    ),
    Fact(
        "Microsoft's keys are echoed when they are asked for",
        "PUT",
        URL,
        201,
        body(properties={"encryption": {"keySource": "Microsoft.CognitiveServices"}}),
        has={"properties.encryption": {"keySource": "Microsoft.CognitiveServices"}},
    ),
    Fact(
        "local authentication is told only when it is off",
        "PUT",
        URL,
        201,
        body(properties={"disableLocalAuth": True}),
        has={"properties.disableLocalAuth": True},
    ),
    Fact(
        "local authentication that is on is not told",
        "PUT",
        URL,
        201,
        body(properties={"disableLocalAuth": False}),
        lacks=("properties.disableLocalAuth",),
    ),
    Fact(
        "a subdomain makes the endpoint, with its slash, for every service",
        "PUT",
        URL,
        201,
        body(properties={"customSubDomainName": "Language-1"}),
        has={
            "properties.customSubDomainName": "Language-1",
            "properties.endpoint": "https://language-1.cognitiveservices.azure.com/",
            "properties.endpoints": dict.fromkeys(
                ENDPOINTS, "https://language-1.cognitiveservices.azure.com/"
            ),
        },
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_accounts_are_created_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)
