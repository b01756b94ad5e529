"""Over time: who changed what, by both logs, and each time of which the logs may not tell; since when a
version is bound, who used it, which is newest, and when the next one is due."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import MagicMock
from uuid import NAMESPACE_URL, uuid5

import pytest

from core.facts import Key, RotationPolicy
from localazure import seed
from operate.evidence.access import log_deleters, unwrappers
from operate.evidence.command import deployments
from operate.evidence.continuity import changes as of_log
from operate.evidence.continuity import gaps, of_activity_log, of_service
from operate.evidence.findings import findings
from operate.evidence.history import bound_since, next_rotation, rows_of, shifted, silence
from operate.evidence.model import Facts, KeyUseLog, LoggedChange, NotChecked
from operate.evidence.page import page
from tests.localazure.driver import GROUP, VAULT
from tests.operate.evidence.door_azure import (
    ACCOUNTS,
    WORKSPACE,
    DoorAzure,
    read,
    scene,
    scene_across,
    unchecked,
)
from tests.operate.evidence.made import (
    NEW,
    NOW,
    OLD,
    OTHER,
    account,
    days,
    facts,
    key,
    row,
    service,
    use,
    vault,
    version,
)
from tests.support.front import SUBSCRIPTION, Door, token

ROLES = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
SETTING = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/audit"


@pytest.fixture
def door() -> Door:
    return scene()


def seen(door: Door, *refused: str, days: float = 30) -> Facts:
    return read(DoorAzure(door, *refused), f"{ACCOUNTS}/rotated", days=days)


def changes(facts: Facts) -> list[LoggedChange]:
    found = of_service(facts.services[0], facts)
    assert not isinstance(found, NotChecked)
    return list(found)


def send(door: Door, method: str, path: str, body: Any = None, api: str = "2021-05-01-preview") -> None:
    door.cloud.clock.advance(3600)
    reply = door.send(method, f"{path}?api-version={api}", body)
    assert reply.status < 300, reply


def assign(door: Door, scope: str, name: str, **more: str) -> None:
    properties = {
        "roleDefinitionId": f"{ROLES}/{CRYPTO_OFFICER}",
        "principalId": seed.READER.object_id,
        **more,
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    send(door, "PUT", path, {"properties": properties}, api="2022-04-01")


def test_who_changed_what_is_told_by_both_logs(door: Door) -> None:
    """Binding, access policies, diagnostic settings and a role far above from the activity log; the versions
    of the key from the vault's; in order of time, each with who it was, also of what was refused."""
    assign(door, GROUP.partition("/resourceGroups")[0], "11111111-2222-4333-8444-555555555555")
    path = f"{VAULT}/accessPolicies/replace?api-version=2026-02-01"
    body: dict[str, Any] = {"properties": {"accessPolicies": []}}
    assert door.send("PUT", path, body, bearer=token(seed.READER)).status == 403
    found = changes(seen(door))
    last = [(one.what, one.result) for one in found if one.who == seed.READER.object_id]
    assert last == [("Microsoft.KeyVault/vaults/accessPolicies/write", "Failed")]
    what = {(one.what, one.who) for one in found}
    who = seed.DEPLOYER.object_id
    assert {
        ("Microsoft.CognitiveServices/accounts/write", who),
        ("Microsoft.KeyVault/vaults/write", who),
        ("Microsoft.Insights/diagnosticSettings/write", who),
        ("Microsoft.Authorization/roleAssignments/write", who),
    } <= what
    assert {one.what.partition(",")[0] for one in found} & {"KeyCreate", "KeyRotate", "KeyImport"}
    assert [one.time for one in found] == sorted(one.time for one in found)
    # Other accounts of the group are theirs.
    assert not any("/accounts/plain" in one.where for one in found)
    send(door, "DELETE", SETTING)
    (gap,) = [one.text for one in findings(seen(door)) if one.rule == "log-gap"]
    assert f"{who} wrote or deleted its diagnostic settings" in gap


