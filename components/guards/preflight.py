"""Reads what exists before anything is made, once for all services, and refuses what would lose data.

Owns: the calls to the engine and to Azure, and what follows from the answers for each service. The calls run
concurrently and work in a preview. Does not own: the rules, which are in the other modules here.
"""

import asyncio
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.sync_await import _sync_await

from components import callers
from components.access_model import RBAC
from components.account_write import AccountBefore, bound_key, recorded_account
from components.arguments import names
from components.arguments.checks import DEPLOYER
from components.arguments.inputs import known_text
from components.arguments.names import PlacedName
from components.arguments.problem import Problem
from components.cmk_resource import cmk_invoke_options
from components.guards import access, data_loss, drift, existing_resources, soft_deleted
from components.guards.existing_resources import Answer, KeyLocation
from components.guards.kept_names import kept_names
from components.guards.planned import PlannedResource, planned
from components.guards.recorded_state import (
    USER,
    RecordedService,
    as_it_is,
    recorded_names,
    recorded_service,
)
from components.invokes import InvokeError, State, invoke, is_absent, missing_data_role, stack_state
from components.key import kept_rotation
from components.key_access_revocation import RevokedAccess, revoke_access
from components.network import CLOSED
from components.service_args import RECOVER, ServiceInputs
from core import adapters, arm_ids, demands, facts, rights, roles
from core.environment import RECOVERS
from core.refusals import SECOND_LOOK_SECONDS, is_forbidden_text
from core.rights import Access

UNREAD: Answer = {}
"""The answer about something that may not be read, by identity: it may exist."""
_WHAT = {
    "getAccount": "which key an account has",
    "getVault": "whether a vault can hold the key, and its access",
    "getKey": "whether a key exists",
    "getRoleAssignment": "whether a role is assigned on a key",
    "getUserAssignedIdentity": "whether the identity that uses a key exists",
}
_HSM_WHAT = {
    "hsm": "whether a managed HSM can hold the key",
    "version": "whether a key exists in a managed HSM",
    "assignmentId": "whether the account's identity has a role at its key in a managed HSM",
}


_ACTION = re.compile(r"Microsoft\.\w+(?:/\w+)+/(?:read|action)\b")

# By the engine's run: a program may compose its services one by one, each with a preflight of its own.
_said: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def _say_once(text: str) -> None:
    said = _said.setdefault(settings.get_monitor(), set())
    if text not in said:
        said.add(text)
        pulumi.log.info(text)


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
            f"not checked: {len(found)} questions{lacking}. An update may fail where this says nothing; the "
            "same command with --debug lists the questions with their reasons"
        )


class RefusedError(pulumi.RunError):
    """The arguments of a service are refused because of what exists. The message names every problem of every
    service; nothing was made or changed, except that the access of the services in `revoked` is taken away.
    """

    def __init__(self, problems: Sequence[tuple[str, Problem]], revoked: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"{count}; nothing was made or changed:"]
        lines += [f"  service {service!r}, {problem.path}: {problem.text}" for service, problem in problems]
        if revoked:
            names = ", ".join(repr(name) for name in revoked)
            lines.append(
                f"  access: revoked of {names} does not wait for these: `pulumi up --skip-preview` takes the "
                "access away and makes no other change"
            )
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class ServiceRequest:
    """A service that is about to be made.

    `vault_provider` is an azure-native provider for the subscription of an existing vault, if that is another
    one; `former_names` are those of the component's aliases.
    """

    inputs: ServiceInputs
    vault_provider: pulumi.ProviderResource | None = None
    former_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreflightResult:
    """What follows for one service.

    `recovers_vault`, `restores_account`: a soft-deleted one comes back. `keeps_key`: the key exists and is
    used as it is. `adopted`: ids of existing grants that the stack takes over, by logical name.
    `account_waits`: the account is not written before its access to the key is repaired. `account_id`: that
    of the account, if it exists. `account_names`: those of the accounts, lower case, that the state has
    something of. `account`: the account as the state and Azure have it. `has_used_key`: the account is under
    its key by a grant that exists, and no proof of the access was ever recorded.
    `access_validated`: such a proof is recorded. `placed`: the private endpoints and network links that the
    state has, by logical name. `revocations`: what takes access away, of any service; all else comes after.
    """

    tenant_id: str
    deployer_id: str
    subscription_id: str
    recovers_vault: bool = False
    restores_account: bool = False
    keeps_key: bool = False
    adopted: Mapping[str, str] = field(default_factory=dict)
    account_waits: bool = False
    account_id: str | None = None
    account_names: frozenset[str] = frozenset()
    account: AccountBefore | None = None
    has_used_key: bool = False
    access_validated: bool = False
    placed: Mapping[str, PlacedName] = field(default_factory=dict)
    revocations: tuple[pulumi.Resource, ...] = ()


