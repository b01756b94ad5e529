"""What a write of an account says of its encryption: the decision and the last look, by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pulumi
import pytest

from components.resources.account import _grantee
from components.resources.account_write import loss, states_unusable_key, turns_identity_on, unwritten
from core import adapters
from core.resource_types import ACCOUNT, BINDING
from core.service.account import AccountBefore, bound_key, differs, recorded_account, unusable_version
from core.service.recorded import State

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


def state(*resources: tuple[str, dict[str, Any]]) -> State:
    """A stack's state that has resources, whatever their names and parents."""
    return State({}, resources)


def binding(version: str = "v1", **more: Any) -> dict[str, Any]:
    """A binding in azure-cmk's words."""
    key = {"keyName": "cmk", "keyVersion": version, "keyVaultUri": "https://kv.vault.azure.net"}
    return {"accountId": ID, "keySource": "Microsoft.KeyVault", **key, **more}


@pytest.mark.parametrize(("live", "said"), [(without_version(), None), (without_version(keyVersion=""), "")])
def test_a_key_whose_version_azure_showed_and_shows_no_more_has_none(live: dict[str, Any], said: Any) -> None:
    """Somebody bound the account without one; a write repeats that as Azure answers it, and leaves the
    repair to the binding. So it does of an account that never had a version."""
    for was in ("v1", ""):
        found = replace(recorded_account(state((BINDING, binding(was))), "lang-claims"), live=live)
        assert found.bound_key is not None
        key = found.bound_key.declared["keyVaultProperties"]
        assert (key.get("keyVersion"), key["keyVaultUri"]) == (said, "https://KV.vault.azure.net/")


@pytest.mark.parametrize(
    "live", [None, account(), without_version()], ids=["not found", "not bound", "without version"]
)
def test_where_a_read_shows_no_key_a_write_says_the_one_of_the_binding(live: dict[str, Any] | None) -> None:
    """A read may lag behind; what a read shows counts before what is recorded."""
    recorded = binding("", keyUriWithVersion=f"https://kv.vault.azure.net/keys/cmk/{VERSION}")
    found = replace(recorded_account(state((BINDING, recorded)), "lang-claims"), live=live)
    assert found.bound_key is not None
    assert found.bound_key.uri == f"https://kv.vault.azure.net/keys/cmk/{VERSION}"
    rotated = replace(found, live=account("v2")).bound_key
    assert rotated is not None
    assert rotated.uri.endswith("/v2")
    assert AccountBefore(live=live).bound_key == bound_key(live)


LIVE = AccountBefore(live=account("v1"))
UNBOUND = AccountBefore(live=account(), recorded=account("v1"))
ANEW = AccountBefore(live=account("v1"), recorded=account("v1"))
ONLY_RECORDED = AccountBefore(live=account(), recorded_key=bound_key(account("v1")))
INLINE, FIRST = {"same_key": False}, {"was": None}
REFRESH, WITH_KEY = "un `pulumi refresh`", "write it with the key https"
MANAGED = ("is on Microsoft-managed keys", REFRESH)
TRANSFORMED = ("a transform of the program sets its `properties.encryption`",)
BOUND = ("is bound to https://kv.vault.azure.net/keys/cmk/v1", REFRESH)


@pytest.mark.parametrize(
    ("before", "sent", "how", "words"),
    [
        pytest.param(LIVE, account("v1"), {}, (), id="as it is"),
        pytest.param(LIVE, account(), {}, BOUND, id="no key"),
        pytest.param(LIVE, account(), INLINE, BOUND, id="no key, inline"),
        pytest.param(LIVE, account(), {"was": account("v1")}, TRANSFORMED, id="a transform takes the key"),
        pytest.param(LIVE, account("v2"), {"was": account()}, (*TRANSFORMED, WITH_KEY), id="or changes it"),
        pytest.param(LIVE, account("v2"), {}, (*BOUND, WITH_KEY), id="another version"),
        pytest.param(LIVE, account("v2"), INLINE, (), id="rotation, inline"),
        pytest.param(LIVE, account("v1", client_id="c"), {}, (*BOUND, WITH_KEY), id="another identity"),
        pytest.param(AccountBefore(live=account()), account("v1"), FIRST, (), id="bound by its first write"),
        pytest.param(AccountBefore(), account(), FIRST, (), id="made"),
        pytest.param(AccountBefore(), account(), {}, ("Azure does not find it", REFRESH), id="not found"),
        pytest.param(UNBOUND, account("v1"), {}, (*MANAGED, WITH_KEY), id="unbound"),
        pytest.param(UNBOUND, account(), {}, (), id="unbound, as it is"),
        pytest.param(UNBOUND, account("v1"), INLINE, (), id="unbound, and bound inline"),
        pytest.param(ANEW, account(), FIRST, ("Leave out --replace", "run the update again"), id="anew"),
        pytest.param(ONLY_RECORDED, account(), {}, ("is bound to",), id="a read that lags"),
        pytest.param(ONLY_RECORDED, account("v1"), {}, (), id="a read that lags, as it is"),
    ],
)
def test_a_write_that_would_lose_the_key_is_told(
    before: AccountBefore, sent: dict[str, Any], how: dict[str, Any], words: tuple[str, ...]
) -> None:
    """The message names the account, both keys and the way on, which is no refresh where `--replace` makes
    the account anew. One that was unbound on purpose is not bound by its own write, though the state still
    has the key that earlier writes declared; and one that is not found may exist and be bound."""
    told = loss("lang-claims", sent, before, **{"was": sent, "same_key": True, **how}) or ""
    assert bool(told) is bool(words)
    assert [one for one in words if one not in told] == [], told
    assert (WITH_KEY in told) is (WITH_KEY in words)
    assert ("refresh" in told) is (bool(words) and before is not ANEW and TRANSFORMED[0] not in words)


