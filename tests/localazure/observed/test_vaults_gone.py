"""Microsoft.KeyVault as observed: vaults that are deleted, recovered and purged."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.localazure.observed.fact import Fact, Step, answer, check, scene, vault_body
from tests.localazure.observed.test_vaults import ADD, API, GET, PROVIDER, URL, VAULT, create, granted

SECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
DELETED = f"{PROVIDER}/locations/westeurope/deletedVaults/Contoso-1"
RECOVER = vault_body(createMode="recover")
GONE = (create(softDeleteRetentionInDays=7), GET, Step("PUT", ADD, granted("get")), Step("DELETE", URL))
PURGE = Step("POST", f"{DELETED}/purge{API}")
RESULT = rf"https://management.azure.com{PROVIDER}/locations/westeurope/operationResults/[0-9a-f-]+\{API}"
FACTS = (
    Fact(
        "a delete is done at once",
        "DELETE",
        URL,
        200,
        given=(create(),),
        without=("location", "azure-asyncoperation"),
        whole=None,
    ),
    Fact(
        "a deleted vault is told with whole seconds and no more than this",
        "GET",
        DELETED + API,
        200,
        given=GONE,
        has={
            "id": DELETED,
            "type": "Microsoft.KeyVault/deletedVaults",
            "properties.vaultId": VAULT,
            "properties.location": "westeurope",
            "properties.tags": {},
        },
        like={"properties.deletionDate": SECONDS, "properties.scheduledPurgeDate": SECONDS},
        keys={"properties": ("vaultId", "location", "tags", "deletionDate", "scheduledPurgeDate")},
    ),
    Fact(
        "a deleted vault that is none is the provider's 404",
        "GET",
        f"{PROVIDER}/locations/westeurope/deletedVaults/none{API}",
        404,
        without=("x-ms-failure-cause",),
        has={"error.code": "ResourceNotFound"},
        message="The specified resource does not exist.",
    ),
    Fact(
        "a recovered vault has succeeded at once and has all that it had",
        "PUT",
        URL,
        200,
        RECOVER,
        given=GONE,
        without=("location", "azure-asyncoperation"),
        has={
            "properties.provisioningState": "Succeeded",
            "properties.softDeleteRetentionInDays": 7,
            "properties.accessPolicies": granted("get")["properties"]["accessPolicies"],
        },
        lacks=("properties.createMode",),
        kept=("systemData.createdAt",),
    ),
    Fact(
        "a soft-deleted name is not taken over",
        "PUT",
        URL,
        409,
        vault_body(),
        given=GONE,
        without=("x-ms-failure-cause",),
        has={"error.code": "ConflictError"},
        message="A vault with the same name already exists in deleted state. You need to either recover or "
        "purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more "
        "information on soft delete.",
    ),
    Fact(
        "a purge is accepted with a place to look at",
        "POST",
        PURGE.path,
        202,
        given=GONE,
        matching={"location": RESULT},
        without=("azure-asyncoperation", "retry-after"),
        whole=None,
    ),
    Fact(
        "a running purge has not started",
        "GET",
        "{location}",
        202,
        given=(*GONE, PURGE),
        matching={"location": RESULT},
        has={"status": "NotStarted"},
        like={"createdDateTime": MOMENT},
        keys={"": ("createdDateTime", "status")},
    ),
    Fact(
        "an ended purge tells its last action",
        "GET",
        "{location}",
        200,
        given=(*GONE, PURGE, Step("GET", "{location}")),
        has={"status": "Succeeded"},
        like={"createdDateTime": MOMENT, "lastActionDateTime": MOMENT},
        keys={"": ("createdDateTime", "lastActionDateTime", "status")},
    ),
    Fact(
        "a protected vault is never purged",
        "POST",
        PURGE.path,
        405,
        given=(create(enablePurgeProtection=True), Step("DELETE", URL)),
        without=("x-ms-failure-cause",),
        has={"error.code": "MethodNotAllowed"},
        message="Operation 'DeletedVaultPurge' is not allowed.",
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_vaults_go_and_come_back_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)


@pytest.mark.parametrize("days", [7, 90])
def test_a_deleted_vault_is_kept_for_its_retention(days: int) -> None:
    """`scheduledPurgeDate` is `deletionDate` and the vault's own retention."""
    given = (create(softDeleteRetentionInDays=days), Step("DELETE", URL))
    reply, _ = answer(scene(), Fact("", "GET", DELETED + API, 200, given=given))
    dates = [
        datetime.fromisoformat(reply.body["properties"][name])
        for name in ("deletionDate", "scheduledPurgeDate")
    ]
    assert dates[1] - dates[0] == timedelta(days=days)
