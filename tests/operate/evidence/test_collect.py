"""Evidence of a cloud with a rotated, a cut off and a plain account: what is told, and what is not."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from core import arm_ids
from core.facts import Account, Key, Vault
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from localazure import seed
from operate.__main__ import main
from operate.azure import UnansweredError
from operate.evidence import command, report
from operate.evidence.collect import _groups, accounts_in, diagnostic_setting, log_start
from operate.evidence.findings import findings
from operate.evidence.history import bound_since
from operate.evidence.model import Facts, KeyUseLog, NotChecked, UseRow, moment
from operate.source import Source
from tests.consistency.world import GROUP, KEY, World
from tests.operate.evidence.door_azure import (
    ACCOUNTS,
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    WORKSPACE,
    DoorAzure,
    passed_over,
    read,
    scene,
    scene_across,
    unchecked,
)
from tests.operate.evidence.made import NOW, OTHER, OWN, assignment, row, service, vault
from tests.support.front import Door

NAMES = ("cut-off", "plain", "rotated")
SOURCE = Source("public", "management.azure.com", False, "t-1", "o-1", "", "a-1", "OIDC")
IDS = [f"{ACCOUNTS}/{name}" for name in NAMES]


@pytest.fixture(scope="module")
def door() -> Door:
    return scene()


def rules(facts: Facts, subject: str) -> set[str]:
    return {finding.rule for finding in findings(facts) if finding.subject == subject}


def test_a_rotated_account_is_bound_to_the_newest_version_since_it_used_it(door: Door) -> None:
    """Key, versions, binding and use are the cloud's own, with Reader alone: the account's identity used the
    old version first and then the new one. Nothing is said of the days before the workspace was made."""
    facts = read(DoorAzure(door, caller=seed.READER), *IDS, days=90)
    assert unchecked(facts) == []
    (service,) = (one for one in facts.services if one.name == "rotated")
    account, key, use = service.account, service.key, service.use
    assert isinstance(account, Account)
    assert isinstance(key, Key)
    assert isinstance(use, KeyUseLog)
    assert len(key.versions) == 2
    assert account.encryption.key_version == key.versions[-1].version
    assert "old-versions-enabled" in rules(facts, "rotated")
    assert not rules(facts, "rotated") & {"bound-version-not-newest", "no-access-to-key"}
    used = [arm_ids.name_of(row.key_uri) for row in sorted(use.rows, key=lambda row: row.first)]
    assert [*dict.fromkeys(used)] == [version.version for version in key.versions]
    since = bound_since(account, key, use)
    assert since.not_before == moment(key.versions[-1].created)
    assert since.not_after is not None
    assert since.not_before is not None
    assert since.not_before <= since.not_after <= facts.taken
    made = DoorAzure(door).get(WORKSPACE, "2022-10-01")["properties"]["createdDate"]
    assert f"{use.since:%Y-%m-%d}" == made[:10]


def test_an_account_whose_access_was_taken_and_one_on_microsofts_keys_are_errors(door: Door) -> None:
    """The grant of the one is gone from the vault, and it is on an old version; the other has no key."""
    facts = read(DoorAzure(door), *IDS)
    assert {"no-access-to-key", "bound-version-not-newest"} <= rules(facts, "cut-off")
    assert "not-under-customer-key" in rules(facts, "plain")


def test_every_refused_question_is_told(door: Door) -> None:
    """Whatever single question is refused, a finding `not-checked` says so: nothing is passed over. What is
    never asked can never be refused, so each kind is counted here."""
    assert list(passed_over(door, *IDS)) == []
    azure = DoorAzure(door)
    read(azure, *IDS)
    kinds = {question.partition("?")[0].rsplit("/", 1)[-1] for question in azure.questions}
    assert any(question.startswith("QUERY") for question in azure.questions)
    asked = {"versions", "roleAssignments", "diagnosticSettings", "transitiveMembers", "values"}
    assert kinds >= asked | {"roleEligibilityScheduleInstances", "vaults", "subscriptions"}


@pytest.mark.parametrize("odd", ["roleAssignments", "diagnosticSettings", "/versions", "eventtypes"])
def test_an_answer_that_cannot_be_read_is_told(door: Door, odd: str) -> None:
    """What Azure answers in a shape that nobody expected counts as not checked, and ends nothing."""
    told = unchecked(read(DoorAzure(door, odd=odd), f"{ACCOUNTS}/rotated"))
    assert any("the answer could not be read" in text for text in told), told


def test_the_same_cloud_at_the_same_time_gives_the_same_bytes(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Read twice as of one moment, in whatever order, the report does not differ, and holds no token or
    secret. What was not read is there with the reason, so that no reader takes it for nothing; the manifest
    has each question's answer."""
    monkeypatch.setattr(command, "LiveAzure", lambda _: DoorAzure(door, "/versions"))
    monkeypatch.setattr("operate.azure.source_of", lambda _: SOURCE)
    monkeypatch.setattr(report, "tool_version", lambda: "1")
    at, made = door.cloud.clock.datetime().isoformat(timespec="seconds"), []
    for ids in (IDS, IDS, IDS[::-1]):
        assert main(["evidence", "--account", *ids, "--at", at, "--out", str(tmp_path)]) == 1
        made.append({one.name: one.read_text() for one in tmp_path.iterdir()})
    first, second, turned = made
    assert first == second
    assert sorted(first) == ["SHA256SUMS", "evidence.json", "index.html", "manifest.json"]
    assert "error   cut-off: " in capsys.readouterr().out
    shown = json.loads(first["evidence.json"])
    assert (shown["schema"], shown["notFromAzure"]) == ("language-cmk/evidence/1", SOURCE.warning)
    keys = [service["key"] for service in shown["services"]]
    assert keys.count({"notChecked": "403 Forbidden: refused by the test"}) == 2
    answers = json.loads(first["manifest.json"])["answers"]
    assert {one["answer"][:4] for one in answers} == {"ok", "403 ", "404 "}
    assert json.loads(turned["evidence.json"])["services"] == shown["services"]
    text = "".join(first.values()).lower()
    assert ("eyj" in text, "secret" in text) == (False, False)


