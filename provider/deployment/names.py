"""Whether the names of what is about to be made are free.

Sources: azure-rest-api-specs, Microsoft.KeyVault Vaults_CheckNameAvailability
(`nameAvailable`, `reason`, `message`) and Microsoft.CognitiveServices CheckDomainAvailability
(`isSubdomainAvailable`, `reason`). Names of vaults and subdomains are unique in the world, all
others in their resource group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from core import arm_ids
from core.api_versions import ACCOUNTS, RESOURCES, VAULTS
from core.commands import adopt, take_over
from core.facts import HOURS_HELD
from provider.deployment.model import CREATE, DELETE, GROUP, DeploymentFinding, Planned, Report
from provider.deployment.questions import Questions, about_each

NAME: Final = "names"
WHAT: Final = "whether the names are free"
CHECK_NAME: Final = "Microsoft.KeyVault/checkNameAvailability"
CHECK_DOMAIN: Final = "Microsoft.CognitiveServices/checkDomainAvailability"


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each name that is taken: by a resource in the same group, or anywhere in the world."""
    made = [one for one in plan if one.action == CREATE and not one.recovers]

    # What is purged before lets its name go.
    purged = (one for one in plan if arm_ids.same(one.type, arm_ids.PURGED_ACCOUNT))
    freed = {one.name.lower() for one in purged if one.action == DELETE}
    own_groups = {one.id.lower() for one in plan if one.type == GROUP}

    async def judge(group_id: str) -> Iterable[DeploymentFinding]:
        members = [one for one in made if arm_ids.same(one.group_id, group_id)]
        existing = await _existing(group_id, ask)
        if not existing and group_id.lower() not in own_groups:
            return [_no_group(members)]
        found = [finding for one in members if (finding := _taken_here(one, existing))]
        here = {finding.id for finding in found}
        elsewhere = await asyncio.gather(
            *(
                _taken_in_the_world(one, ask)
                for one in members
                if one.id not in here and one.name.lower() not in freed
            )
        )
        return [*found, *(finding for finding in elsewhere if finding)]

    groups = {one.group_id.lower(): one.group_id for one in made}
    return await about_each(NAME, WHAT, groups.values(), judge)


async def _existing(group_id: str, ask: Questions) -> Mapping[str, Mapping[str, Any]]:
    """The group and what is in it, by id in lower case; empty where there is no such group."""
    group = await ask.get(group_id, RESOURCES)
    if group is None:
        return {}
    inside = await ask.list(f"{group_id}/resources", RESOURCES)
    return {group_id.lower(): group, **{str(one["id"]).lower(): one for one in inside}}


def _no_group(members: Sequence[Planned]) -> DeploymentFinding:
    one = members[0]
    group = arm_ids.group_of(one.id)
    location = next((other.location for other in members if other.location), "REGION")
    text = f"{one.label} would be created in resource group {group!r}, which does not exist"
    fix = f"create it with `az group create --name {group} --location {location}`, or name one that exists"
    return DeploymentFinding(NAME, one.id, text, fix)


def _taken_here(planned: Planned, existing: Mapping[str, Mapping[str, Any]]) -> DeploymentFinding | None:
    found = existing.get(planned.id.lower())
    if found is None:
        return None
    tags = ", ".join(f"{name}={value}" for name, value in sorted((found.get("tags") or {}).items()))
    text = f"{planned.label} exists already at {found.get('id', planned.id)}"
    text += f", tagged {tags}," if tags else ""
    ways = [f"give another {planned.setting}"]
    if planned.existing_setting:
        value = planned.name if planned.type == GROUP else planned.id
        ways.append(f"use the existing one with {planned.existing_setting}: {value}")
    taken = [" or ".join(ways), take_over()]
    if planned.type.lower() == arm_ids.ACCOUNT.lower():
        taken.append(adopt(planned.id))
    fix = "; ".join(taken)
    return DeploymentFinding(NAME, planned.id, f"{text} and this stack does not record it", fix)


async def _taken_in_the_world(planned: Planned, ask: Questions) -> DeploymentFinding | None:
    here = planned.subscription
    if planned.type.lower() == arm_ids.VAULT.lower():
        body = {"name": planned.name, "type": arm_ids.VAULT}
        answer = await ask.post(arm_ids.of_subscription(here, CHECK_NAME), VAULTS, body)
        free, why = answer.get("nameAvailable"), answer.get("message")
        holder = "by a vault of another subscription or tenant, or by a deleted one that can come back"
    elif planned.type.lower() == arm_ids.ACCOUNT.lower():
        body = {"subdomainName": planned.name, "type": arm_ids.ACCOUNT}
        answer = await ask.post(arm_ids.of_subscription(here, CHECK_DOMAIN), ACCOUNTS, body)
        free, why = answer.get("isSubdomainAvailable"), answer.get("reason")
        holder = f"by an account somewhere, or by one that was deleted in the last {HOURS_HELD} hours"
    else:
        return None
    if free is not False:
        return None
    text = f"the name of {planned.label} is unique in the world and is taken, most likely {holder}"
    # Azure lists deleted resources late (assumed), and only those that are listed can be recovered.
    fix = f"give another {planned.setting}; if it was just deleted, run the same command again in a minute"
    return DeploymentFinding(NAME, planned.id, f"{text} (Azure: {why})", fix)