def test_the_state_tells_of_an_account_by_its_name() -> None:
    """Whatever the logical name and the parent; with the key of its own binding, and of no other."""
    resources = (
        (ACCOUNT, {"name": "lang-other", "id": "x"}),
        (ACCOUNT, account()),
        (BINDING, {"accountId": ID}),
        (BINDING, binding("v9", accountId="x")),
    )
    found = recorded_account(state(*resources), "LANG-claims")
    assert (found.recorded or {})["id"] == ID
    assert found.recorded_key is None
    own = recorded_account(state(*resources, (BINDING, binding(accountId=ID.upper()))), "lang-claims")
    assert own.recorded_key is not None
    assert recorded_account(state(*resources), "lang-none") == AccountBefore()


def test_the_bindings_of_other_accounts_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each of n services would read n bindings."""
    read = Mock(wraps=adapters.encryption)
    monkeypatch.setattr(adapters, "encryption", read)
    others = ((BINDING, binding(accountId=f"{ID}-{number}")) for number in range(20))
    assert recorded_account(state(*others, (BINDING, binding())), "lang-claims").recorded_key is not None
    assert read.call_count == 2


USERS = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"/S/One": {"clientId": "c"}}}
FOUND = account(
    location="West Europe",
    identity={**USERS, "principalId": "p"},
    properties={"networkAcls": {"ipRules": [{"value": "203.0.113.7"}], "bypass": None}, "restore": None},
)
STATED: dict[str, Any] = {
    "accountName": "another",
    "location": "westeurope",
    "resourceGroupName": pulumi.Output.from_input("g"),
    "tags": {"owner": "a"},
    "identity": {**USERS, "userAssignedIdentities": ["/s/one"]},
    "properties": {"networkAcls": {"ipRules": [{"value": "203.0.113.7"}]}, "restore": None},
}


@pytest.mark.parametrize(
    ("change", "ignored", "expected"),
    [
        ({}, [], False),
        ({"tags": {}}, [], True),
        ({"tags": None}, [], True),
        ({"tags": {"owner": "a", "cost": "b"}}, [], True),
        ({"tags": {"owner": "b"}}, ["tags"], False),
        ({"sku": {"name": "S0"}}, [], True),
        ({"identity": {**USERS, "type": "UserAssigned"}}, [], True),
        ({"identity": {**USERS, "userAssignedIdentities": ["/s/one", "/s/two"]}}, [], True),
        ({"identity": {**USERS, "userAssignedIdentities": [pulumi.Output.from_input("/s/one")]}}, [], True),
        ({"identity": {**USERS, "userAssignedIdentities": pulumi.Output.from_input(["/s/one"])}}, [], True),
        ({"properties": {"networkAcls": {"ipRules": []}}}, [], True),
        ({"properties": {"networkAcls": {"ipRules": []}}}, ["properties.networkAcls"], False),
        ({"properties": {"networkAcls": {"ipRules": [{"value": "203.0.113.8"}]}}}, [], True),
        ({"properties": {"publicNetworkAccess": "Enabled"}}, [], True),
        ({"properties": {"restore": pulumi.Output.from_input(None)}}, [], True),
    ],
)
def test_what_may_be_written_states_the_key(
    change: dict[str, Any], ignored: list[str], *, expected: bool
) -> None:
    """After a first update the state lacks the key, and a run states it only where it changes something, or
    the last write failed. A state that has the key keeps it, and so does a program with transforms."""
    stated = {**STATED, **change}
    assert differs(stated, FOUND, ignored) is expected
    settled = {**account("v1")["properties"], "provisioningState": "Succeeded"}
    lagging = AccountBefore(recorded=FOUND, live={**FOUND, "properties": settled})
    key = bound_key(lagging.live)
    assert lagging.key_to_declare(stated, ignored) == (key if expected else None)
    assert lagging.key_to_declare(None, ignored) == key
    assert replace(lagging, recorded=lagging.live).key_to_declare(stated, ignored) == key
    failed = {**FOUND, "properties": {**settled, "provisioningState": "Failed"}}
    assert replace(lagging, live=failed).key_to_declare(stated, ignored) == key
    hidden = {**FOUND, "properties": {**without_version()["properties"], "provisioningState": "Succeeded"}}
    shows_none = AccountBefore(recorded=hidden, live=hidden, recorded_key=key)
    assert shows_none.key_to_declare(stated, ignored) == key


def key(version: str, **attributes: Any) -> dict[str, Any]:
    """A key in azure-native's words, with its current version."""
    uri = f"https://kv.vault.azure.net/keys/cmk/{version}"
    return {"properties": {"keyUriWithVersion": uri, "attributes": {"enabled": True, **attributes}}}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (key("v1"), ""),
        (key("v1", enabled=False), "is disabled"),
        (key("v1", exp=99), "expired on 1970-01-01T00:01:39Z"),
        (key("v1", nbf=101), "is not valid before 1970-01-01T00:01:41Z"),
        (key("v2", enabled=False), ""),
        (None, ""),
    ],
)
def test_a_write_that_states_a_version_that_wraps_nothing_is_refused(
    found: dict[str, Any] | None, why: str
) -> None:
    """As far as the version was read: of a key, Azure shows the current one. With another version, or
    without one, the write is another one's to judge."""
    why = why and f"the key version v1 {why}"
    assert unusable_version(bound_key(account("v1")), found, now=100.0) == why
    before = AccountBefore(live=account("v1"), unusable=why)
    said = states_unusable_key("lang-claims", account("v1"), before) or ""
    assert (why in said, "--id https://kv.vault.azure.net/keys/cmk/v1" in said) == (True, bool(why))
    assert states_unusable_key("lang-claims", account("v2"), before) is None
    assert states_unusable_key("lang-claims", account(), before) is None


