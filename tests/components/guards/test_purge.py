"""A soft-deleted account that is deleted for good, so that a new one can have its name: whole lives against
the local Azure in this process."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.guards import soft_deleted
from components.guards.recorded_state import RecordedService
from components.preflight import RefusedError
from core import arm_ids
from tests.components.guards.first_deployments import HUB, IN_SHARED, SHARED, SUBSCRIPTION, vault
from tests.support.local_deployment import Deployment
from tests.support.recording import service_inputs

ACCOUNT = f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/lang-claims"
API = "2024-10-01"
FIRST: dict[str, Any] = {**SHARED, "audit": {"new_workspace": False}, "vault": {"id": HUB}}
AGAIN: dict[str, Any] = {**FIRST, "key": {"name": "second"}}


def deleted() -> Deployment:
    """A stack whose account was deleted, with its state."""
    deployment = Deployment()
    vault(SUBSCRIPTION, "rg-shared", "kv-hub")(deployment)
    deployment.up({"claims": FIRST})
    deployment.arm("DELETE", ACCOUNT, api=API)
    deployment.state.clear()
    return deployment


def held(deployment: Deployment) -> list[str]:
    """The names of the soft-deleted accounts."""
    listed = deployment.arm("GET", f"{deployment.subscription}/providers/{arm_ids.DELETED_ACCOUNT}", api=API)
    return [one["name"] for one in listed.body["value"]]


def purging(deployment: Deployment) -> dict[str, Any]:
    """The settings that purge the account that is soft-deleted now."""
    listed = deployment.arm("GET", f"{deployment.subscription}/providers/{arm_ids.DELETED_ACCOUNT}", api=API)
    (date,) = [one["properties"]["deletionDate"] for one in listed.body["value"]]
    return {"soft_deleted": "purge", "purge_account": f"lang-claims@{date}"}


EARLIER = "lang-claims@2026-01-01T00:00:00.0000000Z"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"soft_deleted": "refuse"}, "set softDeleted: recover .* softDeleted: purge and purgeAccount: lang"),
        ({"purge_account": None}, "purgeAccount: not given, .* set purgeAccount: lang-claims@20"),
        ({"purge_account": EARLIER}, f"found '{EARLIER}', .* set purgeAccount: lang-claims@20"),
        ({"resource_group_name": "rg-own"}, "in group 'rg-shared' and region 'westeurope'"),
        ({"location": "northeurope"}, "in group 'rg-shared' and region 'westeurope'"),
        ({"existing_resource_group_name": pulumi.Output.from_input("rg-own")}, "account purge --name lang"),
    ],
    ids=["default", "no name", "another deletion", "another group", "another region", "group not known"],
)
def test_nothing_is_purged_that_was_not_named_or_is_anothers(said: dict[str, Any], told: str) -> None:
    """The refusal comes before any write, with what to set."""
    deployment = deleted()
    args = {**AGAIN, **purging(deployment), **said}
    if "resource_group_name" in said:
        del args["existing_resource_group_name"]
    with pytest.raises(RefusedError, match=told):
        deployment.up({"claims": args})
    assert held(deployment) == ["lang-claims"]


def test_the_settings_of_a_purge_mean_no_later_deletion() -> None:
    """They are left in the file, and the account is deleted again, by mistake or with its stack."""
    deployment = deleted()
    left = {**AGAIN, **purging(deployment)}
    deployment.up({"claims": left})
    deployment.arm("DELETE", ACCOUNT, api=API)
    for state in (deployment.state, {}):
        deployment.state = {urn: one for urn, one in state.items() if "-account" not in urn}
        with pytest.raises(RefusedError, match="softDeleted: purge deletes that one's data for good"):
            deployment.up({"claims": left})
        assert held(deployment) == ["lang-claims"]


def test_an_account_is_purged_before_the_new_one_of_its_name_is_made() -> None:
    """The preview warns and purges nothing; the update purges and makes a new account; the next one, with the
    setting still there, declares what was done and purges nothing more."""
    deployment = deleted()
    settings = {**AGAIN, **purging(deployment)}
    deployment.preview({"claims": settings})
    assert any("deletes account 'lang-claims'" in text and "for good" in text for text in deployment.warnings)
    assert held(deployment) == ["lang-claims"]
    deployment.up({"claims": settings})
    (purge,) = [one for urn, one in deployment.state.items() if ":DeletedAccountPurge::" in urn]
    assert any(":Key::" in urn for urn in purge["dependencies"])
    assert held(deployment) == []
    assert deployment.arm("GET", ACCOUNT, api=API).body["properties"]["provisioningState"] == "Succeeded"
    purged = [one for urn, one in deployment.state.items() if ":DeletedAccountPurge::" in urn]
    assert [one["inputs"]["accountId"].rpartition("/")[2] for one in purged] == ["lang-claims"]
    deployment.up({"claims": settings})
    assert [one for urn, one in deployment.state.items() if ":DeletedAccountPurge::" in urn] == purged


@pytest.mark.parametrize(
    ("method", "part"), [("PUT", "/keys/"), ("DELETE", "/deletedAccounts/")], ids=["before it", "the purge"]
)
def test_a_failure_up_to_the_purge_leaves_the_deleted_account_and_makes_no_other(
    method: str, part: str
) -> None:
    """The purge is the last step before the account, so that what fails before it can still be recovered."""
    deployment = deleted()

    def breaks(raw: Any) -> None:
        if raw.method == method and part in raw.path:
            raise ConnectionError("the connection broke")

    settings = {**AGAIN, **purging(deployment)}
    deployment.wire.before = breaks
    with pytest.raises(Exception, match="the connection broke"):
        deployment.up({"claims": settings})
    deployment.wire.before = lambda _: None
    assert held(deployment) == ["lang-claims"]
    assert deployment.arm("GET", ACCOUNT, api=API).status == 404


def test_a_deletion_without_a_date_is_not_purged_by_any_setting() -> None:
    """Azure does not say which deletion it is: the command is printed."""
    inputs = service_inputs("claims", existing_resource_group_name="rg-shared", soft_deleted="purge")
    account = {"name": "lang-claims", "location": "westeurope", "id": ACCOUNT}
    found = soft_deleted.holding_names(inputs, RecordedService(), [], [account])
    assert found.purged is None
    (problem,) = soft_deleted.problems(inputs, found)
    assert "az cognitiveservices account purge --name lang-claims --resource-group" in problem.text
