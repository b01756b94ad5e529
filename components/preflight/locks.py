"""Refuses a change under a management lock: in the preview, and before the resource is written.

Azure would answer the write with `409 ScopeLocked`, when other resources may have been written already. Only
the engine knows which resources change, so a hook asks: once for each resource group in which one does. What
is made or deleted is asked about before (planned.py).
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pulumi
from pulumi.runtime.proto import resource_pb2

from components.cmk_resource import cmk_invoke_options
from components.declared import IN_RESOURCE_MANAGER
from components.sdk.hooks import engine_has, read_in_hook
from components.sdk.invokes import invoke
from core import arm_ids
from core.resource_types import BINDING, FOUNDRY_AUTO_UPGRADE

_CHECK = "azure-cmk:index:checkDeployment"


class ManagementLockError(pulumi.RunError):
    """A management lock forbids a change. The resource was not written."""


@dataclass
class Locks:
    """What locks forbid of changes of the existing resources `ids`, by resource group, once it was asked.
    `changed` are the URNs of those that this run changes."""

    ids: Collection[str]
    changed: set[str] = field(default_factory=set)
    _reports: dict[str, asyncio.Future[Mapping[str, Any]]] = field(default_factory=dict)

    def hook(self, name: str) -> pulumi.ResourceHook | None:
        """The hook for their changes; None if the engine has no hooks. The run has used azure-cmk before: the
        engine could not make it while hooks wait."""
        if not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
            return None
        options = pulumi.ResourceHookOptions(on_dry_run=True)
        return pulumi.ResourceHook(f"{name} is not locked", self._refuse_locked, options)

    async def _refuse_locked(self, changed: pulumi.ResourceHookArgs) -> None:
        self.changed.add(changed.urn)
        if changed.type not in (*IN_RESOURCE_MANAGER, BINDING, FOUNDRY_AUTO_UPGRADE):
            return
        written = changed.id.partition("/accessPolicy/")[0]  # a part of its vault
        for finding in (await self._report(_group(written))).get("findings") or ():
            if arm_ids.same(finding["id"], written):
                raise ManagementLockError(f"{finding['text']}; {finding['fix']}. Nothing of it was written")

    async def _report(self, group: str) -> Mapping[str, Any]:
        if group not in self._reports:
            inside = [{"id": id, "action": "update"} for id in self.ids if _group(id) == group]
            asks = partial(invoke, _CHECK, resources=inside)
            self._reports[group] = asyncio.ensure_future(read_in_hook(asks, _CHECK, cmk_invoke_options()))
            for question in (await self._reports[group]).get("unchecked") or ():
                pulumi.log.warn(f"not checked: {question['what']}, because {question['why']}")
        return await self._reports[group]


def _group(id: str) -> str:
    """The id of the resource group that a resource is in, lower case."""
    return arm_ids.group_id(arm_ids.subscription_of(id), arm_ids.group_of(id)).lower()
