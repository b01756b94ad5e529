"""Locks that this project did not make, on what a destroy deletes next.

A destroy runs no program that could explain a refusal, and Azure names the scopes of the locks and not the
locks. Sources: learn.microsoft.com/azure/azure-resource-manager/management/lock-resources (levels,
inheritance); azure-rest-api-specs, Microsoft.Authorization ManagementLocks_ListByScope 2020-05-01.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from core import arm_ids
from core.api_versions import LOCKS
from core.facts import LOCK_NOTES
from provider.azure import Azure
from provider.failure import ServiceError
from provider.waiting import DeadlineError


async def others_locks(azure: Azure, resource_ids: Collection[str]) -> list[str]:
    """What to say of each lock at, above or below the resources. Nothing of resources that are gone, or whose
    locks may not be read: a look that fails forbids nothing."""
    found: dict[str, str] = {}
    for id in resource_ids:
        with suppress(ServiceError, DeadlineError):
            for lock in await azure.listed(arm_ids.child(id, arm_ids.LOCK), LOCKS):
                properties, lock_id = lock.get("properties") or {}, str(lock["id"])
                if properties.get("notes") != LOCK_NOTES:
                    found[lock_id.lower()] = (
                        f"the lock {lock.get('name')!r} ({properties.get('level')}) forbids deleting "
                        f"{arm_ids.name_of(id)!r}, and this stack did not make it. To delete that, have the "
                        f"lock's owner run `az lock delete --ids {lock_id}`, and then run the same command "
                        "again"
                    )
    return [*found.values()]
