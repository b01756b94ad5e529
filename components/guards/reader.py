"""Reads what exists before anything is made: the one place in which the guards call the engine and Azure.

Each question is asked once in a look, whichever service asks it, and works in a preview. Questions that get
no answer are kept with their reasons, and told in one line.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.access import ROTATION
from components.access_model import RBAC
from components.account_write import BoundKey, recorded_account, unusable_version
from components.arguments.inputs import known_text
from components.arguments.names import role_assignment_name
from components.cmk_resource import cmk_invoke_options
from components.guards.access import key_in_use, key_left_behind
from components.guards.key_place import KeyPlace, assignment_id, place_of_key
from components.guards.recorded_state import USER, RecordedService, as_it_is
from components.guards.situation import (
    Deployer,
    Live,
    Situation,
    gives_reading_role,
    is_in_subscription,
    key_operators,
)
from components.guards.soft_deleted import Listed, makes_names
from components.invokes import Answer, InvokeError, State, invoke, missing_data_role, together
from components.service_args import EncryptedAIServicesAccountArgs
from core import adapters, arm_ids, demands, facts, kinds, rights
from core.refusals import is_absent_text, is_forbidden_text
from core.resource_types import (
    DIAGNOSTIC_SETTING,
    GET_ACCOUNT,
    GET_CLIENT_CONFIG,
    GET_IDENTITY,
    GET_KEY,
    GET_VAULT,
)
from core.rights import Access

_GET_ASSIGNMENT = "azure-native:authorization:getRoleAssignment"
_GET_SETTING = "azure-native:monitor:getDiagnosticSetting"
_EMPTY = "the answer is empty"
"""Why a resource counts as not read: Pulumi's mocks give empty answers."""
_WHAT = {
    "getAccount": "which key an account has",
    "getVault": "whether a vault can hold the key, and its access",
    "getKey": "whether a key exists",
    "getRoleAssignment": "whether a role is assigned on a key",
    "getDiagnosticSetting": "whether the uses of a vault's keys are logged",
    "getUserAssignedIdentity": "whether the identity that uses a key exists",
}
_HSM_WHAT = {
    "hsm": ("vault", "whether a managed HSM can hold the key"),
    "version": ("key", "whether a key exists in a managed HSM"),
    "assignmentId": ("assignment", "whether the account's identity has a role at its key in a managed HSM"),
}


@dataclass(frozen=True)
class ServiceRequest:
    """A service that is about to be made.

    `vault_provider` is an azure-native provider for the subscription of an existing vault, if that is another
    one; `former_names` are the names of the component's aliases.
    """

    inputs: EncryptedAIServicesAccountArgs
    vault_provider: pulumi.ProviderResource | None = None
    former_names: tuple[str, ...] = ()


