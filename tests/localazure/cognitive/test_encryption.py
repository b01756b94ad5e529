"""An account under the customer's key: what happens to key and data while the account changes."""

from __future__ import annotations

import pytest

from localazure.directory import delete_principal
from localazure.web import Json
from tests.localazure.driver import (
    ACCOUNT,
    ACCOUNTS,
    RESTORE,
    UNBIND,
    URI,
    USER_ASSIGNED,
    VAULT,
    Case,
    bind,
    deny_accounts_without_a_key,
    encryption,
    error,
    found,
)


def test_rotation_rewraps_and_leaves_the_ciphertext(case: Case) -> None:
    """Another version of the key: the stored data stays byte for byte, its wrapping changes."""
    case.bound()
    case.project("PATCH")
    before = _stored(case)
    newer = case.make_key()
    assert case.patch(bind(newer)).status == 202
    after = _stored(case)
    assert after[0] == before[0]
    assert after[1]["keyVersion"] != before[1]["keyVersion"]
    assert case.project().status == 200


def _stored(case: Case) -> tuple[Json, Json]:
    """The ciphertext of the account's projects, and its wrapped data key."""
    account = case.cloud.store.get("account", ACCOUNT) or {}
    return case.cloud.store.scan("account.project"), account["wrapping"]


def test_rotation_needs_the_old_version_to_be_usable(case: Case) -> None:
    """With the bound version disabled the data key cannot be moved to a new one; enabled again it can."""
    case.bound()
    old = case.bound_version()
    newer = case.make_key()
    case.enable(old, enabled=False)
    response = case.patch(bind(newer))
    assert error(response) == (400, "BadRequest")
    assert "the current key cannot be used" in found(response)
    case.enable(old, enabled=True)
    assert case.patch(bind(newer)).status == 202


@pytest.mark.parametrize(("assumed", "status"), [("refused", 400), ("taken", 202)])
def test_the_same_key_may_be_stated_again_where_azure_does_not_look(
    case: Case, assumed: str, status: int
) -> None:
    """With `same_key_again: taken` nothing is judged that does not change; another key is, as ever."""
    case.cloud.behave(same_key_again=assumed)
    case.bound()
    again = {"properties": {"encryption": case.get()["properties"]["encryption"]}}
    old = again["properties"]["encryption"]["keyVaultProperties"]["keyVersion"]
    newer = case.make_key()
    before = _stored(case)
    case.enable(old, enabled=False)
    assert case.patch(bind(newer)).status == 400
    assert case.patch(again).status == status
    assert _stored(case) == before


def test_a_key_that_cannot_be_used_may_be_left_where_azure_remembers(case: Case) -> None:
    """With `move_without_old_key: moved` the service takes what it last fetched, and the data stays."""
    case.cloud.behave(move_without_old_key="moved")
    case.bound()
    case.project("PATCH")
    before = _stored(case)
    old = case.bound_version()
    newer = case.make_key()
    case.enable(old, enabled=False)
    assert case.patch(bind(newer)).status == 202
    assert _stored(case)[0] == before[0]
    assert case.project().status == 200


def test_unbinding_is_explicit_and_needs_the_key(case: Case) -> None:
    """keySource Microsoft.CognitiveServices goes back to Microsoft's keys, if the data can be taken along."""
    principal = case.bound()["identity"]["principalId"]
    case.project("PATCH")
    case.grant(principal, "get")
    assert error(case.patch(UNBIND)) == (400, "BadRequest")
    case.grant(principal)
    assert case.patch(UNBIND).status == 202
    assert case.get()["properties"]["encryption"] == {"keySource": "Microsoft.CognitiveServices"}
    case.arm("DELETE", VAULT)
    assert case.project().status == 200


@pytest.mark.parametrize(
    ("does", "status", "source"),
    [
        ("unbinds", 200, "Microsoft.CognitiveServices"),
        ("keeps", 200, "Microsoft.KeyVault"),
        ("refused", 400, "Microsoft.KeyVault"),
    ],
)
def test_put_without_encryption_does_as_the_switch_says(
    case: Case, does: str, status: int, source: str
) -> None:
    """`put_without_encryption`: back to Microsoft's key, still bound, or 400; the data survives each."""
    case.cloud.behave(put_without_encryption=does)
    case.bound()
    case.project("PATCH")
    response = case.put(tags={"a": "b"})
    assert response.status == status
    case.finish(response)
    assert ("encryption" in case.get()["properties"]) is (does != "unbinds")
    assert case.history()[-1]["keySource"] == source
    assert case.project().status == 200


def test_put_with_the_live_encryption_stays_bound(case: Case) -> None:
    """A PUT that carries the live block never leaves the key, and the history proves it."""
    block = case.bound()["properties"]["encryption"]
    case.finish(case.put(tags={"a": "b"}, properties={"encryption": block}))
    sources = [entry["keySource"] for entry in case.history()]
    assert sources == ["Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.KeyVault"]


