"""Reads what exists around services before anything is made, for all services of a program at once.

Each resource is read once in a look. Owns: which resources are read, and what is kept of each. Questions that
this login may not ask are listed with their reasons. Does not own: what follows from the answers
(service_preflight.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from core import adapters, arm_ids, demands, facts, kinds, rights
from core.api_versions import UPGRADES, VAULTS
from core.arm_ids import MalformedError
from core.facts import GROUPS
from core.resource_types import DIAGNOSTIC_SETTING
from core.rights import KEY_ROTATION, Access
from core.roles import assignment_name
from core.service.access import key_in_use, key_left_behind
from core.service.account import BoundKey, recorded_account, unusable_version
from core.service.desired import RBAC, DesiredService
from core.service.key_place import KeyPlace, assignment_id, place_of_key
from core.service.recorded import USER, Answer, RecordedService, State, as_it_is
from core.service.soft_deleted import Listed
from core.service.state import Deployer, Live, gives_reading_role, is_in_subscription, key_operators
from provider.azure import unless_absent
from provider.errors import ErrorContext, service_message
from provider.failure import RefusedOperationError, ServiceError
from provider.key_access import KeyUse
from provider.resource import Call
from provider.resource_reads import ReadResource, read_resource
from provider.waiting import DeadlineError

T = TypeVar("T")

_WHAT: Final[Mapping[str, str]] = {
    "account": "which key an account has",
    "vault": "whether a vault can hold the key, and its access",
    "key": "whether a key exists",
    "assignment": "whether a role is assigned on a key",
    "operator": "whether a key operator has a role on a vault",
    "audit": "whether the uses of a vault's keys are logged",
    "identity": "whether the identity that uses a key exists",
}
"""What each resource is read for."""
_IN_HSM: Final[Mapping[str, str]] = {
    "vault": "whether a managed HSM can hold the key",
    "key": "whether a key exists in a managed HSM",
    "assignment": "whether the account's identity has a role at its key in a managed HSM",
}


@dataclass
class Reader:
    """Reads for all services of a program, whose azure-native is logged in as `login`. `unchecked` has, by
    service, the questions that Azure did not answer in the last look, with the reasons."""

    call: Call
    login: Deployer
    is_preview: bool
    unchecked: dict[str, list[str]] = field(default_factory=dict)
    _reads: dict[tuple[int, str, str], asyncio.Future[ReadResource]] = field(default_factory=dict)
    _deleted: dict[int, asyncio.Future[tuple[Listed, Listed]]] = field(default_factory=dict)

    async def deleted(self, look: int = 0) -> tuple[Listed, Listed]:
        """The subscription's soft-deleted vaults and accounts. Raises ServiceError."""
        if look not in self._deleted:
            self._deleted[look] = asyncio.ensure_future(self._list_deleted())
        return await self._deleted[look]

    async def _list_deleted(self) -> tuple[Listed, Listed]:
        azure, subscription = self.call.azure, self.login.subscription_id
        return await asyncio.gather(azure.deleted_vaults(subscription), azure.deleted_accounts(subscription))

    async def service(
        self, desired: DesiredService, recorded: RecordedService, state: State, *, look: int
    ) -> Live:
        """What Azure has of a service. Another number of `look` asks everything anew."""
        # An answer of an earlier look counts no more, and its reason would have another correlation id.
        asked = _Look(self, desired, look, unchecked=[])
        self.unchecked[recorded.name] = asked.unchecked
        account = await asked.account(recorded)
        before = as_it_is(recorded, account)
        place = place_of_key(desired, before)
        is_here = is_in_subscription(before.account, self.login)
        (vault, key, assignment), audit = await asyncio.gather(
            asked.key_and_grant(place, before), asked.audit(before, is_here=is_here)
        )
        live = Live(
            account=account,
            vault=vault,
            key=key,
            assignment=assignment,
            audit=audit,
            can_leave_key=await asked.can_leave_key(place, before),
            operators=await asked.operators(place, before, vault),
        )
        if is_here and before.account:
            live = replace(
                live,
                identity=await asked.identity(before) if before.key_identity == USER else None,
                upgrade=await asked.upgrade(before.account),
                is_held=account is not None or await self._is_held(before.account, look),
            )
        bound = replace(recorded_account(state, desired.account_name), live=account).bound_key
        key_id, version = key_in_use(before, place), key
        if bound and key_id and not asked.unread:
            version = await asked.version_in_use(bound, key_id, key)
        now = self.call.azure.answered_at or time.time()
        return replace(live, unread=frozenset(asked.unread), unusable=unusable_version(bound, version, now))

    async def account_if_read(
        self, desired: DesiredService, recorded: RecordedService, *, look: int
    ) -> Answer:
        """The account, if this look came as far as that; else None."""
        try:
            return await _Look(self, desired, look, unchecked=[]).account(recorded)
        except (RefusedOperationError, ServiceError, DeadlineError, MalformedError):
            return None

    async def resource(self, id: str, look: int, api_version: str = "") -> ReadResource:
        """A resource by its ARM id. Raises what `read_resource` raises."""
        question = (look, id, api_version)
        if question not in self._reads:
            self._reads[question] = asyncio.ensure_future(read_resource(self.call, id, api_version))
        return await self._reads[question]

    async def _is_held(self, account: facts.Account, look: int) -> bool:
        """Whether an account that is gone may be among those that Azure can bring back; true where the list
        may not be read."""
        try:
            _, accounts = await self.deleted(look)
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            return True
        return any(one.name.lower() == account.name.lower() for one in accounts)


