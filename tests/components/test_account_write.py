"""What a write of an account says of its encryption: the decision and the last look, by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pulumi.runtime.rpc import wrap_rpc_secret

from components.account_write import AccountBefore, bound_key, changed_after_all, loss, recorded_account
from core.resource_types import ACCOUNT, BINDING

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


def without_version() -> dict[str, Any]:
    """A bound account in an answer that leaves the version out."""
    found = account("v1")
    del found["properties"]["encryption"]["keyVaultProperties"]["keyVersion"]
    return found


def before(**more: Any) -> AccountBefore:
    return AccountBefore(
        **{"recorded": account(), "live": account("v1"), "digests": frozenset({"d"}), **more}
    )


def test_nothing_is_written_where_the_state_has_what_is_declared() -> None:
    """What Azure adds, and a tag of a transformation, are no difference."""
    tagged = account(tags={"owner": "a", "cost-centre": "7"})
    assert not before().may_be_written(DECLARED, "d")
    assert not before(recorded=tagged).may_be_written(DECLARED, "d")
    assert not before(digests=frozenset()).may_be_written(DECLARED, "d")


@pytest.mark.parametrize(
    ("changed", "declared", "digest"),
    [
        ({"recorded": None}, DECLARED, "d"),
        ({}, {**DECLARED, "sku": {"name": "F0"}}, "d"),
        ({}, {**DECLARED, "tags": {"owner": "b"}}, "d"),
        ({}, DECLARED, "another"),
        ({}, {}, None),
        ({"live": account("v1", azureApiVersion="2026-07-01")}, DECLARED, "d"),
    ],
    ids=["not in the state", "sku", "tag", "digest", "not known yet", "another azure-native"],
)
def test_whatever_may_be_written_counts_as_a_write(
    changed: dict[str, Any], declared: dict[str, Any], digest: str | None
) -> None:
    """A write that was not expected would go out as the state has it, so that any doubt counts."""
    assert before(**changed).may_be_written(declared, digest)


def test_what_is_ignored_is_no_write() -> None:
    """Parts of an adopted account that stay as they were found."""
    declared = {**DECLARED, "sku": {"name": "F0"}, "tags": {"owner": "b"}}
    assert not before().may_be_written(declared, "d", except_for=["sku", "tags"])


SENT = {"accountName": "lang-claims", "resourceGroupName": "g", **DECLARED}
ENCRYPTION_SENT = account("v1")["properties"]["encryption"]
UNWRITTEN = ["properties.encryption", "properties.restore", "properties.apiProperties", "sku.capacity"]


@pytest.mark.parametrize(
    "tags",
    [{"owner": "a", "cost-centre": "7"}, {"owner": "b"}, {}, None],
    ids=["added", "changed", "gone", "none"],
)
def test_tags_of_the_whole_program_are_written_with_the_key(tags: dict[str, str] | None) -> None:
    """A transform changes what this run had nothing to write of; what the engine is about to send counts."""
    live = account("v1")
    live["properties"]["apiProperties"] = {"eventHubConnectionString": "set in the portal"}
    changed = changed_after_all(
        "lang-claims", {**SENT, "tags": tags}, UNWRITTEN, before(live=live), ENCRYPTION_SENT
    )
    assert changed is not None
    sent, ignored = changed
    assert sent["tags"] == tags
    assert sent["properties"]["encryption"] == ENCRYPTION_SENT
    assert sent["properties"]["apiProperties"] == live["properties"]["apiProperties"]
    assert "properties.encryption" not in ignored
    assert "sku.capacity" in ignored


def test_what_no_transform_changes_is_not_written() -> None:
    """Nor what the program ignores; and a program that hides the key itself still does."""
    args = ("lang-claims", SENT, UNWRITTEN, before(), ENCRYPTION_SENT)
    assert changed_after_all(*args) is None
    tagged = {**SENT, "tags": {"owner": "b"}}
    assert changed_after_all("lang-claims", tagged, [*UNWRITTEN, "tags"], before(), ENCRYPTION_SENT) is None
    hidden = [*UNWRITTEN, "properties.encryption"]
    changed = changed_after_all("lang-claims", tagged, hidden, before(), ENCRYPTION_SENT)
    assert changed is not None
    assert "properties.encryption" in changed[1]


def test_a_secret_among_the_inputs_is_no_change_and_stays_secret() -> None:
    """The SDK hands a transform each input that has a secret in it, such as the key of a search service, as
    one secret: it counts by its value, and what is written of it is as secret as before."""
    links = {"apiProperties": {"qnaAzureSearchEndpointId": "s", "qnaAzureSearchEndpointKey": "k"}}
    properties = wrap_rpc_secret({**DECLARED["properties"], **links})
    sent = {**SENT, "properties": properties, "tags": wrap_rpc_secret(DECLARED["tags"])}
    assert changed_after_all("lang-claims", sent, UNWRITTEN, before(), ENCRYPTION_SENT) is None
    tagged = {**sent, "tags": wrap_rpc_secret({"owner": "b"})}
    changed = changed_after_all("lang-claims", tagged, UNWRITTEN, before(), ENCRYPTION_SENT)
    assert changed is not None
    assert changed[0]["tags"] == tagged["tags"]
    assert changed[0]["properties"] == wrap_rpc_secret(
        {**DECLARED["properties"], **links, "encryption": ENCRYPTION_SENT}
    )


def test_a_state_lacks_the_key_until_it_has_the_one_of_the_account() -> None:
    """What a refresh has recorded is repeated as it is."""
    assert before().state_lacks_key
    assert before(recorded=account("v0")).state_lacks_key
    assert not before(recorded=account("v1")).state_lacks_key
    assert not before(live=account()).state_lacks_key


def test_a_write_says_the_key_of_the_live_account() -> None:
    """Spelt as Azure has it; without a client id for the account's own identity."""
    found = bound_key(account("v1"))
    assert found is not None
    assert found.declared == {
        "key_source": "Microsoft.KeyVault",
        "key_vault_properties": {
            "key_name": "cmk",
            "key_version": "v1",
            "key_vault_uri": "https://KV.vault.azure.net/",
        },
    }
    assert bound_key(account()) is None
    assert bound_key(None) is None


