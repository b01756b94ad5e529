"""The resource `KeyAccessRevocation`: an identity that is kept from using a key.

Its creation takes the identity's access away, at once: the engine deletes what a program no longer declares
only after everything else has succeeded, so that a grant which is merely left out survives an update that
fails. Whatever else an update writes comes after it. As long as it is in the state, the access was removed on
purpose; deleting it changes nothing, and the next grant gives the access back.

What it removes: the identity's own access policy on keys, in a vault with access policies; the identity's
role assignments at the key itself and the one named in `assignmentId`, in a vault with Azure RBAC. It leaves
access that the identity has from further up (a role at the vault or above, a group), which others may depend
on, and warns, also of what is given later.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from core import facts, resource_types, rights
from core.arm_ids import ArmId
from core.refusals import SECOND_LOOK_SECONDS
from core.rights import Access
from provider.binder import READ_LAG_SECONDS
from provider.key_access import KeyAccessHandler, own_access, remove_access
from provider.resource import Call, Compared
from provider.wire import Properties, Value

_LOOK_SECONDS = 5.0
"""Between two looks at access that reads may still show."""


class KeyAccessRevocationHandler(KeyAccessHandler):
    """Access that was taken away on purpose."""

    token = resource_types.KEY_ACCESS_REVOCATION
    compared: ClassVar = {
        "keyId": Compared("the access to another key is revoked"),
        "principalId": Compared("the access of another identity is revoked"),
        "assignmentId": Compared("another role assignment is removed"),
    }

    async def carry_out(
        self, call: Call, key: ArmId, principal: str, inputs: Properties
    ) -> Mapping[str, Value]:
        await self._revoke(call, key, principal, inputs.text("assignmentId"))
        return {"revokedAt": self.run.now()}

    async def still(
        self, call: Call, key: ArmId, principal: str, known: Properties
    ) -> Mapping[str, Value] | None:
        """Reads may show the access for a while after it was taken away; what they show later was given."""
        named = known.text("assignmentId")
        while await own_access(call, key, principal, named):
            left = READ_LAG_SECONDS - (self.run.clock.time() - _moment(known.text("revokedAt")))
            if left <= 0:
                return None
            await call.waiter.pause(
                min(left, _LOOK_SECONDS), f"waiting: reads still show the access to {key.name}, just revoked"
            )
        await self._warn_of_other_access(call, key, principal)
        return {}

    async def _revoke(self, call: Call, key: ArmId, principal: str, assignment_id: str | None) -> None:
        while await remove_access(call, key, principal, assignment_id):
            # A client that read the vault's policies before and now writes them all restores the access.
            await call.waiter.pause(
                SECOND_LOOK_SECONDS, f"making sure that nothing gives {principal} access to {key.name} again"
            )
        await self._warn_of_other_access(call, key, principal)

    async def _warn_of_other_access(self, call: Call, key: ArmId, principal: str) -> None:
        vault = await call.azure.vault(key.parent)
        if vault is None:
            await call.inform(f"the vault {key.parent.name} does not exist, so nobody can use its keys")
            return
        scope = facts.key_id(vault.id, key.name)
        assignments = None
        if vault.uses_rbac:
            assignments = await call.azure.role_assignments(scope, principal)
        left = rights.on_key(vault, principal, scope, assignments)
        if left.level in (Access.FULL, Access.NARROWER):
            giving = [
                one for one in assignments or () if rights.by_roles([one], principal, scope).permissions
            ]
            where = ", ".join(f"{one.role_name} at {one.scope}" for one in giving)
            fix = "remove it"
            if giving and not vault.is_managed_hsm:
                ids = " ".join(shlex.quote(one.id) for one in giving)
                fix = (
                    f"if nobody else, such as a group, needs it, run `az role assignment delete --ids {ids}`"
                )
            await call.warn(
                f"the identity {principal} can still use the key {key.name}: it has "
                f"{rights.spelt(left.permissions)} by {where or 'another access policy'}, which this "
                f"resource leaves alone; {fix}, or disable the key version"
            )


def _moment(revoked_at: str | None) -> float:
    """Seconds since 1970; of an import, which does not say it, long ago."""
    return datetime.fromisoformat(revoked_at).timestamp() if revoked_at else 0.0
