"""What a program may ask, in an update and in a preview."""

from __future__ import annotations

from typing import Any

import pytest

from core.facts import Deleted
from provider.deployment import checks
from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    SUBSCRIPTION,
    TENANT,
    VAULT_ID,
    FakeAzure,
)
from tests.provider.rig import Engine, FailedError, engine

DELETED = "azure-cmk:index:getDeleted"
HSM_KEY = "azure-cmk:index:getManagedHsmKey"


async def test_what_is_not_known_yet_is_answered_with_unknown(fake: FakeAzure, pulumi: Engine) -> None:
    """In a preview a function of an unknown id asks nothing and promises nothing."""
    answer, _ = await pulumi.invoke(DELETED, {"subscriptionId": UNKNOWN})
    assert answer == {"vaults": UNKNOWN, "accounts": UNKNOWN}
    assert fake.calls == []


async def test_get_deleted_tells_what_still_holds_a_name(fake: FakeAzure, pulumi: Engine) -> None:
    """All that is soft-deleted in a subscription: a program of many services asks once."""
    fake.deleted["vaults"] = [
        Deleted("id", name, "westeurope", "d", "p", f"{VAULT_ID}/x") for name in ("one", "two")
    ]
    answer, _ = await pulumi.invoke(DELETED, {"subscriptionId": SUBSCRIPTION})
    assert [vault["name"] for vault in answer["vaults"]] == ["one", "two"]
    assert answer["vaults"][0] == {
        "id": "id",
        "name": "one",
        "location": "westeurope",
        "deletionDate": "d",
        "scheduledPurgeDate": "p",
        "resourceId": f"{VAULT_ID}/x",
    }
    assert answer["accounts"] == []


@pytest.mark.parametrize(
    ("token", "args", "failing"),
    [
        (HSM_KEY, {}, "keyId"),
        (HSM_KEY, {"keyId": KEY_ID}, "keyId"),
        (HSM_KEY, {"keyId": UNKNOWN, "principalId": "language"}, "principalId"),
        (DELETED, {}, "subscriptionId"),
        (DELETED, {"subscriptionId": SUBSCRIPTION, "names": "y"}, "names"),
    ],
)
async def test_fails_bad_arguments_by_name(
    fake: FakeAzure, pulumi: Engine, token: str, args: dict[str, Any], failing: str
) -> None:
    """Each argument that cannot be right is named, and Azure is not asked."""
    _, failures = await pulumi.invoke(token, args)
    assert list(failures) == [failing]
    assert fake.calls == []


async def test_the_logins_subscription_is_the_default() -> None:
    """Without subscriptionId the subscription of the login is looked in."""
    azure = FakeAzure()
    async with engine(azure, config={"subscriptionId": SUBSCRIPTION}) as pulumi:
        assert await pulumi.invoke(DELETED, {}) == ({"vaults": [], "accounts": []}, {})
    assert sorted(azure.calls) == ["deleted_accounts", "deleted_vaults"]


async def test_fails_with_azures_answer_explained(fake: FakeAzure, pulumi: Engine) -> None:
    """An error of Azure reaches the program translated."""
    fake.failures["deleted_vaults"].append(ServiceError(401, "InvalidAuthenticationToken", "expired"))
    with pytest.raises(FailedError, match="does not accept the login"):
        await pulumi.invoke(DELETED, {"subscriptionId": SUBSCRIPTION})


async def test_who_is_logged_in() -> None:
    """A program can compare this provider's login with azure-native's; arguments are not taken."""
    azure = FakeAzure()
    async with engine(azure, config={"subscriptionId": SUBSCRIPTION}) as pulumi:
        answer, failures = await pulumi.invoke("azure-cmk:index:getClientConfig", {})
        assert answer == {
            "objectId": "deployer",
            "tenantId": TENANT,
            "clientId": "client",
            "subscriptionId": SUBSCRIPTION,
            "method": "the Azure CLI",
        }
        assert failures == {}
        _, failures = await pulumi.invoke("azure-cmk:index:getClientConfig", {"x": 1})
        assert list(failures) == ["x"]
        azure.failures["principal"].append(ServiceError(401, "invalid_client", "AADSTS7000215: wrong"))
        with pytest.raises(FailedError, match="the client secret is wrong"):
            await pulumi.invoke("azure-cmk:index:getClientConfig", {})


CHECK = "azure-cmk:index:checkDeployment"


@pytest.fixture
def only_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the checks that of names alone, whose questions the tests answer."""
    monkeypatch.setattr(checks, "CHECKS", {checks.NAMES: checks.names})


@pytest.mark.usefixtures("only_names")
async def test_check_deployment_tells_what_it_could_not_ask(fake: FakeAzure, pulumi: Engine) -> None:
    """What this login may not read is no finding, and names the question and Azure's reason."""
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/language"
    fake.failures[f"GET {group}"].append(ServiceError(403, "AuthorizationFailed", "may not"))
    answer, failures = await pulumi.invoke(CHECK, {"resources": [{"id": group}]})
    assert failures == {}
    assert answer["findings"] == []
    assert [one["what"] for one in answer["unchecked"]] == ["whether the names are free"]
    assert "AuthorizationFailed" in answer["unchecked"][0]["why"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AADSTS7000215", r"^the client secret is wrong"),
        ("AADSTS700024", r"^the OIDC token has expired\n  fix: set oidcTokenFilePath"),
    ],
)
async def test_check_deployment_fails_with_a_refused_login_explained(
    fake: FakeAzure, pulumi: Engine, code: str, said: str
) -> None:
    """Without a login nothing can be validated: the cause and the way on are said, and no class."""
    fake.failures["principal"].append(ServiceError(401, "invalid_client", f"{code}: wrong"))
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/language"
    with pytest.raises(FailedError, match=said):
        await pulumi.invoke(CHECK, {"resources": [{"id": group}]})


@pytest.mark.usefixtures("only_names")
async def test_check_deployment_leaves_out_what_is_not_known_yet(fake: FakeAzure, pulumi: Engine) -> None:
    """A resource whose id or body another resource makes is told as not checked; the others are checked."""
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/language"
    fake.answers[group] = {"id": group}
    fake.answers[f"{group}/resources"] = {"value": []}
    asked = [{"id": group, "setting": "groupName"}, {"id": UNKNOWN}]
    answer, _ = await pulumi.invoke(CHECK, {"resources": asked})
    assert [one["fix"].split(";")[0] for one in answer["findings"]] == ["give another groupName"]
    assert [one["what"] for one in answer["unchecked"]] == ["resources with values that are not known yet"]


@pytest.mark.parametrize(
    ("args", "failing"),
    [
        ({}, "resources"),
        ({"resources": [{"id": "language"}]}, "resources[0]"),
        ({"resources": [{"id": ACCOUNT_ID}, {"id": ACCOUNT_ID, "action": "move"}]}, "resources[1]"),
        ({"resources": [{"id": ACCOUNT_ID, "names": "x"}]}, "resources[0]"),
        ({"resources": [{"id": ACCOUNT_ID}], "checks": ["names"]}, "checks"),
    ],
)
async def test_check_deployment_fails_bad_arguments_by_name(
    fake: FakeAzure, pulumi: Engine, args: dict[str, Any], failing: str
) -> None:
    """Each argument that cannot be right is named, and Azure is not asked."""
    _, failures = await pulumi.invoke(CHECK, args)
    assert list(failures) == [failing]
    assert fake.calls == []
