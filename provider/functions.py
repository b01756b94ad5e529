"""The functions that a program may call, also in a preview; provider/schema.json describes them.

Each is a row of `FUNCTIONS`: the answer, and a check of the arguments. An answer raises ServiceError.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from core import adapters, arm_ids, rights
from core.api_versions import VAULTS
from core.arm_ids import MalformedError
from core.login import Login
from core.refusals import SECOND_LOOK_SECONDS
from provider.checks import Failure, Forms, check
from provider.deployment.model import VERSIONS
from provider.errors import ErrorContext
from provider.failure import RefusedOperationError
from provider.resource import READ_LAG_SECONDS, Call
from provider.resource_reads import read_resource
from provider.waiting import DEFAULT_TIMEOUT, PREVIEW_TIMEOUT
from provider.wire import UNKNOWN, Properties, Value

Answer = dict[str, Value]
_PREFLIGHT_SECONDS: Final = 2 * PREVIEW_TIMEOUT
"""Longer, because it may look several times; not much longer, because a revocation waits for it."""


async def preflight(call: Call, args: Properties) -> Answer:
    """What is known and judged of all services of a program, before it makes anything:
    core/service/question.py has the question and the answer."""
    from core.service.question import question_of  # noqa: PLC0415 - most runs of a provider ask nothing of it
    from provider import service_preflight  # noqa: PLC0415

    if args.has_unknowns:
        return {"answer": UNKNOWN}
    try:
        question = question_of(str(args.values["question"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RefusedOperationError(
            "question: found a text that is no question of this version's components; use the same version "
            f"of azure-cmk and of the components ({type(error).__name__})"
        ) from error
    return {"answer": (await service_preflight.answer(call, question)).text}


async def get_written_vault(call: Call, args: Properties) -> Answer:
    """A vault in Resource Manager's words, as a write answers it, and whether reads show other access
    policies all the same; with `awaitsReads` two in turn have shown the same, or none did in time."""
    if args.has_unknowns:
        return dict.fromkeys(("vault", "readsAreLate"), UNKNOWN)
    id = arm_ids.vault_id(str(args.values["vaultId"]))
    context = ErrorContext(vault_id=id.text, vault_name=id.name, by_deployer=True)
    with replace(call, context=context).explained():
        vault = await call.azure.written_vault(id)
        if not (vault and args.values.get("awaitsReads")):
            return {"vault": vault, "readsAreLate": False}
        written = rights.policies(adapters.vault(vault))

        async def is_shown_twice() -> bool:
            reads = [await call.azure.ask("GET", id.text, VAULTS) for _ in range(2)]
            return all(rights.policies(adapters.vault(one)) == written for one in reads)

        is_shown = await call.waiter.until(
            is_shown_twice,
            bool,
            lambda _: f"waiting until reads of the vault {id.name} show who may use its keys",
            first=SECOND_LOOK_SECONDS,
            seconds=2 * READ_LAG_SECONDS,
        )
        return {"vault": vault, "readsAreLate": not is_shown}


async def get_client_config(call: Call, args: Properties) -> Answer:
    """Who this provider is logged in as, and how; the names are those of azure-native's function, which has
    no method."""
    principal = await call.azure.principal()
    return {
        "objectId": principal.object_id,
        "tenantId": principal.tenant_id,
        "clientId": principal.client_id,
        "subscriptionId": call.login.subscription_id,
        "method": call.login.method.value,
    }


async def check_deployment(call: Call, args: Properties) -> Answer:
    """What Azure would refuse about resources that are about to be made; writes nothing: `{"findings": [...],
    "unchecked": [...]}`."""
    from provider.deployment import checks  # noqa: PLC0415 - most runs of a provider ask nothing of it
    from provider.deployment.model import Report, Unchecked  # noqa: PLC0415
    from provider.deployment.questions import Questions  # noqa: PLC0415

    if args.has_unknowns:
        return dict.fromkeys(("findings", "unchecked"), UNKNOWN)
    given = args.values["resources"]
    plan = [checks.planned(one) for one in given if not _is_unknown(one)]
    report = await checks.run(plan, Questions(call.azure, call.waiter))
    if len(plan) < len(given):
        made = "resources with values that are not known yet"
        report += Report(unchecked=(Unchecked("", made, "something else makes them"),))
    return {name: [asdict(one) for one in found] for name, found in vars(report).items()}


async def get_resources(call: Call, args: Properties) -> Answer:
    """Resources as Resource Manager describes them, in the order of the question: `{"resources": [{"found":
    JSON, absent for what does not exist; "unread": why this login may not read it; "failed": why Azure gave
    no answer; "lacksDataRole": it may not, before it gets a role on the vault's data}]}`."""
    if args.has_unknowns:
        return {"resources": UNKNOWN}
    asked = args.values["resources"]
    found = (_resource(call, one["id"]) for one in asked)
    return {"resources": await asyncio.gather(*found)}


async def _resource(call: Call, id: str) -> Answer:
    try:
        shown = await read_resource(call, id)
    except RefusedOperationError as error:
        return {"failed": str(error)}
    if shown.unread:
        return {"unread": shown.unread, "lacksDataRole": shown.lacks_data_role}
    return {"found": shown.found}


def _not_readable(login: Login, args: Properties) -> Iterator[Failure]:
    for number, one in enumerate(args.known("resources") or []):
        try:
            if not _is_unknown(one) and arm_ids.parse(str(one.get("id"))).type.lower() not in VERSIONS:
                yield Failure(f"resources[{number}].id", f"found {one['id']!r}, of a type that is not read")
        except MalformedError as error:
            yield Failure(f"resources[{number}].id", str(error))


def _is_unknown(value: Value) -> bool:
    """Whether a value, or anything in it, is not known yet."""
    return UNKNOWN in json.dumps(value)


def _not_planned(login: Login, args: Properties) -> Iterator[Failure]:
    from provider.deployment import checks  # noqa: PLC0415

    for number, given in enumerate(args.known("resources") or []):
        try:
            if not _is_unknown(given):
                checks.planned(given)
        except MalformedError as error:
            yield Failure(f"resources[{number}]", str(error))
    if args.values.get("resources") == []:
        yield Failure("resources", "missing required input 'resources'")


@dataclass(frozen=True)
class Function:
    """One function: its answer, the check of its arguments whose form is right, and how long it may wait for
    Azure."""

    answer: Callable[[Call, Properties], Awaitable[Answer]]
    more: Callable[[Login, Properties], Iterable[Failure]] = lambda *_: ()
    forms: Forms = field(default_factory=dict)
    seconds: float = PREVIEW_TIMEOUT


def wrong_arguments(token: str, login: Login, args: Properties) -> list[Failure]:
    """Every argument of a function that cannot be right."""
    function = FUNCTIONS[token]
    return check(args, token, function.forms) or [*function.more(login, args)]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "azure-cmk:index:checkDeployment": Function(check_deployment, _not_planned),
    "azure-cmk:index:getClientConfig": Function(get_client_config),
    "azure-cmk:index:getResources": Function(get_resources, _not_readable),
    "azure-cmk:index:getWrittenVault": Function(
        get_written_vault, forms={"vaultId": arm_ids.vault_id}, seconds=DEFAULT_TIMEOUT
    ),
    "azure-cmk:index:preflight": Function(preflight, seconds=_PREFLIGHT_SECONDS),
}
"""Each function by its token."""
