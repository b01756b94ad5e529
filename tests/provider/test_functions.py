"""`getBinding` and `getDeleted`, in an update and in a preview."""

from __future__ import annotations

from typing import Any

import pytest

from core.facts import Deleted
from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    PRINCIPAL,
    SUBSCRIPTION,
    TENANT,
    V1,
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
        }
        assert failures == {}
        _, failures = await pulumi.invoke("azure-cmk:index:getClientConfig", {"x": 1})
        assert list(failures) == ["x"]
        azure.failures["principal"].append(ServiceError(401, "invalid_client", "AADSTS7000215: wrong"))
        with pytest.raises(FailedError, match="the client secret is wrong"):
            await pulumi.invoke("azure-cmk:index:getClientConfig", {})
