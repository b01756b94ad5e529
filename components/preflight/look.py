"""Reads what exists before anything is made: the one place in which the components ask about it.

azure-cmk reads for all services at once, each resource once in a look, also in a preview. Questions that get
no answer are kept with their reasons, and told in one line.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import pulumi

from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.cmk_resource import cmk_invoke_options
from components.resource_reads import EMPTY_ANSWER, ReadResource, read_resources
from components.resources.access import ROTATION
from components.sdk.invokes import InvokeError, invoke, together
from core import adapters, arm_ids, demands, facts, kinds, rights
from core.api_versions import UPGRADES
from core.resource_types import DIAGNOSTIC_SETTING, GET_CLIENT_CONFIG
from core.rights import Access
from core.roles import assignment_name
from core.service.access import key_in_use, key_left_behind
from core.service.account import BoundKey, recorded_account, unusable_version
from core.service.desired import RBAC, DesiredService
from core.service.key_place import KeyPlace, assignment_id, place_of_key
from core.service.recorded import USER, Answer, RecordedService, State, as_it_is
from core.service.soft_deleted import Listed, makes_names
from core.service.state import (
    Deployer,
    Live,
    ServiceState,
    gives_reading_role,
    is_in_subscription,
    key_operators,
)

_WHAT = {
    "account": "which key an account has",
    "vault": "whether a vault can hold the key, and its access",
    "key": "whether a key exists",
    "assignment": "whether a role is assigned on a key",
    "operator": "whether a key operator has a role on a vault",
    "audit": "whether the uses of a vault's keys are logged",
    "identity": "whether the identity that uses a key exists",
}
"""What each resource is read for."""
_HSM_WHAT = {
    "hsm": ("vault", "whether a managed HSM can hold the key"),
    "version": ("key", "whether a key exists in a managed HSM"),
    "assignmentId": ("assignment", "whether the account's identity has a role at its key in a managed HSM"),
}


@dataclass(frozen=True)
class ServiceRequest:
    """A service that is about to be made.

    `former_names` are the names of the component's aliases.
    """

    inputs: EncryptedAIServicesAccountArgs
    former_names: tuple[str, ...] = ()


class _Question(NamedTuple):
    """A resource that is to be read in a look; `api_version` is "" for the usual one of its type."""

    look: int
    id: str
    api_version: str


@dataclass
class Reader:
    """Asks through `provider`, the azure-native provider of the services, if that is not the default one.
    `unchecked` lists the questions that Azure did not answer, with the reasons."""

    provider: pulumi.ProviderResource | None = None
    login: Deployer = Deployer()
    unchecked: list[str] = field(default_factory=list)
    _answers: dict[_Question, asyncio.Future[ReadResource]] = field(default_factory=dict)
    _waiting: list[_Question] = field(default_factory=list)
    _asking: set[asyncio.Future[None]] = field(default_factory=set)

    async def log_in(self) -> None:
        """Reads who deploys. Raises RunError if the two providers are logged in as different principals."""
        native, own = await together(
            invoke(
                GET_CLIENT_CONFIG, pulumi.InvokeOptions(provider=self.provider) if self.provider else None
            ),
            invoke("azure-cmk:index:getClientConfig", cmk_invoke_options()),
        )
        refuse_other_login(native, own)
        said = (native.get(name) or "" for name in ("tenantId", "subscriptionId", "objectId"))
        self.login = Deployer(*said)

    async def deleted(
        self, services: Mapping[str, ServiceRequest], recorded: Mapping[str, RecordedService]
    ) -> tuple[Listed, Listed]:
        """The subscription's soft-deleted vaults and accounts; none if the services make neither."""
        if not any(makes_names(one.inputs.desired, recorded[name]) for name, one in services.items()):
            return (), ()
        listed = await self.own("getDeleted", subscriptionId=self.login.subscription_id)
        if unread := listed.get("unread"):
            self.unchecked.append(
                f"whether a soft-deleted vault or account of the subscription holds a name, because {unread}"
            )
        return listed.get("vaults") or (), listed.get("accounts") or ()

    async def _is_held(self, account: facts.Account | None) -> bool:
        """Whether an account that is gone may be among those that Azure can bring back; true where the list
        may not be read."""
        listed = await self.own("getDeleted", subscriptionId=self.login.subscription_id)
        name, accounts = account.name.lower() if account else "", listed.get("accounts")
        return accounts is None or any(one["name"].lower() == name for one in accounts)

    async def service(
        self, request: ServiceRequest, recorded: RecordedService, state: State, *, look: int
    ) -> ServiceState:
        """What is known of a service. Another number of `look` asks everything anew."""
        desired = request.inputs.of_account(recorded.account).desired
        asked = _Look(self, desired, look)
        account = await asked.account(recorded)
        before = as_it_is(recorded, account)
        place = place_of_key(desired, before)
        drifts = is_in_subscription(before.account, self.login)
        (vault, key, assignment), audit = await together(
            asked.key_and_grant(place, before), asked.audit(before, drifts=drifts)
        )
        live = Live(
            account,
            vault,
            key,
            assignment,
            await asked.identity(before) if drifts and before.key_identity == USER else None,
            await self.upgrade(before.account) if drifts and before.account else facts.Upgrade(),
            await asked.can_leave_key(place, before),
            audit,
            await asked.operators(place, before, vault),
            frozenset(asked.unread),
            account is not None or not drifts or await self._is_held(before.account),
        )
        declared = replace(recorded_account(state, desired.account_name), live=account)
        bound, key_id = declared.bound_key, key_in_use(before, place)
        in_use = key
        if bound and key_id and not asked.unread:
            in_use = await self.version_in_use(bound, key_id, key)
        unusable = unusable_version(bound, in_use, time.time())
        declared = replace(declared, unusable=unusable)
        return ServiceState(desired, before, self.login, place, live, declared)

    async def version_in_use(self, bound: BoundKey, key_id: str, key: Answer) -> Answer:
        """The version that an account is bound to: `key`, if that is the current one, or else as azure-cmk
        reads it; None without a version, or where it is not shown."""
        version = bound.encryption.key_version
        current = adapters.key_version(key or {}).uri or ""
        if not version or current.lower() == bound.uri.lower():
            return key
        try:
            found: Answer = (await self.own("getKeyVersion", keyId=key_id, version=version)).get("version")
        except InvokeError as error:
            self.unchecked.append(f"whether version {version} of key {key_id} can be used, because {error}")
            return None
        return found

    async def upgrade(self, account: facts.Account) -> facts.Upgrade:
        """Azure's plan to turn an account into another kind by itself; none where that is not shown."""
        kind = kinds.find(account.kind)
        if not pulumi.runtime.is_dry_run() or kind is None or not kind.becomes:
            return facts.Upgrade()
        try:
            shown = await self.resource(account.id, 0, UPGRADES)
        except InvokeError as error:
            shown = ReadResource(None, str(error))
        if shown.unread:
            self.unchecked.append(f"whether Azure plans to upgrade {account.name}, because {shown.unread}")
        return adapters.upgrade(shown.found or {})

    async def resource(self, id: str, look: int, api_version: str = "") -> ReadResource:
        """A resource by its ARM id, asked about together with all that others ask about at the same time.
        Raises InvokeError if Azure gave no answer."""
        question = _Question(look, id, api_version)
        if question not in self._answers:
            loop = asyncio.get_running_loop()
            self._answers[question] = loop.create_future()
            if not self._waiting:
                loop.call_soon(self._begin_to_ask)
            self._waiting.append(question)
        return await self._answers[question]

    def _begin_to_ask(self) -> None:
        task = asyncio.ensure_future(self._ask())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self) -> None:
        """Asks what has been waiting, in one call. Whatever goes wrong is raised by all who wait."""
        questions, self._waiting = self._waiting, []
        waiting = [self._answers[question] for question in questions]
        try:
            shown = await read_resources(
                [{"id": one.id, "apiVersion": one.api_version or None} for one in questions]
            )
        except Exception as error:  # noqa: BLE001 - or they would wait for ever
            for future in waiting:
                future.set_exception(error)
            return
        for future, found in zip(waiting, shown, strict=True):
            if isinstance(found, InvokeError):
                future.set_exception(found)
            else:
                future.set_result(found)

    async def own(self, function: str, **arguments: Any) -> Mapping[str, Any]:
        """The answer of a function of azure-cmk. Raises InvokeError."""
        return await invoke(f"azure-cmk:index:{function}", cmk_invoke_options(), **arguments)


