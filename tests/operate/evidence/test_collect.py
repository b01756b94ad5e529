"""Evidence of a cloud with a rotated, a cut off and a plain account, and of an account whose key is in a
managed HSM: what is told, and what is not."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import adapters, arm_ids
from core.facts import Account, Key, Vault
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from localazure import seed
from operate.__main__ import main
from operate.evidence import access, command, report
from operate.evidence.collect import accounts_in, log_start
from operate.evidence.findings import findings
from operate.evidence.history import bound_since, newest
from operate.evidence.model import Facts, KeyUseLog, NotChecked, UseRow, moment
from operate.source import Source
from tests.consistency.hsm_world import CRYPTO_USER, ENCRYPTION_USER, HSM, HSM_KEY, HsmWorld
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
    scene_of,
    unchecked,
)
from tests.operate.evidence.made import NOW, row
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


def test_every_refused_question_is_told(door: Door, world: HsmWorld) -> None:
    """Whatever single question is refused, a finding `not-checked` says so: nothing is passed over. What is
    never asked can never be refused, so each kind is counted here."""
    assert list(passed_over(door, *IDS)) == []
    assert list(passed_over(world.door, ACCOUNT)) == []
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
    """Read twice at one moment, in whatever order, the report does not differ, and holds no token or
    secret. What was not read is there with the reason, so that no reader takes it for nothing; the manifest
    has each file's hash and each question's answer."""
    reading(monkeypatch, DoorAzure, door, "/versions")
    now, made = door.cloud.clock.now(), []
    monkeypatch.setattr(door.cloud.clock, "now", lambda: now)
    for ids in (IDS, IDS, IDS[::-1]):
        assert main(["evidence", "--account", *ids, "--out", str(tmp_path)]) == 1
        made.append({one.name: one.read_text() for one in tmp_path.iterdir()})
    first, second, turned = made
    assert first == second
    assert sorted(first) == ["SHA256SUMS", "evidence.json", "index.html", "manifest.json"]
    assert "error   cut-off: " in capsys.readouterr().out
    shown = json.loads(first["evidence.json"])
    assert (shown["schema"], shown["notFromAzure"]) == ("language-cmk/evidence/2", SOURCE.warning)
    keys = [service["key"] for service in shown["services"]]
    assert keys.count({"notChecked": "403 Forbidden: refused by the test"}) == 2
    manifest = json.loads(first["manifest.json"])
    hashes = {name: report.sha256(first[name]) for name in ("evidence.json", "index.html")}
    answers = manifest["answers"]
    assert manifest["files"] == hashes
    assert {one["answer"][:4] for one in answers} == {"ok", "403 ", "404 "}
    assert json.loads(turned["evidence.json"])["services"] == shown["services"]
    text = "".join(first.values()).lower()
    assert ("eyj" in text, "secret" in text) == (False, False)


def reading(
    monkeypatch: pytest.MonkeyPatch, azure: Callable[..., DoorAzure], door: Door, *refused: str
) -> None:
    """The command reads this door."""
    monkeypatch.setattr(command, "LiveAzure", lambda _: azure(door, *refused))
    monkeypatch.setattr("operate.azure.source_of", lambda _: SOURCE)
    monkeypatch.setattr(command, "VERSION", "1")


def collected(folder: Path, *words: str) -> tuple[Any, Any]:
    """evidence.json and manifest.json of a report about the accounts."""
    assert main(["evidence", "--account", *IDS, "--out", str(folder), *words]) == 1
    evidence, manifest = (
        json.loads((folder / f"{name}.json").read_bytes()) for name in ("evidence", "manifest")
    )
    return evidence, manifest


def test_a_report_is_dated_by_the_answers_and_judges_no_earlier_time(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the first and the last of their Date headers, whatever time it judges as of. An earlier time is
    refused, because the cloud says how it is now."""
    reading(monkeypatch, DoorAzure, door)
    later = door.cloud.clock.datetime() + timedelta(days=5000)
    for words, judged in (((), ""), (("--at", later.isoformat()), later.strftime("%Y-%m-%dT%H:%M:%SZ"))):
        began = door.cloud.clock.datetime().strftime("%Y-%m-%dT%H:%M:%SZ")
        evidence, manifest = collected(tmp_path, *words)
        ended = door.cloud.clock.datetime().strftime("%Y-%m-%dT%H:%M:%SZ")
        dates = sorted(answer["date"] for answer in manifest["answers"])
        assert (evidence["readFrom"], evidence["readUntil"]) == (dates[0], dates[-1])
        assert began <= dates[0] < dates[-1] <= ended
        assert evidence["judgedAt"] == (judged or dates[-1])
    before = door.cloud.clock.datetime() - timedelta(days=180)
    capsys.readouterr()
    assert (
        main(["evidence", "--account", *IDS, "--at", before.isoformat(), "--out", str(tmp_path / "x")]) == 2
    )
    assert "the cloud answers how it is now" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_subscription_has_its_accounts(door: Door) -> None:
    """Asked for a subscription, all of its Language accounts are found."""
    found = accounts_in(DoorAzure(door), SUBSCRIPTION)
    assert sorted(id.rsplit("/", 1)[-1] for id in found) == sorted(NAMES)


