"""Microsoft.CognitiveServices/accounts as observed: what depends on the kind, the SKU and the year."""

from __future__ import annotations

import pytest

from tests.localazure.observed.fact import GROUP, Fact, Step, check
from tests.localazure.observed.test_accounts import ACCOUNT, body
from tests.support.front import SUBSCRIPTION

FACE = {"location": "westeurope", "kind": "Face", "sku": {"name": "S0"}}
DELETED = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/deletedAccounts"
OTHERS = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/other"
CLOUD = {"name": "Cloud", "value": "QuestionAnswer.AllApis,LanguageService.QuestionAnsweringApis"}
PERIMETER = {"name": "NetworkSecurityPerimeter"}


FACTS = (
    *(
        Fact(
            f"projects are allowed or not from 2025-09-01 on, not in {version}",
            "PUT",
            f"{ACCOUNT}?api-version={version}",
            201,
            body(),
            lacks=("properties.allowProjectManagement",),
        )
        for version in ("2021-10-01", "2023-05-01", "2025-06-01")
    ),
    *(
        Fact(
            f"projects are not allowed unless they were asked for, in {version}",
            "PUT",
            f"{ACCOUNT}?api-version={version}",
            201,
            body(),
            has={"properties.allowProjectManagement": False},
        )
        for version in ("2025-09-01", "2026-07-01")
    ),
    *(
        Fact(
            f"a Language account of SKU {sku} can do this in 2023",
            "PUT",
            f"{ACCOUNT}?api-version=2023-05-01",
            201,
            body(sku={"name": sku}),
            has={
                "properties.capabilities.0": {"name": "VirtualNetworks"},
                "properties.capabilities.1": PERIMETER,
                "properties.capabilities.2": {"name": "CustomerManagedKey"},
                "properties.capabilities.3.name": "Container",
                "properties.capabilities.4": CLOUD,
                "properties.apiProperties": {"qnaAzureSearchEndpointKey": None},
            },
            like={"properties.capabilities.3.value": ".+"},
            lacks=(
                "properties.capabilities.5",
                "properties.callRateLimit",
                "properties.quotaLimit",
                "properties.backupUpperLimit",
            ),
        )
        for sku in ("S0", "S2")
    ),
    *(
        Fact(
            f"a Language account of SKU {sku} has no perimeter in 2021",
            "PUT",
            f"{ACCOUNT}?api-version=2021-10-01",
            201,
            body(sku={"name": sku}),
            has={
                "properties.capabilities.0": {"name": "VirtualNetworks"},
                "properties.capabilities.1": {"name": "CustomerManagedKey"},
                "properties.capabilities.3": CLOUD,
                "properties.apiProperties": {"qnaAzureSearchEndpointKey": None},
            },
            lacks=("properties.callRateLimit", "properties.backupUpperLimit"),
        )
        for sku in ("S0", "S2")
    ),
    Fact(
        "a limit of backups is told in 2022 only",
        "PUT",
        f"{OTHERS}?api-version=2022-03-01",
        201,
        FACE,
        has={"properties.backupUpperLimit": 20},
    ),
    Fact(
        "rates of 2022 always say whether they are dynamic",
        "PUT",
        f"{OTHERS}?api-version=2022-12-01",
        201,
        FACE,
        has={
            "properties.callRateLimit.rules.-1.key": "default",
            "properties.callRateLimit.rules.-1.dynamicThrottlingEnabled": False,
            "properties.callRateLimit.rules.-1.matchPatterns": [{"path": "*", "method": "*"}],
        },
        keys={
            "properties.callRateLimit.rules.-1": (
                "key",
                "renewalPeriod",
                "count",
                "dynamicThrottlingEnabled",
                "matchPatterns",
            )
        },
    ),
    Fact(
        "rates of later years say so only where they are",
        "PUT",
        f"{OTHERS}?api-version=2023-05-01",
        201,
        FACE,
        has={"properties.callRateLimit.rules.-1.key": "default"},
        keys={"properties.callRateLimit.rules.-1": ("key", "renewalPeriod", "count", "matchPatterns")},
        lacks=("properties.backupUpperLimit", "properties.apiProperties"),
    ),
    Fact(
        "dynamic rates say so in every year",
        "PUT",
        f"{OTHERS}?api-version=2023-05-01",
        201,
        {**FACE, "properties": {"dynamicThrottlingEnabled": True}},
        has={
            "properties.dynamicThrottlingEnabled": True,
            "properties.callRateLimit.rules.-1.dynamicThrottlingEnabled": True,
        },
    ),
    Fact(
        "a deleted Language account of SKU S had a rate and a quota in 2022",
        "GET",
        f"{DELETED}?api-version=2022-03-01",
        200,
        given=(
            Step("PUT", f"{ACCOUNT}?api-version=2022-03-01", body()),
            Step("GET", "{azure-asyncoperation}"),
            Step("GET", "{azure-asyncoperation}"),
            Step("DELETE", f"{ACCOUNT}?api-version=2022-03-01"),
        ),
        has={
            "value.0.properties.callRateLimit.rules.-1.key": "default",
            "value.0.properties.backupUpperLimit": 20,
        },
        keys={"value.0.properties.quotaLimit": ()},
    ),
    *(
        Fact(
            f"a {kind} account has the capability of a customer's key",
            "PUT",
            f"{OTHERS}?api-version=2023-05-01",
            201,
            {"location": "westeurope", "kind": kind, "sku": {"name": sku}},
            has={"properties.capabilities.2": {"name": "CustomerManagedKey"}},
        )
        for kind, sku in (
            ("FormRecognizer", "S0"),
            ("Face", "E0"),
            ("SpeechServices", "S0"),
            ("QnAMaker.v2", "S0"),
        )
    ),
    Fact(
        "answers before 2021 tell no system data",
        "PUT",
        f"{ACCOUNT}?api-version=2017-04-18",
        201,
        body(),
        lacks=("systemData",),
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_kinds_and_years_are_as_observed(fact: Fact) -> None:
    """One observation of what an account of a kind, a SKU and an api-version tells."""
    check(fact)