@dataclass
class _Look:
    """One look at the resources of a service; `unread` names those that the login may not read."""

    reader: Reader
    desired: DesiredService
    number: int
    unread: set[str] = field(default_factory=set)

    async def _read(self, what: str, id: str) -> Answer:
        """The resource; None if it does not exist, if it may not be read, or if there is no id."""
        if not id:
            return None
        shown = await self.reader.resource(id, self.number)
        if shown.unread:
            self.unread.add(what)
            self.reader.unchecked.append(f"{_WHAT[what]}, because {shown.unread}")
        return shown.found

    async def account(self, recorded: RecordedService) -> Answer:
        """The account that the service has, or any account with the name that it is to get."""
        login = self.reader.login
        if recorded.account is not None:
            is_here = is_in_subscription(recorded.account, login)
            return await self._read("account", recorded.account.id if is_here else "")
        group = recorded.group_name or self.desired.existing_resource_group_name
        if not group or not login.subscription_id:  # "" for a group that is not known yet
            return None
        place = arm_ids.group_id(login.subscription_id, group)
        return await self._read("account", arm_ids.child(place, arm_ids.ACCOUNT, self.desired.account_name))

    async def key_and_grant(self, place: KeyPlace, before: RecordedService) -> tuple[Answer, Answer, Answer]:
        """The vault, the key and the role assignment, as far as they have to be read."""
        if place.in_managed_hsm:
            return await self._in_hsm(place)
        return await asyncio.gather(
            self._read("vault", place.vault_id),
            self._key(place, before),
            self._read("assignment", place.assignment_id),
        )

    async def _key(self, place: KeyPlace, before: RecordedService) -> Answer:
        """The key, if it is to be read; None if this update gives the deployer the role to read it. Raises
        InvokeError if nobody gives it."""
        if not place.vault_id:
            return None
        shown = await self.reader.resource(place.key_id, self.number)
        if shown.lacks_data_role and not gives_reading_role(self.desired, before):
            raise InvokeError(shown.unread)
        return None if shown.lacks_data_role else await self._read("key", place.key_id)

    async def _in_hsm(self, place: KeyPlace) -> tuple[Answer, Answer, Answer]:
        """A managed HSM, a key in it and the role of the account's identity at that key, which Resource
        Manager does not have."""
        found = await self.reader.own(
            "getManagedHsmKey", keyId=place.key_id, principalId=place.grantee_id or None
        )
        unread = found.get("unread") or {}
        if not found:
            unread = dict.fromkeys(_HSM_WHAT, EMPTY_ANSWER)
        for word, why in unread.items():
            what, question = _HSM_WHAT[word]
            self.unread.add(what)
            self.reader.unchecked.append(f"{question}, because {why}")
        assignment_id = found.get("assignmentId")
        parts = {**found, "assignmentId": {"id": assignment_id} if assignment_id else None}
        hsm, version, assignment = (None if word in unread else parts.get(word) for word in _HSM_WHAT)
        return hsm, version, assignment

    async def identity(self, before: RecordedService) -> Answer:
        """The user-assigned identity that this stack made."""
        return await self._read("identity", before.identity_id or "")

    async def audit(self, before: RecordedService, *, drifts: bool) -> Answer:
        """The diagnostic setting that this stack gave its vault; empty if it has none, or is not to read it.
        A setting that may not be read leaves nothing else undecided."""
        id = before.part(DIAGNOSTIC_SETTING, "vault-audit").get("id")
        if not (id and drifts and self.desired.keeps_logs):
            return {}
        other = _Look(self.reader, self.desired, self.number)
        found = await other._read("audit", id)
        return {} if other.unread else found

    async def operators(self, place: KeyPlace, before: RecordedService, vault: Answer) -> dict[str, str]:
        """The key operators who have their access to an existing vault already, though the state does not
        record it, and its id. A policy in the stack's own vault that equals the declared one is taken over.
        """
        desired, found = self.desired, dict[str, str]()
        if vault is None or place.in_managed_hsm:
            return found
        own = tuple(sorted(ROTATION.policy)) if desired.makes_vault else None
        policies = {one.object_id.lower(): one.keys for one in adapters.vault(vault).policies}
        for object_id in key_operators(desired, self.reader.login):
            if object_id.lower() in before.operators:
                continue
            if desired.access_model == RBAC:
                name = assignment_name(place.vault_id, object_id, ROTATION.role.id)
                at_vault = arm_ids.child(place.vault_id, arm_ids.ROLE_ASSIGNMENT, name)
                if role := await self._read("operator", at_vault):
                    found[object_id] = str(role["id"])
            elif policies.get(object_id.lower(), own) != own:
                found[object_id] = f"{place.vault_id}/accessPolicy/{object_id}"
        return found

    async def can_leave_key(self, place: KeyPlace, before: RecordedService) -> bool:
        """Whether the account keeps its key, or its identity can still use the key that it leaves, by a grant
        for that identity alone; True if that cannot be read."""
        key_id = key_left_behind(self.desired, before, place)
        if key_id is None:
            return True
        user, key = before.key_user_id or "", arm_ids.key_id(key_id)
        left = KeyPlace(vault_id=key.parent.text, key_name=key.name, grantee_id=user)
        left = replace(left, assignment_id=assignment_id(left))
        other = _Look(self.reader, self.desired, self.number)
        vault, _, assignment = await other.key_and_grant(left, before)
        if vault is None:
            return "vault" in other.unread or left.in_managed_hsm
        found = adapters.vault(vault)
        unmet = demands.trusted_services(found.network, found.noun)
        if unmet and unmet.unmet:
            return False
        if left.in_managed_hsm or found.uses_rbac:
            return "assignment" in other.unread or assignment is not None
        return rights.by_policies(found, user).level is Access.FULL


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
