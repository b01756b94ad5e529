"""The switches about accounts, each shown in the answers."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.web import Json
from tests.localazure.driver import (
    ACCOUNT,
    COGNITIVE,
    KEY_VAULT,
    USER_ASSIGNED,
    VAULT,
    Case,
    bind,
    encryption,
    error,
)

NOT_CONFIGURED = "AccessPolicyNotConfiguredForKeyVault"
INVALID = "KeyVaultProperties is invalid"


@pytest.mark.parametrize(
    ("wording", "expected", "message"),
    [
        ("forbidden", (403, "Forbidden"), "does not have keys get permission"),
        ("access_policy_not_configured", (400, NOT_CONFIGURED), "wrap & unwrap"),
        ("authentication_failure", (400, "KeyVaultAuthenticationFailure"), "authentication issue"),
        ("properties_invalid", (400, "BadRequest"), INVALID),
    ],
)
def test_a_missing_grant_is_refused_in_the_words_of_the_switch(
    case: Case, wording: str, expected: tuple[int, str], message: str
) -> None:
    """`missing_grant`: status, code and text of the refusal; the account stays as it was."""
    case.cloud.behave(missing_grant=wording)
    before = case.make()
    response = case.patch(bind(case.protected_vault()))
    assert error(response) == expected
    assert message in response.body["error"]["message"]
    assert case.get() == before


def test_another_reason_than_the_grant_keeps_its_own_words(case: Case) -> None:
    """`missing_grant` is about the grant alone: a vault that lets no service in is refused as ever."""
    case.cloud.behave(missing_grant="authentication_failure")
    account = case.make()
    acls = {"bypass": "None", "defaultAction": "Deny"}
    key = case.protected_vault(account["identity"]["principalId"])
    case.arm("PATCH", VAULT, {"properties": {"networkAcls": acls}})
    assert error(case.patch(bind(key)))[1] != "KeyVaultAuthenticationFailure"


@pytest.mark.parametrize("keeps", ["all", "none", "all_but_encryption"])
def test_a_missing_grant_can_fail_in_the_operation(case: Case, keeps: str) -> None:
    """`missing_grant: fails_later`: 202, then Failed with the code; what stays is the other switch's say."""
    case.cloud.behave(missing_grant="fails_later", failed_operations_keep=keeps)
    account = case.make()
    case.project("PATCH")
    key = case.protected_vault()
    response = case.arm("PATCH", ACCOUNT, {**bind(key), "tags": {"a": "b"}})
    assert response.status == 202
    assert ended(case, response) == ("Failed", NOT_CONFIGURED)
    now = case.get()
    shown = {"all": True, "none": False, "all_but_encryption": False}
    assert ("encryption" in now["properties"]) is shown[keeps]
    assert ("tags" in now) is (keeps != "none")
    assert now["properties"]["provisioningState"] == ("Succeeded" if keeps == "none" else "Failed")
    assert case.project().status == 200
    case.grant(account["identity"]["principalId"])
    assert case.patch(bind(key)).status == 202
    assert case.get()["properties"]["encryption"] == encryption(key)
    assert case.project().status == 200


@pytest.mark.parametrize(("keeps", "status"), [("all", 200), ("none", 404), ("all_but_encryption", 200)])
def test_a_create_with_a_key_can_fail_in_the_operation(case: Case, keeps: str, status: int) -> None:
    """A create whose identity may not use the key yet: accepted, Failed, and then there or not."""
    case.cloud.behave(missing_grant="fails_later", failed_operations_keep=keeps)
    ids = case.user_identity()
    key = case.protected_vault()
    block = encryption(key, identityClientId=ids["clientId"])
    body: dict[str, Any] = {"identity": USER_ASSIGNED, "properties": {"encryption": block}}
    response = case.put(**body)
    assert response.status == 201
    assert ended(case, response) == ("Failed", NOT_CONFIGURED)
    assert case.arm("GET", ACCOUNT).status == status
    case.grant(ids["principalId"])
    again = case.put(**body)
    assert again.status == (201 if keeps == "none" else 200)
    case.finish(again)
    assert case.get()["properties"]["encryption"] == block