def test_an_activity_log_that_cannot_be_read_is_a_finding(door: Door) -> None:
    """Nothing is then said to have changed or not."""
    facts = seen(door, "eventtypes/management/values")
    assert isinstance(of_service(facts.services[0], facts), NotChecked)
    assert any("who changed what (activity log): not checked" in text for text in unchecked(facts))


def test_more_days_than_azure_keeps_are_a_gap_and_no_refusal(door: Door) -> None:
    """Azure refuses an earlier start than 90 days ago: what is older is said to be missing."""
    facts = seen(door, days=200)
    assert not isinstance(facts.changes, NotChecked)
    (gap,) = of_activity_log(facts)
    assert (gap.subject, gap.why) == ("activity log", "Azure keeps it for 90 days")
    (hour,) = of_activity_log(seen(door, days=90))
    assert (hour.last - hour.first) == timedelta(hours=1)
    assert list(of_activity_log(seen(door, days=89))) == []


@pytest.mark.parametrize(
    ("place", "unread"),
    [(VAULT, "somebody may activate (PIM)"), (WORKSPACE, "deletes the audit log (PIM)")],
    ids=["vault", "workspace"],
)
def test_who_may_activate_a_role_is_told_and_a_list_that_was_not_read(
    door: Door, place: str, unread: str
) -> None:
    """PIM's eligible roles count as access that somebody can take, at the vault, and at the workspace, which
    may be in another group; refused, the list is not passed over."""
    schedules = f"{place}/providers/Microsoft.Authorization/roleEligibilitySchedule"
    given = {"principalId": OTHER, "roleDefinitionId": f"{ROLES}/{CONTRIBUTOR}", "requestType": "AdminAssign"}
    send(door, "PUT", f"{schedules}Requests/r1", {"properties": given}, api="2020-10-01")
    found = {(one.by, one.scope) for one in _found(seen(door)) if one.principal_id == OTHER}
    assert found == {("role Contributor, once activated (PIM)", place)}
    refused = seen(door, "roleEligibilityScheduleInstances")
    assert not any(one.principal_id == OTHER for one in _found(refused))
    assert not isinstance(unwrappers(refused.services[0]), NotChecked)
    assert any(unread in text for text in unchecked(refused))
    removed = {"properties": {**given, "requestType": "AdminRemove"}}
    send(door, "PUT", f"{schedules}Requests/r1", removed, api="2020-10-01")
    assert not any(one.principal_id == OTHER for one in _found(seen(door)))


