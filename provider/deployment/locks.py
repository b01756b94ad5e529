"""Whether a management lock forbids what is about to be done.

Sources: learn.microsoft.com/azure/azure-resource-manager/management/lock-resources (levels, inheritance);
Microsoft.Authorization ManagementLocks_ListByScope 2020-05-01 (azure-rest-api-specs).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from core import arm_ids
from core.api_versions import LOCKS
from provider.deployment.model import (
    CREATE,
    DELETE,
    UPDATE,
    USE,
    DeploymentFinding,
    Planned,
    Report,
    subscription_scope,
)
from provider.deployment.questions import Questions, about_each

NAME: Final = "locks"
WHAT: Final = "whether a lock forbids it"
READ_ONLY: Final = "ReadOnly"
_VERBS: Final = {CREATE: "making", UPDATE: "changing", DELETE: "deleting"}


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each lock on the way: ReadOnly forbids every write, CanNotDelete a delete."""
    written = [one for one in plan if one.action != USE]

    async def judge(group_id: str) -> Iterable[DeploymentFinding]:
        # What is deleted already is in no group.
        exists = "/resourcegroups/" in group_id.lower() and await ask.group_exists(group_id)
        scope = group_id if exists else subscription_scope(group_id)
        listed = await ask.list(arm_ids.child(scope, arm_ids.LOCK), LOCKS)
        found: dict[str, DeploymentFinding] = {}
        for lock in listed:
            at = str(lock["id"])[: str(lock["id"]).lower().rindex("/providers/")]
            level = str((lock.get("properties") or {}).get("level"))
            for one in written:
                if not arm_ids.same(one.group_id, group_id) or not _forbids(level, at, one):
                    continue
                verb = _VERBS[one.action]
                text = f"the lock {lock.get('name')!r} ({level}) at {at} forbids {verb} {one.label}"
                fix = f"its owner removes it for this update with `az lock delete --ids {lock['id']}`"
                found.setdefault(str(lock["id"]).lower(), DeploymentFinding(NAME, one.id, text, fix))
        return found.values()

    groups = {one.group_id.lower(): one.group_id for one in written}
    return await about_each(NAME, WHAT, groups.values(), judge)


def _forbids(level: str, scope: str, planned: Planned) -> bool:
    if planned.type.lower() == arm_ids.LOCK.lower() and planned.action == DELETE:
        return False  # a lock does not keep itself
    if not arm_ids.covers(scope, planned.id):
        # A delete takes what is inside along, locked or not.
        return planned.action == DELETE and arm_ids.covers(planned.id, scope)
    return level == READ_ONLY or planned.action == DELETE