def binding(version: str = "v1", **more: Any) -> dict[str, Any]:
    """A binding in azure-cmk's words."""
    key = {"keyName": "cmk", "keyVersion": version, "keyVaultUri": "https://kv.vault.azure.net"}
    return {"accountId": ID, "keySource": "Microsoft.KeyVault", **key, **more}


@pytest.mark.parametrize(
    "live", [None, account(), without_version()], ids=["not found", "not bound", "without version"]
)
def test_where_a_read_shows_no_key_a_write_says_the_one_of_the_binding(live: dict[str, Any] | None) -> None:
    """A read may lag behind; what a read shows counts before what is recorded."""
    found = replace(recorded_account({(BINDING, "b"): binding()}, "lang-claims"), live=live)
    assert found.bound_key is not None
    assert found.bound_key.uri == "https://kv.vault.azure.net/keys/cmk/v1"
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
        assert ("Another update may have" in problem) is (bound_key(sent) is not None)
    for unbound in (AccountBefore(live=account()), AccountBefore()):
        assert loss("lang-claims", sent, unbound, is_update=False, same_key=same_key) is None


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
    """Whatever the logical name and the parent; with the digests of all bindings of it, and of no other."""
    state = {
        (ACCOUNT, "other"): {"name": "lang-other", "id": "x"},
        (ACCOUNT, "renamed"): account(),
        (BINDING, "one"): {"accountId": ID.upper(), "accountDigest": "1"},
        (BINDING, "imported"): {"accountId": ID},
        (BINDING, "elsewhere"): {"accountId": "x", "accountDigest": "2"},
    }
    found = recorded_account(state, "LANG-claims")
    assert (found.recorded or {})["id"] == ID
    assert found.digests == {"1"}
    assert found.recorded_key is None
    assert recorded_account(state, "lang-none") == AccountBefore()
