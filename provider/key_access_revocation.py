"""The resource `KeyAccessRevocation`: an identity that is kept from using a key. It stands for no " "resource
of Azure.

Its creation takes the identity's access away, at once: the engine deletes what a program no longer declares
only after everything else has succeeded, so that a grant which is merely left out survives an update that
fails. Whatever else an update writes comes after it. As long as it is in the state, the access was removed on
purpose; deleting it changes nothing, and the next grant gives the access back.

What it removes: the identity's own access policy on keys, in a vault with access policies; the identity's
role assignments at the key itself and the one named in `assignmentId`, in a vault with Azure RBAC. It leaves
access that the identity has from further up (a role at the vault or above, a group), which others may depend
on, and warns.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from core import arm_ids, facts, rights
from core.arm_ids import ArmId
from core.facts import PolicyEntry, RoleAssignment, Vault
from core.rights import Access
from provider.azure_calls import Azure
from provider.checks import Failure, check_key_access_revocation
from provider.difference import Difference, diff_key_access_revocation
from provider.error_table import ErrorContext
from provider.errors import service_message, translate
from provider.failure import ServiceError
from provider.preflight import RefusedError
from provider.resource import Call, State
from provider.retrying import with_retries
from provider.waiting import Clock, Waiter
from provider.wire import UNKNOWN, Properties

_SEPARATOR = "|"


class KeyAccessRevocation:
    """Implements `resource.Resource`; its id is `KEY_ID|PRINCIPAL_ID`."""

    derived: Mapping[str, tuple[str, ...]] = {}

    def __init__(self, azure: Azure, clock: Clock) -> None:
        self._azure = azure
        self._clock = clock

    def check(self, news: Properties) -> list[Failure]:
        return check_key_access_revocation(news)

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]:
        return diff_key_access_revocation(old_inputs, news)

    async def preview_create(self, call: Call, inputs: Properties) -> State:
        return State("", {**inputs.values, "revokedAt": UNKNOWN})

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return State(id, (await self.preview_create(call, news)).outputs)

    async def create(self, call: Call, inputs: Properties) -> State:
        key, principal = arm_ids.key_id(str(inputs.values["keyId"])), str(inputs.values["principalId"])
        context = ErrorContext(
            vault_id=key.parent.text, vault_name=key.parent.name, key_name=key.name, principal_id=principal
        )
        try:
            await self._revoke(call, key, principal, inputs.text("assignmentId"))
        except ServiceError as failure:
            raise RefusedError(translate(failure, context)) from failure
        moment = datetime.fromtimestamp(self._clock.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return State(f"{key.text}{_SEPARATOR}{principal}", {**inputs.values, "revokedAt": moment})

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return await self.create(call, news)

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Gone when somebody gave the access back, so that the next update revokes it again.

        What may not be read is taken to be as it was. An import comes with the id alone.
        """
        text, _, principal = id.partition(_SEPARATOR)
        key = arm_ids.key_id(text)
        assignment_id = olds.text("assignmentId") or inputs.text("assignmentId")
        try:
            vault = await with_retries(lambda: self._azure.vault(key.parent), call.waiter)
            given = vault and await self._given(vault, key, principal, assignment_id, call.waiter)
        except ServiceError as failure:
            await call.inform(f"not checked: {service_message(failure)}")
            return State(id, olds.values, inputs.values)
        if given and any(given):
            return State("")
        written = {"keyId": key.text, "principalId": principal, **inputs.values}
        return State(id, {**written, **olds.values}, written)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        """Nothing: what gives the access back is the next grant."""

    async def _revoke(self, call: Call, key: ArmId, principal: str, assignment_id: str | None) -> None:
        vault = await with_retries(lambda: self._azure.vault(key.parent), call.waiter)
        if vault is None:
            await call.inform(f"the vault {key.parent.name} does not exist, so nobody can use its keys")
            return
        entries, assignments = await self._given(vault, key, principal, assignment_id, call.waiter)
        for entry in entries:
            await with_retries(partial(self._azure.remove_policy, key.parent, entry), call.waiter)
        for assignment in assignments:
            await with_retries(partial(self._azure.delete_role_assignment, assignment.id), call.waiter)
        await self._warn_of_other_access(call, key, principal)

    async def _given(
        self, vault: Vault, key: ArmId, principal: str, assignment_id: str | None, waiter: Waiter
    ) -> tuple[list[PolicyEntry], list[RoleAssignment]]:
        """What there is to remove: access policies, or role assignments."""
        if not vault.uses_rbac:
            entries = [one for one in vault.policies if rights.of_entry(one, principal, vault.tenant_id)]
            return entries, []
        scope = facts.key_id(vault.id, key.name)
        found = await with_retries(lambda: self._azure.own_role_assignments(scope, principal), waiter)
        named = assignment_id or ""
        return [], [
            one for one in found if one.id and (arm_ids.same(one.scope, scope) or arm_ids.same(one.id, named))
        ]

    async def _warn_of_other_access(self, call: Call, key: ArmId, principal: str) -> None:
        vault = await with_retries(lambda: self._azure.vault(key.parent), call.waiter)
        if vault is None:
            return
        scope = facts.key_id(vault.id, key.name)
        assignments = None
        if vault.uses_rbac:
            assignments = await with_retries(
                lambda: self._azure.role_assignments(scope, principal), call.waiter
            )
        left = rights.on_key(vault, principal, scope, assignments)
        if left.level in (Access.FULL, Access.NARROWER):
            where = ", ".join(f"{one.role_name} at {one.scope}" for one in assignments or [])
            await call.warn(
                f"the identity {principal} can still use the key {key.name}: it has "
                f"{rights.spelt(left.permissions)} by {where or 'another access policy'}, which this "
                "resource leaves alone; remove it, or disable the key version"
            )