def test_what_came_late_to_an_earlier_report_is_in_the_next(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records come minutes late: the last hour before the moment that a report goes on from is read again,
    also of the audit log, where a day ends in it."""
    setting = door.send("GET", f"{SETTING}?api-version=2021-05-01-preview").body
    send(door, "PUT", SETTING, {"properties": setting["properties"]})
    written = datetime.fromtimestamp(int(door.cloud.clock.now()), UTC)
    azure, today = DoorAzure(door), written.replace(hour=0, minute=0, second=0, microsecond=0)
    asked: list[datetime] = []

    def query(_: str, __: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        asked.append(since)
        return []

    monkeypatch.setattr(azure, "query", query)
    for minutes, is_read in ((5, True), (120, False)):
        since, now = written + timedelta(minutes=minutes), written + timedelta(days=1)
        found = of_log(azure, seen(door).services, since, now)
        assert any(one.where.lower() == SETTING.lower() for one in found) is is_read
        read(azure, f"{ACCOUNTS}/rotated", now=today + timedelta(minutes=minutes), days=0)
    assert asked == [today - days(1), today]


@pytest.mark.parametrize("end", ["2026-05-30T10:00:00Z", "2026-05-30T10:00:00.1234567Z"])
def test_of_the_events_of_one_operation_the_end_counts(end: str) -> None:
    """In whatever order Azure lists them, also where they have one time, or one of another precision."""
    what = {"resourceId": vault().id, "operationId": "o", "operationName": {"value": "vaults/write"}}
    events = [
        {**what, "status": {"value": status}, "eventTimestamp": time}
        for status, time in (("Started", "2026-05-30T10:00:00Z"), ("Succeeded", end))
    ]
    for listed in (events, events[::-1]):
        azure = MagicMock(**{"list.return_value": listed})
        (found,) = of_log(azure, [service()], NOW - days(9), NOW)
        assert found.result == "Succeeded"


def _found(facts: Facts) -> tuple[Any, ...]:
    found = log_deleters(facts.services[0])
    assert not isinstance(found, NotChecked)
    return found


def test_who_can_delete_the_log_is_told(door: Door) -> None:
    """Whoever may purge or delete the workspace, or end the delivery at the vault."""
    found = _found(seen(door))
    permits = {one for grant in found for one in grant.permits}
    assert {"OperationalInsights/workspaces/purge/action", "Insights/diagnosticSettings/delete"} <= permits
    unread = seen(door, f"{WORKSPACE}/providers/Microsoft.Authorization/roleAssignments")
    assert isinstance(log_deleters(unread.services[0]), NotChecked)
    assert any("who can delete the audit log: not checked" in text for text in unchecked(unread))


def wrote(age: float, what: str = "write", where: str = "") -> LoggedChange:
    setting = f"{vault().id}/providers/microsoft.insights/diagnosticsettings/audit"
    action = f"Microsoft.Insights/diagnosticSettings/{what}"
    return LoggedChange(NOW - days(age), OTHER, action, where or setting)


LOG = use(row(29), row(3))
DELETED = replace(
    wrote(5, where=f"{LOG.workspace_id}/tables/AzureDiagnostics"),
    what="Microsoft.OperationalInsights/workspaces/tables/deleteData/action",
    result="Accepted",
)
GAPS: list[tuple[str, KeyUseLog, list[LoggedChange], list[tuple[float, float]]]] = [
    ("nothing was changed", LOG, [], []),
    ("the workspace keeps less than was asked for", replace(LOG, since=NOW - days(20)), [], [(30, 20)]),
    ("a setting was written first 10 days ago", use(row(3)), [wrote(10)], [(30, 10)]),
    ("it was there before it was written", LOG, [wrote(10)], []),
    ("it was written twice", LOG, [wrote(10), wrote(4)], [(10, 4)]),
    ("it was deleted and is there again", LOG, [wrote(10, "delete"), wrote(4)], [(10, 4)]),
    ("it was deleted", LOG, [wrote(10, "delete")], [(10, 0)]),
    ("a write was refused", LOG, [replace(wrote(10, "delete"), result="Failed")], []),
    ("nobody saw how the deletion ended", LOG, [replace(wrote(10, "delete"), result="Started")], [(10, 0)]),
    ("rows of a table were deleted, which takes days", LOG, [DELETED], [(30, 5)]),
    (
        "records were purged",
        LOG,
        [replace(DELETED, where=LOG.workspace_id, what="x/purge/action")],
        [(30, 5)],
    ),
]


@pytest.mark.parametrize(
    ("log", "changed", "wanted"), [one[1:] for one in GAPS], ids=[one[0] for one in GAPS]
)
def test_each_time_that_a_log_may_lack_is_a_gap(
    log: KeyUseLog, changed: list[LoggedChange], wanted: list[tuple[float, float]]
) -> None:
    """Since the key was made, 30 days ago; ages in days."""
    own = service(use=log, key=key(version("a" * 32, 30)))
    every = facts(own, since=NOW - days(90), changes=tuple(changed))
    found = [((NOW - gap.first).days, (NOW - gap.last).days) for gap in gaps(own, every)]
    assert found == wanted


def update(age: float, message: str = "m", **environment: str) -> dict[str, Any]:
    told = {"kind": "update", "result": "succeeded", "message": message, "environment": environment}
    return {**told, "startTime": (NOW - days(age)).isoformat()}


def test_deployments_have_their_commit_and_pull_request_where_the_history_has_them() -> None:
    """And nothing where it has not; those of before are left out; a history that ends too soon is refused."""
    known = {"git.head": "c0ffee", "ci.pr.number": "42", "git.author.email": "a@b", "updatePlan": "true"}
    first, second = deployments([update(1, **known), update(2), update(50)], NOW - days(30))
    assert (first.commit, first.pull_request, first.by, first.by_plan) == ("c0ffee", "42", "a@b", True)
    assert (second.commit, second.pull_request, second.by, second.by_plan) == ("", "", "", False)
    with pytest.raises(ValueError, match="do not go back"):
        deployments([update(1)] * 100, NOW - days(30))


DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("message", "recorded"),
    [
        (f"Rotate (plan sha256:{DIGEST}; pull request 7; approved by a,b)", (DIGEST, "7", "a,b")),
        (f"Rotate (plan sha256:{DIGEST}; pull request 7)", (DIGEST, "7", "")),
        (f"Rotate (plan sha256:{DIGEST})", (DIGEST, "", "")),
        (f"(plan sha256:{'0' * 64}; pull request 1; approved by x) (plan sha256:{DIGEST})", (DIGEST, "", "")),
        (f"(plan sha256:{DIGEST}; pull request 7; approved by a) and more", ("", "", "")),
        ("Rotate", ("", "", "")),
    ],
)
def test_who_approved_a_deployment_stands_at_the_end_of_its_message(
    message: str, recorded: tuple[str, str, str]
) -> None:
    """Where the pipeline writes it: a commit's title, which comes before it, says nothing; nor does the
    message of an update without a plan, such as the refresh after it, which is the title alone."""
    history = [update(1, message, updatePlan=by_plan) for by_plan in ("true", "false")]
    planned, refresh = deployments(history, NOW - days(30))
    assert (planned.plan, planned.pull_request, planned.approved_by) == recorded
    assert (refresh.plan, refresh.pull_request, refresh.approved_by) == ("", "", "")


def test_members_of_a_group_are_told_and_that_they_were_not_read(door: Door) -> None:
    """Of a group with a role, and of one with an access policy, which does not say that it is one; a group in
    a group counts, and what cannot be read is one finding. Of a group that is gone the members are not known;
    whoever else has a policy is no group."""
    graph = "https://graph.microsoft.com/v1.0/groups"

    def group(*members: str) -> str:
        body = {"displayName": "g", "members@odata.bind": [f"{graph}/{one}" for one in members]}
        reply = door.send("POST", graph, body, bearer=token(audience="https://graph.microsoft.com"))
        return str(reply.body["id"])

    inner = group(OTHER)
    outer = group(inner)
    for name, id in {"outer": outer, "gone": OTHER}.items():
        assign(door, VAULT, str(uuid5(NAMESPACE_URL, name)), principalId=id, principalType="Group")
    entry = {"tenantId": seed.TENANT_ID, "objectId": inner, "permissions": {"keys": ["decrypt"]}}
    policy = {"properties": {"accessPolicies": [entry]}}
    send(door, "PUT", f"{VAULT}/accessPolicies/add", policy, api="2026-02-01")
    facts = seen(door)
    found = dict(facts.groups)
    assert (found[inner], found[outer]) == ((OTHER,), tuple(sorted((inner, OTHER))))
    assert isinstance(found[OTHER], NotChecked)
    assert set(found) == {inner, outer, OTHER}
    assert any(OTHER in text for text in unchecked(facts))
    assert f"a group of 1 member: {OTHER}" in page(facts, findings(facts), version="1", digest="0" * 64)
    (unread,) = [text for text in unchecked(seen(door, "transitiveMembers")) if "groups" in text]
    assert inner in unread
    assert outer in unread
    assert unread.endswith("not checked: 403 Forbidden: refused by the test")


def test_bound_since_is_the_first_use_by_the_account() -> None:
    """Not somebody else's use, not a refused one, not one of another version."""
    log = use(row(9, OTHER), row(8, refused=True), row(7, of=OLD), row(6, operation="KeyWrap"), row(5))
    found = bound_since(account(), key(version(NEW, 30)), log)
    assert found.not_before == NOW - days(30)
    assert found.not_after == row(6).first
    assert found.source.startswith("audit log")


def test_bound_since_is_not_known_without_use() -> None:
    """Then the version's age is the one limit, and the reason is said."""
    silent = bound_since(account(), key(version(NEW, 30)), use(row(7, of=OLD)))
    assert (silent.not_before, silent.not_after) == (NOW - days(30), None)
    assert "has no use of this version" in silent.source
    unread = bound_since(account(), NotChecked("x"), NotChecked("no workspace"))
    assert (unread.not_before, unread.not_after) == (None, None)
    assert "no workspace" in unread.source


@pytest.mark.parametrize(
    ("ages", "quiet"),
    [
        ((*range(20, 30), *range(9)), (19, 9)),
        ((*range(12, 30), *range(9)), None),
        (range(30), None),
        ((29, 20, 10, 0), None),
        ((3,), None),
        ((), None),
    ],
    ids=["ten days", "three days", "none", "seldom in use", "one day", "nothing"],
)
def test_a_log_that_falls_silent_is_told(ages: Iterable[int], quiet: tuple[int, int] | None) -> None:
    """A week or more without a record, of a key that is in use every few days; of one that seldom is, nobody
    can tell."""
    found = silence([row(age) for age in ages])
    assert found == (None if quiet is None else tuple(row(age).day for age in quiet))


def test_rows_of_a_key_are_of_no_other() -> None:
    """A vault has other keys; a row that names no key may be about any."""
    mine, nobody = row(3), row(2, key_uri="")
    another = row(1, key_uri="https://kv-contoso.vault.azure.net/keys/cmk-2/0")
    assert rows_of("CMK", use(mine, nobody, another)) == (mine, nobody)


@pytest.mark.parametrize("duration", ["", "540", "P-1D", "PT"])
def test_fails_for_what_is_no_duration(duration: str) -> None:
    """A duration that is none is refused, never taken for zero."""
    with pytest.raises(ValueError, match=r"ISO 8601|duration|no time|fractional"):
        shifted(NOW, duration)


def test_the_next_rotation_counts_from_the_last_version() -> None:
    """The vault's clock starts with the last version, enabled or not; where it counts back from an expiry, it
    never rotates without one."""
    found = key(version(OLD, 100), version(NEW, 40, enabled=False))
    assert next_rotation(found) == NOW - days(40) + days(540)
    policy = RotationPolicy(rotates_before_expiry="P30D")
    assert next_rotation(key(version(NEW, 10, expires_in=90), rotation=policy)) == NOW + days(60)
    assert next_rotation(key(version(NEW, 10, expires_in=None), rotation=policy)) is None


def test_the_next_rotation_is_when_the_vault_rotates() -> None:
    """Until the time that is told there is one version, and right after it there are two."""
    door = Door()
    account = scene_across(door, seed.SUBSCRIPTION_ID, seed.SUBSCRIPTION_ID)

    def seen() -> Key:
        (service,) = read(DoorAzure(door), account).services
        assert isinstance(service.key, Key)
        return service.key

    due = next_rotation(seen())
    assert due is not None
    door.cloud.clock.advance(due.timestamp() - door.cloud.clock.now() - 10)
    assert len(seen().versions) == 1
    door.cloud.clock.advance(20)
    assert len(seen().versions) == 2