def test_a_subscription_has_its_accounts(door: Door) -> None:
    """Asked for a subscription, all of its Language accounts are found."""
    found = accounts_in(DoorAzure(door), SUBSCRIPTION)
    assert sorted(id.rsplit("/", 1)[-1] for id in found) == sorted(NAMES)


@pytest.mark.parametrize("own", [SUBSCRIPTION, OTHER_SUBSCRIPTION])
def test_the_vault_is_looked_for_in_the_accounts_own_subscription_first(own: str) -> None:
    """And in others only where it is not there: few logins may read them all."""
    azure = DoorAzure(Door())
    read(azure, scene_across(azure.door, own, own))
    asked = {q.split("/")[2] for q in azure.questions if "/providers/Microsoft.KeyVault/vaults?" in q}
    assert asked == {own}


def test_a_vault_in_another_subscription_is_found_though_one_is_refused() -> None:
    """The account names its vault by its host alone, so that all subscriptions are looked through. A login
    need not read all that is listed to it; where no vault is found, the refusal is told."""
    door = Door()
    account = scene_across(door, SUBSCRIPTION, OTHER_SUBSCRIPTION)
    vaults = "/subscriptions/{}/providers/Microsoft.KeyVault/vaults?"
    found, lost = (
        read(DoorAzure(door, vaults.format(refused)), account).services[0].vault
        for refused in (SUBSCRIPTION, OTHER_SUBSCRIPTION)
    )
    assert isinstance(found, Vault)
    assert found.id.split("/")[2] == OTHER_SUBSCRIPTION
    assert isinstance(lost, NotChecked)
    assert f"subscription {OTHER_SUBSCRIPTION}: 403 Forbidden" in lost.why


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


@pytest.mark.parametrize(("refused", "rule"), [((), "no-access-to-key"), (("denyAssign",), "not-checked")])
def test_a_deny_assignment_is_read(refused: tuple[str, ...], rule: str) -> None:
    """It takes access away from the account's identity; one that may not be read is not checked."""
    world = World(rbac=True)
    world.bind_first()
    world.assign_each(CRYPTO_SERVICE_ENCRYPTION_USER.id, KEY)
    world.deny(GROUP, ["*"])
    found = findings(read(DoorAzure(world.door, *refused), world.accounts[0]["id"]))
    assert any("deny assignment" in one.text for one in found if one.rule == rule), found


def test_a_role_that_does_not_say_whom_it_is_for_may_be_a_groups() -> None:
    """As those of a managed HSM do not: Microsoft Graph is asked, and what is no group is left out."""
    given, own = (assignment(id, "Crypto User", "/", principal_type="") for id in (OTHER, "nobody"))

    class Graph:
        def members(self, id: str) -> tuple[str, ...]:
            if id != OTHER:
                raise UnansweredError("404 Request_ResourceNotFound: no such group")
            return (OWN,)

    hsm = vault(uses_rbac=True, policies=())
    found = dict(_groups(Graph(), [service(vault=hsm, assignments=(given, own))]))  # type: ignore[arg-type]
    assert found == {OTHER: (OWN,)}
