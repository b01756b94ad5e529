"""Checks for obstacles to a first deployment, without a preview: the backend, the login, and Azure.

    python -m operate doctor --stack dev [--json]

Reads the stack's settings from its file, so that no stack need exist yet. A stack that is deployed already
is left to `pulumi preview`, and so is a program of somebody's own, which has no such settings, and
what only the key's vault or managed HSM tells. Does not own: what Azure would refuse (provider/deployment).
"""

import argparse
import asyncio
from collections.abc import Iterator, Sequence

from components.preflight.planned import Planned, planned
from core import rights
from core.facts import Deleted
from core.login import SETTINGS, Login, LoginError
from core.service.account import AccountBefore
from core.service.key_place import place_of_key
from core.service.recorded import RecordedService
from core.service.soft_deleted import problems
from core.service.state import Deployer, Live, ServiceState
from operate import login
from operate.checked_settings import FAILED, NOTE, OK, UNCHECKED, Line, judged, noted, tell
from operate.errors import OperateError
from operate.stack import StackError, outputs, pulumi, services
from provider.azure import Azure, retrying
from provider.azure_client import AzureClient, Principal
from provider.deployment import checks
from provider.deployment.questions import Questions
from provider.errors import translate
from provider.failure import ServiceError
from provider.waiting import SystemClock, Waiter
from settings.model import ServiceSettings


def run(arguments: argparse.Namespace) -> int:
    """Prints a table, or JSON; the exit code is 1 if anything failed."""
    first = backend()
    # Without a Pulumi CLI the login's settings cannot be read either, which the first line says.
    others = [one for one in _azure(arguments.stack) if one.found != first.found]
    return tell([first, *others], as_json=arguments.json)


def backend() -> Line:
    """Whether there is a Pulumi CLI, logged in to a backend."""
    try:
        done = pulumi("whoami", "--verbose")
    except StackError as error:
        return Line("backend", FAILED, str(error))
    if done.code != 0:
        return Line("backend", FAILED, done.stderr.strip(), "log in with `pulumi login`")
    return Line("backend", OK, "logged in; only an update shows whether it can be written")


def _azure(stack: str) -> Iterator[Line]:
    line, declared = judged(stack)
    yield line
    if line.result == FAILED:
        return
    yield from noted(declared)
    try:
        found = login.of_new_stack(stack)
        azure = connect(found)
        principal = asyncio.run(azure.principal())
    except StackError as error:
        yield Line("login", FAILED, str(error))
        return
    except (LoginError, ServiceError, OperateError) as error:
        yield Line("login", FAILED, str(error), "run `az login`, or set the ARM_* variables")
        return
    where = f"tenant {principal.tenant_id}, subscription {found.subscription_id or 'none'}"
    who = f"{principal.object_id} in {where}, by {found.method.value}"
    if not found.subscription_id:
        yield Line("login", FAILED, who, f"set {SETTINGS['subscriptionId'][0]}")
        return
    yield Line("login", OK, who)
    yield asyncio.run(_rights(azure, principal, f"/subscriptions/{found.subscription_id}"))
    if declared and _deployed(stack):
        yield Line("services", UNCHECKED, "the stack is deployed, and `pulumi preview` checks its changes")
    elif declared:
        deployer = Deployer(principal.tenant_id, found.subscription_id, principal.object_id)
        yield from asyncio.run(_deployment(declared, azure, deployer))


async def _rights(azure: Azure, principal: Principal, subscription: str) -> Line:
    """Whether the login can give itself more than it has, by its roles at the subscription and above."""
    try:
        held = await azure.role_assignments(subscription, principal.object_id)
    except ServiceError as failure:
        return Line(
            "rights", UNCHECKED, f"whether the login can give itself more, because {translate(failure)}"
        )
    wide = [role for role in held if rights.gives_any_role(role)]
    if not wide:
        return Line(
            "rights", OK, "no role at the subscription lets the login give itself a role of its choice"
        )
    named = ", ".join(f"{assignment.role_name} at {assignment.scope or '/'}" for assignment in wide)
    deploy = (
        f'az role assignment create --role "Language CMK deploy" --assignee-object-id {principal.object_id} '
        f"--assignee-principal-type ServicePrincipal --scope {subscription} "
        "--condition @docs/roles/deploy-condition.txt --condition-version 2.0"
    )
    ids = " ".join(assignment.id for assignment in wide)
    return Line(
        "rights",
        NOTE,
        f"the login can give itself any role, and so delete the key and the data, by {named}",
        f"where a pipeline deploys, give it the role of docs/roles/deploy.json with its condition instead: "
        f"`{deploy}`, then `az role assignment delete --ids {ids}`",
    )


def connect(found: Login) -> Azure:
    """Azure, by a login."""
    return Azure(AzureClient(found))


def _deployed(stack: str) -> bool:
    """Whether the stack has a service already."""
    try:
        return any(one.account_id for one in services(outputs(stack)).values())
    except StackError:
        return False


async def _deployment(new: Sequence[ServiceSettings], azure: Azure, deployer: Deployer) -> list[Line]:
    """Azure's refusals of services that are about to be made, by the check that a preview uses, too."""
    waiter = Waiter(SystemClock(), timeout=120.0, stop=asyncio.Event(), progress=_silent)
    asking = retrying(azure, waiter)
    found: list[Line] = []
    vaults, accounts = list[Deleted](), list[Deleted]()
    try:
        vaults = await asking.deleted_vaults(deployer.subscription_id)
        accounts = await asking.deleted_accounts(deployer.subscription_id)
    except ServiceError as failure:
        found.append(Line("names", UNCHECKED, f"what is soft-deleted, because {translate(failure)}"))
    plan: list[tuple[str, Planned]] = []
    for service in new:
        nothing = RecordedService(service.name)
        desired = service.desired
        place = place_of_key(desired, nothing)
        names = problems(desired, nothing, vaults, accounts)
        found += [Line(f"{service.name}, {problem.path}", FAILED, problem.text) for problem in names]
        state = ServiceState(desired, nothing, deployer, place, Live(), AccountBefore())
        plan += [(service.name, question) for question in planned(service, state)]
    report = await checks.run([checks.planned(question) for _, question in plan], Questions(asking, waiter))
    named = {question["id"]: f"{service}, {question['setting']}" for service, question in plan}
    found += [
        *(
            Line(named.get(finding.id, finding.id), FAILED, finding.text, finding.fix)
            for finding in report.findings
        ),
        *(Line(left.check, UNCHECKED, f"{left.what}, because {left.why}") for left in report.unchecked),
    ]
    told = {line.about for line in found} | {finding.check for finding in report.findings}
    well = [check for check in checks.CHECKS if check not in told]
    return [*found, *(Line(check, OK, "nothing that Azure would refuse") for check in well)]


async def _silent(message: str) -> None:
    del message
