"""What was removed outside Pulumi shows in Azure, whatever the state still says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.testing import SUBSCRIPTION
from core import arm_ids
from core import resource_types as types
from core.facts import KEY_VAULT_SOURCE, Account, Encryption
from core.service.access import removed_access, revoked_without_a_key, still_granted
from core.service.drift import gone, not_read, unaudited
from core.service.key_place import KeyPlace
from core.service.recorded import Parts, RecordedService
from core.service.soft_deleted import makes_names
from core.service.state import Live
from tests.support.recording import service_inputs
from tests.support.situations import situation

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-language/providers"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-language"
HUB = VAULT.replace("kv-language", "kv-hub")
PLACE = KeyPlace(vault_id=VAULT, key_name="cmk-language")
LIVE: dict[str, Any] = {"identity": {"type": "SystemAssigned", "principalId": "p"}}
THERE: dict[str, Any] = {"name": "there"}


IDENTITY = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id"
GRANT: Parts = {(types.ACCESS_POLICY, "language-access"): {"policy": {"objectId": "p"}}}


FORMER_GRANT: Parts = {(types.ACCESS_POLICY, "language-access"): {"policy": {"objectId": "former"}}}
REVOKED: Parts = {(types.KEY_ACCESS_REVOCATION, "language-revocation"): {}}


def recorded(
    client_id: str = "", bound_to: tuple[str, str] = ("kv-language", "cmk-language"), **more: Any
) -> RecordedService:
    """A service whose account is under a key, by the user-assigned identity of a client id, or by its own."""
    vault, key = bound_to
    encryption = Encryption(KEY_VAULT_SOURCE, f"https://{vault}.vault.azure.net", key, "v1", client_id)
    account = Account(
        f"{GROUP}/Microsoft.CognitiveServices/accounts/lang-language",
        name="lang-language",
        location="westeurope",
        principal_id="p",
        tenant_id="t",
        encryption=encryption if vault else Encryption(),
    )
    return RecordedService("language", **{"account": account, "principal_id": "p", **more})


ALL: dict[str, Any] = {"account": LIVE, "vault": THERE, "key": THERE}
ASSIGNED: dict[str, Any] = {**ALL, "account": {"identity": {"type": "UserAssigned"}}}
OWN_IDENTITY: Parts = {(types.USER_ASSIGNED_IDENTITY, "language-identity"): {"id": IDENTITY}}
BY_IDENTITY = recorded("client", resources=OWN_IDENTITY)
ON_MICROSOFTS_KEYS = recorded(bound_to=("", ""))
assert ON_MICROSOFTS_KEYS.account
CUT_OFF = replace(ON_MICROSOFTS_KEYS.account, principal_id=None, tenant_id=None)
BEGUN = replace(ON_MICROSOFTS_KEYS, account=CUT_OFF)
"""What a killed update had begun to create, as `operate recover` records it: with its inputs alone."""
MADE = replace(ON_MICROSOFTS_KEYS, account=replace(CUT_OFF, provisioning_state="Succeeded"))


@pytest.mark.parametrize(
    ("before", "live", "path", "words"),
    [
        (recorded(), ALL, None, ""),
        (recorded(), {}, "accountName", "or its key's vault is gone, too, or it is lost, run"),
        (
            recorded(),
            {**ALL, "account": {"identity": {"type": "None"}}},
            "identity",
            "identity assign --name",
        ),
        (recorded(), {**ALL, "account": {}}, "identity", "--resource-group rg-language"),
        (recorded(), {"account": LIVE}, "vault", "`az keyvault recover --name kv-language --subscription "),
        (recorded(), {**ALL, "key": None}, "key", "key recover --vault-name kv-language --name cmk-language"),
        # What may not be read may be there.
        (recorded(), {"account": LIVE, "unread": frozenset({"vault"})}, None, ""),
        (recorded(), {"unread": frozenset({"account", "vault"})}, None, ""),
        (recorded(), {"unread": frozenset({"vault"})}, "accountName", ""),
        # Only the identity that the account uses its key by counts, where this stack made it.
        (BY_IDENTITY, ASSIGNED, "identity", "run `pulumi refresh`"),
        (BY_IDENTITY, {**ASSIGNED, "identity": THERE}, None, ""),
        (recorded(resources=OWN_IDENTITY), ALL, None, ""),
        (recorded("client"), {**ALL, "account": {"identity": {}}}, None, ""),
        # A vault that the account is about to move to may be empty, and Microsoft's keys need none.
        (recorded(bound_to=("kv-other", "cmk")), {"account": LIVE}, None, ""),
        (ON_MICROSOFTS_KEYS, {"account": LIVE}, None, ""),
        (RecordedService("language"), {}, None, ""),
        # There is no data to lose, and a refresh drops it; one that Azure made has a state, if no principal.
        (BEGUN, {}, None, ""),
        (MADE, {}, "accountName", ""),
    ],
)
def test_each_thing_that_is_gone_is_one_problem(
    before: RecordedService, live: dict[str, Any], path: str | None, words: str
) -> None:
    """Its setting, and the way back; nothing where all is there that the account needs."""
    found = [*gone(situation(before, PLACE, Live(**live)))]
    assert [problem.path for problem in found] == ([path] if path else [])
    assert all(words in problem.text for problem in found)


@pytest.mark.parametrize(
    ("access", "given", "in_state", "warns"),
    [
        ("revoked", ("get", "wrapkey", "unwrapkey"), False, True),
        ("revoked", ("unwrapkey",), False, True),
        ("revoked", ("unwrapkey",), True, False),
        ("revoked", (), False, False),
        ("granted", ("unwrapkey",), False, False),
    ],
)
def test_a_revoked_access_that_somebody_else_gives_is_told(
    access: str, given: tuple[str, ...], in_state: bool, warns: bool
) -> None:
    """A grant of the stack's own goes with the update; another one stays, and is a warning, also a part."""
    before = recorded(resources=GRANT if in_state else {})
    policy = {"objectId": "p", "permissions": {"keys": [*given]}}
    live = Live(vault={"id": VAULT, "name": "kv", "properties": {"accessPolicies": [policy]}})
    assert bool([*still_granted(situation(before, PLACE, live, access=access))]) is warns


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (replace(PLACE, key_name="second"), False),  # access policies are for all keys of a vault
        (replace(PLACE, key_name="second", assignment_id=f"{PLACE.key_id}/a"), True),
        (replace(PLACE, key_name="CMK-language", assignment_id=f"{PLACE.key_id}/a"), False),
        (replace(PLACE, vault_id=VAULT.replace("kv-language", "kv-hub")), True),
    ],
)
def test_what_another_key_lets_in_says_nothing_of_the_one_in_use(place: KeyPlace, told: bool) -> None:
    vault, assignment = {"id": place.vault_id, "name": "kv", "properties": {}}, {"id": "of the declared key"}
    live = Live(vault=vault, assignment=assignment)
    found = situation(recorded(), place, live, access="revoked")
    assert (found.access is None) is told
    if told:
        assert [*removed_access(situation(recorded(), place, live))] == []


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ({"publicNetworkAccess": "SecuredByPerimeter", "networkAcls": {"bypass": "AzureServices"}}, False),
        ({"publicNetworkAccess": "SecuredByPerimeter", "networkAcls": {"bypass": "None"}}, False),
        ({"networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"}}, False),
        ({"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}, True),
        ({"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "None"}}, True),
    ],
)
def test_only_a_firewall_that_is_seen_to_shut_the_service_out_is_a_removed_access(
    network: dict[str, Any], told: bool
) -> None:
    """A network security perimeter is undecided: its rules are not read, and the data may be readable."""
    policy = {"objectId": "p", "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
    vault = {"id": VAULT, "name": "kv", "properties": {"accessPolicies": [policy], **network}}
    found = situation(recorded(), PLACE, Live(account=LIVE, vault=vault, key=THERE))
    assert bool([*removed_access(found)]) is told


@pytest.mark.parametrize(
    ("more", "users", "told"),
    [
        ({"resources": GRANT}, ["p"], False),
        # Its name in the state tells it, too.
        ({"principal_id": "former"}, ["former"], True),
        ({"resources": FORMER_GRANT}, ["former"], True),
        # A refresh has recorded the new one.
        ({"resources": FORMER_GRANT, "principal_id": "p"}, [], True),
        # Somebody gave it access.
        ({"resources": FORMER_GRANT}, ["former", "p"], False),
        # The settings took access away, and may give it back.
        ({"resources": {**FORMER_GRANT, **REVOKED}}, [], False),
    ],
)
def test_an_identity_that_was_made_anew_has_lost_the_access_of_the_former_one(
    more: dict[str, Any], users: list[str], told: bool
) -> None:
    """`p` has it now; `users` have access to the key in Azure."""
    policies = [{"objectId": one, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}} for one in users]
    vault = {"id": VAULT, "name": "kv", "properties": {"accessPolicies": policies}}
    live = Live(account=LIVE, vault=vault, key=THERE)
    place = replace(PLACE, grantee_id="former")
    found = [one.text for one in removed_access(situation(recorded(**more), place, live))]
    assert [("former was turned off; its new one, p, has no access") in one for one in found] == [True] * told


def test_access_is_revoked_only_of_an_account_under_a_key() -> None:
    """Of any other, revoking would leave the data readable."""
    (problem,) = revoked_without_a_key(situation(RecordedService("language"), access="revoked"))
    assert "is not bound to a customer-managed key" in problem.text
    assert [*revoked_without_a_key(situation(recorded(), access="revoked"))] == []
    assert [*revoked_without_a_key(situation(RecordedService("language")))] == []


def test_names_are_looked_up_only_where_something_is_made() -> None:
    """An account or vault that stands holds its own name; an existing vault is not made here."""
    vault: Parts = {(types.VAULT, "language-vault"): {"id": VAULT, "name": "kv-language"}}
    stands = recorded(resources=vault)
    assert not makes_names(service_inputs().desired, stands)
    assert makes_names(service_inputs().desired, RecordedService("language", vault))
    assert makes_names(service_inputs().desired, recorded())
    assert not makes_names(service_inputs(vault={"id": VAULT}).desired, recorded())


@pytest.mark.parametrize(
    ("policy", "vault", "counts"),
    [
        ({"vaultName": "kv-hub"}, HUB, True),
        ({"vaultName": "KV-Hub"}, HUB, True),
        ({"vaultName": None}, HUB, True),
        ({"vaultName": "kv-language"}, HUB, False),
        # A vault that another resource of the program makes has no id in the preview.
        ({"vaultName": "kv-language"}, "", True),
        ({"policy": {"objectId": "P"}}, VAULT, True),
        ({"policy": {"objectId": "former"}}, VAULT, False),
    ],
)
def test_the_policy_of_another_vault_or_identity_is_not_the_declared_one(
    policy: dict[str, Any], vault: str, *, counts: bool
) -> None:
    """One that is the same, however it is spelt, is not taken for a second one: an import of it would replace
    it, and then delete it."""
    before = recorded(resources={(types.ACCESS_POLICY, "language-access"): policy})
    found = situation(before, KeyPlace(vault_id=vault, key_name="cmk-language"), Live())
    assert ("language-access" in found.recorded_policies) is counts


@pytest.mark.parametrize("kind", ["TextTranslation", "TextAnalytics"])
@pytest.mark.parametrize(
    ("place", "vault"),
    [(PLACE, None), (PLACE, THERE), (KeyPlace(f"{GROUP}/Microsoft.KeyVault/managedHSMs/hsm"), None)],
)
def test_what_azure_deletes_of_a_kind_whose_key_is_gone_is_told(
    kind: str, place: KeyPlace, vault: dict[str, Any] | None
) -> None:
    """It does not come back with the vault, the managed HSM or the key."""
    before = recorded(bound_to=(arm_ids.name_of(place.vault_id), place.key_name))
    assert before.account is not None
    before = replace(before, account=replace(before.account, kind=kind))
    (told,) = gone(situation(before, place, Live(account=LIVE, vault=vault)))
    lost = "; Azure then deletes all data uploaded to Custom Translator"
    assert (lost in told.text) is (kind == "TextTranslation")


SETTING: Parts = {(types.DIAGNOSTIC_SETTING, "language-vault-audit"): {"name": "language-audit", "id": "/x"}}


@pytest.mark.parametrize(
    ("live", "told"),
    [
        (None, "was deleted outside Pulumi"),
        (
            {"properties": {"logs": [{"category": "AuditEvent", "enabled": False}]}},
            "no longer delivers AuditEvent",
        ),
        ({"properties": {"logs": [{"categoryGroup": "allLogs", "enabled": True}]}}, ""),
        ({}, ""),
    ],
    ids=["deleted", "turned off", "wider", "not read"],
)
def test_a_vault_that_is_no_longer_audited_is_told(live: Any, told: str) -> None:
    """The trail of key use, which no update writes unless a refresh has seen that it is gone."""
    found = [*unaudited(situation(recorded(resources=SETTING), PLACE, Live(**ALL, audit=live)))]
    assert len(found) == (told != "")
    assert all(told in one and "`pulumi up --refresh`" in one for one in found)


def test_what_only_a_refresh_reads_is_named_once_in_one_line() -> None:
    """Of all services, in the words of the settings; the account's own role is read, and nothing is said of a
    service that has nothing else."""
    roles: Parts = {(types.ROLE_ASSIGNMENT, f"language-{one}"): {} for one in ("caller-a", "access")}
    others: Parts = {
        (types.PRIVATE_ENDPOINT, "language-vault-endpoint"): {},
        (types.WORKSPACE, "language-w"): {},
    }
    services = [situation(recorded(resources=one)) for one in (roles, {**roles, **others}, SETTING)]
    assert not_read(services) == ("read by a refresh alone: roles of callers, private endpoints, workspace")
    assert not_read(services[2:]) == ""