@pytest.mark.parametrize(("allowed", "is_hopeless"), [([], True), (["kv.vault.azure.net"], False)])
def test_an_account_that_may_not_call_its_vault_is_hopeless(allowed: list[str], is_hopeless: bool) -> None:
    """No wait makes Azure take a write of it; the words name the way out."""
    live = account("v1")
    live["properties"] |= {"restrictOutboundNetworkAccess": True, "allowedFqdnList": allowed}
    said = AccountBefore(live=live).hopeless
    assert ("add kv.vault.azure.net to allowedFqdnList" in said) is is_hopeless
    assert AccountBefore(live=account()).hopeless == ""
    assert AccountBefore().hopeless == ""


def test_what_a_run_leaves_unwritten_is_what_azure_does_not_have() -> None:
    """Of the values that are known, and but for what stays as it was found; the key is the binding's."""
    later: Any = pulumi.Output.from_input("x")
    inner = {"disableLocalAuth": False, "endpoint": "https://x", "apiProperties": {"key": later}}
    declared = {"sku": {"name": "S"}, "tags": {"owner": "b"}, "properties": {**inner, "encryption": {}}}
    assert unwritten(declared, account(), []) == ["tags", "disableLocalAuth"]
    assert unwritten(declared, account(), ["tags"]) == ["disableLocalAuth"]
    assert unwritten({**declared, "tags": {"owner": later}}, account(), []) == ["disableLocalAuth"]
    assert unwritten(declared, None, []) == []


OWN: dict[str, Any] = {"identity": {"type": "SystemAssigned", "principalId": "p"}}
OFF: dict[str, Any] = {"identity": None}


@pytest.mark.parametrize(
    ("recorded", "live", "sent", "turns_on"),
    [
        (OWN, account("v1", **OFF), OWN, True),
        (OWN, account("v1", **OWN), OWN, False),
        # Nothing of it is in the state, in the write, or under a key.
        (OFF, account("v1", **OFF), OWN, False),
        (OWN, account("v1", **OFF), {"identity": {"type": "UserAssigned"}}, False),
        (OWN, account(**OFF), OWN, False),
        (OWN, None, OWN, False),
    ],
)
def test_a_write_turns_no_identity_on_that_somebody_has_turned_off(
    recorded: dict[str, Any], live: Any, sent: dict[str, Any], turns_on: bool
) -> None:
    """Of an account under its key."""
    problem = turns_identity_on("lang-claims", sent, AccountBefore(recorded, live))
    assert ("identity p was turned off outside Pulumi" in (problem or "")) is turns_on


def test_nobody_is_granted_but_the_identity_that_was_judged() -> None:
    """A late read may hide that somebody has turned the account's identity off and on; a first account was
    judged by nobody."""
    assert _grantee("new", None) == "new"
    assert _grantee("SAME", "same") == "SAME"
    with pytest.raises(ValueError, match="identity is new now, and was old when this update began"):
        _grantee("new", "old")
    with pytest.raises(ValueError, match="has no system-assigned identity"):
        _grantee(None, "old")
