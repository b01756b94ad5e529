"""Access that is revoked on purpose, removed by somebody else, and restored."""

from __future__ import annotations

from typing import Any

import pytest

from components.preflight.run import RefusedError, ServiceRequest, preflight
from components.testing import CLIENT, PRINCIPAL, existing_vault
from core import arm_ids
from core import resource_types as types
from core.facts import LIVE_ENCRYPTION
from tests.components.bound import (
    ACCESS,
    ACCOUNT,
    BINDING,
    COMPONENT,
    GRANT,
    HUB,
    KEY,
    REVOCATION,
    VAULT,
    by_a_user_assigned_identity,
    standing,
    urn,
)
from tests.support.recording import FakeAzure, RecordingMonitor, run, service, service_inputs


def ignored(monitor: RecordingMonitor, type: str) -> set[str]:
    return set(monitor.one(type).request.ignoreChanges)


def test_revoked_takes_the_grant_and_nothing_else() -> None:
    """Everything but the grant stays declared, comes after the revocation, and what is bound is not written
    again."""
    before = service(standing())
    after = service(standing(), access="revoked")
    gone = {found.name for found in before.registered} - {found.name for found in after.registered}
    assert gone == {"language-access"}
    revocation = after.one(":KeyAccessRevocation")
    assert revocation.inputs["principalId"] == PRINCIPAL
    assert revocation.inputs["keyId"].endswith("/vaults/kv-language/keys/cmk-language")
    assert [found.name for found in after.registered if revocation.urn in found.needs] == [
        found.name
        for found in after.registered
        if found.request.parent == after.one(":EncryptedAIServicesAccount").urn and found is not revocation
    ]
    assert {"generation", "pin"} <= ignored(after, ":KeyVersion")
    assert "keyUriWithVersion" in ignored(after, ":CustomerManagedKey")
    assert {"properties.encryption", "properties.networkAcls", "sku", "tags"} <= ignored(after, ":Account")
    assert after.one(":EncryptedAIServicesAccount").inputs == {"access": "revoked"}


@pytest.mark.parametrize(
    ("kind", "declared", "named", "refused"),
    [
        ("TextTranslation", "TextTranslation", None, True),
        ("TextTranslation", "TextAnalytics", None, True),
        ("TextTranslation", "TextTranslation", "lang-other", True),
        ("TextTranslation", "TextTranslation", "lang-language", False),
        ("AIServices", "AIServices", None, True),
        ("TextAnalytics", "TextAnalytics", None, False),
    ],
)
def test_a_revocation_that_deletes_data_needs_the_name_of_the_account(
    kind: str, declared: str, named: str | None, *, refused: bool
) -> None:
    """Without it nothing is taken away; with it the revocation goes ahead. The kind in the state counts, so
    that another declared kind is no way around."""
    azure = standing()
    azure.state[ACCOUNT]["outputs"]["kind"] = kind
    inputs = service_inputs(
        kind=declared, account_name="lang-language", access="revoked", revoke_account=named
    )
    request = {"language": ServiceRequest(inputs)}
    if not refused:
        assert run(lambda: preflight(request), azure=azure).of(":KeyAccessRevocation")
        return
    told = r"access: found 'revoked', but Azure then deletes all data .* set revokeAccount: lang-language"
    with pytest.raises(RefusedError, match=told) as error:
        run(lambda: preflight(request), azure=azure)
    assert "does not wait" not in str(error.value)


def test_each_run_declares_the_key_that_the_account_has() -> None:
    """Whatever then changes the account on its way to Azure writes it with that key; only the binding moves
    it to another one."""
    made = service(standing())
    encryption = made.one(":Account").inputs["properties"]["encryption"]
    assert encryption["keySource"] == "Microsoft.KeyVault"
    assert encryption["keyVaultProperties"]["keyName"] == "cmk-language"
    # Its changes do not wait: they are written in the update that declares them.
    assert ignored(made, ":Account") == {LIVE_ENCRYPTION}


@pytest.mark.parametrize("cut_off", [False, True])
def test_given_back_the_grant_comes_first_and_the_account_waits(*, cut_off: bool) -> None:
    """The binding follows the grant; the account's PUT, which needs the key, is left to the next update. The
    revocation stays in the state until that is done, so that an update after one that was cut off goes on."""
    azure = standing(granted=False, recorded=False, access="revoked")
    if cut_off:
        azure.state[f"{COMPONENT}::language"]["outputs"] = {}
    after = service(azure, access="granted")
    grant, binding = after.one(":AccessPolicy"), after.one(":CustomerManagedKey")
    assert grant.urn in binding.needs
    assert ignored(after, ":CustomerManagedKey") == set()
    assert {"properties.encryption", "properties.networkAcls", "sku", "tags"} <= ignored(after, ":Account")
    assert after.one(":EncryptedAIServicesAccount").inputs == {}


