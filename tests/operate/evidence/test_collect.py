"""Evidence of a cloud with a rotated, a cut off and a plain account: what is told, and what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from core import arm_ids
from core.facts import Account, Key, Vault
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from operate.azure import UnansweredError
from operate.evidence.collect import _groups, accounts_in, collect, diagnostic_setting, log_start
from operate.evidence.findings import findings
from operate.evidence.history import bound_since
from operate.evidence.model import Facts, KeyUseLog, NotChecked, Service, UseRow, moment
from operate.evidence.report import document, files
from tests.consistency.world import GROUP, KEY, World
from tests.operate.evidence.door_azure import (
    ACCOUNTS,
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    WORKSPACE,
    DoorAzure,
    scene,
    scene_across,
)
from tests.operate.evidence.made import NOW, OTHER, OWN, assignment, row, service, vault
from tests.support.front import Door

NAMES = ("cut-off", "plain", "rotated")


@pytest.fixture(scope="module")
def door() -> Door:
    return scene()


def gather(door: Door, *refused: str, now: datetime | None = None) -> tuple[Facts, DoorAzure]:
    azure = DoorAzure(door, *refused)
    now = now or datetime.fromtimestamp(int(door.cloud.clock.now()) + 1, UTC)
    return collect(azure, "test", [f"{ACCOUNTS}/{name}" for name in NAMES], now=now, days=90), azure


def rules(facts: Facts, subject: str) -> set[str]:
    return {finding.rule for finding in findings(facts) if finding.subject == subject}


def of(facts: Facts, name: str) -> Service:
    return next(service for service in facts.services if service.name == name)


def test_a_rotated_account_is_bound_to_the_newest_version(door: Door) -> None:
    """Key, versions and binding are the cloud's own, and nothing of severity error is found."""
    facts, _ = gather(door)
    service = of(facts, "rotated")
    assert isinstance(service.account, Account)
    assert isinstance(service.key, Key)
    assert len(service.key.versions) == 2
    assert service.account.encryption.key_version == service.key.versions[-1].version
    assert "old-versions-enabled" in rules(facts, "rotated")
    assert not rules(facts, "rotated") & {"bound-version-not-newest", "no-access-to-key", "not-checked"}


def test_an_account_whose_access_was_taken_and_one_on_microsofts_keys_are_errors(door: Door) -> None:
    """The grant of the one is gone from the vault, and it is on an old version; the other has no key."""
    facts, _ = gather(door)
    assert {"no-access-to-key", "bound-version-not-newest"} <= rules(facts, "cut-off")
    assert "not-under-customer-key" in rules(facts, "plain")


def test_use_is_told_by_identity_and_version(door: Door) -> None:
    """The account's identity used the old version first and then the new one, as the audit log has it."""
    facts, _ = gather(door)
    service = of(facts, "rotated")
    assert isinstance(service.account, Account)
    assert isinstance(service.key, Key)
    assert isinstance(service.use, KeyUseLog)
    used = [arm_ids.name_of(row.key_uri) for row in sorted(service.use.rows, key=lambda row: row.first)]
    assert [*dict.fromkeys(used)] == [version.version for version in service.key.versions]
    since = bound_since(service.account, service.key, service.use)
    assert since.not_before == moment(service.key.versions[-1].created)
    assert since.not_after is not None
    assert since.not_before is not None
    assert since.not_before <= since.not_after <= facts.taken


def test_every_refused_question_is_told(door: Door) -> None:
    """Whatever single question is refused, a finding `not-checked` says so: nothing is passed over."""
    now = door.cloud.clock.datetime()
    _, azure = gather(door, now=now)
    questions = dict.fromkeys(azure.questions)
    assert len(questions) > 15
    silent = []
    for question in questions:
        facts, _ = gather(door, question, now=now)
        if not any(f.rule == "not-checked" and "refused by the test" in f.text for f in findings(facts)):
            silent.append(question)
    assert silent == []