def test_moving_to_another_identity_keeps_the_data(case: Case) -> None:
    """From the system identity to a user-assigned one in one PATCH: the old unwraps, the new wraps."""
    before = case.bound()["identity"]["principalId"]
    case.project("PATCH")
    ids = case.user_identity()
    case.grant(ids["principalId"])
    known = len(case.audit())
    block = case.get()["properties"]["encryption"]
    block["keyVaultProperties"]["identityClientId"] = ids["clientId"]
    assert case.patch({"identity": USER_ASSIGNED, "properties": {"encryption": block}}).status == 202
    uses = [(e["operation"], e["objectId"]) for e in case.audit()[known:]]
    assert uses[0] == ("KeyUnwrap", before)
    assert ("KeyWrap", ids["principalId"]) in uses
    assert case.project().status == 200
    assert case.history()[-1]["identity"] == ids["principalId"]


def test_an_identity_that_is_gone_is_followed_by_another_one(case: Case) -> None:
    """Nobody can unwrap by the deleted one, and the one that takes its place may."""
    block = case.bound()["properties"]["encryption"]
    ids = case.user_identity()
    case.grant(ids["principalId"])
    block["keyVaultProperties"]["identityClientId"] = ids["clientId"]
    assert case.patch({"identity": USER_ASSIGNED, "properties": {"encryption": block}}).status == 202
    case.get()
    case.project("PATCH")
    delete_principal(case.cloud, ids["principalId"])
    assert case.project().status == 403
    anew = case.user_identity()
    block["keyVaultProperties"]["identityClientId"] = anew["clientId"]
    changed = {"identity": USER_ASSIGNED, "properties": {"encryption": block}}
    assert case.patch(changed).status >= 400
    case.grant(anew["principalId"])
    assert case.patch(changed).status == 202
    assert case.project().status == 200


def test_switching_the_identity_off_puts_the_data_out_of_reach(case: Case) -> None:
    """The source document's warning: no identity, no data; a new identity needs a new grant."""
    case.bound()
    case.project("PATCH")
    assert case.patch({"identity": {"type": "None"}}).status == 202
    assert case.history()[-1]["readable"] is False
    assert case.project().status == 403
    case.patch({"identity": {"type": "SystemAssigned"}})
    assert case.project().status == 403
    case.grant(case.get()["identity"]["principalId"])
    assert case.project().status == 200


def test_a_bound_account_keeps_its_data_through_delete_and_restore(case: Case) -> None:
    """Soft delete and restore: the same identity, the same binding, the same data."""
    before = case.bound()
    case.project("PATCH")
    case.arm("DELETE", ACCOUNT)
    restored = case.arm("PUT", ACCOUNT, RESTORE)
    assert restored.status == 201
    assert restored.body["identity"] == before["identity"]
    assert restored.body["properties"]["encryption"] == before["properties"]["encryption"]
    assert case.project().status == 200
    assert [entry["why"] for entry in case.history()] == ["PUT", "PATCH", "DELETE", "restore"]


def test_a_restore_needs_the_vault(case: Case) -> None:
    """While the vault is deleted a bound account cannot be restored."""
    case.bound()
    case.arm("DELETE", ACCOUNT)
    case.arm("DELETE", VAULT)
    assert error(case.arm("PUT", ACCOUNT, RESTORE)) == (400, "BadRequest")
    case.recover_vault()
    assert case.arm("PUT", ACCOUNT, RESTORE).status == 201


def test_a_deny_policy_refuses_what_would_leave_microsofts_keys(case: Case) -> None:
    """With the built-in policy on Deny: phase one is refused, a bound create passes, unbinding is refused."""
    ids = case.user_identity()
    key = case.protected_vault(ids["principalId"])
    block = encryption(key, identityClientId=ids["clientId"])
    deny_accounts_without_a_key(case.cloud)
    refused = case.put()
    assert error(refused) == (403, "RequestDisallowedByPolicy")
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assert "67121cc7-ff39-4ab8-b7e3-95b84dab487d" in refused.body["error"]["message"]
    case.make(identity=USER_ASSIGNED, properties={"encryption": block})
    assert error(case.patch(UNBIND)) == (403, "RequestDisallowedByPolicy")
    excluded = case.put(
        f"{ACCOUNTS}/ai", kind="AIServices", sku={"name": "S0"}, properties={"customSubDomainName": "ai"}
    )
    assert excluded.status == 201


def test_the_customers_words_are_nowhere_in_the_store(case: Case) -> None:
    """A project's name and description are in no document in clear, whoever manages the key."""
    case.make()
    case.project("PATCH", description="merger of the two banks")
    stored = str([case.cloud.store.scan(kind) for kind in ("account", "account.project", "operation")])
    assert "merger" not in stored
    assert "orders" not in stored
    assert URI not in stored
