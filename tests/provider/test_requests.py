"""What each call sends: method, address, API version and body."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from core.arm_ids import account_id, key_id, vault_id
from core.facts import Encryption, PolicyEntry
from provider.azure import Azure
from provider.failure import ServiceError
from tests.provider.canned import Canned
from tests.provider.fake_azure import ACCOUNT_ID, GROUP, PRINCIPAL, SUBSCRIPTION, V1, VAULT_ID, VAULT_URI

ACCOUNT, VAULT = account_id(ACCOUNT_ID), vault_id(VAULT_ID)
KEY = key_id(f"{VAULT_ID}/keys/cmk")
HSM = vault_id(f"{GROUP}/Microsoft.KeyVault/managedHSMs/contoso-hsm")
HSM_KEY = key_id(f"{HSM.text}/keys/cmk")
ARM, HSM_URI = "https://management.azure.com", "https://contoso-hsm.managedhsm.azure.net"
ROLES = "providers/Microsoft.Authorization/roleAssignments"
HSM_LIST = f"GET {HSM_URI}/keys/cmk/{ROLES}?api-version=7.4"
ACCOUNTS, KEY_VAULT, AUTHORIZATION = "2024-10-01", "2026-02-01", "2022-04-01"
OPERATION = f"{ARM}/x/operationResults/1?api-version=2017-04-18&t=1&s=signed"
Call = Callable[[Azure], Coroutine[Any, Any, Any]]

DELETED = f"GET {ARM}/subscriptions/{SUBSCRIPTION}/providers"

READS: dict[str, tuple[Call, list[str]]] = {
    "account": (lambda azure: azure.account(ACCOUNT), [f"GET {ARM}{ACCOUNT_ID}?api-version={ACCOUNTS}"]),
    "operation": (lambda azure: azure.progress(ACCOUNT, OPERATION), [f"GET {OPERATION}"]),
    "vault": (lambda azure: azure.vault(VAULT), [f"GET {ARM}{VAULT_ID}?api-version={KEY_VAULT}"]),
    "hsm": (lambda azure: azure.vault(HSM), [f"GET {ARM}{HSM.text}?api-version={KEY_VAULT}"]),
    "key": (
        lambda azure: azure.key_version(KEY, None),
        [f"GET {ARM}{VAULT_ID}/keys/cmk?api-version={KEY_VAULT}"],
    ),
    "version": (
        lambda azure: azure.key_version(KEY, V1),
        [f"GET {ARM}{VAULT_ID}/keys/cmk/versions/{V1}?api-version={KEY_VAULT}"],
    ),
    "versions": (
        lambda azure: azure.key_versions(KEY),
        [f"GET {ARM}{VAULT_ID}/keys/cmk/versions?api-version={KEY_VAULT}"],
    ),
    "key in an hsm": (
        lambda azure: azure.key_version(HSM_KEY, None),
        [f"GET {HSM_URI}/keys/cmk/?api-version=7.4"],
    ),
    "version in an hsm": (
        lambda azure: azure.key_version(HSM_KEY, V1),
        [f"GET {HSM_URI}/keys/cmk/{V1}?api-version=7.4"],
    ),
    "versions in an hsm": (
        lambda azure: azure.key_versions(HSM_KEY),
        [f"GET {HSM_URI}/keys/cmk/versions?api-version=7.4"],
    ),
    "versions in the vault": (
        lambda azure: azure.live_key_versions(VAULT_URI, "cmk"),
        [f"GET {VAULT_URI}/keys/cmk/versions?api-version=7.4"],
    ),
    "roles": (
        lambda azure: azure.role_assignments(KEY.text, PRINCIPAL),
        [
            f"GET {ARM}{KEY.text}/{ROLES}?$filter=assignedTo('{PRINCIPAL}')&api-version={AUTHORIZATION}",
        ],
    ),
    "own roles": (
        lambda azure: azure.own_role_assignments(KEY.text, PRINCIPAL),
        [f"GET {ARM}{KEY.text}/{ROLES}?$filter=principalId eq '{PRINCIPAL}'&api-version={AUTHORIZATION}"],
    ),
    "roles in an hsm": (
        lambda azure: azure.role_assignments(HSM_KEY.text, PRINCIPAL),
        [
            HSM_LIST,
            f"GET {HSM_URI}/keys/{ROLES}?api-version=7.4",
            f"GET {HSM_URI}/{ROLES}?api-version=7.4",
        ],
    ),
    "own roles in an hsm": (lambda azure: azure.own_role_assignments(HSM_KEY.text, PRINCIPAL), [HSM_LIST]),
    "deleted accounts": (
        lambda azure: azure.deleted_accounts(SUBSCRIPTION),
        [f"{DELETED}/Microsoft.CognitiveServices/deletedAccounts?api-version={ACCOUNTS}"],
    ),
    "deleted vaults": (
        lambda azure: azure.deleted_vaults(SUBSCRIPTION),
        [f"{DELETED}/Microsoft.KeyVault/deletedVaults?api-version={KEY_VAULT}"],
    ),
    "a list": (lambda azure: azure.listed("/x", "2024-01-01"), [f"GET {ARM}/x?api-version=2024-01-01"]),
}
IN_KEY = {"keyName": "cmk", "keyVersion": V1, "keyVaultUri": f"{VAULT_URI}/"}
HSM_ROLE = "21dbd100-6940-42c2-9190-5d6cb909625b"
WRITES: dict[str, tuple[Call, str, Any]] = {
    "bind": (
        lambda azure: azure.bind(ACCOUNT, Encryption("Microsoft.KeyVault", f"{VAULT_URI}/", "cmk", V1)),
        f"PATCH {ARM}{ACCOUNT_ID}?api-version={ACCOUNTS}",
        {"properties": {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": IN_KEY}}},
    ),
    "bind by an assigned identity": (
        lambda azure: azure.bind(
            ACCOUNT, Encryption("Microsoft.KeyVault", f"{VAULT_URI}/", "cmk", V1, "client")
        ),
        f"PATCH {ARM}{ACCOUNT_ID}?api-version={ACCOUNTS}",
        {
            "properties": {
                "encryption": {
                    "keySource": "Microsoft.KeyVault",
                    "keyVaultProperties": {**IN_KEY, "identityClientId": "client"},
                }
            }
        },
    ),
    "unbind": (
        lambda azure: azure.bind(ACCOUNT, Encryption("Microsoft.CognitiveServices")),
        f"PATCH {ARM}{ACCOUNT_ID}?api-version={ACCOUNTS}",
        {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}},
    ),
    "remove a policy": (
        lambda azure: azure.remove_policy(VAULT, PolicyEntry(PRINCIPAL, ("get", "wrapkey"), "tenant", "app")),
        f"PUT {ARM}{VAULT_ID}/accessPolicies/remove?api-version={KEY_VAULT}",
        {
            "properties": {
                "accessPolicies": [
                    {
                        "tenantId": "tenant",
                        "objectId": PRINCIPAL,
                        "applicationId": "app",
                        "permissions": {"keys": ["get", "wrapkey"]},
                    }
                ]
            }
        },
    ),
    "delete a role": (
        lambda azure: azure.delete_role_assignment(f"{KEY.text}/{ROLES}/r1"),
        f"DELETE {ARM}{KEY.text}/{ROLES}/r1?api-version={AUTHORIZATION}",
        None,
    ),
    "delete a role in an hsm": (
        lambda azure: azure.delete_role_assignment(f"{HSM_KEY.text}/{ROLES}/r1"),
        f"DELETE {HSM_URI}/keys/cmk/{ROLES}/r1?api-version=7.4",
        None,
    ),
    "tag": (
        lambda azure: azure.tag_key_version(VAULT_URI, "cmk", V1, {"a": "b"}),
        f"PATCH {VAULT_URI}/keys/cmk/{V1}?api-version=7.4",
        {"tags": {"a": "b"}},
    ),
    "rotate": (
        lambda azure: azure.rotate(VAULT_URI, "cmk"),
        f"POST {VAULT_URI}/keys/cmk/rotate?api-version=7.4",
        None,
    ),
    "a question with a body": (
        lambda azure: azure.ask("POST", "/subscriptions/s/check", "2024-01-01", {"name": "x"}),
        f"POST {ARM}/subscriptions/s/check?api-version=2024-01-01",
        {"name": "x"},
    ),
}


@pytest.mark.parametrize("name", READS)
async def test_what_a_question_sends(name: str) -> None:
    """One request for a question, one for each scope of a managed HSM; none of them has a body."""
    call, wanted = READS[name]
    cloud = Canned()
    await call(Azure(cloud.client()))
    assert cloud.asked == [(one, None) for one in wanted]


@pytest.mark.parametrize("name", WRITES)
async def test_what_a_change_sends(name: str) -> None:
    """One request, and in its body nothing but what changes."""
    call, address, body = WRITES[name]
    cloud = Canned()
    await call(Azure(cloud.client()))
    assert cloud.asked == [(address, body)]


async def test_a_role_of_an_hsm_has_one_name_for_a_key_and_an_identity() -> None:
    """Given twice, it is one assignment."""
    cloud = Canned({"name": "n", "properties": {"scope": "/keys/cmk", "principalId": PRINCIPAL}})
    for _ in range(2):
        await Azure(cloud.client()).assign_hsm_role(HSM_KEY.text, PRINCIPAL)
    (address, body), again = cloud.asked
    assert again == (address, body)
    assert re.fullmatch(rf"PUT {HSM_URI}/keys/cmk/{ROLES}/[0-9a-f-]{{36}}\?api-version=7.4", address)
    role = body["properties"].pop("roleDefinitionId")
    assert body == {"properties": {"principalId": PRINCIPAL}}
    assert role.startswith("Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/")


@pytest.mark.parametrize(("status", "told"), [(403, True), (500, False)])
async def test_roles_above_a_key_that_may_not_be_listed_are_not_taken_for_none(
    status: int, told: bool
) -> None:
    """A grant of the whole HSM may be behind them: it counts as one whose role was not read."""
    refused = {"error": {"code": "AccessDenied", "message": "Not authorized"}}
    cloud = Canned()

    def answer(request: Any) -> Any:
        at_key = "/keys/cmk/" in request.url
        cloud.status = 200 if at_key else status
        return {"value": []} if at_key else refused

    cloud.answer = answer
    asked = Azure(cloud.client()).role_assignments(HSM_KEY.text, PRINCIPAL)
    if not told:
        with pytest.raises(ServiceError, match="AccessDenied"):
            await asked
        return
    unread = await asked
    assert [one.scope for one in unread] == [f"{HSM.text}/keys", HSM.text]
    assert {one.role for one in unread} == {None}


@pytest.mark.parametrize("answer", ["<html>Sign in to the proxy</html>", "[]", '"text"'])
async def test_an_answer_that_is_no_json_object_is_an_error(answer: str) -> None:
    """As a proxy gives one: its words are told, and no half-read fact comes of it."""
    with pytest.raises(ServiceError) as failed:
        await Azure(Canned(answer).client()).account(ACCOUNT)
    assert failed.value.status == 200
    assert "JSON" in failed.value.text


async def test_the_time_is_that_of_the_last_answer_that_says_one() -> None:
    """A proxy may leave the date out, or write another."""
    cloud = Canned()
    azure = Azure(cloud.client())
    for headers, seconds in (({}, 0.0), (cloud.headers, 1795863600.0), ({"Date": "soon"}, 1795863600.0)):
        cloud.headers = headers
        await azure.account(ACCOUNT)
        assert azure.answered_at == seconds


async def test_a_redirect_is_an_error() -> None:
    """A token does not follow it."""
    cloud = Canned({}, status=302)
    with pytest.raises(ServiceError, match="302"):
        await Azure(cloud.client()).account(ACCOUNT)
    assert len(cloud.asked) == 1


async def test_a_subscription_that_never_used_a_provider_has_nothing_of_it() -> None:
    """Neither an account nor a deleted one; and asking registers nothing."""
    code = "MissingSubscriptionRegistration"
    error = {"error": {"code": code, "message": "The subscription is not registered."}}
    cloud = Canned(error, status=409)
    azure = Azure(cloud.client())
    assert await azure.account(ACCOUNT) is None
    assert await azure.deleted_vaults(SUBSCRIPTION) == []
    assert all(asked.startswith("GET ") for asked, _ in cloud.asked)
