"""Continuity: the changes since an earlier moment, who made them, and the times for which the logs may lack
records.

Owns: the records in the activity log and the vault's audit log about accounts, keys, vaults, their grants and
their logs. A time for which a log may lack records is a gap: a missing record never counts as no event.

Source, read on 2026-11-30: learn.microsoft.com/rest/api/monitor/activity-logs/list (filters, events) and its
specification of 2015-04-01; that Azure keeps events for 90 days and refuses an earlier start: Azure's answer
in turbot/tailpipe-plugin-azure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import arm_ids
from core.api_versions import ACTIVITY_LOG
from core.facts import Key, Vault
from operate.azure import Json, LiveAzure
from operate.evidence.history import silence
from operate.evidence.model import Facts, KeyUseLog, LoggedChange, NotChecked, Service, moment

KEPT = timedelta(days=90) - timedelta(hours=1)
"""How far back the activity log is read: an hour less than the 90 days before which Azure refuses a start,
because reading takes time."""
LATE = timedelta(hours=1)
"""A report reads this time before the earlier one again, because records arrive minutes after their event and
may have come too late for it (azure/azure-monitor/logs/data-ingestion-time, read on 2026-11-30)."""
_SET_UP = timedelta(hours=1)
"""The longest time that a first deployment takes from the key to the diagnostic setting."""
_EVENTS = "Microsoft.Insights/eventtypes/management/values"
_ACCESS = "Microsoft.Authorization"
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_SETTING = f"/providers/{arm_ids.DIAGNOSTIC_SETTING}/".lower()


@dataclass(frozen=True)
class Gap:
    """A time for which the log of `subject` may lack records, and why."""

    subject: str
    first: datetime
    last: datetime
    why: str


def changes(
    cloud: LiveAzure, services: Iterable[Service], since: datetime, now: datetime
) -> tuple[LoggedChange, ...]:
    """The activity log's events about the accounts, their vaults and workspaces, and about access at or above
    them, oldest first. Raises UnansweredError."""
    resources = sorted({id.lower(): id for one in services for id in _resources(one)}.values(), key=str.lower)
    begin = max(since - LATE, now - KEPT)
    span = f"eventTimestamp ge '{begin.isoformat()}' and eventTimestamp le '{now.isoformat()}'"
    asked = [
        (arm_ids.subscription_of(id), wanted)
        for id in resources
        for wanted in (f"resourceGroupName eq '{arm_ids.group_of(id)}'", f"resourceProvider eq '{_ACCESS}'")
    ]
    ended: dict[tuple[str, ...], Json] = {}
    for subscription, wanted in dict.fromkeys(asked):
        path = arm_ids.of_subscription(subscription, _EVENTS)
        for event in cloud.list(path, ACTIVITY_LOG, f"{span} and {wanted}"):
            place = str(event["resourceId"]).lower()
            if _concerns(place, resources):
                key = (str(event["operationId"]), event["operationName"]["value"].lower(), place)
                ended[key] = max(ended.get(key, event), event, key=_stage)
    return tuple(sorted(map(_change, ended.values()), key=_order))


def of_service(service: Service, facts: Facts) -> tuple[LoggedChange, ...] | NotChecked:
    """The changes of one service from both logs, oldest first."""
    if isinstance(facts.changes, NotChecked):
        return facts.changes
    resources = tuple(_resources(service))
    found = [change for change in facts.changes if _concerns(change.where.lower(), resources)]
    if isinstance(service.use, KeyUseLog):
        for row in service.use.changes:
            what = row.operation if row.uses == 1 else f"{row.operation}, {row.uses} times that day"
            result = "Failed" if row.refused else "Succeeded"
            found.append(LoggedChange(row.first, row.identity, what, row.key_uri, result))
    return tuple(sorted(found, key=_order))


def gaps(service: Service, facts: Facts) -> Iterator[Gap]:
    """The times since the key was made, or since `facts.since`, for which the vault's audit log may lack
    records. Another finding reports a log, or changes, that could not be read at all."""
    vault, key, since = service.vault, service.key, facts.since
    if since is None or not (isinstance(vault, Vault) and isinstance(key, Key)):
        return
    created = [time for version in key.versions if (time := moment(version.created))]
    asked = max(since, min(created, default=since))
    changes = () if isinstance(facts.changes, NotChecked) else facts.changes
    # A change that has only begun, such as a purge, which takes days, may have been done.
    done = [change for change in changes if change.result.lower() != "failed"]
    place = vault.id.lower() + _SETTING
    settings = [change for change in done if change.where.lower().startswith(place)]
    if isinstance(service.use, KeyUseLog):
        if quiet := silence(service.use.rows):
            yield Gap(
                vault.name, *quiet, "it has no use of any key, though it otherwise has some every few days"
            )
        yield from _at_workspace(vault, service.use, asked, done, settings)
    if settings:
        last = settings[-1]
        until = facts.taken if last.what.lower().endswith("/delete") else last.time
        who = ", ".join(sorted(set(map(_who, settings))))
        if until > settings[0].time:
            yield Gap(vault.name, settings[0].time, until, f"{who} wrote or deleted its diagnostic settings")


def _at_workspace(
    vault: Vault,
    use: KeyUseLog,
    asked: datetime,
    done: Sequence[LoggedChange],
    settings: Sequence[LoggedChange],
) -> Iterator[Gap]:
    begins, why = use.since, f"the workspace {arm_ids.name_of(use.workspace_id)} keeps no older record"
    recorded = min((row.first for row in (*use.rows, *use.changes)), default=use.until)
    if settings and begins < settings[0].time <= recorded:
        # If a record is older than this write, the write changed a setting that was there already.
        begins, why = settings[0].time, f"{_who(settings[0])} wrote the first diagnostic setting then"
    if begins - asked > _SET_UP:
        yield Gap(vault.name, asked, begins, why)
    for one in done:
        what = one.what.lower()
        deletes = what.endswith(("/delete", "/purge/action")) and arm_ids.same(one.where, use.workspace_id)
        deletes = deletes or (
            what.endswith("/deletedata/action") and arm_ids.covers(use.workspace_id, one.where)
        )
        if deletes:
            yield Gap(vault.name, asked, one.time, f"{_who(one)} did {one.what} to its workspace")


def of_activity_log(facts: Facts) -> Iterator[Gap]:
    """The time before the activity log begins, if the report was asked for it."""
    if facts.since and facts.taken - facts.since > KEPT:
        yield Gap("activity log", facts.since, facts.taken - KEPT, "Azure keeps it for 90 days")


def _resources(service: Service) -> Iterator[str]:
    yield service.account_id
    if isinstance(service.vault, Vault):
        yield service.vault.id
    if isinstance(service.use, KeyUseLog):
        yield service.use.workspace_id


def _concerns(place: str, resources: Iterable[str]) -> bool:
    """Whether an id is at or below one of the resources, or belongs to a grant of access at a scope that
    holds one."""
    scope, access, _ = place.partition(f"/providers/{_ACCESS}/".lower())
    return any(arm_ids.covers(id, place) or (access and arm_ids.covers(scope, id)) for id in resources)


def _stage(event: Json) -> tuple[bool, datetime]:
    """Sorts an operation's events: two may have the same time, and Azure lists the later one first."""
    ended = event["status"]["value"].lower() in ("succeeded", "failed")
    return ended, datetime.fromisoformat(event["eventTimestamp"])


def _change(event: Json) -> LoggedChange:
    return LoggedChange(
        datetime.fromisoformat(event["eventTimestamp"]),
        str((event.get("claims") or {}).get(_OBJECT_ID) or event.get("caller") or ""),
        event["operationName"]["value"],
        event["resourceId"],
        event["status"]["value"],
    )


def _order(change: LoggedChange) -> tuple[object, ...]:
    return change.time, change.what, change.where, change.who


def _who(change: LoggedChange) -> str:
    return change.who or "somebody whom the log does not name"
