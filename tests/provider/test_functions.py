"""`getBinding`, `getKeyVersion` and `getDeleted`, in an update and in a preview."""

from __future__ import annotations

from typing import Any

import pytest

from core.facts import Deleted, KeyVersion
from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    PRINCIPAL,
    SUBSCRIPTION,
    TENANT,
    V1,
    V2,
    VAULT_ID,
    VAULT_URI,
    FakeAzure,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import FailedError, engine

pytestmark = pytest.mark.asyncio

BINDING, DELETED = "azure-cmk:index:getBinding", "azure-cmk:index:getDeleted"
VERSION = "azure-cmk:index:getKeyVersion"


async def test_get_binding_tells_what_is_bound() -> None:
    """A bound account gives its key, version, vault and identity; others give nothing."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        assert await pulumi.invoke(BINDING, {"accountId": ACCOUNT_ID}) == ({}, {})
        azure.accounts[ACCOUNT_ID.lower()] = an_account(encryption=bound_to())
        answer, _ = await pulumi.invoke(BINDING, {"accountId": ACCOUNT_ID})
        azure.accounts.clear()
        assert await pulumi.invoke(BINDING, {"accountId": ACCOUNT_ID}) == ({}, {})
    assert answer["binding"] == {
        "accountId": ACCOUNT_ID,
        "keySource": "Microsoft.KeyVault",
        "keyUriWithVersion": key_uri(),
        "keyName": "language-key",
        "keyVersion": V1,
        "keyVaultUri": VAULT_URI,
        "principalId": PRINCIPAL,
    }


async def test_what_is_not_known_yet_is_answered_with_unknown() -> None:
    """In a preview a function of an unknown id asks nothing and promises nothing."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        assert (await pulumi.invoke(BINDING, {"accountId": UNKNOWN}))[0] == {"binding": UNKNOWN}
        answer, _ = await pulumi.invoke(DELETED, {"vaultName": UNKNOWN, "subscriptionId": SUBSCRIPTION})
    assert answer == {"vault": UNKNOWN, "account": UNKNOWN}
    assert azure.calls == []


async def test_get_key_version_tells_whether_a_version_can_be_used() -> None:
    """By the names of azure-native's function for a key; nothing of one that is not there, or not to be
    read."""
    azure = FakeAzure()
    azure.versions = [KeyVersion(V1, enabled=False, expires=1_700_000_000, uri=key_uri())]
    azure.answered_at = 1_750_000_000.0
    asked = {"keyId": KEY_ID, "version": V1}
    async with engine(azure) as pulumi:
        found, _ = await pulumi.invoke(VERSION, asked)
        other, _ = await pulumi.invoke(VERSION, {**asked, "version": V2})
        unknown, _ = await pulumi.invoke(VERSION, {**asked, "version": UNKNOWN})
        azure.failures["key_version"].append(ServiceError(403, "Forbidden", "no"))
        unread, _ = await pulumi.invoke(VERSION, asked)
        azure.failures["key_version"].append(ServiceError(401, "InvalidAuthenticationToken", "expired"))
        with pytest.raises(FailedError, match="does not accept the login"):
            await pulumi.invoke(VERSION, asked)
    attributes = {"enabled": False, "expires": 1_700_000_000}
    assert found == {
        "keyUriWithVersion": key_uri(),
        "attributes": attributes,
        "answeredAt": 1_750_000_000,
    }
    assert (other, unread) == ({}, {})
    assert unknown == dict.fromkeys(("keyUriWithVersion", "attributes", "answeredAt"), UNKNOWN)


async def test_get_deleted_finds_a_name_that_is_still_held() -> None:
    """A name is found in any case, and only where and in which group it was asked for."""
    azure = FakeAzure()
    account_id = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/westeurope/resourceGroups/g/"
        "deletedAccounts/contoso"
    )
    azure.deleted["vaults"] = [
        Deleted(f"{VAULT_ID}-deleted", "contoso-keys", "westeurope", "d", "p", f"{VAULT_ID}/x")
    ]
    azure.deleted["accounts"] = [Deleted(account_id, "contoso", "westeurope", "d", "p")]
    asked = {"vaultName": "Contoso-Keys", "accountName": "contoso", "subscriptionId": SUBSCRIPTION}
    async with engine(azure) as pulumi:
        both, _ = await pulumi.invoke(DELETED, {**asked, "location": "West Europe"})
        of_group, _ = await pulumi.invoke(DELETED, {**asked, "resourceGroupName": "G"})
        elsewhere, _ = await pulumi.invoke(DELETED, {**asked, "location": "eastus"})
        one, _ = await pulumi.invoke(DELETED, {"accountName": "contoso", "subscriptionId": SUBSCRIPTION})
    assert both["vault"]["resourceId"] == f"{VAULT_ID}/x"
    assert both["account"]["scheduledPurgeDate"] == "p"
    assert set(of_group) == {"account"}
    assert elsewhere == {}
    assert set(one) == {"account"}


