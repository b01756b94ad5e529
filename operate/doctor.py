"""What would stand in the way of a first deployment, without a preview: this machine, the login, and Azure.

    python -m operate doctor --stack dev [--json]

Reads the stack's settings from its file, so that no stack need exist yet. A service that the stack has
already is left to `pulumi preview`, and so is a program of somebody's own, which has no such settings.
Owns: the questions about this machine, and the table. Does not own: what Azure would refuse
(provider/deployment), which a preview asks as well.
"""

import argparse
import asyncio
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from components.account_write import AccountBefore
from components.guards.existing_resources import other_vault
from components.guards.key_place import place_of_key
from components.guards.recorded_state import RecordedService
from components.guards.situation import Deployer, Live, Situation
from components.guards.soft_deleted import Listed, SoftDeleted, holding_names
from components.guards.soft_deleted import problems as soft_deleted_problems
from components.planned import PlannedResource, planned
from core import arm_ids, demands, key_uris
from core.api_versions import VAULTS
from core.arm_ids import ArmId
from core.login import SETTINGS, Login, LoginError
from core.rights import HSM_ROLE_WRITE
from core.roles import HSM_CRYPTO_USER, HSM_POLICY_ADMINISTRATOR, Role
from operate import checked_settings, login
from operate.azure import LiveAzure, UnansweredError
from operate.checked_settings import FAILED, OK, UNCHECKED, Line, judged, tell
from operate.errors import OperateError
from operate.stack import StackError, outputs, pulumi, services
from provider.azure import Azure
from provider.azure_client import AzureClient, Principal
from provider.deployment import checks
from provider.deployment.model import Report
from provider.deployment.questions import Questions, UnansweredQuestionError
from provider.errors import service_message, translate
from provider.failure import ServiceError
from provider.functions import get_deleted
from provider.resource import Call
from provider.retrying import patient
from provider.waiting import SystemClock, Waiter
from provider.wire import Properties
from settings.model import ServiceSettings

OLDEST_CLI: Final = (3, 259, 0)
"""The oldest Pulumi CLI that README.md names."""
MOST_SKEW: Final = 300.0
"""Seconds by which the clocks may differ: Microsoft Entra tolerates five minutes of skew in tokens."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    checked_settings.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints a table, or JSON; the exit code is 1 if anything failed."""
    return tell(lines(arguments.stack), as_json=arguments.json)


def lines(stack: str) -> list[Line]:
    """Everything that was looked at, for one stack."""
    return [*_machine(), *_azure(stack)]


def _machine() -> Iterator[Line]:
    yield _pulumi("Pulumi CLI", ("version",), _version)
    yield _pulumi("backend", ("whoami", "--json"), _backend)


def _pulumi(about: str, words: tuple[str, ...], judge: Callable[[str], Line]) -> Line:
    try:
        done = pulumi(*words)
    except StackError as error:
        return Line(about, FAILED, str(error))
    if done.code != 0:
        found = done.stderr.strip() or "the command failed"
        return Line(about, FAILED, found, "log in with `pulumi login`")
    return judge(done.stdout)


def _version(text: str) -> Line:
    numbers = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    found = tuple(map(int, numbers.groups())) if numbers else ()
    if found >= OLDEST_CLI:
        return Line("Pulumi CLI", OK, text.strip())
    needed = ".".join(map(str, OLDEST_CLI))
    return Line(
        "Pulumi CLI", FAILED, f"found {text.strip()}, expected {needed} or newer", "install a newer one"
    )


def _backend(text: str) -> Line:
    url = str(json.loads(text).get("url") or "")
    if not url.startswith("file://"):
        return Line(
            "backend", OK, f"{url or 'Pulumi Cloud'} answers; whether it can be written shows an update"
        )
    folder = Path(url.removeprefix("file://").partition("?")[0]).expanduser()
    # The engine makes the folder, and those above it.
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    if os.access(there, os.W_OK) and there.is_dir():
        return Line("backend", OK, f"{url} can be written")
    return Line("backend", FAILED, f"{url} cannot be written", "choose another with `pulumi login`")


