"""Resources as Resource Manager describes them, whichever provider makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core import arm_ids
from provider.azure import unless_absent
from provider.deployment.model import VERSIONS
from provider.errors import ErrorContext, translate
from provider.failure import RefusedOperationError, ServiceError
from provider.resource import Call


@dataclass(frozen=True)
class ReadResource:
    """A resource as Resource Manager describes it, None if it does not exist; or why this login may not read
    it, and whether a role on the data of its vault would change that."""

    found: Mapping[str, Any] | None
    unread: str = ""
    lacks_data_role: bool = False


async def read_resource(call: Call, id: str, api_version: str = "") -> ReadResource:
    """A resource by its ARM id, by the usual API version of its type or another one. Raises
    RefusedOperationError if Azure gave no answer, and what a wait raises."""
    place = arm_ids.parse(id)
    key_id = id if place.type.lower() == arm_ids.KEY.lower() else None
    deployer = (await call.azure.principal()).object_id or call.context.deployer_id
    context = replace(ErrorContext.of_key(key_id, by_deployer=True), deployer_id=deployer)
    version = api_version or VERSIONS[place.type.lower()]
    try:
        return ReadResource(await unless_absent(call.azure.ask("GET", id, version)))
    except ServiceError as failure:
        why = translate(failure, context)
        if not failure.is_forbidden:
            raise RefusedOperationError(why) from failure
        return ReadResource(None, why, failure.needs_data_role)
