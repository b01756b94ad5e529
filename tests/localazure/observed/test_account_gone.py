"""Microsoft.CognitiveServices/accounts as observed: DELETE, restore, purge; refused keys and scopes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.localazure.observed.fact import GUID, TIME, Fact, Step, answer, check, scene
from tests.localazure.observed.test_account_changes import IDENTIFYING, MADE, OPERATION
from tests.localazure.observed.test_accounts import ACCOUNT, API, POLL, URL, body, create
from tests.support.front import SUBSCRIPTION

PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
DELETED = f"{PROVIDER}/locations/westeurope/resourceGroups/net/deletedAccounts/language"
DELETED_URL = DELETED + API
GONE = (*MADE, Step("DELETE", URL))
FACTS = (
    Fact(
        "a delete is done at once",
        "DELETE",
        URL,
        200,
        given=MADE,
        without=("location", "azure-asyncoperation", "retry-after", "etag"),
        whole=None,
    ),
    Fact("an absent account is deleted already", "DELETE", URL, 204, whole=None),
    Fact(
        "a deleted account has an id of its own and two dates",
        "GET",
        DELETED_URL,
        200,
        given=GONE,
        without=("etag",),
        has={
            "id": DELETED,
            "type": "Microsoft.CognitiveServices/deletedAccounts",
            "properties.provisioningState": "Succeeded",
        },
        like={
            "etag": f'"{GUID}"',
            "properties.deletionDate": TIME,
            "properties.scheduledPurgeDate": TIME,
        },
        kept=("identity", "tags", "properties.customSubDomainName", *IDENTIFYING),
    ),
    Fact(
        "deleted accounts are listed for the subscription",
        "GET",
        f"{PROVIDER}/deletedAccounts{API}",
        200,
        given=GONE,
        has={"value.0.id": DELETED},
        lacks=("value.1", "nextLink"),
    ),
    Fact(
        "a restore brings all back at once, created now",
        "PUT",
        URL,
        201,
        {"location": "westeurope", "properties": {"restore": True}},
        given=GONE,
        without=("azure-asyncoperation", "location"),
        has={"properties.provisioningState": "Succeeded"},
        lacks=("properties.restore", "properties.deletionDate"),
        kept=("identity", "tags", "properties.customSubDomainName", *IDENTIFYING),
        moved=("etag", "systemData.createdAt"),
    ),
    Fact(
        "a soft-deleted name is not taken over",
        "PUT",
        URL,
        409,
        body(),
        given=GONE,
        without=("x-ms-failure-cause",),
        has={"error.code": "FlagMustBeSetForRestore"},
        message=f"An existing resource with ID '{ACCOUNT}' has been soft-deleted. To restore the resource, "
        "you must specify 'restore' to be 'true' in the property. If you don't want to restore existing "
        "resource, please purge it first.",
    ),
    Fact(
        "a purge is accepted",
        "DELETE",
        DELETED_URL,
        202,
        given=GONE,
        matching={"azure-asyncoperation": OPERATION, "location": OPERATION},
        whole=None,
    ),
    Fact(
        "a purge succeeds",
        "GET",
        "{azure-asyncoperation}",
        200,
        given=(*GONE, Step("DELETE", DELETED_URL), POLL),
        has={"status": "Succeeded"},
    ),
    Fact("a purged name is free", "PUT", URL, 201, body(), given=(*GONE, Step("DELETE", DELETED_URL))),
    Fact(
        "keys are not listed without local authentication",
        "POST",
        f"{ACCOUNT}/listKeys{API}",
        400,
        given=(create(properties={"disableLocalAuth": True}),),
        has={"error.code": "BadRequest"},
        message="Failed to list key. disableLocalAuth is set to be true.",
    ),
    Fact(
        "an encryption scope is refused",
        "PUT",
        f"{ACCOUNT}/encryptionScopes/scope{API}",
        400,
        {"properties": {"keySource": "Microsoft.CognitiveServices"}},
        given=MADE,
        without=("x-ms-failure-cause",),
        has={"error.code": "EncryptionScopeNotSupported"},
        message="Encryption scope is not supported for this API or in this region.",
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_accounts_go_and_come_back_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)


def test_a_deleted_account_is_kept_for_two_days() -> None:
    """Observed from 2021 to 2023: `scheduledPurgeDate` is `deletionDate` and two days."""
    reply, _ = answer(scene(), Fact("", "GET", DELETED_URL, 200, given=GONE))
    dates = [
        datetime.fromisoformat(reply.body["properties"][name])
        for name in ("deletionDate", "scheduledPurgeDate")
    ]
    assert dates[1] - dates[0] == timedelta(days=2)
