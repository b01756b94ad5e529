"""What is there before a run changes anything: asked once for all services, before any of them is made.

Owns: the questions to the stack's state and to Azure, and what follows from the answers for each service. The
questions run at the same time and work in a preview. Does not own: the rules (guards.py, deleted.py,
existing.py), which are pure. Raises RefusedError with every problem of every service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime.sync_await import _sync_await

from components import access_guards, deleted, drift_guards, existing, guards
from components.asking import AnswerError, ask, is_absent
from components.existing import Answer
from components.problem import Problem
from components.service_args import RECOVER, ServiceInputs
from components.standing import StandingAccount, by_type_and_name, standing


class RefusedError(pulumi.RunError):
    """What a service's inputs ask for is refused. The message names every problem of every service, and
    nothing was made or changed."""

    def __init__(self, problems: Sequence[tuple[str, Problem]]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"{count}; nothing was made or changed:"]
        lines += [f"  service {service!r}, {problem.path}: {problem.text}" for service, problem in problems]
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Wanted:
    """A service that is about to be made. `vault_provider` serves an existing vault's subscription, if
    another; `formerly` are names that it had before."""

    inputs: ServiceInputs
    vault_provider: pulumi.ProviderResource | None = None
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What was found around one service.

    `recovers_vault` and `restores_account`: a soft-deleted one comes back. `keeps_key`: the key is there and
    is used as it is. `adopted` are the ids of grants that are there, or come back, and that the stack takes
    over, by logical name. `restores_access`: the last update took the access away, and this one gives it
    back. `account_id` is the account's, once it is there.
    """

    tenant_id: str
    deployer_id: str
    recovers_vault: bool = False
    restores_account: bool = False
    keeps_key: bool = False
    adopted: Mapping[str, str] = field(default_factory=dict)
    restores_access: bool = False
    account_id: str | None = None


def survey(
    services: Mapping[str, Wanted],
    *,
    provider: pulumi.ProviderResource | None = None,
    subscription_id: str | None = None,
    tenant_id: str | None = None,
) -> Mapping[str, Surroundings]:
    """What is around each service. Raises RefusedError, for all services at once.

    `provider` is the azure-native provider that makes the services, if not the default one. `subscription_id`
    and `tenant_id` are what the stack's configuration says of azure-native's login, if it does. The login
    itself does not tell: an engine that refreshes goes on with the provider as the last update left it, for
    azure-native calls no change of its configuration a change, and only the next run logs in as it is told.
    """
    # The program's shape follows from the answers, so it waits for them as a plain `pulumi.runtime.invoke`
    # does; but for all of them together.
    said = {"subscription_id": subscription_id, "tenant_id": tenant_id}
    return _sync_await(_Survey(services, provider, said).made())