@dataclass
class Reader:
    """Asks through `provider`, the azure-native provider of the services, if that is not the default one.
    `unchecked` lists the questions that Azure did not answer, with the reasons."""

    provider: pulumi.ProviderResource | None = None
    login: Deployer = Deployer()
    unchecked: list[str] = field(default_factory=list)
    _answers: dict[tuple[Any, ...], asyncio.Future[tuple[Answer, bool]]] = field(default_factory=dict)

    async def log_in(self) -> None:
        """Reads who deploys. Raises RunError if the two providers are logged in as different principals."""
        native, own = await together(
            invoke(GET_CLIENT_CONFIG, self._through(None)),
            invoke("azure-cmk:index:getClientConfig", cmk_invoke_options()),
        )
        refuse_other_login(native, own)
        said = (native.get(name) or "" for name in ("tenantId", "subscriptionId", "objectId"))
        self.login = Deployer(*said)

    async def deleted(
        self, services: Mapping[str, ServiceRequest], recorded: Mapping[str, RecordedService]
    ) -> tuple[Listed, Listed]:
        """The subscription's soft-deleted vaults and accounts; none if the services make neither."""
        if not any(makes_names(one.inputs, recorded[name]) for name, one in services.items()):
            return (), ()
        listed: Mapping[str, Any] = {}
        try:
            listed = await self.own("getDeleted", subscriptionId=self.login.subscription_id)
        except InvokeError as error:
            if not is_forbidden_text(str(error)):
                raise
            self.unchecked.append(
                f"whether a soft-deleted vault or account of the subscription holds a name, because {error}"
            )
        return listed.get("vaults") or (), listed.get("accounts") or ()

    async def _is_held(self, account: facts.Account | None) -> bool:
        """Whether an account that is gone may be among those that Azure can bring back; true where the list
        may not be read."""
        try:
            listed = await self.own("getDeleted", subscriptionId=self.login.subscription_id)
        except InvokeError as error:
            if not is_forbidden_text(str(error)):
                raise
            listed = {}
        name, accounts = account.name.lower() if account else "", listed.get("accounts")
        return accounts is None or any(one["name"].lower() == name for one in accounts)

    async def situation(
        self, request: ServiceRequest, recorded: RecordedService, state: State, *, look: int
    ) -> Situation:
        """The situation of a service. Another number of `look` asks everything anew."""
        inputs, asked = request.inputs.of_account(recorded.account), _Look(self, request, look)
        account = await asked.account(recorded)
        before = as_it_is(recorded, account)
        place = place_of_key(inputs, before)
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
        declared = replace(recorded_account(state, inputs.account_name), live=account)
        bound, key_id = declared.bound_key, key_in_use(before, place)
        in_use = key
        if bound and key_id and not asked.unread:
            in_use = await self.version_in_use(bound, key_id, key)
        unusable = unusable_version(bound, in_use, time.time())
        declared = replace(declared, unusable=unusable)
        return Situation(inputs, before, self.login, place, live, declared)

    async def version_in_use(self, bound: BoundKey, key_id: str, key: Answer) -> Answer:
        """The version that an account is bound to: `key`, if that is the current one, or else as azure-cmk
        reads it; None without a version, or where it is not shown."""
        version = bound.encryption.key_version
        current = adapters.current_version(key or {}).uri or ""
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
            return adapters.upgrade(await self.own("getUpgrade", accountId=account.id))
        except InvokeError as error:
            self.unchecked.append(f"whether Azure plans to upgrade {account.name}, because {error}")
            return facts.Upgrade()

    async def native(
        self, function: str, provider: pulumi.ProviderResource | None, arguments: Mapping[str, str], look: int
    ) -> tuple[Answer, bool]:
        """The answer of a function of azure-native, None if the resource does not exist; and whether it may
        be read. Raises InvokeError."""
        call = (look, function, provider, *sorted(arguments.items()))
        if call not in self._answers:
            self._answers[call] = asyncio.ensure_future(self._native(function, provider, arguments))
        return await self._answers[call]

    async def _native(
        self, function: str, provider: pulumi.ProviderResource | None, arguments: Mapping[str, str]
    ) -> tuple[Answer, bool]:
        why = _EMPTY
        try:
            if found := await invoke(function, self._through(provider), **arguments):
                return found, True
        except InvokeError as error:
            if is_absent_text(str(error)):
                return None, True
            if not is_forbidden_text(str(error)) or missing_data_role(str(error)):
                raise
            why = str(error)
        self.unchecked.append(f"{_WHAT[function.rpartition(':')[2]]}, because {why}")
        return None, False

    async def own(self, function: str, **arguments: Any) -> Mapping[str, Any]:
        """The answer of a function of azure-cmk. Raises InvokeError."""
        return await invoke(f"azure-cmk:index:{function}", cmk_invoke_options(), **arguments)

    def _through(self, provider: pulumi.ProviderResource | None) -> pulumi.InvokeOptions | None:
        chosen = provider or self.provider
        return pulumi.InvokeOptions(provider=chosen) if chosen else None