def _azure(stack: str) -> Iterator[Line]:
    line, declared = judged(stack)
    yield line
    if line.result == FAILED:
        return
    try:
        found = login.of_new_stack(stack)
        azure = connect(found)
        principal = asyncio.run(azure.principal())
    except (LoginError, ServiceError, OperateError) as error:
        yield Line("login", FAILED, str(error), "run `az login`, or set the ARM_* variables")
        return
    where = f"tenant {principal.tenant_id}, subscription {found.subscription_id or 'none'}"
    who = f"{principal.object_id} in {where}, by {found.method.value}"
    if not found.subscription_id:
        yield Line("login", FAILED, who, f"set {SETTINGS['subscriptionId'][0]}")
        return
    yield Line("login", OK, who)
    yield _clock(found)
    if not declared:
        return
    deployed = _deployed(stack)
    if deployed is None or deployed:
        about = ", ".join(sorted(deployed)) if deployed else "the service"
        yield Line(about, UNCHECKED, "it is deployed already, and `pulumi preview` checks its changes")
    new = [one for one in declared if deployed is not None and one.label not in deployed]
    if new:
        yield from _deployment(new, azure, principal, found)


def _deployed(stack: str) -> frozenset[str] | None:
    """The services that the stack has; None where it has the only one."""
    try:
        found = services(outputs(stack))
    except StackError:
        return frozenset()
    has = {name for name, one in found.items() if one.get("accountId")}
    return None if has == {""} else frozenset(has)


def connect(found: Login) -> Azure:
    """Azure, by a login."""
    return Azure(AzureClient(found))


def _clock(found: Login) -> Line:
    try:
        skew = LiveAzure(found).now().timestamp() - time.time()
    except UnansweredError as error:
        return Line("clock", UNCHECKED, str(error))
    if abs(skew) <= MOST_SKEW:
        return Line("clock", OK, f"within {MOST_SKEW:.0f} s of Azure's")
    return Line(
        "clock", FAILED, f"{abs(skew):.0f} s off Azure's, so that tokens are refused", "set the clock"
    )


def _deployment(
    new: Sequence[ServiceSettings], azure: Azure, principal: Principal, found: Login
) -> Iterator[Line]:
    plan: dict[str, list[PlannedResource]] = {}
    deleted = asyncio.run(_deleted(azure, found.subscription_id))
    deployer = Deployer(principal.tenant_id, found.subscription_id, principal.object_id)
    if isinstance(deleted, Line):
        yield deleted
    for service in new:
        nothing = RecordedService(service.name)
        gone = SoftDeleted() if isinstance(deleted, Line) else holding_names(service, nothing, *deleted)
        place = place_of_key(service, nothing, gone)
        one = Situation(service, nothing, deployer, place, Live(), gone, AccountBefore())
        if place.vault_exists:
            yield from asyncio.run(_existing(one, azure))
        for problem in soft_deleted_problems(service, gone):
            yield Line(f"{service.name}, {problem.path}", FAILED, problem.text)
        plan[service.name] = asyncio.run(_planned(one))
    report = asyncio.run(_asked([one for members in plan.values() for one in members], azure))
    named = {one.id: f"{name}, {one.argument}" for name, some in plan.items() for one in some}
    told = [
        *(Line(named.get(one.id, one.id), FAILED, one.text, one.fix) for one in report.findings),
        *(Line(one.check, UNCHECKED, f"{one.what}, because {one.why}") for one in report.unchecked),
    ]
    yield from told
    wrong = {one.about for one in told} | {one.check for one in report.findings}
    well = (name for name in checks.CHECKS if name not in wrong)
    yield from (Line(name, OK, "nothing that Azure would refuse") for name in well)


async def _planned(one: Situation) -> list[PlannedResource]:
    """What a service is about to make. Its parts declare outputs, which take an event loop."""
    return planned(one)