@pytest.mark.parametrize(("access", "proven"), [("revoked", False), ("granted", True)])
def test_given_back_the_update_ends_when_the_account_proves_it(access: str, proven: bool) -> None:
    """The proof comes last, by the account's own binding, and stays declared as long as it is recorded."""
    azure = standing(granted=proven, recorded=proven, access=access)
    if proven:
        azure.state[urn(types.KEY_ACCESS_VALIDATION, "key-access")] = {"outputs": {}}
    after = service(azure, access="granted")
    proof = after.one(":KeyAccessValidation")
    assert {after.one(":AccessPolicy").urn, after.one(":CustomerManagedKey").urn} <= proof.needs
    assert proof.inputs["accountId"] == after.one(":Account").outputs["id"]
    assert proof.inputs["principalId"] == PRINCIPAL


def test_a_binding_without_a_version_proves_nothing_by_a_version() -> None:
    """The proof would write the version that Azure shows, and the account would follow its key no more."""
    azure = standing(granted=False, recorded=False, access="revoked")
    azure.state[ACCOUNT]["outputs"]["kind"] = "AIServices"
    given: dict[str, Any] = {
        "kind": "AIServices",
        "account_name": "lang-language",
        "key": {"version": "automatic"},
    }
    after = service(azure, access="granted", **given)
    assert "accountId" not in after.one(":KeyAccessValidation").inputs


def test_an_account_of_a_user_assigned_identity_is_written_after_the_proof_that_access_is_back() -> None:
    """The account that exists proves it, before it is written, which states the key again."""
    azure = by_a_user_assigned_identity(standing(granted=False, recorded=False, access="revoked"))
    after = service(azure, access="granted", identity="userAssigned")
    proof = after.one(":KeyAccessValidation")
    assert proof.urn in after.one(":Account").needs
    assert proof.inputs["accountId"] == azure.state[ACCOUNT]["outputs"]["id"]


@pytest.mark.parametrize("recorded", [True, False])
def test_an_account_that_uses_its_key_already_needs_no_proof(recorded: bool) -> None:
    """Adopted, with a grant that the state has or that this update takes over: nothing new is made."""
    azure = by_a_user_assigned_identity(standing(recorded=recorded))
    after = service(azure, identity="userAssigned")
    assert after.of(":KeyAccessValidation") == []
    assert ("takesOver" in after.one(":AccessPolicy").inputs) is not recorded


@pytest.mark.parametrize(
    ("left", "vault", "says"),
    [
        ((), {}, "removed outside Pulumi"),
        (
            ("get", "wrapKey", "unwrapKey"),
            {"enableRbacAuthorization": True},
            "cut off outside Pulumi: .* goes by Azure RBAC",
        ),
        (("get", "wrapKey"), {}, "reduced outside Pulumi: .* lacks unwrapKey"),
        (("unwrapKey",), {}, "reduced outside Pulumi: .* lacks get and wrapKey"),
        (("list",), {}, "removed outside Pulumi: .* lacks get and wrapKey and unwrapKey"),
    ],
)
@pytest.mark.parametrize("recorded", [True, False])
def test_fails_where_somebody_took_access_away_or_a_part_of_it(
    left: tuple[str, ...], vault: dict[str, Any], says: str, *, recorded: bool
) -> None:
    """Whether a refresh has seen it or not, and though the vault has a policy that it does not look at under
    Azure RBAC. It is not given back unasked, and the way back is one that helps."""
    azure = standing(recorded=recorded)
    policy = {"objectId": PRINCIPAL, "permissions": {"keys": [*left]}}
    azure.vault = existing_vault(accessPolicies=[policy] if left else [], **vault)
    way_back = "enable-rbac-authorization false" if vault else "set access: granted"
    told = f"access: .*{says}.*set access: revoked and run .*{way_back}"
    with pytest.raises(RefusedError, match=told):
        service(azure)


def closed(name: str) -> FakeAzure:
    """Somebody has set the firewall of the vault so that it lets no trusted service in."""
    azure = standing()
    acls = {"defaultAction": "Deny", "bypass": "None"}
    azure.vault = {**existing_vault(accessPolicies=[GRANT], networkAcls=acls), "name": name}
    return azure


def test_a_vault_that_stays_closed_is_told_where_access_is_given_back() -> None:
    """Without a refresh it is not opened."""
    asked = closed("kv-language")
    asked.state[REVOCATION] = {"outputs": {}}
    with pytest.raises(RefusedError, match="--bypass AzureServices"):
        service(asked, access="granted")