@pytest.mark.parametrize("odd", ["roleAssignments", "diagnosticSettings", "/versions", "eventtypes"])
def test_an_answer_that_cannot_be_read_is_told(door: Door, odd: str) -> None:
    """What Azure answers in a shape that nobody expected counts as not checked, and ends nothing."""
    now = door.cloud.clock.datetime()
    facts = collect(DoorAzure(door, odd=odd), "test", [f"{ACCOUNTS}/rotated"], now=now, days=1)
    told = [f.text for f in findings(facts) if f.rule == "not-checked"]
    assert any("the answer could not be read" in text for text in told), told


def test_every_kind_of_question_is_asked(door: Door) -> None:
    """What is never asked can never be refused; so each kind is counted here."""
    _, azure = gather(door)
    kinds = {question.partition("?")[0].rsplit("/", 1)[-1] for question in azure.questions}
    asked = {"versions", "roleAssignments", "diagnosticSettings", "query", "transitiveMembers", "values"}
    assert kinds >= asked | {"roleEligibilityScheduleInstances", "vaults", "subscriptions"}


def test_what_was_not_read_is_in_the_document(door: Door) -> None:
    """As a thing of its own with the reason, so that no reader takes it for nothing."""
    facts, _ = gather(door, "/versions")
    shown = document(facts, findings(facts), "1")
    reasons = [service["key"] for service in shown["services"]]
    assert reasons.count({"notChecked": "403 Forbidden: refused by the test"}) == 2


def test_the_same_cloud_at_the_same_time_gives_the_same_bytes(door: Door) -> None:
    """Collected twice as of one moment, the document does not differ, and holds no token or secret."""
    now = door.cloud.clock.datetime()
    ids = [f"{ACCOUNTS}/{name}" for name in NAMES]
    texts = set()
    for order in (ids, ids[::-1]):
        facts = collect(DoorAzure(door), "test", order, now=now, days=90)
        texts.add(files(facts, findings(facts), (), "1")["evidence.json"])
    assert len(texts) == 1
    (shown,) = texts
    assert json.loads(shown)["schema"] == "language-cmk/evidence/1"
    assert "eyJ" not in shown
    assert "secret" not in shown.lower()


def test_a_subscription_has_its_accounts(door: Door) -> None:
    """Asked for a subscription, all of its Language accounts are found."""
    found = accounts_in(DoorAzure(door), SUBSCRIPTION)
    assert sorted(id.rsplit("/", 1)[-1] for id in found) == sorted(NAMES)


@pytest.mark.parametrize("own", [SUBSCRIPTION, OTHER_SUBSCRIPTION])
def test_the_vault_is_looked_for_in_the_accounts_own_subscription_first(own: str) -> None:
    """And in others only where it is not there: few logins may read them all."""
    door = Door()
    azure = DoorAzure(door)
    account = scene_across(door, own, own)
    collect(azure, "test", [account], now=door.cloud.clock.datetime(), days=1)
    asked = {q.split("/")[2] for q in azure.questions if "/providers/Microsoft.KeyVault/vaults?" in q}
    assert asked == {own}


def test_a_vault_in_another_subscription_is_found() -> None:
    """The account names its vault by its host alone, so that all subscriptions are looked through."""
    door = Door()
    account = scene_across(door, SUBSCRIPTION, OTHER_SUBSCRIPTION)
    facts = collect(DoorAzure(door), "test", [account], now=door.cloud.clock.datetime(), days=1)
    (service,) = facts.services
    assert isinstance(service.vault, Vault)
    assert service.vault.id.split("/")[2] == OTHER_SUBSCRIPTION


