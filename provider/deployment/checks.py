"""The table of checks, and running them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from core.arm_ids import MalformedError
from provider.deployment import locks, names, references, terms, validation
from provider.deployment.model import ACTIONS, CREATE, Planned, Report
from provider.deployment.questions import Questions

Check = Callable[[Sequence[Planned], Questions], Awaitable[Report]]
CHECKS: Final[Mapping[str, Check]] = {
    names.NAME: names.check,
    validation.NAME: validation.check,
    locks.NAME: locks.check,
    references.NAME: references.check,
    terms.NAME: terms.check,
}
"""Each check by its name: what it asks concerns only what is about to be made, deleted or referred to."""


async def run(plan: Sequence[Planned], ask: Questions, chosen: Sequence[str] = ()) -> Report:
    """Runs all checks, or those chosen, at the same time."""
    reports = await asyncio.gather(
        *(check(plan, ask) for name, check in CHECKS.items() if not chosen or name in chosen)
    )
    report = sum(reports, Report())
    # What a check of our own tells of a resource, with its way out, is not told again in Azure's words.
    told = {one.id.lower() for one in report.findings if one.check in (names.NAME, references.NAME)}
    findings = (one for one in report.findings if one.check != validation.NAME or one.id.lower() not in told)
    return replace(report, findings=tuple(findings))


def planned(given: Mapping[str, Any]) -> Planned:
    """A planned resource from a caller's object. Raises MalformedError."""
    names = {"id", "action", "content", "bound", "setting", "existingSetting", "recovers"}
    if unknown := sorted(set(given) - names):
        raise MalformedError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(names))}")
    id, action = given.get("id"), given.get("action") or CREATE
    if not isinstance(id, str) or not id.lower().startswith("/subscriptions/"):
        raise MalformedError(f"id is {id!r}; expected the ARM id of a resource or a resource group")
    if action not in ACTIONS:
        raise MalformedError(f"action is {action!r}; expected one of {', '.join(ACTIONS)}")
    found = Planned(
        id.rstrip("/"),
        action,
        given.get("content") or {},
        given.get("bound"),
        given.get("setting") or "name",
        given.get("existingSetting") or "",
        given.get("recovers") is True,
    )
    _ = found.type  # raises for an id that is none
    return found