def test_the_firewall_of_an_existing_vault_is_told_once() -> None:
    """As access that was cut off, whose owner opens it; keeping the data out of reach is not refused for
    it."""
    azure = closed("kv-hub")
    said: dict[str, Any] = {"key": {"id": f"{HUB}/keys/cmk-language"}}
    azure.state[BINDING]["outputs"]["keyVaultUri"] = "https://kv-hub.vault.azure.net"
    for made in (VAULT, KEY):
        del azure.state[made]
    with pytest.raises(RefusedError, match=r"^1 problem;.*\n.*access: .*set access: revoked and run"):
        service(azure, **said)
    service(azure, **said, access="revoked")


def test_an_identity_that_was_made_anew_gets_access_by_the_setting_alone() -> None:
    """Somebody turned the identity off and on: the grant is for one that is no more. Until the new one has
    access, the account is not written."""
    azure = standing()
    azure.state[ACCESS]["outputs"] = {"policy": {"objectId": CLIENT}}
    azure.vault = existing_vault(accessPolicies=[{**GRANT, "objectId": CLIENT}])
    with pytest.raises(RefusedError, match=f"{CLIENT} was turned off; its new one, {PRINCIPAL}, has no acc"):
        service(azure)
    after = service(azure, tags={"a": "b"}, access="revoked")
    assert ignored(after, ":Account") >= {"properties.networkAcls", "sku", "tags"}
    # The policy pack lets nobody ignore it, unless a refresh recorded that there was none.
    assert "identity" not in ignored(after, ":Account")
    assert after.of(":AccessPolicy") == []
    del azure.state[ACCOUNT]["outputs"]["identity"]
    assert "identity" in ignored(service(azure, access="revoked"), ":Account")


def test_an_account_that_was_unbound_since_the_state_was_written_is_guarded_as_it_is() -> None:
    """What Azure has counts, once it has said so twice: nothing is under the key any more that could be
    lost."""
    azure = standing()
    azure.state[ACCOUNT]["outputs"]["properties"] = {
        "encryption": {"keySource": "Microsoft.CognitiveServices"}
    }
    assert service(azure, encryption="microsoftManaged").of(":KeyVersion") == []
    assert len([id for id in azure.read if arm_ids.parse(id).type == arm_ids.ACCOUNT]) >= 2


@pytest.mark.parametrize(
    "leaves",
    [{"encryption": "microsoftManaged", "unbind_account": "lang-language"}, {"vault": {"id": HUB}}],
    ids=["unbound", "moved"],
)
def test_an_account_leaves_its_key_only_while_it_can_use_it(leaves: dict[str, Any]) -> None:
    """Azure needs the key to take the account off it. A vault that grants by policies needs no role."""
    service(standing(), **leaves)
    with pytest.raises(RefusedError, match="takes account 'lang-language' away from key"):
        service(standing(granted=False), **leaves)


def test_another_way_of_granting_is_no_access_taken_away() -> None:
    """A stack that goes from access policies to roles, as the error says, finds no role of its own yet."""
    azure = standing()
    azure.state[VAULT]["outputs"]["properties"]["enableRbacAuthorization"] = True
    azure.vault = existing_vault(accessPolicies=[GRANT], enableRbacAuthorization=True)
    assert service(azure, access_model="rbac").one(":RoleAssignment")


@pytest.mark.parametrize(
    ("said", "protected"),
    [({}, True), ({"unbind_account": "lang-language"}, False), ({"unbind_account": "lang-before"}, True)],
)
def test_the_name_of_its_account_alone_unprotects_a_binding(said: dict[str, Any], *, protected: bool) -> None:
    """Left in the settings for another account, it unprotects nothing."""
    azure = standing()
    assert service(azure, **said).one(":CustomerManagedKey").request.protect is protected


def test_the_binding_of_a_replaced_account_is_not_its_successors() -> None:
    """A replacement that was cut off leaves the old account's binding in the state; the new one has none."""
    azure = standing(granted=False, recorded=False)
    azure.state[BINDING]["outputs"]["accountId"] = f"{azure.state[ACCOUNT]['outputs']['id']}-before"
    assert service(azure).one(":AccessPolicy")


def test_an_account_that_needs_the_version_is_named_once_it_stands() -> None:
    """Bound in its create, the account comes after the version, which names the one of the last update."""
    stands = by_a_user_assigned_identity(standing())
    for azure, named in ((FakeAzure(), None), (stands, stands.state[ACCOUNT]["outputs"]["id"])):
        monitor = service(azure, identity="userAssigned")
        assert monitor.one(":KeyVersion").inputs.get("accountId") == named
        assert monitor.one(":KeyVersion").urn in monitor.one(":Account").needs
