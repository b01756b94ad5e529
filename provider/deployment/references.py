"""Whether what is referred to by id exists, and can be used as it is.

Sources: azure-rest-api-specs, the GET of each type. A type that is not in the table is not looked up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from core import arm_ids
from core.api_versions import (
    ACTION_GROUPS,
    EVENT_HUBS,
    PRIVATE_DNS_ZONES,
    STORAGE_ACCOUNTS,
    SUBNETS,
    WORKSPACES,
)
from provider.deployment import destinations, linked_storage
from provider.deployment.model import USE, DeploymentFinding, Planned, Report
from provider.deployment.questions import Questions, UnansweredQuestionError, about_each

NAME: Final = "references"
WHAT: Final = "whether what is referred to by id exists and can be used"
VERSIONS: Final[Mapping[str, str]] = {
    arm_ids.SUBNET.lower(): SUBNETS,
    arm_ids.PRIVATE_DNS_ZONE.lower(): PRIVATE_DNS_ZONES,
    arm_ids.WORKSPACE.lower(): WORKSPACES,
    arm_ids.ACTION_GROUP.lower(): ACTION_GROUPS,
    arm_ids.STORAGE_ACCOUNT.lower(): STORAGE_ACCOUNTS,
    arm_ids.EVENT_HUB_RULE.lower(): EVENT_HUBS,
}


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """A finding for each id of something that does not exist."""
    used = {one.id.lower(): one for one in plan if one.action == USE and one.type.lower() in VERSIONS}

    async def judge(one: Planned) -> Iterable[DeploymentFinding]:
        answer = await ask.get(one.id, VERSIONS[one.type.lower()])
        if answer is not None:
            if linked_storage.is_linked(one):
                wrong = linked_storage.problems(one, answer)
            else:
                wrong = await destinations.problems(one, answer, ask)
            return [DeploymentFinding(NAME, one.id, text, fix) for text, fix in wrong]
        text = f"{one.label} does not exist: {one.id}"
        return [DeploymentFinding(NAME, one.id, text, f"correct {one.setting}, or make it first")]

    report = await about_each(NAME, WHAT, used.values(), judge)
    return report + Report(notes=tuple([note async for note in _notes(used.values(), ask)]))


async def _notes(used: Iterable[Planned], ask: Questions) -> AsyncIterator[DeploymentFinding]:
    for one in filter(linked_storage.is_linked, used):
        with suppress(UnansweredQuestionError):
            answer = await ask.get(one.id, VERSIONS[one.type.lower()])
            for text, fix in linked_storage.notes(one, answer) if answer else ():
                yield DeploymentFinding(NAME, one.id, text, fix)