async def test_get_deleted_without_a_name_finds_all() -> None:
    """A program of many services asks once."""
    azure = FakeAzure()
    azure.deleted["vaults"] = [Deleted("id", name, "westeurope", "d", "p") for name in ("one", "two")]
    async with engine(azure) as pulumi:
        answer, _ = await pulumi.invoke(DELETED, {"subscriptionId": SUBSCRIPTION})
    assert [vault["name"] for vault in answer["vaults"]] == ["one", "two"]
    assert answer["accounts"] == []


@pytest.mark.parametrize(
    ("token", "args", "failing"),
    [
        (BINDING, {}, "accountId"),
        (BINDING, {"accountId": "language"}, "accountId"),
        (VERSION, {"keyId": KEY_ID}, "version"),
        (VERSION, {"keyId": KEY_ID, "version": "one"}, "version"),
        (VERSION, {"keyId": VAULT_ID, "version": V1}, "keyId"),
        (DELETED, {}, "subscriptionId"),
        (DELETED, {"vaultName": "x"}, "subscriptionId"),
        (DELETED, {"vaultName": "x", "subscriptionId": SUBSCRIPTION, "names": "y"}, "names"),
    ],
)
async def test_fails_bad_arguments_by_name(token: str, args: dict[str, Any], failing: str) -> None:
    """Each argument that cannot be right is named, and Azure is not asked."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        _, failures = await pulumi.invoke(token, args)
    assert list(failures) == [failing]
    assert azure.calls == []


async def test_the_logins_subscription_is_the_default() -> None:
    """Without subscriptionId the subscription of the login is looked in."""
    azure = FakeAzure()
    async with engine(azure, config={"subscriptionId": SUBSCRIPTION}) as pulumi:
        assert await pulumi.invoke(DELETED, {"vaultName": "x"}) == ({}, {})
    assert azure.calls == ["deleted_vaults"]


async def test_fails_with_azures_answer_explained() -> None:
    """An error of Azure reaches the program translated."""
    azure = FakeAzure()
    azure.failures["account"].append(ServiceError(401, "InvalidAuthenticationToken", "expired"))
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match="does not accept the login"):
            await pulumi.invoke(BINDING, {"accountId": ACCOUNT_ID})


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


async def test_check_deployment_tells_what_it_could_not_ask() -> None:
    """What this login may not read is no finding, and names the question and Azure's reason."""
    azure = FakeAzure()
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/language"
    azure.failures[f"GET {group}"].append(ServiceError(403, "AuthorizationFailed", "may not"))
    async with engine(azure) as pulumi:
        answer, failures = await pulumi.invoke(CHECK, {"resources": [{"id": group}], "checks": ["names"]})
    assert failures == {}
    assert answer["findings"] == []
    assert [one["what"] for one in answer["unchecked"]] == ["whether the names are free"]
    assert "AuthorizationFailed" in answer["unchecked"][0]["why"]


async def test_check_deployment_fails_with_a_refused_login_explained() -> None:
    """Without a login nobody's rights can be read: the cause and the way on are said, and no class."""
    azure = FakeAzure()
    azure.failures["principal"].append(ServiceError(401, "invalid_client", "AADSTS7000215: wrong"))
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/language"
    async with engine(azure) as pulumi:
        with pytest.raises(FailedError, match=r"^the client secret is wrong"):
            await pulumi.invoke(CHECK, {"resources": [{"id": group}], "checks": ["rights"]})


async def test_check_deployment_leaves_out_what_is_not_known_yet() -> None:
    """A resource whose id or body another resource makes is told as not checked; the others are checked."""
    azure = FakeAzure()
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/language"
    azure.answers[group] = {"id": group}
    azure.answers[f"{group}/resources"] = {"value": []}
    asked = [{"id": group, "setting": "groupName"}, {"id": UNKNOWN}]
    async with engine(azure) as pulumi:
        answer, _ = await pulumi.invoke(CHECK, {"resources": asked, "checks": ["names"]})
    assert [one["fix"].split(";")[0] for one in answer["findings"]] == ["give another groupName"]
    assert [one["what"] for one in answer["unchecked"]] == ["resources with values that are not known yet"]


@pytest.mark.parametrize(
    ("args", "failing"),
    [
        ({}, "resources"),
        ({"resources": [{"id": "language"}]}, "resources[0]"),
        ({"resources": [{"id": ACCOUNT_ID}, {"id": ACCOUNT_ID, "action": "move"}]}, "resources[1]"),
        ({"resources": [{"id": ACCOUNT_ID, "names": "x"}]}, "resources[0]"),
        ({"resources": [{"id": ACCOUNT_ID}], "checks": ["luck"]}, "checks"),
    ],
)
async def test_check_deployment_fails_bad_arguments_by_name(args: dict[str, Any], failing: str) -> None:
    """Each argument that cannot be right is named, and Azure is not asked."""
    azure = FakeAzure()
    async with engine(azure) as pulumi:
        _, failures = await pulumi.invoke(CHECK, args)
    assert list(failures) == [failing]
    assert azure.calls == []