def test_a_subscription_has_accounts_that_others_made_under_microsofts_keys() -> None:
    """Of every kind that stores data: each is told not to be under a customer's key."""
    azure = DoorAzure(Door())
    made = [scene_of(azure.door, kind) for kind in ("AIServices", "OpenAI", "ComputerVision")]
    assert accounts_in(azure, SUBSCRIPTION) == made[:2]
    facts = read(azure, *made[:2])
    assert {one.subject for one in findings(facts) if one.rule == "not-under-customer-key"} == {
        id.rpartition("/")[2] for id in made[:2]
    }


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
    assert adapters.diagnostic_setting(body).categories == ("alllogs",)
    assert adapters.diagnostic_setting(body).is_audit
    body["properties"] = {"logs": logs}
    assert not adapters.diagnostic_setting(body).is_audit


@pytest.mark.parametrize(("refused", "rule"), [((), "no-access-to-key"), (("denyAssign",), "not-checked")])
def test_a_deny_assignment_is_read(refused: tuple[str, ...], rule: str) -> None:
    """It takes access away from the account's identity; one that may not be read is not checked."""
    world = World(rbac=True)
    world.bind_first()
    world.assign_each(CRYPTO_SERVICE_ENCRYPTION_USER.id, KEY)
    world.deny(GROUP, ["*"])
    found = findings(read(DoorAzure(world.door, *refused), world.accounts[0]["id"]))
    assert any("deny assignment" in one.text for one in found if one.rule == rule), found


ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-new"
HSM_LOG = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
ANOTHER = "99999999-0000-4000-8000-000000000009"


def log_to_workspace(world: HsmWorld) -> None:
    body = {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}}
    world.arm("PUT", HSM_LOG, body, api="2022-10-01")
    logs = [{"category": "AuditEvent", "enabled": True}]
    setting = f"{HSM}/providers/Microsoft.Insights/diagnosticSettings/audit"
    properties = {"workspaceId": HSM_LOG, "logs": logs}
    world.arm("PUT", setting, {"properties": properties}, api="2021-05-01-preview")


@pytest.fixture
def world() -> HsmWorld:
    """An account under a key in the HSM, whose audit log goes to a workspace; an auditor of the HSM reads."""
    made = HsmWorld()
    log_to_workspace(made)
    made.grant(seed.DEPLOYER.object_id, "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3", "")
    made.grant_each(ENCRYPTION_USER, "/keys/cmk-contoso")
    assert made.bindable()
    return made


def found(facts: Facts) -> dict[str, Any]:
    """Each rule that does not hold, with its finding."""
    return {one.rule: one for one in findings(facts)}


def gather(world: HsmWorld) -> Facts:
    return read(DoorAzure(world.door), ACCOUNT)


def test_key_binding_and_use_are_read_from_the_hsm(world: HsmWorld) -> None:
    """The bound version is the newest, the account's identity uses it since a time that the log has, and
    nothing was left out."""
    facts = gather(world)
    (service,) = facts.services
    account, vault, key, use = service.account, service.vault, service.key, service.use
    assert service.unread == ()
    assert isinstance(account, Account)
    assert isinstance(vault, Vault)
    assert isinstance(key, Key)
    assert isinstance(use, KeyUseLog)
    assert (vault.id, key.type, key.size) == (HSM, "RSA-HSM", 2048)
    assert newest(key, facts.taken) == key.version(account.encryption.key_version)
    assert bound_since(account, key, use).not_after is not None
    rules = found(facts)
    assert "others-can-grant" in rules
    assert not {"no-access-to-key", "not-checked", "key-type", "purge-protection"} & rules.keys()


def test_who_can_unwrap_is_told_by_the_hsms_own_roles(world: HsmWorld) -> None:
    """Whoever has a role of Resource Manager at the HSM, and everybody in a vault of its name, can do
    nothing; an administrator of the HSM could give themselves the right."""
    world.assign(ANOTHER, "00482a5a-887f-4fb3-b363-3b7fe8e74483", HSM)
    world.grant(ANOTHER, CRYPTO_USER, "/keys/another")
    (service,) = gather(world).services
    able, granting = access.unwrappers(service), access.controllers(service)
    assert not isinstance(able, NotChecked)
    assert not isinstance(granting, NotChecked)
    # The deployer is Crypto User at all keys, by which the key was made.
    assert {one.principal_id for one in able} == {*world.principals, seed.DEPLOYER.object_id}
    assert {one.scope for one in able} == {HSM_KEY, f"{HSM}/keys"}
    assert {(one.principal_id, one.scope) for one in granting} == {(seed.DEPLOYER.object_id, HSM)}


def test_a_rotation_and_a_revocation_show(world: HsmWorld) -> None:
    """A newer version makes the bound one old; without its role the account cannot read its data."""
    world.door.cloud.clock.advance(60)
    world.hsm("POST", "/keys/cmk-contoso/rotate")
    for body in world.local_assignments:
        if body["properties"]["principalId"] == world.principal:
            world.hsm("DELETE", body["id"])
    assert {"no-access-to-key", "bound-version-not-newest"} <= found(gather(world)).keys()


def test_whoever_has_a_role_of_the_hsm_may_be_a_group(world: HsmWorld) -> None:
    """The role does not say: Microsoft Graph is asked, and what is no group is left out."""
    azure = DoorAzure(world.door)
    facts = read(azure, ACCOUNT)
    assert any("transitiveMembers" in question for question in azure.questions)
    assert facts.groups == ()