@dataclass
class _Look:
    """One look at the resources of a service; `unread` names those that the login may not read."""

    reader: Reader
    request: ServiceRequest
    number: int
    unread: set[str] = field(default_factory=set)

    async def _get(self, what: str, function: str, arguments: Mapping[str, str] | None) -> Answer:
        """The resource; None if it does not exist, if it may not be read, or if there are no arguments."""
        if arguments is None:
            return None
        at_vault = function in (GET_VAULT, GET_KEY, _GET_ASSIGNMENT)
        provider = self.request.vault_provider if at_vault else None
        found, is_read = await self.reader.native(function, provider, arguments, self.number)
        if not is_read:
            self.unread.add(what)
        return found

    async def account(self, recorded: RecordedService) -> Answer:
        """The account that the service has, or any account with the name that it is to get."""
        inputs = self.request.inputs
        group = recorded.group_name or known_text(inputs.existing_resource_group_name)
        wanted = inputs.account_name
        if recorded.account is not None:
            is_here = is_in_subscription(recorded.account, self.reader.login)
            group = arm_ids.group_of(recorded.account.id) if is_here else None
            wanted = recorded.account.name
        place = {"resourceGroupName": group, "accountName": wanted} if group else None
        return await self._get("account", GET_ACCOUNT, place)

    async def key_and_grant(self, place: KeyPlace, before: RecordedService) -> tuple[Answer, Answer, Answer]:
        """The vault, the key and the role assignment, as far as they have to be read."""
        if place.in_managed_hsm:
            return await self._in_hsm(place)
        id = place.assignment_id
        role = {"scope": arm_ids.parse(id).scope, "roleAssignmentName": arm_ids.name_of(id)} if id else None
        return await asyncio.gather(
            self._get("vault", GET_VAULT, place.vault_arguments if place.vault_id else None),
            self._key(place, before),
            self._get("assignment", _GET_ASSIGNMENT, role),
        )

    async def _key(self, place: KeyPlace, before: RecordedService) -> Answer:
        """The key, if it is to be read; None if this update gives the deployer the role to read it."""
        try:
            named = {**place.vault_arguments, "keyName": place.key_name} if place.vault_id else None
            return await self._get("key", GET_KEY, named)
        except InvokeError as error:
            if gives_reading_role(self.request.inputs, before) and missing_data_role(str(error)):
                return None
            raise

    async def _in_hsm(self, place: KeyPlace) -> tuple[Answer, Answer, Answer]:
        """The same for a managed HSM. azure-cmk reads it: azure-native does not reach its data plane."""
        found = await self.reader.own(
            "getManagedHsmKey", keyId=place.key_id, principalId=place.grantee_id or None
        )
        unread = found.get("unread") or ({} if found else dict.fromkeys(_HSM_WHAT, _EMPTY))
        for word, why in unread.items():
            what, question = _HSM_WHAT[word]
            self.unread.add(what)
            self.reader.unchecked.append(f"{question}, because {why}")

        def answer(word: str) -> Answer:
            value = None if word in unread else found.get(word)
            return value if isinstance(value, Mapping) else {"id": value} if value else None

        return answer("hsm"), answer("version"), answer("assignmentId")

    async def identity(self, before: RecordedService) -> Answer:
        """The user-assigned identity that this stack made."""
        if not (id := before.identity_id):
            return None
        place = {"resourceGroupName": arm_ids.group_of(id), "resourceName": arm_ids.name_of(id)}
        return await self._get("identity", GET_IDENTITY, place)

    async def audit(self, before: RecordedService, *, drifts: bool) -> Answer:
        """The diagnostic setting that this stack gave its vault; empty if it has none, or is not to read it.
        A setting that may not be read leaves nothing else undecided."""
        id = before.part(DIAGNOSTIC_SETTING, "vault-audit").get("id")
        if not (id and drifts and self.request.inputs.audit.keeps_logs):
            return {}
        place = {"resourceUri": arm_ids.parse(id).scope, "name": arm_ids.name_of(id)}
        found, is_read = await self.reader.native(_GET_SETTING, None, place, self.number)
        return found if is_read else {}

    async def operators(self, place: KeyPlace, before: RecordedService, vault: Answer) -> dict[str, str]:
        """The key operators who have their access to an existing vault already, though the state does not
        record it, and its id. A policy in the stack's own vault that equals the declared one is taken over.
        """
        inputs, found = self.request.inputs, dict[str, str]()
        if vault is None or place.in_managed_hsm:
            return found
        own = tuple(sorted(ROTATION.policy)) if inputs.makes_vault else None
        policies = {one.object_id.lower(): one.keys for one in adapters.vault(vault).policies}
        for object_id in key_operators(inputs, self.reader.login):
            if object_id.lower() in before.operators:
                continue
            if inputs.access_model == RBAC:
                name = role_assignment_name(place.vault_id, object_id, ROTATION.role.id)
                at_vault = {"scope": place.vault_id, "roleAssignmentName": name}
                if role := await self._get("operator", _GET_ASSIGNMENT, at_vault):
                    found[object_id] = str(role["id"])
            elif policies.get(object_id.lower(), own) != own:
                found[object_id] = f"{place.vault_id}/accessPolicy/{object_id}"
        return found

    async def can_leave_key(self, place: KeyPlace, before: RecordedService) -> bool:
        """Whether the account keeps its key, or its identity can still use the key that it leaves, by a grant
        for that identity alone; True if that cannot be read."""
        key_id = key_left_behind(self.request.inputs, before, place)
        if key_id is None:
            return True
        user, key = before.key_user_id or "", arm_ids.key_id(key_id)
        left = KeyPlace(vault_id=key.parent.text, key_name=key.name, grantee_id=user)
        left = replace(left, assignment_id=assignment_id(left))
        other = _Look(self.reader, self.request, self.number)
        vault, _, assignment = await other.key_and_grant(left, before)
        by_other_login = left.in_managed_hsm or self.request.vault_provider is not None
        if vault is None:
            return "vault" in other.unread or by_other_login
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
