"""The functions that a program may call, also in a preview; provider/schema.json describes them.

Each is a row of `FUNCTIONS`: the answer, and a check of the arguments. An answer raises ServiceError.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Final, TypeVar

from core import arm_ids, rights
from core.api_versions import VAULTS
from core.arm_ids import MalformedError
from core.facts import Deleted, KeyVersion
from core.login import Login
from core.refusals import SECOND_LOOK_SECONDS
from provider.azure import unless_absent
from provider.checks import Failure, Forms, check, key_of_an_hsm
from provider.deployment.model import VERSIONS
from provider.errors import ErrorContext, service_message, translate
from provider.failure import ServiceError
from provider.key_access import KeyUse
from provider.resource import READ_LAG_SECONDS, Call
from provider.wire import UNKNOWN, Properties, Value

T = TypeVar("T")
Answer = dict[str, Value]


async def get_managed_hsm_key(call: Call, args: Properties) -> Answer:
    """A managed HSM in Resource Manager's words, the newest version of a key in it, and the grant of an
    identity at the key. A part that could not be read is absent, and its name is in `unread`."""
    if args.is_unknown("keyId") or args.is_unknown("principalId"):
        return dict.fromkeys(("hsm", "version", "assignmentId"), UNKNOWN)
    key, principal = arm_ids.key_id(str(args.values["keyId"])), args.text("principalId")
    unread: Answer = {}

    async def ask(what: str, question: Awaitable[T]) -> T | None:
        try:
            return await unless_absent(question)
        except ServiceError as failure:
            if not (failure.is_forbidden or failure.is_unreachable):
                raise
            unread[what] = service_message(failure)
            return None

    with replace(call, context=ErrorContext.of_key(key.text, principal)).explained():
        hsm = await ask("hsm", call.azure.ask("GET", key.parent.text, VAULTS))
        found: Answer = {"hsm": hsm, "version": None, "assignmentId": None, "unread": unread}
        if hsm is not None:
            found["version"] = _described(await ask("version", call.azure.key_version(key, None)))
        if hsm is not None and principal:
            roles = await ask("assignmentId", KeyUse(call, key, principal).hsm_roles())
            found["assignmentId"] = next((one.id for one in roles or ()), None)
        return found


async def get_key_version(call: Call, args: Properties) -> Answer:
    """One version of a key in a vault or a managed HSM: `{"version": {...}}`, in Resource
    Manager's words; absent when there is none."""
    if args.has_unknowns:
        return {"version": UNKNOWN}
    key = arm_ids.key_id(str(args.values["keyId"]))
    with replace(call, context=ErrorContext.of_key(key.text)).explained():
        found = await unless_absent(call.azure.key_version(key, str(args.values["version"])))
        return {"version": _described(found)}


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
        written = rights.policies(vault)

        async def is_shown_twice() -> bool:
            reads = [await call.azure.ask("GET", id.text, VAULTS) for _ in range(2)]
            return all(rights.policies(one) == written for one in reads)

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


async def get_deleted(call: Call, args: Properties) -> Answer:
    """The soft-deleted vaults and accounts of a subscription: `{"vaults": [...], "accounts": [...]}`; or
    `{"unread": ...}`, why this login may not list them."""
    if args.has_unknowns:
        return dict.fromkeys(("vaults", "accounts"), UNKNOWN)
    subscription = args.text("subscriptionId") or call.login.subscription_id
    try:
        vaults, accounts = await asyncio.gather(
            call.azure.deleted_vaults(subscription), call.azure.deleted_accounts(subscription)
        )
    except ServiceError as failure:
        if not failure.is_forbidden:
            raise
        return {"unread": translate(failure, ErrorContext(by_deployer=True))}
    return {"vaults": [*map(_deleted, vaults)], "accounts": [*map(_deleted, accounts)]}