def test_a_create_that_failed_and_left_nothing_is_gone_for_whoever_reads_first(case: Case) -> None:
    """The account vanishes on a look at itself, too, without a poll of its operation."""
    case.cloud.behave(failing_operations="CapacityExceeded", failed_operations_keep="none")
    case.put()
    assert [case.arm("GET", ACCOUNT).status for _ in range(3)] == [200, 404, 404]
    case.cloud.behave(failing_operations="")
    assert case.put().status == 201


@pytest.mark.parametrize(
    ("keeps", "tags", "bound"),
    [("all", True, False), ("none", False, True), ("all_but_encryption", True, True)],
)
def test_what_a_failed_change_leaves_is_the_switchs_say(
    case: Case, keeps: str, tags: bool, bound: bool
) -> None:
    """A PUT that unbinds and fails: `failed_operations_keep` decides, and the history has it."""
    case.bound()
    case.cloud.behave(failing_operations="CapacityExceeded", failed_operations_keep=keeps)
    response = case.put(tags={"a": "b"})
    assert ended(case, response) == ("Failed", "CapacityExceeded")
    now = case.get()
    assert ("tags" in now, "encryption" in now["properties"]) == (tags, bound)
    source = case.history()[-1]["keySource"]
    assert source == ("Microsoft.KeyVault" if bound else "Microsoft.CognitiveServices")


def ended(case: Case, response: Json) -> tuple[str, str]:
    """The last status of a response's operation, and the code of its error."""
    url = response.headers["azure-asyncoperation"]
    case.poll(url)
    body = case.poll(url).body
    return body["status"], body["error"]["code"]


STORAGE = [{"resourceId": f"{ACCOUNT.rsplit('/', 4)[0]}/Microsoft.Storage/storageAccounts/own"}]


@pytest.mark.parametrize(
    ("does", "status", "there"), [("removes", 200, False), ("keeps", 200, True), ("refused", 400, True)]
)
@pytest.mark.parametrize("part", ["identity", "user_owned_storage"])
def test_put_without_a_part_does_as_the_switch_says(
    case: Case, part: str, does: str, status: int, there: bool
) -> None:
    """`put_without_identity` and `put_without_user_owned_storage`: the system identity or the linked storage
    goes, stays the same one, or the PUT is refused."""
    before = case.make(properties={"userOwnedStorage": STORAGE})
    case.cloud.behave(**{f"put_without_{part}": does})
    kept = {"userOwnedStorage": STORAGE}
    response = case.put(identity=None, properties=kept) if part == "identity" else case.put()
    assert response.status == status
    case.finish(response)
    shown = [
        (body.get("identity"), body["properties"].get("userOwnedStorage")) for body in (before, case.get())
    ]
    was, now = (one[part != "identity"] for one in shown)
    assert now == (was if there else None)


@pytest.mark.parametrize("kind", ["account", "vault"])
def test_what_is_deleted_is_listed_late(case: Case, kind: str) -> None:
    """`deleted_resources_visible_after`: it holds its name at once, and is found among the deleted later."""
    case.cloud.behave(deleted_resources_visible_after=30)
    if kind == "account":
        case.make()
        listed = f"{COGNITIVE}/deletedAccounts"
        one = f"{COGNITIVE}/locations/westeurope/resourceGroups/rg/deletedAccounts/Language-1"
    else:
        case.make_vault()
        listed = f"{KEY_VAULT}/deletedVaults"
        one = f"{KEY_VAULT}/locations/westeurope/deletedVaults/Contoso-1"
    case.arm("DELETE", ACCOUNT if kind == "account" else VAULT)
    held = case.put() if kind == "account" else case.make_vault()
    assert error(held) == (409, "FlagMustBeSetForRestore" if kind == "account" else "ConflictError")
    for seconds, names, status in ((0, [], 404), (31, [one.rsplit("/", 1)[1]], 200)):
        case.cloud.clock.advance(seconds)
        assert [found["name"] for found in case.arm("GET", listed).body["value"]] == names
        assert case.arm("GET", one).status == status


def test_the_service_may_remember_a_key(case: Case) -> None:
    """`key_remembered_seconds`: data is read for that long after its key was last used with access."""
    case.cloud.behave(key_remembered_seconds=300)
    account = case.bound()
    case.project("PATCH")
    case.grant(account["identity"]["principalId"], "get")
    assert case.project().status == 200
    case.cloud.clock.advance(301)
    assert case.project().status == 403
