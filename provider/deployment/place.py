"""Whether there is room for what is about to be made: providers, regions, SKUs and quotas.

Sources (azure-rest-api-specs): Microsoft.Resources Providers_Get 2021-04-01 (`registrationState`,
`resourceTypes[].locations`, display names); Microsoft.CognitiveServices CheckSkuAvailability,
ResourceSkus_List and Usages_List 2024-10-01. That a quota on accounts is named KIND.SKU.AccountCount was
observed for OpenAI and AIServices, and is assumed for other kinds. A provider that is not registered is
registered by the client, if the login may (azcore's registration policy).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from core import adapters, arm_ids, regions
from core.api_versions import ACCOUNTS, AUTHORIZATION, RESOURCES
from provider.deployment.model import CREATE, GROUP, DeploymentFinding, Planned, Report, subscription_scope
from provider.deployment.questions import Questions, about_each
from provider.deployment.rights import PERMISSIONS

NAME: Final = "place"
PROVIDERS_WHAT: Final = "whether the resource providers are registered, and in the region"
SKUS_WHAT: Final = "whether the region has the SKU"
QUOTA_WHAT: Final = "whether the quota is enough"
LOCATIONS: Final = "Microsoft.CognitiveServices/locations"
SKUS: Final = "Microsoft.CognitiveServices/skus"
REGISTRATION_FREE: Final = ("microsoft.authorization", "microsoft.resources")
Place = tuple[str, str, str, str]
"""Subscription, region, kind and SKU of accounts."""


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """Findings of providers, regions, SKUs and quotas."""
    made = [one for one in plan if one.action == CREATE]
    spaces: dict[tuple[str, str], list[Planned]] = {}
    places: dict[Place, list[Planned]] = {}
    for one in made:
        if one.type != GROUP and one.namespace.lower() not in REGISTRATION_FREE:
            spaces.setdefault((subscription_scope(one.id), one.namespace), []).append(one)
        if one.type.lower() == arm_ids.ACCOUNT.lower() and one.location and not one.recovers:
            place = (one.subscription, regions.normalised(one.location), one.kind, one.sku)
            places.setdefault(place, []).append(one)

    async def provider(key: tuple[str, str]) -> Iterable[DeploymentFinding]:
        return await _provider(*key, spaces[key], ask)

    async def sku(place: Place) -> Iterable[DeploymentFinding]:
        return await _sku(place, places[place], ask)

    async def quota(place: Place) -> Iterable[DeploymentFinding]:
        return await _quota(place, places[place], ask)

    report = await about_each(NAME, PROVIDERS_WHAT, spaces, provider)
    report += await about_each(NAME, SKUS_WHAT, places, sku)
    return report + await about_each(NAME, QUOTA_WHAT, places, quota)


async def _provider(
    scope: str, namespace: str, members: Sequence[Planned], ask: Questions
) -> list[DeploymentFinding]:
    answer = await ask.get(f"{scope}/providers/{namespace}", RESOURCES) or {}
    state = str(answer.get("registrationState") or "Registered")
    found = []
    if state.lower() != "registered" and not await _may_register(scope, namespace, ask):
        text = f"the resource provider {namespace} is {state} in {scope}, and this login may not register it"
        fix = f"have somebody with that right run `az provider register --namespace {namespace} --wait`"
        found.append(DeploymentFinding(NAME, members[0].id, text, fix))
    offered = {
        f"{namespace}/{one['resourceType']}".lower(): one.get("locations") or ()
        for one in answer.get("resourceTypes") or ()
    }
    for one in members:
        there = {regions.normalised(place) for place in offered.get(one.type.lower(), ())}
        if one.location and there and regions.normalised(one.location) not in there | {"global"}:
            text = f"{one.label}: the region {one.location!r} does not have {one.type}"
            found.append(DeploymentFinding(NAME, one.id, text, f"set location to {_some(there)}"))
    return found


async def _may_register(scope: str, namespace: str, ask: Questions) -> bool:
    blocks = await ask.list(arm_ids.child(scope, PERMISSIONS), AUTHORIZATION)
    return any(adapters.permissions(block).allows(f"{namespace}/register/action") for block in blocks)


async def _sku(place: Place, members: Sequence[Planned], ask: Questions) -> list[DeploymentFinding]:
    subscription, location, kind, sku = place
    path = arm_ids.of_subscription(subscription, f"{LOCATIONS}/{location}/checkSkuAvailability")
    answer = await ask.post(path, ACCOUNTS, {"skus": [sku], "kind": kind, "type": arm_ids.ACCOUNT})
    refused = [one for one in answer.get("value") or () if one.get("skuAvailable") is False]
    if not refused:
        return []
    listed = await ask.list(arm_ids.of_subscription(subscription, SKUS), ACCOUNTS)
    there = {
        regions.normalised(region)
        for one in listed
        if (str(one.get("kind")), str(one.get("name"))) == (kind, sku)
        for region in one.get("locations") or ()
    }
    why = refused[0].get("reason") or refused[0].get("message") or ""
    text = f"the region {location!r} does not offer kind {kind} in SKU {sku!r} (Azure: {why})"
    fix = f"set location to {_some(there)}" if there else "give another sku"
    return [DeploymentFinding(NAME, one.id, text, fix) for one in members]


async def _quota(place: Place, members: Sequence[Planned], ask: Questions) -> list[DeploymentFinding]:
    subscription, location, kind, sku = place
    usages = await ask.list(arm_ids.of_subscription(subscription, f"{LOCATIONS}/{location}/usages"), ACCOUNTS)
    wanted = f"{kind}.{sku}.AccountCount".lower()
    for usage in usages:
        name = str((usage.get("name") or {}).get("value") or "")
        used, limit = float(usage.get("currentValue") or 0), float(usage.get("limit") or 0)
        if name.lower() == wanted and used + len(members) > limit:
            text = (
                f"the quota {name} of region {location!r} is {limit:.0f}, of which {used:.0f} are used, and "
                f"{_count(len(members))} to be made"
            )
            fix = (
                "set location to a region with quota left (`az cognitiveservices usage list --location "
                "REGION`), ask for more in the portal under Quotas, or delete and purge an unused account"
            )
            return [DeploymentFinding(NAME, one.id, text, fix) for one in members]
    return []


def _count(number: int) -> str:
    return "1 more is" if number == 1 else f"{number} more are"


def _some(places: Iterable[str]) -> str:
    """A few regions, for a message."""
    few = sorted(places)
    more = f" or {len(few) - 5} others" if len(few) > 5 else ""
    return f"one of {', '.join(few[:5])}{more}" if few else "another region"