async def get_resources(call: Call, args: Properties) -> Answer:
    """Resources as Resource Manager describes them, in the order of the question: `{"resources": [{"found":
    JSON, absent for what does not exist; "unread": why this login may not read it; "failed": why Azure gave
    no answer; "lacksDataRole": it may not, before it gets a role on the vault's data}]}`."""
    if args.has_unknowns:
        return {"resources": UNKNOWN}
    deployer = (await call.azure.principal()).object_id or call.context.deployer_id
    asked = args.values["resources"]
    found = (_resource(call, one["id"], one.get("apiVersion"), deployer) for one in asked)
    return {"resources": await asyncio.gather(*found)}


async def _resource(call: Call, id: str, api_version: str | None, deployer: str) -> Answer:
    place = arm_ids.parse(id)
    is_key = place.type.lower() == arm_ids.KEY.lower()
    context = replace(ErrorContext.of_key(id if is_key else None, by_deployer=True), deployer_id=deployer)
    try:
        version = api_version or VERSIONS[place.type.lower()]
        return {"found": await unless_absent(call.azure.ask("GET", id, version))}
    except ServiceError as failure:
        why = translate(failure, context)
        if failure.is_forbidden:
            return {"unread": why, "lacksDataRole": failure.needs_data_role}
        return {"failed": why}


def _not_readable(login: Login, args: Properties) -> Iterator[Failure]:
    for number, one in enumerate(args.known("resources") or []):
        try:
            if not _is_unknown(one) and arm_ids.parse(str(one.get("id"))).type.lower() not in VERSIONS:
                yield Failure(f"resources[{number}].id", f"found {one['id']!r}, of a type that is not read")
        except MalformedError as error:
            yield Failure(f"resources[{number}].id", str(error))


def _described(version: KeyVersion | None) -> Value:
    """A version of a key in Resource Manager's words."""
    if version is None:
        return None
    attributes = {"enabled": version.enabled, "nbf": version.not_before, "exp": version.expires}
    return {"properties": {"keyUriWithVersion": version.uri, "attributes": attributes}}


def _deleted(one: Deleted) -> Value:
    words = ((name, name.title().replace("_", "")) for name, value in vars(one).items() if value is not None)
    return {word[0].lower() + word[1:]: getattr(one, name) for name, word in words}


def _is_unknown(value: Value) -> bool:
    """Whether a value, or anything in it, is not known yet."""
    return UNKNOWN in json.dumps(value)


def _no_subscription(login: Login, args: Properties) -> Iterator[Failure]:
    if not (args.values.get("subscriptionId") or login.subscription_id):
        yield Failure(
            "subscriptionId", "no subscription is known; give subscriptionId or set ARM_SUBSCRIPTION_ID"
        )


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
    """One function: its answer, and the check of its arguments whose form is right. `writes`: it is for
    updates alone, and may take as long as one."""

    answer: Callable[[Call, Properties], Awaitable[Answer]]
    more: Callable[[Login, Properties], Iterable[Failure]] = lambda *_: ()
    forms: Forms = field(default_factory=dict)
    writes: bool = False


def wrong_arguments(token: str, login: Login, args: Properties) -> list[Failure]:
    """Every argument of a function that cannot be right."""
    function = FUNCTIONS[token]
    return check(args, token, function.forms) or [*function.more(login, args)]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "azure-cmk:index:checkDeployment": Function(check_deployment, _not_planned),
    "azure-cmk:index:getClientConfig": Function(get_client_config),
    "azure-cmk:index:getDeleted": Function(get_deleted, _no_subscription),
    "azure-cmk:index:getKeyVersion": Function(get_key_version),
    "azure-cmk:index:getManagedHsmKey": Function(get_managed_hsm_key, forms={"keyId": key_of_an_hsm}),
    "azure-cmk:index:getResources": Function(get_resources, _not_readable),
    "azure-cmk:index:getWrittenVault": Function(
        get_written_vault, forms={"vaultId": arm_ids.vault_id}, writes=True
    ),
}
"""Each function by its token."""