class _Survey:
    def __init__(
        self,
        services: Mapping[str, Wanted],
        provider: pulumi.ProviderResource | None,
        said: Mapping[str, str | None],
    ) -> None:
        self._services, self._provider, self._said = services, provider, said
        self._found: list[tuple[str, Problem]] = []
        self._asked: dict[tuple[Any, ...], asyncio.Future[Answer]] = {}

    async def made(self) -> Mapping[str, Surroundings]:
        stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        outputs = await ask("pulumi:pulumi:readStackResourceOutputs", stackName=stack)
        state = by_type_and_name(outputs["outputs"])
        self._before = {name: standing(name, state, one.formerly) for name, one in self._services.items()}
        self._refuse_elsewhere()
        self._client = await ask("azure-native:authorization:getClientConfig", self._through(None))
        for name, wanted in self._services.items():
            self._refuse(name, self._losses(name, wanted))
        gone = await self._deleted()
        around = await asyncio.gather(
            *(self._around(name, wanted, gone[name]) for name, wanted in self._services.items())
        )
        if self._found:
            raise RefusedError(self._found)
        return dict(zip(self._services, around, strict=True))

    def _refuse(self, name: str, problems: Iterable[Problem]) -> None:
        self._found += [(name, problem) for problem in problems]

    def _refuse_elsewhere(self) -> None:
        """Ends a run that is configured for another subscription or tenant before azure-native is asked: that
        records it in the state, where the next refresh would not find the grants, and drop them."""
        for name, before in self._before.items():
            if before.account:
                self._refuse(name, guards.elsewhere(before.account, **self._said))
        if self._found:
            raise RefusedError(self._found)

    def _losses(self, name: str, wanted: Wanted) -> list[Problem]:
        return guards.losses(
            wanted.inputs,
            self._before[name],
            tenant_id=self._client["tenantId"],
            subscription_id=self._client["subscriptionId"],
        )

    async def _deleted(self) -> Mapping[str, deleted.Deleted]:
        vaults: deleted.Listed = ()
        accounts: deleted.Listed = ()
        if any(deleted.makes(wanted.inputs, self._before[name]) for name, wanted in self._services.items()):
            listed = await self._listed()
            vaults, accounts = listed.get("vaults") or (), listed.get("accounts") or ()
        found = {
            name: deleted.holding(wanted.inputs, self._before[name], vaults, accounts)
            for name, wanted in self._services.items()
        }
        for name, holding in found.items():
            self._refuse(name, deleted.problems(self._services[name].inputs, holding))
        return found

    async def _listed(self) -> Mapping[str, Any]:
        try:
            return await ask("azure-cmk:index:getDeleted", subscriptionId=self._client["subscriptionId"])
        except AnswerError as error:
            recovers = any(wanted.inputs.soft_deleted == RECOVER for wanted in self._services.values())
            if recovers or "AuthorizationFailed" not in str(error):
                raise
            pulumi.log.warn(
                "this login may not list soft-deleted vaults and accounts of the subscription, so that a "
                "name that one of them holds shows only when Azure refuses it"
            )
            return {}

    async def _around(self, name: str, wanted: Wanted, gone: deleted.Deleted) -> Surroundings:
        place, before = existing.place(wanted.inputs, self._before[name], gone), self._before[name]
        # What is missing of an account that is being replaced may be the work of an update that was cut off.
        replaced = guards.is_replaced(wanted.inputs, before)
        drifts = before.is_bound and self._is_ours(before.account) and not replaced
        vault, key, live, assignment = await asyncio.gather(
            self._get("keyvault:getVault", wanted, place.vault_arguments if place.asks_vault else None),
            self._get("keyvault:getKey", wanted, place.key_arguments if place.asks_key else None),
            self._get(
                "cognitiveservices:getAccount",
                Wanted(wanted.inputs),
                before.account.arguments if before.account and drifts else None,
            ),
            self._get(
                "authorization:getRoleAssignment",
                wanted,
                place.assignment_arguments if place.assignment_name else None,
            ),
        )
        there = key if place.makes_key else None
        if place.vault_exists:
            self._refuse(
                name, existing.problems(wanted.inputs, place, vault, there, self._client["tenantId"])
            )
        if drifts:
            self._refuse(name, drift_guards.problems(before, place, live, vault, key))
        access = self._restores_access(name, wanted, place, vault, assignment)
        return Surroundings(
            self._client["tenantId"],
            self._client["objectId"],
            recovers_vault=gone.vault is not None,
            restores_account=gone.account is not None,
            keeps_key=there is not None or (gone.vault is not None and place.makes_key),
            adopted={
                **existing.grants_to_adopt(place, vault, assignment, self._client["objectId"]),
                # A preview finds nothing to take over in a vault that is not back yet, and shows it as made.
                **(
                    {}
                    if pulumi.runtime.is_dry_run()
                    else existing.grants_that_come_back(wanted.inputs, before, gone)
                ),
            },
            restores_access=access,
            account_id=before.account.id if before.account else None,
        )

    def _is_ours(self, account: StandingAccount | None) -> bool:
        """Whether it is in the login's subscription; of another, guards.py says what is wrong."""
        own = str(self._client["subscriptionId"]).lower()
        return account is not None and account.subscription_id == own

    def _restores_access(
        self, name: str, wanted: Wanted, place: existing.Place, vault: Answer, assignment: Answer
    ) -> bool:
        before = self._before[name]
        granted = access_guards.is_granted(before, place, vault, assignment)
        if not guards.is_replaced(wanted.inputs, before):
            self._refuse(name, access_guards.problems(wanted.inputs, before, granted=granted))
        if warning := access_guards.left_open(wanted.inputs, before, granted=granted):
            pulumi.log.warn(f"service {name!r}: {warning}")
        return access_guards.gives_back(wanted.inputs, before, granted=granted)

    async def _get(self, function: str, wanted: Wanted, arguments: Mapping[str, str] | None) -> Answer:
        """What is there; None where nothing is, or nothing is to be asked. Asked once for all services, for
        a vault may be that of many."""
        if arguments is None:
            return None
        question = (function, wanted.vault_provider, *sorted(arguments.items()))
        if question not in self._asked:
            self._asked[question] = asyncio.ensure_future(
                self._answer(function, wanted.vault_provider, arguments)
            )
        return await self._asked[question]

    async def _answer(
        self, function: str, provider: pulumi.ProviderResource | None, arguments: Mapping[str, str]
    ) -> Answer:
        try:
            return await ask(f"azure-native:{function}", self._through(provider), **arguments)
        except AnswerError as error:
            if is_absent(str(error)):
                return None
            raise

    def _through(self, provider: pulumi.ProviderResource | None) -> pulumi.InvokeOptions | None:
        chosen = provider or self._provider
        return pulumi.InvokeOptions(provider=chosen) if chosen else None