async def _deleted(azure: Azure, subscription: str) -> tuple[Listed, Listed] | Line:
    """The soft-deleted vaults and accounts of the subscription, which may hold names."""
    waiter = _waiter()
    call = Call("doctor", patient(azure, waiter), Login(), waiter, warn=_silent, inform=_silent)
    try:
        held = await get_deleted(call, Properties({"subscriptionId": subscription}))
    except ServiceError as failure:
        return Line("names", UNCHECKED, f"what is soft-deleted, because {translate(failure)}")
    return held["vaults"], held["accounts"]


async def _existing(one: Situation, azure: Azure) -> list[Line]:
    """Why the vault or managed HSM that a service is to use cannot hold its key."""
    waiter, place = _waiter(), one.place
    ask = Questions(patient(azure, waiter), waiter)
    try:
        vault = await ask.get(place.vault_id, VAULTS)
        key = await ask.get(place.key_id, VAULTS) if vault and place.makes_key else None
    except UnansweredQuestionError as error:
        return [Line(f"{one.name}, vault", UNCHECKED, f"whether it can hold the key, because {error}")]
    found = [
        Line(f"{one.name}, {problem.path}", FAILED, problem.text)
        for problem in other_vault(replace(one, live=Live(vault=vault, key=key)))
    ]
    if vault and place.in_managed_hsm:
        key_id = arm_ids.key_id(place.key_id)
        found += await _in_hsm(f"{one.name}, key.id", key_id, azure, one.login.object_id, one.inputs.kind)
    return found


async def _in_hsm(about: str, key: ArmId, azure: Azure, principal_id: str, kind: str) -> list[Line]:
    """Whether an account of a kind can be bound to a key in a managed HSM, and this login may give it its
    role: only the HSM itself tells."""
    asking = patient(azure, _waiter())
    what = "whether the key can be bound, and this login may give the account its role"
    try:
        version = await asking.key_version(key, None)
        given = await asking.role_assignments(key.text, principal_id)
    except ServiceError as failure:
        fix = _role_command(key, principal_id, HSM_CRYPTO_USER)
        return [Line(about, UNCHECKED, f"{what}, because {service_message(failure)}", fix)]
    if version is None:
        options = key_uris.cli_options(key.parent.name, key.name, in_managed_hsm=True)
        make = f"az keyvault key create {options} --kty RSA-HSM --size 2048 --ops wrapKey unwrapKey"
        return [Line(about, FAILED, f"the managed HSM has no key {key.name!r}", make)]
    judged = [*demands.judge(None, None, version, kind=kind), *demands.key_usable(version, time.time())]
    found = [Line(about, FAILED, one.text, one.az(key=version.uri or "")) for one in judged if one.unmet]
    may = any(
        one.role and one.role.allows_data(HSM_ROLE_WRITE) and arm_ids.covers(one.scope, key.text)
        for one in given
    )
    if not may:
        found.append(
            Line(
                about,
                UNCHECKED,
                "whether this login may give the account its role, because it has no role of its own that "
                "allows that, and roles of its groups are not seen",
                _role_command(key, principal_id, HSM_POLICY_ADMINISTRATOR),
            )
        )
    usable = f"version {version.version} can be bound, and this login may give the account its role"
    return found or [Line(about, OK, usable)]


def _role_command(key: ArmId, principal_id: str, role: Role) -> str:
    """How an administrator of the HSM gives this login a role at the key."""
    return (
        f"az keyvault role assignment create --hsm-name {key.parent.name} --assignee-object-id "
        f"{principal_id} --scope {arm_ids.local_scope(key.text)} --role '{role.name}'"
    )


async def _asked(plan: list[PlannedResource], azure: Azure) -> Report:
    asked = [checks.planned(one.asked()) for one in plan]
    waiter = _waiter()
    return await checks.run(asked, Questions(patient(azure, waiter), waiter))


def _waiter() -> Waiter:
    return Waiter(SystemClock(), timeout=120.0, stop=asyncio.Event(), progress=_silent)


async def _silent(message: str) -> None:
    del message
