"""Asks azure-cmk what exists, and what follows from it, once for all services; refuses; and decides.

Owns: the question (core/service/question.py, to provider/service_preflight.py), then the question about what
is yet to be made (planned.py, to the provider's `checkDeployment`), the refusal of all problems at once, and
the decision (service_plan.py).
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pulumi

from components.arguments import callers
from components.arguments.problem import InputError
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.azure_cmk import KeyAccessRevocation
from components.cmk_resource import cmk_invoke_options
from components.preflight.locks import Locks
from components.preflight.planned import Planned, deleted, planned
from components.sdk.hooks import serve_hooks
from components.sdk.invokes import InvokeError, invoke, stack_resources
from components.sdk.private import wait_for
from components.service_plan import ServicePlan
from core import arm_ids
from core.commands import STACK
from core.environment import IGNORES_VALIDATION, RECOVERS
from core.resource_types import GET_CLIENT_CONFIG
from core.service import access, data_loss, drift, effects
from core.service.problem import Problem
from core.service.question import PreflightAnswer, PreflightQuestion, Request, ServiceAnswer, answer_of
from core.service.recorded import (
    RecordedService,
    State,
    of_services,
    recorded_names,
    recorded_service,
    state_of,
)
from core.service.state import READ_PARTS, Deployer, Live, ServiceState, is_in_subscription, known_service

_PREFLIGHT, _CHECK = "azure-cmk:index:preflight", "azure-cmk:index:checkDeployment"
_VERSIONS = (
    "run the same command again, and if it ends the same way, compare the versions of azure-cmk and of this "
    "program"
)
_ACTION = re.compile(r"Microsoft\.\w+(?:/\w+)+/(?:read|action)\b")


@dataclass(frozen=True)
class ServiceRequest:
    """A service that is about to be made.

    `former_names` are the names of the component's aliases.
    """

    inputs: EncryptedAIServicesAccountArgs
    former_names: tuple[str, ...] = ()


class RefusedError(pulumi.RunError):
    """Arguments are refused because of existing resources. The message names every problem of every service.
    Nothing of these was made or changed, except that the access of the services in `revoked` is taken away;
    the program may have made other resources before.
    """

    def __init__(self, problems: Sequence[tuple[str, Problem]], revoked: Sequence[str] = ()) -> None:
        self.problems = tuple(
            (service, Problem(one.path, _of_this_stack(one.text))) for service, one in problems
        )
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        services = "this service" if len({name for name, _ in problems}) == 1 else "these services"
        lines = [f"{count}; nothing of {services} was made or changed:"]
        lines += [f"  service {service!r}, {one.path}: {one.text}" for service, one in self.problems]
        if revoked:
            names = ", ".join(repr(name) for name in revoked)
            lines.append(
                f"  access: revoked of {names} does not wait for these: `pulumi up --skip-preview` takes the "
                "access away and makes no other change"
            )
        super().__init__("\n".join(lines))


def preflight(
    services: Mapping[str, ServiceRequest],
    *,
    provider: pulumi.ProviderResource | None = None,
    subscription_id: str | None = None,
    tenant_id: str | None = None,
    removed: Collection[str] | None = None,
) -> Mapping[str, ServicePlan]:
    """Decides for each service, from the resources that exist. Raises RefusedError, for all services at once.

    Access that a service is to lose is taken away before anything else of any service is declared, also when
    something is refused or not answered: a problem of one service must not keep the data of another one
    readable.

    `provider` is the azure-native provider of the services, if not the default one. `subscription_id` and
    `tenant_id` are those that the stack configures for azure-native's login, if any. The login itself is no
    proof: after a refresh the engine keeps the provider of the last update, because azure-native reports no
    change of its configuration, and only the next run uses the configured login. `removed` names the services
    that are to go, for a program that declares all services of its stack in `services`: it refuses any other
    that is left out. None for a program that may declare others elsewhere.
    """
    found = _Preflight(services, provider, removed)
    configured = {"subscription_id": subscription_id, "tenant_id": tenant_id}
    serve_hooks()
    # Which resources are made depends on the answers, so the program waits for all of them together, as it
    # would for one plain `pulumi.runtime.invoke`.
    try:
        wait_for(found.run(configured))
    finally:
        revocations = tuple(_revoke(name, taken) for name, taken in found.revoked.items())
    if found.problems:
        raise RefusedError(found.problems, [*found.revoked])
    if pulumi.runtime.is_dry_run() and not recovers():
        # Last, because people read the last lines. The update that follows does not repeat them.
        for one in found.does:
            (pulumi.log.warn if one.is_grave else pulumi.log.info)(one.text)
        if unread := drift.not_read(found.states.values()):
            pulumi.log.info(unread)
    locks = Locks([*found.existing_ids()])
    hook = locks.hook(f"service {next(iter(services), '')}")
    return {name: ServicePlan(one, revocations, hook, locks.changed) for name, one in found.states.items()}


def _revoke(service: str, taken: access.RevokedAccess) -> pulumi.Resource:
    """Takes access away. The resource has no parent, because the services' components come after it."""
    opts = pulumi.ResourceOptions(protect=False)
    return KeyAccessRevocation(f"{service}-revocation", opts, **asdict(taken))