def preflight(
    services: Mapping[str, ServiceRequest],
    *,
    provider: pulumi.ProviderResource | None = None,
    subscription_id: str | None = None,
    tenant_id: str | None = None,
    removed: Collection[str] | None = None,
) -> Mapping[str, PreflightResult]:
    """What follows from what exists, for each service. Raises RefusedError, for all services at once.

    Access that a service is to lose is taken away before anything else of any service is declared, also when
    something is refused or not answered: a problem of one service must not keep the data of another one
    readable.

    `provider` is the azure-native provider of the services, if not the default one. `subscription_id` and
    `tenant_id` are those that the stack configures for azure-native's login, if any. The login itself is no
    proof: after a refresh the engine keeps the provider of the last update, because azure-native reports no
    change of its configuration, and only the next run logs in to what is configured. `removed` names the
    services that are to go, for a program that declares all services of its stack in `services`: it refuses
    those that are left out otherwise. None for a program that may declare others elsewhere.
    """
    # Which resources are made depends on the answers, so the program waits for them, as it does for a plain
    # `pulumi.runtime.invoke`; but for all of them together.
    configured = {"subscription_id": subscription_id, "tenant_id": tenant_id}
    asked = _Preflight(services, provider, configured, removed)
    try:
        results = _sync_await(asked.run())
    finally:
        revocations = tuple(revoke_access(asked.revoked))
    if asked.problems:
        raise RefusedError(asked.problems, [*asked.revoked])
    # Beside a refusal it would read as if the same command could work a second time.
    for name, taken in asked.taken_over.items():
        pulumi.log.warn(
            f"service {name!r}: takes over what Azure has and the state has not: {', '.join(taken)}. If the "
            "engine says that it does not exist, a read of Azure was late: run the same command again"
        )
    return {name: replace(one, revocations=revocations) for name, one in results.items()}


def refuse_other_login(azure_native: Mapping[str, Any], azure_cmk: Mapping[str, Any]) -> None:
    """Raises RunError when the two providers are logged in as different principals: one would write what the
    other may not read, or look for deleted accounts in another tenant."""
    for name in ("tenantId", "objectId"):
        native, own = azure_native.get(name), azure_cmk.get(name)
        if native and own and native.lower() != own.lower():
            raise pulumi.RunError(
                f"the providers azure-native and azure-cmk are logged in as different principals: {name} "
                f"{native} and {own}. Log in both the same way: with ARM_* environment variables or the "
                "Azure CLI, or with the same settings under azure-native: and azure-cmk: in the stack's "
                "configuration"
            )


