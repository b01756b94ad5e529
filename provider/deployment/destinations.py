"""Whether Azure Monitor can deliver logs to a storage account or an event hub.

Sources: learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings, "Destination limitations"; the
shapes, azure-rest-api-specs, Microsoft.Storage 2023-05-01 and Microsoft.EventHub 2024-01-01.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core import arm_ids, regions
from core.api_versions import EVENT_HUBS
from provider.deployment.model import Planned
from provider.deployment.questions import Questions

_RIGHTS: Final = ("Manage", "Send", "Listen")
Problem = tuple[str, str]
"""What was found, and what to do about it."""


async def problems(one: Planned, found: Mapping[str, Any], ask: Questions) -> list[Problem]:
    """What is wrong with a destination as Azure has it; nothing of other types."""
    if one.type.lower() == arm_ids.STORAGE_ACCOUNT.lower():
        return [*_region(one, one.label, found), *_storage(one, found)]
    if one.type.lower() == arm_ids.EVENT_HUB_RULE.lower():
        parent = arm_ids.parse(one.id).parent
        namespace = await ask.get(parent.text, EVENT_HUBS) or {}
        return [*_region(one, f"event hub namespace {parent.name!r}", namespace), *_rights(one, found)]
    return []


def _region(one: Planned, label: str, found: Mapping[str, Any]) -> Iterator[Problem]:
    there = str(found.get("location") or "")
    if one.location and there and regions.normalised(there) != regions.normalised(one.location):
        yield (
            f"{label} is in region {there!r}, but its logs come from resources in {one.location!r}",
            f"set {one.setting} to one in the same region",
        )


def _storage(one: Planned, found: Mapping[str, Any]) -> Iterator[Problem]:
    if str((found.get("sku") or {}).get("name") or "").lower().startswith("premium"):
        yield (
            f"{one.label} has a premium tier, and Azure Monitor sends no logs to premium storage",
            f"set {one.setting} to one of a standard tier",
        )
    rules = (found.get("properties") or {}).get("networkAcls") or {}
    passes = "azureservices" in str(rules.get("bypass") or "").lower()
    if str(rules.get("defaultAction") or "").lower() == "deny" and not passes:
        yield (
            f"the firewall of {one.label} does not admit trusted Microsoft services, such as Azure Monitor",
            f"run `az storage account update --name {one.name} --bypass AzureServices`",
        )


def _rights(one: Planned, found: Mapping[str, Any]) -> Iterator[Problem]:
    given = [str(right) for right in (found.get("properties") or {}).get("rights") or ()]
    missing = [right for right in _RIGHTS if right not in given]
    if missing:
        yield (
            f"{one.label} grants {', '.join(given) or 'no rights'}, and not {', '.join(missing)}",
            f"set {one.setting} to a rule with {', '.join(_RIGHTS)}, such as RootManageSharedAccessKey",
        )