def test_a_refused_subscription_does_not_hide_the_vault_of_another() -> None:
    """A login need not read all that is listed to it; where no vault is found, the refusal is told."""
    door = Door()
    account = scene_across(door, SUBSCRIPTION, OTHER_SUBSCRIPTION)
    vaults = "/subscriptions/{}/providers/Microsoft.KeyVault/vaults?"
    now = door.cloud.clock.datetime()
    azure = DoorAzure(door, vaults.format(SUBSCRIPTION))
    (service,) = collect(azure, "test", [account], now=now, days=1).services
    assert isinstance(service.vault, Vault)
    azure = DoorAzure(door, vaults.format(OTHER_SUBSCRIPTION))
    (service,) = collect(azure, "test", [account], now=now, days=1).services
    assert isinstance(service.vault, NotChecked)
    assert f"subscription {OTHER_SUBSCRIPTION}: 403 Forbidden" in service.vault.why


def test_the_log_is_told_of_no_time_that_the_workspace_cannot_know(door: Door) -> None:
    """Nothing is said of the days before it was made, though 90 were asked for."""
    facts, _ = gather(door)
    use = of(facts, "rotated").use
    assert isinstance(use, KeyUseLog)
    made = DoorAzure(door).get(WORKSPACE, "2022-10-01")["properties"]["createdDate"]
    assert f"{use.since:%Y-%m-%d}" == made[:10]


@pytest.mark.parametrize(
    ("properties", "rows", "days"),
    [
        ({}, (), 90),
        ({"retentionInDays": 730}, (), 90),
        ({"retentionInDays": 30}, (), 30),
        ({"retentionInDays": 30, "createdDate": "2026-05-28T00:00:00Z"}, (), 4),
        # Its table is kept for longer than the others.
        ({"retentionInDays": 30}, (row(41),), 41),
    ],
)
def test_the_log_begins_where_records_can_be(
    properties: dict[str, object], rows: tuple[UseRow, ...], days: int
) -> None:
    """By the workspace's age and retention, unless a record shows that it has older ones."""
    since = (NOW - timedelta(days=90)).replace(hour=0)
    found = log_start({"properties": properties}, rows, since, NOW)
    assert found == (NOW - timedelta(days=days)).replace(hour=0)


def test_a_setting_names_what_is_on() -> None:
    """Categories and groups that are off are no audit; nor is one without a workspace."""
    logs = [{"category": "AuditEvent", "enabled": False}, {"categoryGroup": "allLogs", "enabled": True}]
    body = {"name": "s", "properties": {"workspaceId": "/w", "logs": logs}}
    assert diagnostic_setting(body).categories == ("allLogs",)
    assert diagnostic_setting(body).is_audit
    body["properties"] = {"logs": logs}
    assert not diagnostic_setting(body).is_audit


@pytest.mark.parametrize(
    ("refused", "rule"),
    [((), "no-access-to-key"), (("denyAssignments",), "not-checked")],
    ids=["read", "not read"],
)
def test_a_deny_assignment_is_read(refused: tuple[str, ...], rule: str) -> None:
    """It takes access away from the account's identity; one that may not be read is not checked."""
    world = World(rbac=True)
    world.bind_first()
    world.assign_each(CRYPTO_SERVICE_ENCRYPTION_USER.id, KEY)
    world.deny(GROUP, ["*"])
    now = datetime.fromtimestamp(world.door.cloud.clock.now(), UTC)
    account = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-bound"
    facts = collect(DoorAzure(world.door, *refused), "test", [account], now=now, days=1)
    found = [one.text for one in findings(facts) if one.rule == rule]
    assert any("deny assignment" in text for text in found), found


def test_a_role_that_does_not_say_whom_it_is_for_may_be_a_groups() -> None:
    """As those of a managed HSM do not: Microsoft Graph is asked, and what is no group is left out."""
    given = assignment(OTHER, "Managed HSM Crypto User", "/", principal_type="")

    class Graph:
        def members(self, id: str) -> tuple[str, ...]:
            if id != OTHER:
                raise UnansweredError("404 Request_ResourceNotFound: no such group")
            return (OWN,)

    own = assignment("nobody", "Managed HSM Crypto User", "/", principal_type="")
    hsm = vault(uses_rbac=True, policies=())
    found = dict(_groups(Graph(), [service(vault=hsm, assignments=(given, own))]))  # type: ignore[arg-type]
    assert found == {OTHER: (OWN,)}