class _Preflight:
    def __init__(
        self,
        services: Mapping[str, ServiceRequest],
        provider: pulumi.ProviderResource | None,
        configured: Mapping[str, str | None],
        removed: Collection[str] | None,
    ) -> None:
        self._removed = removed
        self._services, self._provider, self._configured = services, provider, configured
        self.problems: list[tuple[str, Problem]] = []
        self.revoked: dict[str, RevokedAccess] = {}
        self.taken_over: dict[str, list[str]] = {}
        self._answers: dict[tuple[Any, ...], asyncio.Future[Answer]] = {}
        self._planned: dict[str, list[PlannedResource]] = {}
        self._unchecked: list[str] = []

    async def run(self) -> Mapping[str, PreflightResult]:
        state = self._state = await stack_state()
        self._recorded = {
            name: recorded_service(name, state, one.former_names) for name, one in self._services.items()
        }
        self._refuse_elsewhere()
        self._refuse_left_out(state)
        client = await invoke("azure-native:authorization:getClientConfig", self._through(None))
        self._client = {"tenantId": "", "subscriptionId": "", "objectId": "", **client}
        own = await invoke("azure-cmk:index:getClientConfig", cmk_invoke_options())
        refuse_other_login(self._client, own)
        self._method = own.get("method") or "the provider's settings"
        self._accounts = dict(
            zip(self._services, await asyncio.gather(*map(self._account, self._services)), strict=True)
        )
        for name, request in self._services.items():
            if self._accounts[name] is UNREAD:
                self._refuse(name, self._unreadable_account(name))
            elif not self._is_replaced(name):
                self._recorded[name] = as_it_is(self._recorded[name], self._accounts[name])
            self._refuse(name, self._losses(name, request))
            if warning := data_loss.ended_logs(request.inputs, self._recorded[name]):
                pulumi.log.warn(f"service {name!r}: {warning}")
            for kept in kept_names(request.inputs, self._recorded[name]):
                _say_once(f"service {name!r}: {kept}")
            if any(caller.is_deployer for caller in request.inputs.callers):
                kind, deployer_id = request.inputs.account_kind, self._client["objectId"]
                self._refuse(name, callers.problems(request.inputs.callers, kind, deployer_id))
        deleted = await self._deleted()
        looks = {
            name: asyncio.ensure_future(self._result(name, request, deleted[name]))
            for name, request in self._services.items()
        }
        # Each to its end, whatever Azure does not answer about another: it may be to lose its access.
        await asyncio.gather(*looks.values(), return_exceptions=True)
        results = {name: look.result() for name, look in looks.items()}
        if not self._recovers:
            await self._check_deployment()
        _tell_unchecked(self._unchecked)
        return results

    def _refuse(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems += [(name, problem) for problem in problems]

    def _refuse_elsewhere(self) -> None:
        """Ends a run that is configured for another subscription or tenant before azure-native is called:
        the call would record that login in the state, and the next refresh would not find the grants and
        drop them.
        """
        for name, before in self._recorded.items():
            if before.account:
                self._refuse(name, data_loss.elsewhere(before.account, **self._configured))
        if self.problems:
            raise RefusedError(self.problems)

    def _refuse_left_out(self, state: State) -> None:
        if self._removed is None:
            return
        declared = {*self._services, *(old for one in self._services.values() for old in one.former_names)}
        for name in sorted(recorded_names(state) - declared - set(self._removed)):
            self._refuse(name, [data_loss.no_longer_declared(recorded_service(name, state), name)])

    def _losses(self, name: str, request: ServiceRequest) -> list[Problem]:
        return data_loss.losses(
            request.inputs,
            self._recorded[name],
            tenant_id=self._client["tenantId"],
            subscription_id=self._client["subscriptionId"],
        )

    async def _deleted(self) -> Mapping[str, soft_deleted.SoftDeleted]:
        vaults: soft_deleted.Listed = ()
        accounts: soft_deleted.Listed = ()
        if any(
            soft_deleted.makes_names(request.inputs, self._recorded[name])
            for name, request in self._services.items()
        ):
            listed = await self._listed()
            vaults, accounts = listed.get("vaults") or (), listed.get("accounts") or ()
        found = {
            name: soft_deleted.holding_names(request.inputs, self._recorded[name], vaults, accounts)
            for name, request in self._services.items()
        }
        for name, holding in found.items():
            self._refuse(name, soft_deleted.problems(self._services[name].inputs, holding))
        return found

    async def _listed(self) -> Mapping[str, Any]:
        try:
            return await invoke(
                "azure-cmk:index:getDeleted",
                cmk_invoke_options(),
                subscriptionId=self._client["subscriptionId"],
            )
        except InvokeError as error:
            recovers = any(request.inputs.soft_deleted == RECOVER for request in self._services.values())
            if recovers or not is_forbidden_text(str(error)):
                raise
            self._unchecked.append(
                f"whether a soft-deleted vault or account of the subscription holds a name, because {error}"
            )
            return {}

    async def _result(
        self, name: str, request: ServiceRequest, deleted: soft_deleted.SoftDeleted
    ) -> PreflightResult:
        location, before = (
            existing_resources.locate_key(request.inputs, self._recorded[name], deleted),
            self._recorded[name],
        )
        # What is missing of an account that is being replaced may have been deleted by an interrupted update.
        replaced, live = self._is_replaced(name), self._accounts[name]
        drifts = self._is_ours(before.account) and not replaced
        identity_id = before.identity_id if drifts and before.key_identity == USER else None
        looked_up = await self._look(request, location, before, identity_id)
        gone = self._is_gone(request, before, location, live, looked_up, drifts=drifts)
        if gone or _lacks_key(request, before, location, looked_up):
            # Or a front end is behind, as after a grant of seconds ago: the same answer twice is believed.
            await asyncio.sleep(SECOND_LOOK_SECONDS)
            looked_up = await self._look(request, location, before, identity_id, look=2)
        vault, key, assignment, identity = (None if answer is UNREAD else answer for answer in looked_up)
        all_read = all(answer is not UNREAD for answer in (live, *looked_up))
        existing_key = key if location.makes_key else None
        keeps_key = existing_key is not None or (deleted.vault is not None and location.makes_key)
        self._planned[name] = planned(
            request.inputs,
            before,
            deleted,
            location,
            subscription_id=self._client["subscriptionId"],
            tenant_id=self._client["tenantId"],
            keeps_key=keeps_key,
            live={} if replaced else {"account": None if live is UNREAD else live, "vault": vault},
        )
        if deleted.vault is not None and location.makes_key:
            pulumi.log.warn(
                f"not checked: whether vault {deleted.vault['name']!r} comes back with key "
                f"{location.key_name!r}, because a deleted vault cannot be read; where it does not, this "
                "update makes the key"
            )
        inputs = request.inputs
        if (
            before.account is None
            and inputs.makes_vault
            and inputs.key.generation
            and inputs.network.access == CLOSED
        ):
            pulumi.log.warn(
                f"service {name!r}: key.generation is set, but with network.access: closed the vault "
                "cannot be reached to rotate the key. Leave rotation to the vault (key.rotatesAfterDays), or "
                "set network.access: private and run updates on a runner in that network"
            )
        missing = (
            [*drift.problems(before, location, live, vault, key, identity=identity)]
            if drifts and all_read
            else []
        )
        # A vault that is gone is told once.
        if location.vault_exists and looked_up[0] is not UNREAD and not (vault is None and missing):
            others_key = None if before.bound_to == location.place else existing_key
            self._refuse(
                name,
                existing_resources.problems(
                    request.inputs,
                    location,
                    vault,
                    others_key,
                    self._client["tenantId"],
                    is_closed=not replaced and access.closed_vault(before, location, vault) is not None,
                ),
            )
        is_absent = _lacks_key(request, before, location, looked_up)
        self._refuse(name, existing_resources.unusable_key(key, location, before, is_absent=is_absent))
        self._refuse(name, missing)
        live = None if live is UNREAD else live
        account = replace(recorded_account(self._state, request.inputs.account_name), live=live)
        if (before.account is None or replaced) and not self._recovers:
            in_its_place, stack = before.account.name if before.account else "", pulumi.get_stack()
            self._refuse(
                name, existing_resources.unrecorded_account(account.recorded, live, stack, in_its_place)
            )
        if key is not None and (said := existing_resources.not_rotated(inputs, before, location)):
            pulumi.log.warn(f"service {name!r}: {said}")
        account_waits = await self._judge_access(name, location, looked_up, deleted)
        if key is not None and before.is_bound and inputs.makes_key and not location.makes_key:
            kept = kept_rotation(
                location.key_id, adapters.rotation_policy(key.get("rotationPolicy")), inputs.key
            )
            if kept:
                pulumi.log.warn(f"service {name!r}: {kept}")
        await self._judge_operators(request, before, location, vault)
        adopted = existing_resources.grants_to_adopt(location, vault, assignment, revoked=before.revoked)
        adopted = {**adopted, **await self._of_new_identity(request, before, location, vault)}
        if adopted and deleted.vault is None:
            self.taken_over[name] = sorted(adopted)
        if taken := access.revoked_access(request.inputs, before, location):
            self.revoked[name] = taken
        return PreflightResult(
            self._client["tenantId"],
            self._client["objectId"],
            self._client["subscriptionId"],
            recovers_vault=deleted.vault is not None,
            restores_account=deleted.account is not None,
            keeps_key=keeps_key,
            adopted={
                **adopted,
                # A preview cannot read a vault that is not back yet, and shows its grants as created.
                **(
                    {}
                    if pulumi.runtime.is_dry_run()
                    else existing_resources.recovered_grants(request.inputs, before, deleted)
                ),
            },
            account_waits=account_waits,
            account_id=before.account.id if before.account else None,
            account_names=before.account_names,
            account=account,
            has_used_key=not replaced
            # A grant that is recorded may be gone all the same: an update that failed has taken it away.
            and not account_waits
            and (before.grant_recorded or f"{name}-access" in adopted)
            and not before.access_validated
            and account.bound_key is not None,
            access_validated=before.access_validated,
            placed=before.placed,
        )

    async def _look(
        self,
        request: ServiceRequest,
        location: KeyLocation,
        before: RecordedService,
        identity_id: str | None,
        look: int = 1,
    ) -> list[Answer]:
        """The vault, the key, the role assignment and the user-assigned identity; each None where it is not
        there, or is not to be read."""
        identity = identity_id and {
            "resourceGroupName": arm_ids.group_of(identity_id),
            "resourceName": arm_ids.name_of(identity_id),
        }
        own = ServiceRequest(request.inputs)
        found, used = await asyncio.gather(
            self._in_hsm(location)
            if location.in_managed_hsm
            else self._in_vault(request, location, before, look),
            self._get("managedidentity:getUserAssignedIdentity", own, identity or None, look),
        )
        return [*found, used]

    async def _in_vault(
        self,
        request: ServiceRequest,
        location: KeyLocation,
        before: RecordedService,
        look: int,
    ) -> tuple[Answer, Answer, Answer]:
        """The vault, the key and the role assignment, as far as they are to be read."""
        vault = location.vault_arguments if location.reads_vault else None
        assignment = location.assignment_arguments if location.assignment_name else None
        return await asyncio.gather(
            self._get("keyvault:getVault", request, vault, look),
            self._key(request, location, before, look),
            self._get("authorization:getRoleAssignment", request, assignment, look),
        )

    async def _of_new_identity(
        self, request: ServiceRequest, before: RecordedService, location: KeyLocation, vault: Answer
    ) -> Mapping[str, str]:
        """The grant of an identity that was re-created, by logical name, where an update that was cut off has
        made it."""
        place = existing_resources.of_new_identity(request.inputs, before, location)
        if place is None or self._is_replaced(request.inputs.name):
            return {}
        self._refuse(request.inputs.name, existing_resources.inexact_policy(place, vault))
        asked = place.assignment_arguments if place.assignment else None
        found = await self._get("authorization:getRoleAssignment", request, asked, 1)
        assignment = None if found is UNREAD else found
        return existing_resources.grants_to_adopt(place, vault, assignment, revoked=before.revoked)

    async def _judge_operators(
        self, request: ServiceRequest, before: RecordedService, location: KeyLocation, vault: Answer
    ) -> None:
        """A recovery takes over what an owner of the vault declares, so that nothing is refused there."""
        if self._recovers and not location.vault_exists:
            return
        deployer_id = self._client["objectId"]
        wanted = existing_resources.operator_roles(request.inputs, before, location, deployer_id)
        found = {
            operator: await self._get("authorization:getRoleAssignment", request, asked, 1)
            for operator, asked in wanted.items()
        }
        self._refuse(
            request.inputs.name,
            existing_resources.operators_of_others(
                request.inputs, before, location, vault, found, deployer_id=deployer_id
            ),
        )

    def _is_gone(
        self,
        request: ServiceRequest,
        before: RecordedService,
        location: KeyLocation,
        account: Answer,
        looked_up: Sequence[Answer],
        *,
        drifts: bool,
    ) -> bool:
        """Whether this look would be refused for what is gone."""
        if not drifts or account is None or any(answer is UNREAD for answer in (account, *looked_up)):
            return False  # what is unknown is not refused, and the account was looked at twice
        vault, key, assignment, identity = looked_up
        gone = [*drift.problems(before, location, account, vault, key, identity=identity)]
        if before.is_bound:
            gone += access.problems(
                request.inputs,
                before,
                access=access.granted(before, location, vault, assignment),
                closed=access.closed_vault(before, location, vault),
            )
        return bool(gone)

    async def _in_hsm(self, location: KeyLocation) -> tuple[Answer, Answer, Answer]:
        """The same of a managed HSM, which azure-cmk reads: azure-native does not reach its data plane."""
        found = await invoke(
            "azure-cmk:index:getManagedHsmKey",
            cmk_invoke_options(),
            keyId=location.key_id,
            principalId=location.grantee_id or None,
        )
        unread = found.get("unread") or ({} if found else dict.fromkeys(_HSM_WHAT, "the answer is empty"))
        self._unchecked += [f"{_HSM_WHAT[what]}, because {why}" for what, why in unread.items()]

        def answer(name: str) -> Answer:
            if name in unread:
                return UNREAD
            value = found.get(name)
            return value if isinstance(value, Mapping) else {"id": value} if value else None

        return answer("hsm"), answer("version"), answer("assignmentId")

    async def _key(
        self,
        request: ServiceRequest,
        location: KeyLocation,
        before: RecordedService,
        look: int,
    ) -> Answer:
        """The key, if it is to be read; None where this update gives the deployer the role to read it."""
        arguments = location.key_arguments if location.reads_key else None
        try:
            return await self._get("keyvault:getKey", request, arguments, look)
        except InvokeError as error:
            if _gets_role(request, before) and missing_data_role(str(error)):
                return None
            raise

    async def _check_deployment(self) -> None:
        """Asks once what Azure would refuse or change in the resources that the services are about to write,
        also of services that have problems: each is told at once, but one of an argument that is refused."""
        asked = [one.asked() for found in self._planned.values() for one in found]
        refused = {(name, problem.path) for name, problem in self.problems}
        if not asked:
            return
        _say_once(
            f"login: {self._client['objectId']} in tenant {self._client['tenantId']}, subscription "
            f"{self._client['subscriptionId']}, by {self._method}; azure-native and azure-cmk use the same "
            "login, and python -m operate the same settings"
        )
        report = await invoke(
            "azure-cmk:index:checkDeployment",
            cmk_invoke_options(),
            resources=asked,
        )
        for question in report.get("unchecked") or ():
            text = f"{question['what']}, because {question['why']}"
            if question["check"] == "terms":
                # That a kind's terms may not be accepted is the rule for a first account, and no failure.
                pulumi.log.info(f"not checked: {text}")
            else:
                self._unchecked.append(text)
        for change in report.get("changes") or ():
            say = pulumi.log.warn if change["certain"] else pulumi.log.info
            for name, resources in self._planned.items():
                if any(arm_ids.same(one.id, change["id"]) for one in resources):
                    say(f"service {name!r}: {change['text']}; {change['fix']}")
        for note in report.get("notes") or ():
            pulumi.log.info(f"{note['text']}; {note['fix']}")
        for finding in report.get("findings") or ():
            for name, resources in self._planned.items():
                self._refuse(
                    name,
                    (
                        Problem(one.argument, f"{finding['text']}; {finding['fix']}")
                        for one in resources
                        if arm_ids.same(one.id, finding["id"]) and (name, one.argument) not in refused
                    ),
                )

    @property
    def _recovers(self) -> bool:
        """Whether `operate recover` asks what the stack declares: it looks for what exists already."""
        return RECOVERS in os.environ and pulumi.runtime.is_dry_run()

    def _is_replaced(self, name: str) -> bool:
        return data_loss.is_replaced(self._services[name].inputs, self._recorded[name])

    async def _account(self, name: str) -> Answer:
        """The account that the service has; where it is to have another one, whatever has that one's name."""
        inputs, before = self._services[name].inputs, self._recorded[name]
        group = before.group_name or known_text(inputs.existing_resource_group_name)
        wanted = inputs.account_name
        if before.account is not None:
            group = arm_ids.group_of(before.account.id) if self._is_ours(before.account) else None
            wanted = wanted if self._is_replaced(name) else before.account.name
        if not group:
            return None
        arguments = {"resourceGroupName": group, "accountName": wanted}
        live = await self._get("cognitiveservices:getAccount", ServiceRequest(inputs), arguments)
        is_bound = live is UNREAD or (live is not None and bound_key(live) is not None)
        if before.is_bound and not self._is_replaced(name) and not is_bound:
            # One that was unbound or deleted elsewhere; or the answer of a front end that is behind, which
            # would take the guards off an account under its key. Only the same answer twice is believed.
            await asyncio.sleep(SECOND_LOOK_SECONDS)
            live = await self._answer("cognitiveservices:getAccount", None, arguments)
        return live

    def _is_ours(self, account: facts.Account | None) -> bool:
        """Whether it is in the login's subscription; data_loss.py reports one that is not."""
        own = str(self._client["subscriptionId"]).lower()
        return account is not None and arm_ids.subscription_of(account.id) == own

    async def _judge_access(
        self, name: str, location: KeyLocation, looked_up: Sequence[Answer], deleted: soft_deleted.SoftDeleted
    ) -> bool:
        """Refuses to restore access that was removed outside Pulumi, and warns if an update cannot see or
        change the access. Returns whether the account waits for its access."""
        request, before, replaced = self._services[name], self._recorded[name], self._is_replaced(name)
        (vault, _, assignment, _), inputs = looked_up, request.inputs
        if vault is UNREAD:
            return False
        given = None if assignment is UNREAD else access.granted(before, location, vault, assignment)
        closed = access.closed_vault(before, location, vault)
        taken = [] if replaced else [*access.problems(inputs, before, access=given, closed=closed)]
        self._refuse(name, taken)
        if assignment is UNREAD:
            return False
        warnings = (
            access.not_by_targets(inputs, before),
            access.still_granted(inputs, before, location, access=given),
            access.stale_grant(inputs, before, access=given),
        )
        for warning in filter(None, warnings):
            pulumi.log.warn(f"service {name!r}: {warning}")
        loses_roles = deleted.vault is not None and inputs.access_model == RBAC
        waits = not replaced and access.holds_up_account(
            before, location, vault, assignment, loses_roles=loses_roles
        )
        await self._judge_move(name, request, location)
        if waits and not (taken or inputs.is_revoked) and inputs.binds_in_two_phases:
            pulumi.log.info(
                f"service {name!r}: changes of the account, if any, wait for the next update: first its "
                "identity gets access to the key"
            )
        return waits

    async def _judge_move(self, name: str, request: ServiceRequest, location: KeyLocation) -> None:
        before = self._recorded[name]
        key_id = access.left_key(request.inputs, before, location)
        if key_id is None or self._is_replaced(name):
            return
        if not await self._usable(request, key_id, before.key_user_id or ""):
            # A read of access of seconds ago may be late: the same answer twice is believed.
            await asyncio.sleep(SECOND_LOOK_SECONDS)
            if not await self._usable(request, key_id, before.key_user_id or "", look=2):
                self._refuse(name, access.immovable(request.inputs, before, key_id))

    async def _usable(self, request: ServiceRequest, key_id: str, user: str, look: int = 1) -> bool:
        """Whether an identity can use a key, by a grant for it alone; True where that cannot be read."""
        key = arm_ids.key_id(key_id)
        if arm_ids.in_managed_hsm(key_id):
            hsm = await invoke(
                "azure-cmk:index:getManagedHsmKey", cmk_invoke_options(), keyId=key_id, principalId=user
            )
            if demands.trusted_services(adapters.vault(hsm.get("hsm") or {}).network):
                return False
            return bool(hsm.get("unread") or hsm.get("hsm") is None or hsm.get("assignmentId"))
        arguments = {"resourceGroupName": key.parent.group, "vaultName": key.parent.name}
        vault = await self._get("keyvault:getVault", request, arguments, look)
        if vault is UNREAD or (vault is None and request.vault_provider):
            return True  # one that another login reads
        if vault is None:
            return False
        found = adapters.vault(vault)
        if demands.trusted_services(found.network):
            return False
        if not found.uses_rbac:
            return rights.by_policies(found, user).level is Access.FULL
        role = names.role_assignment_name(key_id, user, roles.CRYPTO_SERVICE_ENCRYPTION_USER.id)
        assignment = {"scope": key_id, "roleAssignmentName": role}
        return await self._get("authorization:getRoleAssignment", request, assignment, look) is not None

    async def _get(
        self, function: str, request: ServiceRequest, arguments: Mapping[str, str] | None, look: int = 1
    ) -> Answer:
        """The resource; None if it does not exist, or if there are no arguments. Read once in each `look` for
        all services, because many may use one vault."""
        if arguments is None:
            return None
        call = (look, function, request.vault_provider, *sorted(arguments.items()))
        if call not in self._answers:
            self._answers[call] = asyncio.ensure_future(
                self._answer(function, request.vault_provider, arguments)
            )
        return await self._answers[call]

    async def _answer(
        self, function: str, provider: pulumi.ProviderResource | None, arguments: Mapping[str, str]
    ) -> Answer:
        try:
            # The answer of Pulumi's mocks is empty.
            if found := await invoke(f"azure-native:{function}", self._through(provider), **arguments):
                return found
            why = "the answer is empty"
        except InvokeError as error:
            if is_absent(str(error)):
                return None
            if not is_forbidden_text(str(error)) or missing_data_role(str(error)):
                raise
            why = str(error)
        self._unchecked.append(f"{_WHAT[function.rpartition(':')[2]]}, because {why}")
        return UNREAD

    def _unreadable_account(self, name: str) -> Iterator[Problem]:
        """An account that the stack has is not written by somebody who may not read which key it has."""
        if (account := self._recorded[name].account) is not None:
            yield Problem(
                "accountName",
                f"whether account {account.name!r} is under its key is unknown, because this login may not "
                f"read it: have Microsoft.CognitiveServices/accounts/read granted at {account.id}, or the "
                "deny assignment changed that forbids it",
            )

    def _through(self, provider: pulumi.ProviderResource | None) -> pulumi.InvokeOptions | None:
        chosen = provider or self._provider
        return pulumi.InvokeOptions(provider=chosen) if chosen else None


def _gets_role(request: ServiceRequest, before: RecordedService) -> bool:
    """Whether this update may give the deployer the role to read the key."""
    operators = request.inputs.vault.key_operators
    return request.inputs.access_model == RBAC and DEPLOYER in operators and not before.is_bound


def _lacks_key(
    request: ServiceRequest,
    before: RecordedService,
    location: KeyLocation,
    looked_up: Sequence[Answer],
) -> bool:
    """Whether a vault that is there lacks the existing key that an account is yet to be bound to."""
    vault, key, *_ = looked_up
    is_named = location.reads_key and not location.makes_key and not before.is_bound
    is_there = vault is not None and vault is not UNREAD
    return is_named and is_there and key is None and not _gets_role(request, before)
