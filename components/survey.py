"""What is there before a run changes anything: asked once for all services, before any of them is made.

Owns: the questions to the stack's state and to Azure, and what follows from the answers for each service. The
questions run at the same time and work in a preview. Does not own: the rules (guards.py, deleted.py,
existing.py), which are pure. Raises RefusedError with every problem of every service.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import invoke_async
from pulumi.runtime.sync_await import _sync_await

from components import deleted, existing, guards
from components.contract import RECOVER, EncryptedLanguageServiceArgs
from components.problem import Problem
from components.standing import by_type_and_name, standing

# An id in the text of another refusal may hold these digits, too: only the status itself counts.
_ABSENT = re.compile(
    r"\bStatus=404\b|\bstatus code 404\b|\bRESPONSE 404\b|\b404 Not Found\b|\b[A-Za-z]*NotFound\b"
)


def is_absent(error: str) -> bool:
    """Whether azure-native's answer to a function says that the resource is not there."""
    return _ABSENT.search(error) is not None


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
    """A service that is about to be made. `vault_provider` serves an existing vault's subscription, if that
    is another one."""

    args: EncryptedLanguageServiceArgs
    vault_provider: pulumi.ProviderResource | None = None


@dataclass(frozen=True)
class Surroundings:
    """What was found around one service.

    `recovers_vault` and `restores_account`: a soft-deleted one comes back. `keeps_key`: the key is there and
    is used as it is. `present` are the logical names of grants that come back with a vault, `adopted` the ids
    of grants that are there and that the stack takes over, by logical name.
    """

    tenant_id: str
    deployer_id: str
    recovers_vault: bool = False
    restores_account: bool = False
    keeps_key: bool = False
    present: frozenset[str] = frozenset()
    adopted: Mapping[str, str] = field(default_factory=dict)


def survey(services: Mapping[str, Wanted]) -> Mapping[str, Surroundings]:
    """What is around each service. Raises RefusedError, for all services at once."""
    # The program's shape follows from the answers, so it waits for them as a plain `pulumi.runtime.invoke`
    # does; but for all of them together.
    return _sync_await(_Survey(services).made())


class _Survey:
    def __init__(self, services: Mapping[str, Wanted]) -> None:
        self._services = services
        self._found: list[tuple[str, Problem]] = []

    async def made(self) -> Mapping[str, Surroundings]:
        stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        self._client, outputs = await asyncio.gather(
            _ask("azure-native:authorization:getClientConfig"),
            _ask("pulumi:pulumi:readStackResourceOutputs", stackName=stack),
        )
        state = by_type_and_name(outputs["outputs"])
        self._before = {name: standing(name, state) for name in self._services}
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

    def _losses(self, name: str, wanted: Wanted) -> list[Problem]:
        return guards.losses(
            name,
            wanted.args,
            self._before[name],
            tenant_id=self._client["tenantId"],
            subscription_id=self._client["subscriptionId"],
        )

    async def _deleted(self) -> Mapping[str, deleted.Deleted]:
        vaults: deleted.Listed = ()
        accounts: deleted.Listed = ()
        if any(before.account is None for before in self._before.values()):
            listed = await self._listed()
            vaults, accounts = listed.get("vaults") or (), listed.get("accounts") or ()
        found = {
            name: deleted.holding(name, wanted.args, self._before[name], vaults, accounts)
            for name, wanted in self._services.items()
        }
        for name, holding in found.items():
            self._refuse(name, deleted.problems(name, self._services[name].args, holding))
        return found

    async def _listed(self) -> Mapping[str, Any]:
        try:
            return await _ask("azure-cmk:index:getDeleted", subscriptionId=self._client["subscriptionId"])
        except Exception as error:  # the SDK raises nothing narrower for what a provider answers
            recovers = any(wanted.args.get("soft_deleted") == RECOVER for wanted in self._services.values())
            if recovers or "AuthorizationFailed" not in str(error):
                raise
            pulumi.log.warn(
                "this login may not list soft-deleted vaults and accounts of the subscription, so that a "
                "name that one of them holds shows only when Azure refuses it"
            )
            return {}

    async def _around(self, name: str, wanted: Wanted, gone: deleted.Deleted) -> Surroundings:
        place = existing.place(name, wanted.args, self._before[name], gone)
        vault = key = None
        if place.asks_vault:
            vault = await self._get("keyvault:getVault", wanted, **place.vault_arguments)
        if place.asks_key:
            key = await self._get("keyvault:getKey", wanted, **place.key_arguments)
        if place.vault_exists:
            self._refuse(name, existing.problems(wanted.args, place, vault, key, self._client["tenantId"]))
        assignment = None
        if place.assignment_name:
            assignment = await self._get(
                "authorization:getRoleAssignment",
                wanted,
                scope=place.key_id,
                roleAssignmentName=place.assignment_name,
            )
        return Surroundings(
            self._client["tenantId"],
            self._client["objectId"],
            recovers_vault=gone.vault is not None,
            restores_account=gone.account is not None,
            keeps_key=key is not None or (gone.vault is not None and place.makes_key),
            present=existing.grants_that_come_back(name, wanted.args, gone),
            adopted=existing.grants_to_adopt(place, vault, assignment, self._client["objectId"]),
        )

    async def _get(self, function: str, wanted: Wanted, **arguments: Any) -> Mapping[str, Any] | None:
        opts = pulumi.InvokeOptions(provider=wanted.vault_provider) if wanted.vault_provider else None
        try:
            return await _ask(f"azure-native:{function}", opts, **arguments)
        except Exception as error:  # the SDK raises nothing narrower for what a provider answers
            if is_absent(str(error)):
                return None
            raise


async def _ask(token: str, opts: pulumi.InvokeOptions | None = None, **arguments: Any) -> Mapping[str, Any]:
    answer: Mapping[str, Any] | None = await invoke_async(token, arguments, opts)
    return answer or {}
