"""How Resource Manager is asked before anything is made: each question once, a few at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from provider.azure import Azure, unless_absent
from provider.deployment.model import DeploymentFinding, Report, Unchecked
from provider.errors import service_message
from provider.failure import ServiceError
from provider.waiting import DeadlineError, Waiter

S = TypeVar("S")
AT_ONCE: Final = 16
"""Questions that are open at a time: a subscription is refilled by 25 reads and 10 writes a second
(learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)."""
VALIDATION_SECONDS: Final = 120.0
"""How long a validation may take (assumed: those of a few resources take seconds)."""


class UnansweredQuestionError(Exception):
    """Azure did not answer a question; the message says why."""


class Questions:
    """Asks for one run of the checks; a question of two checks is asked once. `azure` asks again by itself
    (`azure.patient`). Each question raises UnansweredQuestionError."""

    def __init__(self, azure: Azure, waiter: Waiter) -> None:
        self._azure, self._waiter = azure, waiter
        self._answers: dict[tuple[str, ...], asyncio.Future[Any]] = {}
        self._open = asyncio.Semaphore(AT_ONCE)
        self.principal = azure.principal

    @property
    def answered_at(self) -> float:
        """When Azure last answered anything, by its own clock, in seconds since 1970."""
        return self._azure.answered_at

    async def get(self, path: str, api_version: str) -> Any:
        """The answer; None for what is absent."""
        return await self._once(lambda: unless_absent(self._azure.ask("GET", path, api_version)), "GET", path)

    async def list(self, path: str, api_version: str) -> list[Any]:
        """All pages of a list; empty where the scope is absent."""
        asked = self._azure.listed
        return await self._once(lambda: unless_absent(asked(path, api_version)), "LIST", path) or []

    async def post(self, path: str, api_version: str, body: Mapping[str, Any]) -> Any:
        """The answer to a question that needs a body; nothing is written."""
        said = json.dumps(body, sort_keys=True)
        return await self._once(lambda: self._azure.ask("POST", path, api_version, body), path, said)

    async def refusal(self, path: str, body: Mapping[str, Any]) -> ServiceError | None:
        """Why Azure's own validation refuses a template; None where it does not."""

        async def validate() -> ServiceError | None:
            try:
                url = (await self._azure.validate(path, body)).operation_url
                if url is None:
                    return None
                ended = await self._waiter.until(
                    lambda: self._azure.progress(url),
                    lambda progress: progress.done,
                    lambda _: "Azure is validating",
                    seconds=VALIDATION_SECONDS,
                )
            except ServiceError as failure:
                if failure.code == "InvalidTemplateDeployment":
                    return failure
                raise
            if not ended.done:
                raise DeadlineError("Azure was still validating", VALIDATION_SECONDS)
            return None

        found: ServiceError | None = await self._once(validate, "VALIDATE", path, json.dumps(body))
        return found

    async def _once(self, ask: Callable[[], Awaitable[Any]], *question: str) -> Any:
        async def asked() -> Any:
            async with self._open:
                try:
                    return await ask()
                except ServiceError as failure:
                    raise UnansweredQuestionError(service_message(failure)) from failure
                except DeadlineError as late:
                    raise UnansweredQuestionError(str(late)) from late

        if question not in self._answers:
            self._answers[question] = asyncio.ensure_future(asked())
        return await self._answers[question]


async def about_each(
    check: str, what: str, subjects: Iterable[S], judge: Callable[[S], Awaitable[Iterable[DeploymentFinding]]]
) -> Report:
    """Judges all subjects at the same time. If Azure does not answer about one, that one is reported as not
    checked."""

    async def one(subject: S) -> Report:
        try:
            return Report(findings=tuple(await judge(subject)))
        except UnansweredQuestionError as unanswered:
            return Report(unchecked=(Unchecked(check, what, str(unanswered)),))

    return sum(await asyncio.gather(*map(one, subjects)), Report())