@dataclass
class _Look:
    """One look at the resources of a service; `unread` names those that the login may not read, and
    `unchecked` has the questions, with the reasons."""

    reader: Reader
    desired: DesiredService
    number: int
    unchecked: list[str]
    unread: set[str] = field(default_factory=set)

    async def account(self, recorded: RecordedService) -> Answer:
        """The account that the service has, or any account with the name that it is to get."""
        login = self.reader.login
        if recorded.account is not None:
            is_here = is_in_subscription(recorded.account, login)
            return await self.read("account", recorded.account.id if is_here else "")
        group = recorded.group_name or self.desired.existing_resource_group_name
        if not group or not login.subscription_id:  # "" for a group that is not known yet
            return None
        place = arm_ids.group_id(login.subscription_id, group)
        return await self.read("account", arm_ids.child(place, arm_ids.ACCOUNT, self.desired.account_name))

    async def key_and_grant(self, place: KeyPlace, before: RecordedService) -> tuple[Answer, Answer, Answer]:
        """The vault, the key and the role assignment, as far as they have to be read."""
        if place.in_managed_hsm:
            return await self.in_hsm(place)
        (vault, assignment), key = await asyncio.gather(self.grant(place), self._key(place, before))
        return vault, key, assignment

    async def grant(self, place: KeyPlace) -> tuple[Answer, Answer]:
        """The vault, and the role assignment."""
        return await asyncio.gather(
            self.read("vault", place.vault_id), self.read("assignment", place.assignment_id)
        )

    async def identity(self, before: RecordedService) -> Answer:
        """The user-assigned identity that this stack made."""
        return await self.read("identity", before.identity_id or "")

    async def audit(self, before: RecordedService, *, is_here: bool) -> Answer:
        """The diagnostic setting that this stack gave its vault; empty if it has none, or is not to read it.
        A setting that may not be read leaves nothing else undecided."""
        id = before.part(DIAGNOSTIC_SETTING, "vault-audit").get("id")
        if not (id and is_here and self.desired.keeps_logs):
            return {}
        other = replace(self, unread=set())
        found = await other.read("audit", id)
        return {} if other.unread else found

    async def operators(self, place: KeyPlace, before: RecordedService, vault: Answer) -> dict[str, str]:
        """The key operators who have their access to an existing vault already, though the state does not
        record it, and its id. A policy in the stack's own vault that equals the declared one is taken over.
        """
        desired, found = self.desired, dict[str, str]()
        if vault is None or place.in_managed_hsm:
            return found
        own = frozenset(KEY_ROTATION.policy) if desired.makes_vault else None
        policies = {one.object_id.lower(): one.on(GROUPS[0]) for one in adapters.vault(vault).policies}
        for object_id in key_operators(desired, self.reader.login):
            if object_id.lower() in before.operators:
                continue
            if desired.access_model == RBAC:
                name = assignment_name(place.vault_id, object_id, KEY_ROTATION.role.id)
                at_vault = arm_ids.child(place.vault_id, arm_ids.ROLE_ASSIGNMENT, name)
                if role := await self.read("operator", at_vault):
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
        other = replace(self, unread=set())
        if left.in_managed_hsm:
            vault, _, assignment = await other.in_hsm(left)
        else:
            # Whether the login may read the key is no question: only the account's identity is to use it.
            vault, assignment = await other.grant(left)
        if vault is None:
            return "vault" in other.unread
        found = adapters.vault(vault)
        if demands.keeps_service_out(found):
            return False
        if left.in_managed_hsm or found.uses_rbac:
            return "assignment" in other.unread or assignment is not None
        return rights.by_policies(found, user).level is Access.FULL

    async def version_in_use(self, bound: BoundKey, key_id: str, key: Answer) -> Answer:
        """The version that an account is bound to: `key`, if that is the current one, or else another one of
        that key; None without a version, or where it is not shown."""
        version = bound.encryption.key_version
        current = adapters.key_version(key or {}).uri or ""
        if not version or current.lower() == bound.uri.lower():
            return key
        asked = replace(self.reader.call, context=ErrorContext.of_key(key_id))
        try:
            with asked.explained():
                return _described(
                    await unless_absent(asked.azure.key_version(arm_ids.key_id(key_id), version))
                )
        except RefusedOperationError as error:
            self.unchecked.append(f"whether version {version} of key {key_id} can be used, because {error}")
            return None

    async def upgrade(self, account: facts.Account) -> facts.Upgrade:
        """Azure's plan to turn an account into another kind by itself; none where that is not shown."""
        kind = kinds.find(account.kind)
        if not self.reader.is_preview or kind is None or not kind.becomes:
            return facts.Upgrade()
        try:
            shown = await self.reader.resource(account.id, 0, UPGRADES)
        except RefusedOperationError as error:
            shown = ReadResource(None, str(error))
        if shown.unread:
            self.unchecked.append(f"whether Azure plans to upgrade {account.name}, because {shown.unread}")
        return adapters.upgrade(shown.found or {})

    async def read(self, what: str, id: str) -> Answer:
        """The resource; None if it does not exist, if it may not be read, or if there is no id."""
        if not id:
            return None
        shown = await self.reader.resource(id, self.number)
        if shown.unread:
            self._not_read(what, _WHAT[what], shown.unread)
        return shown.found

    def _not_read(self, what: str, question: str, why: str) -> None:
        self.unread.add(what)
        self.unchecked.append(f"{question}, because {why}")

    async def _key(self, place: KeyPlace, before: RecordedService) -> Answer:
        """The key, if it is to be read; None if this update gives the deployer the role to read it. Raises
        RefusedOperationError if nobody gives it."""
        if not place.vault_id:
            return None
        shown = await self.reader.resource(place.key_id, self.number)
        if shown.lacks_data_role and not gives_reading_role(self.desired, before):
            raise RefusedOperationError(shown.unread)
        return None if shown.lacks_data_role else await self.read("key", place.key_id)

    async def in_hsm(self, place: KeyPlace) -> tuple[Answer, Answer, Answer]:
        """A managed HSM, a key in it and the role of the account's identity at that key. Keys and roles are
        read on the HSM's data plane, because Resource Manager does not have them."""
        key, principal = arm_ids.key_id(place.key_id), place.grantee_id
        call = replace(self.reader.call, context=ErrorContext.of_key(key.text, principal or None))
        with call.explained():
            hsm = await self._in_hsm_unless_unread(
                "vault", unless_absent(call.azure.ask("GET", key.parent.text, VAULTS))
            )
            if hsm is None:
                return None, None, None
            version = await self._in_hsm_unless_unread(
                "key", unless_absent(call.azure.key_version(key, None))
            )
            roles = None
            if principal:
                roles = await self._in_hsm_unless_unread(
                    "assignment", unless_absent(KeyUse(call, key, principal).hsm_roles())
                )
        assignment = {"id": roles[0].id} if roles else None
        return hsm, _described(version), assignment

    async def _in_hsm_unless_unread(self, what: str, question: Awaitable[T]) -> T | None:
        """The answer; None where this login may not ask, or not from here. Raises ServiceError."""
        try:
            return await question
        except ServiceError as failure:
            if not (failure.is_forbidden or failure.is_unreachable):
                raise
            self._not_read(what, _IN_HSM[what], service_message(failure))
            return None


def _described(version: facts.KeyVersion | None) -> dict[str, Any] | None:
    """A version of a key in Resource Manager's words."""
    if version is None:
        return None
    attributes = {"enabled": version.enabled, "nbf": version.not_before, "exp": version.expires}
    return {"properties": {"keyUriWithVersion": version.uri, "attributes": attributes}}