@dataclass
class _Preflight:
    """One run for `services`, through `provider`: what was found, the problems, the access that is taken
    away, and what the update `does` to the data. `login` is azure-native's. `unchecked` lists the questions
    that got no answer, with the reasons.
    """

    services: Mapping[str, ServiceRequest]
    provider: pulumi.ProviderResource | None
    removed: Collection[str] | None
    login: Deployer = Deployer()
    states: dict[str, ServiceState] = field(default_factory=dict)
    problems: list[tuple[str, Problem]] = field(default_factory=list)
    revoked: dict[str, access.RevokedAccess] = field(default_factory=dict)
    does: list[effects.Effect] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    async def run(self, configured: Mapping[str, str | None]) -> None:
        recorded_outputs = of_services(await stack_resources())
        state = state_of(recorded_outputs)
        recorded = {
            name: recorded_service(name, state, declared.former_names)
            for name, declared in self.services.items()
        }
        self._refuse_elsewhere(recorded, configured)
        self._refuse_left_out(state)
        self.login = await _login_of_azure_native(self.provider)
        answer = await self._ask(recorded_outputs, recorded)
        self.unchecked += answer.unchecked
        for name, service in answer.services.items():
            self._take(name, service, recorded[name], state)
        if answer.failed:
            raise InvokeError(answer.failed)
        for removed in self._gone(state):
            if effect := effects.removal(recorded_service(removed, state)):
                self.does.append(effect)
        if not recovers():
            await self._check_deployment(state)
        _tell_unchecked(self.unchecked)

    async def _ask(
        self, recorded_outputs: Mapping[str, Any], recorded: Mapping[str, RecordedService]
    ) -> PreflightAnswer:
        """What azure-cmk finds and judges. Raises InvokeError if it gives no answer at all."""
        requests = {
            name: Request(service.inputs.of_account(recorded[name].account).desired, service.former_names)
            for name, service in self.services.items()
        }
        is_preview = pulumi.runtime.is_dry_run()
        question = PreflightQuestion(requests, recorded_outputs, self.login, is_preview, recovers())
        response = await invoke(_PREFLIGHT, cmk_invoke_options(), question=question.text)
        if not response:
            # As Pulumi's mocks answer: nothing was read, so nothing is taken for absent.
            nothing = ServiceAnswer(Live(unread=frozenset(READ_PARTS)))
            return PreflightAnswer(
                dict.fromkeys(requests, nothing), ("what exists, because the answer is empty",)
            )
        try:
            answer = answer_of(response["answer"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvokeError(f"azure-cmk's answer cannot be read ({error!r}); {_VERSIONS}") from error
        if answer.failed:
            return answer
        if missing := requests.keys() - answer.services.keys():
            raise InvokeError(f"azure-cmk answered nothing about {', '.join(sorted(missing))}; {_VERSIONS}")
        return answer

    def _take(self, name: str, answer: ServiceAnswer, recorded: RecordedService, state: State) -> None:
        """Takes over what was found of a service, and says what was judged of it."""
        inputs = self.services[name].inputs
        desired = inputs.of_account(recorded.account).desired
        self.states[name] = known_service(
            desired, recorded, state, self.login, answer.live, recovers=recovers()
        )
        self._refuse(name, answer.problems)
        self._refuse(name, _deployer_calls_twice(inputs, self.login.object_id))
        if answer.revokes:
            self.revoked[name] = answer.revokes
        if answer.effect:
            self.does.append(answer.effect)
        for note in answer.notes:
            pulumi.log.warn(f"service {name!r}: {_of_this_stack(note)}")

    def _refuse(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems += [(name, problem) for problem in problems]

    def _refuse_elsewhere(
        self, recorded: Mapping[str, RecordedService], configured: Mapping[str, str | None]
    ) -> None:
        """Ends a run that is configured for another subscription or tenant before azure-native is called:
        the call would record that login in the state, and the next refresh would not find the grants and
        drop them.
        """
        for name, before in recorded.items():
            if before.account:
                self._refuse(name, data_loss.elsewhere(before.account, **configured))
        if self.problems:
            raise RefusedError(self.problems)

    def _refuse_left_out(self, state: State) -> None:
        if self.removed is None:
            return
        declared = {*self.services, *(old for one in self.services.values() for old in one.former_names)}
        for name in sorted(recorded_names(state) - declared - set(self.removed)):
            self._refuse(name, [data_loss.no_longer_declared(recorded_service(name, state), name)])

    def _planned(self, name: str, service: ServiceState) -> Sequence[Planned]:
        try:
            inputs = self.services[name].inputs.of_account(service.before.account)
            return planned(inputs, service)
        except InputError as error:
            self._refuse(name, error.problems)
            return []

    def _gone(self, state: State) -> list[str]:
        """The recorded services that the program declares no more, on purpose."""
        return sorted(recorded_names(state) & set(self.removed or ()) - set(self.services))

    def existing_ids(self) -> Iterator[str]:
        """The ARM ids of the recorded resources of the services, and of the vaults of their keys."""
        for one in self.states.values():
            recorded = [outputs.get("id") for outputs in one.before.own_parts.values()]
            yield from filter(None, dict.fromkeys([*recorded, one.place.vault_id]))

    async def _check_deployment(self, state: State) -> None:
        """Asks once which resources of the services Azure would refuse, also for services with problems, to
        tell all problems at once, but not about an argument that is refused already."""
        asked = [
            (name, question)
            for name, service in self.states.items()
            # A login to another subscription would make resources that none of the user's settings name.
            if service.before.account is None or is_in_subscription(service.before.account, service.login)
            for question in self._planned(name, service)
        ]
        for removed in self._gone(state):
            deletions = deleted(recorded_service(removed, state), self.login.subscription_id)
            asked += [(removed, deletion) for deletion in deletions]
        if not asked:
            return
        refused = {(name, problem.path) for name, problem in self.problems}
        try:
            report = await invoke(_CHECK, cmk_invoke_options(), resources=[question for _, question in asked])
        except InvokeError as error:
            if not self.problems:
                raise
            self.unchecked.append(f"what Azure would refuse, because {error}")
            return
        self.unchecked += _unchecked(report)
        for finding in report.get("findings") or ():
            text = f"{finding['text']}; {finding['fix']}"
            if str(finding.get("check")).startswith("validation") and os.environ.get(IGNORES_VALIDATION):
                pulumi.log.warn(f"{text} ({IGNORES_VALIDATION} is set)")
                continue
            for service_name, question in asked:
                path = question["setting"]
                if arm_ids.same(question["id"], finding["id"]) and (service_name, path) not in refused:
                    self._refuse(service_name, [Problem(path, text)])


async def _login_of_azure_native(provider: pulumi.ProviderResource | None) -> Deployer:
    """Who azure-native is logged in as. azure-cmk compares it with its own login. Raises InvokeError."""
    login = await invoke(GET_CLIENT_CONFIG, pulumi.InvokeOptions(provider=provider) if provider else None)
    return Deployer(*(login.get(name) or "" for name in ("tenantId", "subscriptionId", "objectId")))


def _unchecked(report: Mapping[str, Any]) -> Iterator[str]:
    """The questions that could not be asked, except the usual one."""
    for question in report.get("unchecked") or ():
        text = f"{question['what']}, because {question['why']}"
        if question["check"] == "terms":
            # Before a first account, it is usual that the kind's terms may not be accepted yet, and no
            # failure. If they are not, Azure tells that in the update.
            if pulumi.runtime.is_dry_run():
                pulumi.log.info(f"not checked: {text}")
        else:
            yield text


def _deployer_calls_twice(inputs: EncryptedAIServicesAccountArgs, deployer_id: str) -> Iterator[Problem]:
    """A caller may be the deployer: that can be judged only once the deployer is known."""
    if any(caller.is_deployer for caller in inputs.callers):
        yield from callers.problems(inputs, deployer_id)


def recovers() -> bool:
    """Whether `operate recover` asks what the stack declares: it looks for what exists already."""
    return RECOVERS in os.environ and pulumi.runtime.is_dry_run()


def _of_this_stack(text: str) -> str:
    """The text with the stack's name in its commands: the provider does not know it."""
    return text.replace(f"--stack {STACK}", f"--stack {pulumi.get_stack()}")


def _tell_unchecked(texts: Iterable[str]) -> None:
    """One line, however much was not checked; `--debug` shows all of it."""
    found = [*dict.fromkeys(texts)]
    if len(found) == 1:
        pulumi.log.warn(f"not checked: {found[0]}")
    elif found:
        for one in found:
            pulumi.log.debug(f"not checked: {one}")
        actions = sorted({action for one in found for action in _ACTION.findall(one)})
        lacking = f", of a login that may not do {', '.join(actions)}" if actions else ""
        pulumi.log.warn(
            f"not checked: {len(found)} questions{lacking}. An update may fail though no problem is named; "
            "the same command with --debug lists the questions with their reasons"
        )
