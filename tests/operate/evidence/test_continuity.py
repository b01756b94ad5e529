"""Continuity: who changed what, by both logs, and each time of which the logs may not tell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from localazure import seed
from operate.evidence.access import log_deleters, unwrappers
from operate.evidence.command import deployments
from operate.evidence.continuity import changes as of_log
from operate.evidence.continuity import gaps, of_activity_log, of_service
from operate.evidence.findings import findings
from operate.evidence.model import Facts, KeyUseLog, LoggedChange, NotChecked
from operate.evidence.page import page
from tests.localazure.driver import GROUP, VAULT
from tests.operate.evidence.door_azure import ACCOUNTS, WORKSPACE, DoorAzure, read, scene, unchecked
from tests.operate.evidence.made import NOW, OTHER, days, facts, key, row, service, use, vault, version
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
    of the key from the vault's; in order of time, each with who it was."""
    assign(door, GROUP.partition("/resourceGroups")[0], "11111111-2222-4333-8444-555555555555")
    found = changes(seen(door))
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


def test_a_refused_write_is_told_as_failed(door: Door) -> None:
    """Who tried and may not is a line, too."""
    body: dict[str, Any] = {"properties": {"accessPolicies": []}}
    path = f"{VAULT}/accessPolicies/replace?api-version=2026-02-01"
    assert door.send("PUT", path, body, bearer=token(seed.READER)).status == 403
    last = [one for one in changes(seen(door)) if one.who == seed.READER.object_id]
    assert [(one.what, one.result) for one in last] == [
        ("Microsoft.KeyVault/vaults/accessPolicies/write", "Failed")
    ]


def test_a_log_that_went_nowhere_for_a_time_is_a_finding(door: Door) -> None:
    """From the deletion of the setting to its new one, or until now."""
    setting = door.send("GET", f"{SETTING}?api-version=2021-05-01-preview").body
    send(door, "DELETE", SETTING)
    (open_ended,) = [one.text for one in findings(seen(door)) if one.rule == "log-gap"]
    send(door, "PUT", SETTING, {"properties": setting["properties"]})
    (ended,) = [one.text for one in findings(seen(door)) if one.rule == "log-gap"]
    for text in (open_ended, ended):
        assert f"{seed.DEPLOYER.object_id} wrote or deleted its diagnostic settings" in text


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


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_the_events_of_one_operation_the_end_counts(newest_first: bool) -> None:
    """In whatever order Azure lists them, also where they have one time, or one of another precision."""
    vault_id = vault().id

    def event(status: str, time: str) -> dict[str, Any]:
        return {
            "resourceId": vault_id,
            "operationId": "o",
            "operationName": {"value": "Microsoft.KeyVault/vaults/write"},
            "status": {"value": status},
            "eventTimestamp": time,
        }

    class Listed:
        def list(self, *_: str) -> list[dict[str, Any]]:
            return events[::-1] if newest_first else events

    same, later = "2026-05-30T10:00:00Z", "2026-05-30T10:00:00.1234567Z"
    for end in (same, later):
        events = [event("Started", same), event("Succeeded", end)]
        (found,) = of_log(Listed(), [service()], NOW - days(9), NOW)  # type: ignore[arg-type]
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


def update(age: float, **environment: str) -> dict[str, Any]:
    time = (NOW - days(age)).isoformat()
    return {
        "kind": "update",
        "startTime": time,
        "result": "succeeded",
        "message": "m",
        "environment": environment,
    }


def test_deployments_have_their_commit_and_pull_request_where_the_history_has_them() -> None:
    """And nothing where it has not; those of before are left out; a history that ends too soon is refused."""
    known = {"git.head": "c0ffee", "ci.pr.number": "42", "git.author.email": "a@b", "updatePlan": "true"}
    history = [update(1, **known), update(2), update(50)]
    first, second = deployments(history, NOW - days(30))
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
    planned, refresh = update(1, updatePlan="true"), update(1, updatePlan="false")
    (found,) = deployments([{**planned, "message": message}], NOW - days(30))
    assert (found.plan, found.pull_request, found.approved_by) == recorded
    (found,) = deployments([{**refresh, "message": message}], NOW - days(30))
    assert (found.plan, found.pull_request, found.approved_by) == ("", "", "")


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
