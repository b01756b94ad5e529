"""The resource `KeyAccessCleanup`: nothing of an account's access to a key outlives its use of it.

A grant must not be deleted before the account that uses it, whose data would be out of reach; and it cannot
be made before it, because the account's identity is what it is for. So the engine is told that it goes with
the account (`deletedWith`), which it does not: Azure keeps the access policies and role assignments of
identities that are gone. This resource is made before the account, so that it is deleted after it, and
removes then what the identity had at this key. It learns whose identity that is from each refresh, and the
engine refreshes it before each update and destroy.

What it removes: the identity's own access policy on keys, or its role assignments at the key itself.
An account that is under a key of the vault keeps all that it has there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from core import arm_ids, resource_types
from core.arm_ids import ArmId
from core.facts import Account
from provider.binder import READ_LAG_SECONDS
from provider.errors import ErrorContext, service_message
from provider.failure import ServiceError
from provider.key_access import SEPARATOR, own_access, remove_access
from provider.resource import Call, Compared, Resource, State
from provider.wire import Properties, Value

_WHY = "the access of another account, or to another key, is removed"


class KeyAccessCleanupHandler(Resource):
    """The id is `KEY_ID|ACCOUNT_ID`, as it was made or imported; the key of the outputs counts.

    Another account is another resource. Another key is not: what the account had at the former one is not
    left to this resource, because the account stays.
    """

    token = resource_types.KEY_ACCESS_CLEANUP
    compared: ClassVar = {"keyId": Compared(_WHY), "accountId": Compared(_WHY)}

    def context(self, id: str, properties: Properties) -> ErrorContext:
        return ErrorContext.of_key(
            properties.text("keyId") or id.partition(SEPARATOR)[0], properties.text("principalId")
        )

    async def create(self, call: Call, inputs: Properties) -> State:
        key = arm_ids.key_id(str(inputs.values["keyId"]))
        account = arm_ids.account_id(str(inputs.values["accountId"]))
        principal = await _principal(call, account)
        return State(f"{key.text}{SEPARATOR}{account.text}", {**inputs.values, **principal})

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Whose identity it is by now. It exists as long as it is in the state."""
        key_id, _, account_id = id.partition(SEPARATOR)
        written = {"keyId": key_id, "accountId": account_id, **inputs.values}
        principal: Mapping[str, Value] = {}
        try:
            principal = await _principal(call, arm_ids.account_id(str(written["accountId"])))
        except ServiceError as failure:
            await call.inform(f"not checked: {service_message(failure)}")
        return State(id, {**written, **olds.values, **principal}, written)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        principal = olds.text("principalId")
        if not principal:
            return  # an account that never had an identity of its own, or was never made
        key = arm_ids.key_id(str(olds.values["keyId"]))
        account = arm_ids.account_id(str(olds.values["accountId"]))
        backoff = call.waiter.backoff()
        while await own_access(call, key, principal):
            if not await _needs_it(call, account, key.parent):
                await remove_access(call, key, principal)
                return
            if call.waiter.elapsed >= READ_LAG_SECONDS:
                await call.inform(
                    f"the account {account.name} is under a key of {key.parent.name}, and keeps its access"
                )
                return
            await call.waiter.pause(
                backoff.next(), f"waiting for the account {account.name} to leave its key"
            )


async def _needs_it(call: Call, account: ArmId, vault: ArmId) -> bool:
    """Believing one answer that it does not would cut an account off from its data."""
    found = await call.waiter.twice(
        lambda: call.azure.account(account),
        lambda found: _is_under_a_key_of(vault, found),
        f"making sure that {account.name} has left its key",
    )
    return _is_under_a_key_of(vault, found)


async def _principal(call: Call, account: ArmId) -> Mapping[str, Value]:
    """The object id of the account's own identity; nothing of an account without one, or none."""
    found = await call.azure.account(account)
    return {"principalId": found.principal_id} if found and found.principal_id else {}


def _is_under_a_key_of(vault: ArmId, account: Account | None) -> bool:
    """Also where it cannot be told which key it is."""
    if account is None or not account.encryption.is_customer_managed:
        return False
    bound = account.encryption.key
    return bound is None or not account.encryption.key_vault_uri or bound.is_in(vault)
