"""Looks at all services of a program before anything is made, and judges them: the answer to one question.

Owns: the order, and when an answer of Azure is believed. Does not own: what is read (service_look.py), the
rules (core/service/rules.py), nor what is asked about resources that are yet to be made (deployment/).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from core.arm_ids import MalformedError
from core.refusals import SECOND_LOOK_SECONDS
from core.service import access, drift, effects, existing_resources, rules, soft_deleted
from core.service.account import bound_key
from core.service.question import PreflightAnswer, PreflightQuestion, ServiceAnswer
from core.service.recorded import RecordedService, State, recorded_service, state_of
from core.service.soft_deleted import Listed
from core.service.state import READ_PARTS, Deployer, Live, ServiceState, known_service
from provider.errors import ErrorContext, translate
from provider.failure import RefusedOperationError, ServiceError
from provider.resource import Call
from provider.service_look import Reader
from provider.waiting import DeadlineError

_MOST_LOOKS = 6
"""How often Azure is asked at most, until two answers in a row about an account under its key agree."""


async def answer(call: Call, question: PreflightQuestion) -> PreflightAnswer:
    """What is known and judged of the services. One that Azure does not answer about may be about to lose
    access all the same, and does not hide what was found about the others.

    Raises RefusedOperationError if azure-native is logged in as another principal, and ServiceError.
    """
    await _refuse_other_login(call, question.login)
    run = _Preflight(call, question)
    return await run.answer()


async def _refuse_other_login(call: Call, native: Deployer) -> None:
    """Refuses two logins as different principals: one would write what the other may not read, or look for
    deleted accounts in another tenant."""
    own = await call.azure.principal()
    pairs = {
        "tenantId": (native.tenant_id, own.tenant_id),
        "objectId": (native.object_id, own.object_id),
    }
    for name, (theirs, ours) in pairs.items():
        if theirs and ours and theirs.lower() != ours.lower():
            raise RefusedOperationError(
                f"the providers azure-native and azure-cmk are logged in as different principals: {name} "
                f"{theirs} and {ours}. Log in both the same way: with ARM_* environment variables or the "
                "Azure CLI, or with the same settings under azure-native: and azure-cmk: in the stack's "
                "configuration"
            )


@dataclass
class _Preflight:
    """One run: its services, why it `failed` to look at some of them, and what these lose all the same
    (`incomplete`)."""

    call: Call
    question: PreflightQuestion
    states: dict[str, ServiceState] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    incomplete: dict[str, ServiceAnswer] = field(default_factory=dict)

    async def answer(self) -> PreflightAnswer:
        question = self.question
        state = state_of(question.state)
        recorded = {
            name: recorded_service(name, state, request.former_names)
            for name, request in question.services.items()
        }
        reader = Reader(self.call, question.login, question.is_preview)
        looks = [self._look(reader, name, before, state) for name, before in recorded.items()]
        deleted, _ = await asyncio.gather(self._deleted(reader, recorded), asyncio.gather(*looks))
        # In the order of the question, in which problems are told.
        services = {}
        for name in recorded:
            if name in self.states:
                services[name] = self._judged(self.states[name], deleted)
            elif name in self.incomplete:
                services[name] = self.incomplete[name]
        failures = [self.failed[name] for name in ("", *recorded) if name in self.failed]
        unchecked = chain(*reader.unchecked.values())
        return PreflightAnswer(services, tuple(unchecked), failures[0] if failures else "")

    def _judged(self, service: ServiceState, deleted: tuple[Listed, Listed]) -> ServiceAnswer:
        problems = [*soft_deleted.problems(service.desired, service.before, *deleted)]
        for rule in rules.RULES:
            problems += rule(service)
        return ServiceAnswer(
            live=service.live,
            problems=tuple(problems),
            notes=tuple(self._notes(service)),
            revokes=access.revoked_access(service),
            effect=effects.effect(service),
        )

    async def _deleted(self, reader: Reader, recorded: dict[str, RecordedService]) -> tuple[Listed, Listed]:
        """The subscription's soft-deleted vaults and accounts; none if the services make neither."""
        requests = self.question.services
        if not any(
            soft_deleted.makes_names(requests[name].desired, before) for name, before in recorded.items()
        ):
            return (), ()
        try:
            return await reader.deleted()
        except (ServiceError, DeadlineError) as failure:
            why = _explained(failure)
            if isinstance(failure, ServiceError) and failure.is_forbidden:
                reader.unchecked[""] = [
                    f"whether a soft-deleted vault or account of the subscription holds a name, because {why}"
                ]
            else:
                self.failed[""] = why
            return (), ()

    async def _look(self, reader: Reader, name: str, recorded: RecordedService, state: State) -> None:
        """Looks at a service. A late front end of Azure shows less than exists, and an account under its key
        would lose its guards. An answer is believed only if Azure gives it twice, because another look may be
        late about something else."""
        question, doubts = self.question, frozenset[str]()
        desired = question.services[name].desired

        def known(live: Live) -> ServiceState:
            return known_service(desired, recorded, state, question.login, live, recovers=question.recovers)

        try:
            for number in range(_MOST_LOOKS):
                if number:
                    await self.call.waiter.pause(SECOND_LOOK_SECONDS, f"looking at {name} again")
                live = await reader.service(desired, recorded, state, look=number)
                self.states[name] = service = known(live)
                before, doubts = doubts, _doubts(service, recorded)
                if not doubts or doubts == before:
                    break
        except (RefusedOperationError, ServiceError, DeadlineError, MalformedError) as failure:
            self.failed[name] = _explained(failure)
            # What was not read is no problem, but a revocation does not wait for it. Of ids that are none,
            # nothing is known.
            with suppress(MalformedError):
                last = self.states.pop(name, None)
                if last is None:
                    account = await reader.account_if_read(desired, recorded, look=number)
                    last = known(Live(account=account, unread=frozenset(READ_PARTS)))
                self.incomplete[name] = ServiceAnswer(live=last.live, revokes=access.revoked_access(last))

    def _notes(self, service: ServiceState) -> Iterator[str]:
        """What is said of a service that is not refused."""
        yield from access.not_by_targets(service)
        yield from access.still_granted(service)
        yield from access.stale_grant(service)
        yield from access.left_as_it_is(service)
        yield from drift.changed(service)
        yield from drift.unaudited(service)
        if self.question.is_preview:
            yield from existing_resources.documented(service.desired)
            yield from existing_resources.upgraded(service)


def _explained(failure: Exception) -> str:
    if isinstance(failure, ServiceError):
        return translate(failure, ErrorContext(by_deployer=True))
    return str(failure)


def _doubts(service: ServiceState, recorded: RecordedService) -> frozenset[str]:
    """The findings about a service that a late answer of Azure could show, too."""
    live = service.live
    is_unbound = live.account is None or bound_key(live.account) is None
    unbound = recorded.is_bound and "account" not in live.unread and is_unbound
    found = {problem.text for rule in rules.DOUBTFUL for problem in rule(service)}
    return frozenset(found | {"unbound"} if unbound else found)
