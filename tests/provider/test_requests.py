"""What each call sends: method, address, API version and body."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from core.arm_ids import account_id, key_id, vault_id
from core.facts import Encryption, PolicyEntry
from localazure.front import Raw
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
ACCOUNTS, KEY_VAULT, AUTHORIZATION, DATA = (
    f"api-version={version}" for version in ("2025-06-01", "2026-02-01", "2022-04-01", "7.4")
)
OPERATION = f"{ARM}/x/operationResults/1?api-version=2017-04-18&t=1&s=signed"
DELETED = f"{ARM}/subscriptions/{SUBSCRIPTION}/providers"
HSM_LIST = f"{HSM_URI}/keys/cmk/{ROLES}?{DATA}"
OF_HSM = [HSM_LIST, f"{HSM_URI}/keys/{ROLES}?{DATA}", f"{HSM_URI}/{ROLES}?{DATA}"]
ASSIGNED = f"$filter=assignedTo('{PRINCIPAL}')"
OWN = f"$filter=principalId eq '{PRINCIPAL}'"

# What is called, with what, and the addresses that it asks.
READS: tuple[tuple[str, tuple[Any, ...], list[str]], ...] = (
    ("account", (ACCOUNT,), [f"{ARM}{ACCOUNT_ID}?{ACCOUNTS}"]),
    ("progress", (OPERATION,), [OPERATION]),
    ("vault", (VAULT,), [f"{ARM}{VAULT_ID}?{KEY_VAULT}"]),
    ("vault", (HSM,), [f"{ARM}{HSM.text}?{KEY_VAULT}"]),
    ("key_version", (KEY, None), [f"{ARM}{VAULT_ID}/keys/cmk?{KEY_VAULT}"]),
    ("key_version", (KEY, V1), [f"{ARM}{VAULT_ID}/keys/cmk/versions/{V1}?{KEY_VAULT}"]),
    ("key_versions", (KEY,), [f"{ARM}{VAULT_ID}/keys/cmk/versions?{KEY_VAULT}"]),
    ("key_version", (HSM_KEY, None), [f"{HSM_URI}/keys/cmk/?{DATA}"]),
    ("key_version", (HSM_KEY, V1), [f"{HSM_URI}/keys/cmk/{V1}?{DATA}"]),
    ("key_versions", (HSM_KEY,), [f"{HSM_URI}/keys/cmk/versions?{DATA}"]),
    ("live_key_versions", (VAULT_URI, "cmk"), [f"{VAULT_URI}/keys/cmk/versions?{DATA}"]),
    ("role_assignments", (KEY.text, PRINCIPAL), [f"{ARM}{KEY.text}/{ROLES}?{ASSIGNED}&{AUTHORIZATION}"]),
    ("own_role_assignments", (KEY.text, PRINCIPAL), [f"{ARM}{KEY.text}/{ROLES}?{OWN}&{AUTHORIZATION}"]),
    ("role_assignments", (HSM_KEY.text, PRINCIPAL), OF_HSM),
    ("own_role_assignments", (HSM_KEY.text, PRINCIPAL), [HSM_LIST]),
    (
        "deleted_accounts",
        (SUBSCRIPTION,),
        [f"{DELETED}/Microsoft.CognitiveServices/deletedAccounts?{ACCOUNTS}"],
    ),
    ("deleted_vaults", (SUBSCRIPTION,), [f"{DELETED}/Microsoft.KeyVault/deletedVaults?{KEY_VAULT}"]),
    ("listed", ("/x", "2024-01-01"), [f"{ARM}/x?api-version=2024-01-01"]),
)
BOUND = Encryption("Microsoft.KeyVault", f"{VAULT_URI}/", "cmk", V1)
IN_KEY = {"keyName": "cmk", "keyVersion": V1, "keyVaultUri": f"{VAULT_URI}/"}
POLICY = PolicyEntry(PRINCIPAL, ("get", "wrapkey"), "tenant", "app")
IN_POLICY = {
    "tenantId": "tenant",
    "objectId": PRINCIPAL,
    "applicationId": "app",
    "permissions": {"keys": ["get", "wrapkey"]},
}
UNBOUND = Encryption("Microsoft.CognitiveServices")
BIND = f"PATCH {ARM}{ACCOUNT_ID}?{ACCOUNTS}"
ROLE, HSM_ROLE = (f"{key.text}/{ROLES}/r1" for key in (KEY, HSM_KEY))


def encryption(source: str, **properties: str) -> dict[str, Any]:
    more = {"keyVaultProperties": properties} if properties else {}
    return {"properties": {"encryption": {"keySource": source, **more}}}


# What is called, with what, and the request that it makes, with its body.
WRITES: tuple[tuple[str, tuple[Any, ...], str, Any], ...] = (
    ("bind", (ACCOUNT, BOUND), BIND, encryption("Microsoft.KeyVault", **IN_KEY)),
    (
        "bind",
        (ACCOUNT, replace(BOUND, identity_client_id="client")),
        BIND,
        encryption("Microsoft.KeyVault", **IN_KEY, identityClientId="client"),
    ),
    ("bind", (ACCOUNT, UNBOUND), BIND, encryption("Microsoft.CognitiveServices")),
    (
        "remove_policy",
        (VAULT, POLICY),
        f"PUT {ARM}{VAULT_ID}/accessPolicies/remove?{KEY_VAULT}",
        {"properties": {"accessPolicies": [IN_POLICY]}},
    ),
    ("delete_role_assignment", (ROLE,), f"DELETE {ARM}{ROLE}?{AUTHORIZATION}", None),
    ("delete_role_assignment", (HSM_ROLE,), f"DELETE {HSM_URI}/keys/cmk/{ROLES}/r1?{DATA}", None),
    ("rotate", (VAULT_URI, "cmk"), f"POST {VAULT_URI}/keys/cmk/rotate?{DATA}", None),
    ("ask", ("POST", "/s/check", "1", {"x": "y"}), f"POST {ARM}/s/check?api-version=1", {"x": "y"}),
)


@pytest.mark.parametrize(("name", "given", "wanted"), READS)
async def test_what_a_question_sends(name: str, given: tuple[Any, ...], wanted: list[str]) -> None:
    """One request for a question, one for each scope of a managed HSM; none of them has a body."""
    cloud = Canned()
    await getattr(Azure(cloud.client()), name)(*given)
    assert cloud.asked == [(f"GET {one}", None) for one in wanted]


@pytest.mark.parametrize(("name", "given", "address", "body"), WRITES)
async def test_what_a_change_sends(name: str, given: tuple[Any, ...], address: str, body: Any) -> None:
    """One request, and in its body nothing but what changes."""
    cloud = Canned()
    await getattr(Azure(cloud.client()), name)(*given)
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

    def answer(raw: Raw) -> Any:
        at_key = "/keys/cmk/" in raw.path
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
