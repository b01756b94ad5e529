"""What a write of an account says of its encryption: the decision and the last look, by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.account_write import AccountBefore, bound_key, loss, recorded_account
from core.resource_types import ACCOUNT, BINDING

VERSION = "1" * 32
ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/lang-claims"
DECLARED: dict[str, Any] = {
    "sku": {"name": "S"},
    "tags": {"owner": "a"},
    "properties": {"disableLocalAuth": True},
}


def account(version: str = "", *, client_id: str | None = None, **more: Any) -> dict[str, Any]:
    """An account in azure-native's words, bound to a version of a key; without one on Microsoft's keys."""
    key = {"keyName": "cmk", "keyVersion": version, "keyVaultUri": "https://KV.vault.azure.net/"}
    if client_id:
        key["identityClientId"] = client_id
    encryption = (
        {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}} if version else {}
    )
    return {
        "id": ID,
        "name": "lang-claims",
        "azureApiVersion": "2025-06-01",
        **DECLARED,
        "properties": {"disableLocalAuth": True, "endpoint": "https://x", **encryption},
        **more,
    }


def without_version(**said: str) -> dict[str, Any]:
    """A bound account in an answer that leaves the version out, or says another."""
    found = account("v1")
    key = found["properties"]["encryption"]["keyVaultProperties"]
    del key["keyVersion"]
    key |= said
    return found


def test_a_write_says_the_key_of_the_live_account() -> None:
    """Spelt as Azure has it; without a client id for the account's own identity."""
    found = bound_key(account("v1"))
    assert found is not None
    assert found.declared == {
        "keySource": "Microsoft.KeyVault",
        "keyVaultProperties": {
            "keyName": "cmk",
            "keyVersion": "v1",
            "keyVaultUri": "https://KV.vault.azure.net/",
        },
    }
    assert bound_key(account()) is None
    assert bound_key(None) is None


def binding(version: str = "v1", **more: Any) -> dict[str, Any]:
    """A binding in azure-cmk's words."""
    key = {"keyName": "cmk", "keyVersion": version, "keyVaultUri": "https://kv.vault.azure.net"}
    return {"accountId": ID, "keySource": "Microsoft.KeyVault", **key, **more}


@pytest.mark.parametrize(("live", "said"), [(without_version(), None), (without_version(keyVersion=""), "")])
def test_a_key_whose_version_azure_showed_and_shows_no_more_has_none(live: dict[str, Any], said: Any) -> None:
    """Somebody bound the account without one; a write repeats that as Azure answers it, and leaves the
    repair to the binding. So it does of an account that never had a version."""
    for was in ("v1", ""):
        found = replace(recorded_account({(BINDING, "b"): binding(was)}, "lang-claims"), live=live)
        assert found.bound_key is not None
        key = found.bound_key.declared["keyVaultProperties"]
        assert (key.get("keyVersion"), key["keyVaultUri"]) == (said, "https://KV.vault.azure.net/")


@pytest.mark.parametrize(
    "live", [None, account(), without_version()], ids=["not found", "not bound", "without version"]
)
def test_where_a_read_shows_no_key_a_write_says_the_one_of_the_binding(live: dict[str, Any] | None) -> None:
    """A read may lag behind; what a read shows counts before what is recorded."""
    recorded = binding("", keyUriWithVersion=f"https://kv.vault.azure.net/keys/cmk/{VERSION}")
    found = replace(recorded_account({(BINDING, "b"): recorded}, "lang-claims"), live=live)
    assert found.bound_key is not None
    assert found.bound_key.uri == f"https://kv.vault.azure.net/keys/cmk/{VERSION}"
    rotated = replace(found, live=account("v2")).bound_key
    assert rotated is not None
    assert rotated.uri.endswith("/v2")
    assert AccountBefore(live=live).bound_key == bound_key(live)


@pytest.mark.parametrize(
    ("sent", "same_key", "lost"),
    [
        (account("v1"), True, False),
        (account(), True, True),
        (account(), False, True),
        (account("v2"), True, True),
        (account("v2"), False, False),
        (account("v1", client_id="c"), True, True),
    ],
    ids=["as it is", "no key", "no key, inline", "another version", "rotation, inline", "another identity"],
)
def test_a_write_that_would_lose_the_key_is_told(sent: dict[str, Any], same_key: bool, lost: bool) -> None:
    """The message names the account, both keys and the way on."""
    found = AccountBefore(live=account("v1"))
    problem = loss("lang-claims", sent, found, is_update=True, same_key=same_key)
    assert (problem is not None) is lost
    if problem:
        assert "is bound to https://kv.vault.azure.net/keys/cmk/v1" in problem
        assert "Run `pulumi refresh`" in problem
        assert ("write it with the key https" in problem) is (bound_key(sent) is not None)
    for unbound in (AccountBefore(live=account()), AccountBefore()):
        assert loss("lang-claims", sent, unbound, is_update=False, same_key=same_key) is None


def test_an_account_that_was_unbound_on_purpose_is_not_bound_by_its_own_write() -> None:
    """The state still has the key that earlier writes declared, and nothing has the binding any more."""
    unbound = AccountBefore(live=account(), recorded=account("v1"))
    problem = loss("lang-claims", account("v1"), unbound, is_update=True, same_key=True)
    assert problem is not None
    assert "is on Microsoft-managed keys" in problem
    assert "Run `pulumi refresh`" in problem
    assert loss("lang-claims", account(), unbound, is_update=True, same_key=True) is None
    assert loss("lang-claims", account("v1"), unbound, is_update=True, same_key=False) is None


def test_an_update_of_an_account_that_is_not_found_is_refused() -> None:
    """It would be written as a new one is, over one that may exist and be bound."""
    problem = loss("lang-claims", account(), AccountBefore(), is_update=True, same_key=True)
    assert problem is not None
    assert "Azure does not find it" in problem
    assert "`pulumi refresh`" in problem


def test_an_account_that_is_made_anew_under_its_name_is_refused() -> None:
    """`--replace` asks for that; no refresh would help."""
    found = AccountBefore(recorded=account("v1"), live=account("v1"))
    problem = loss("lang-claims", account(), found, is_update=False, same_key=True)
    assert problem is not None
    assert "Leave out --replace" in problem
    assert "run the update again" in problem
    assert "refresh" not in problem


def test_a_key_that_only_the_state_tells_of_is_kept_as_well() -> None:
    """The read immediately before the write may lag behind, too."""
    found = AccountBefore(live=account(), recorded_key=bound_key(account("v1")))
    assert loss("lang-claims", account(), found, is_update=True, same_key=True) is not None
    assert loss("lang-claims", account("v1"), found, is_update=True, same_key=True) is None


def test_the_state_tells_of_an_account_by_its_name() -> None:
    """Whatever the logical name and the parent; with the key of its own binding, and of no other."""
    state = {
        (ACCOUNT, "other"): {"name": "lang-other", "id": "x"},
        (ACCOUNT, "renamed"): account(),
        (BINDING, "imported"): {"accountId": ID},
        (BINDING, "elsewhere"): binding("v9", accountId="x"),
    }
    found = recorded_account(state, "LANG-claims")
    assert (found.recorded or {})["id"] == ID
    assert found.recorded_key is None
    own = recorded_account({**state, (BINDING, "one"): binding(accountId=ID.upper())}, "lang-claims")
    assert own.recorded_key is not None
    assert recorded_account(state, "lang-none") == AccountBefore()
