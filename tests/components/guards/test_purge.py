"""A soft-deleted account that is deleted for good, so that a new one can have its name: whole lives against
the local Azure in this process."""

from __future__ import annotations

from typing import Any

import pytest

from components.preflight import RefusedError
from core import arm_ids
from tests.components.guards.first_deployments import HUB, IN_SHARED, SHARED, SUBSCRIPTION, vault
from tests.support.local_deployment import Deployment

ACCOUNT = f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/lang-claims"
API = "2024-10-01"
FIRST: dict[str, Any] = {**SHARED, "audit": {"new_workspace": False}, "vault": {"id": HUB}}
AGAIN: dict[str, Any] = {**FIRST, "key": {"name": "second"}}
PURGE = {"soft_deleted": "purge", "purge_account": "lang-claims"}


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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "set softDeleted: recover .* softDeleted: purge and purgeAccount: lang-claims"),
        ({"soft_deleted": "purge"}, "purgeAccount: not given, .* set purgeAccount: lang-claims"),
        ({**PURGE, "purge_account": "lang-other"}, "found 'lang-other', .* set purgeAccount: lang-claims"),
        ({**PURGE, "resource_group_name": "rg-own"}, "in group 'rg-shared' and region 'westeurope'"),
        ({**PURGE, "location": "northeurope"}, "in group 'rg-shared' and region 'westeurope'"),
    ],
    ids=["default", "no name", "another name", "another group", "another region"],
)
def test_nothing_is_purged_that_was_not_named_or_is_anothers(said: dict[str, Any], told: str) -> None:
    """The refusal comes before any write, with what to set."""
    deployment = deleted()
    args = {**AGAIN, **said}
    if "resource_group_name" in said:
        del args["existing_resource_group_name"]
    with pytest.raises(RefusedError, match=told):
        deployment.up({"claims": args})
    assert held(deployment) == ["lang-claims"]


def test_an_account_is_purged_before_the_new_one_of_its_name_is_made() -> None:
    """The preview warns and purges nothing; the update purges and makes a new account; the next one, with the
    setting still there, declares what was done and purges nothing more, also not an account that is deleted
    later."""
    deployment = deleted()
    deployment.preview({"claims": {**AGAIN, **PURGE}})
    assert any("deletes account 'lang-claims'" in text and "for good" in text for text in deployment.warnings)
    assert held(deployment) == ["lang-claims"]
    deployment.up({"claims": {**AGAIN, **PURGE}})
    assert held(deployment) == []
    assert deployment.arm("GET", ACCOUNT, api=API).body["properties"]["provisioningState"] == "Succeeded"
    purged = [one for urn, one in deployment.state.items() if ":DeletedAccountPurge::" in urn]
    assert [one["inputs"]["accountId"].rpartition("/")[2] for one in purged] == ["lang-claims"]
    deployment.up({"claims": {**AGAIN, **PURGE}})
    assert [one for urn, one in deployment.state.items() if ":DeletedAccountPurge::" in urn] == purged


def test_a_purge_that_fails_leaves_the_deleted_account_and_makes_no_other() -> None:
    """The update ends before the account is created, and nothing else of the name was touched."""
    deployment = deleted()

    def breaks(raw: Any) -> None:
        if raw.method == "DELETE":
            raise ConnectionError("the connection broke")

    deployment.wire.before = breaks
    with pytest.raises(Exception, match="the connection broke"):
        deployment.up({"claims": {**AGAIN, **PURGE}})
    deployment.wire.before = lambda _: None
    assert held(deployment) == ["lang-claims"]
    assert deployment.arm("GET", ACCOUNT, api=API).status == 404
