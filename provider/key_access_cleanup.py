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

from core import arm_ids
from core.arm_ids import ArmId
from core.facts import Account
from core.refusals import SECOND_LOOK_SECONDS
from provider.azure import Azure
from provider.binder import READ_LAG_SECONDS
from provider.checks import Failure, Form, check
from provider.difference import Change, Difference, fold
from provider.errors import service_message
from provider.failure import ServiceError
from provider.key_access import SEPARATOR, access_context, own_access, remove_access
from provider.preflight import refused_as
from provider.resource import Call, State
from provider.retrying import with_retries
from provider.wire import UNKNOWN, Properties, Value


class KeyAccessCleanupHandler:
    """Implements `resource.Resource`. The id is `KEY_ID|ACCOUNT_ID`, as it was made or imported; the key of
    its outputs counts."""

    derived: Mapping[str, tuple[str, ...]] = {}
    _FORM: ClassVar[Form] = {"keyId": (arm_ids.key_id, True), "accountId": (arm_ids.account_id, True)}

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    def check(self, news: Properties) -> list[Failure]:
        return check(news, self._FORM)

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]:
        """Another account is another resource. Another key is not: what the account had at the former one
        is not left to this resource, because the account stays."""
        changes = {"keyId": Change.UPDATE, "accountId": Change.UPDATE_REPLACE}
        return {
            name: Difference(change, "the access of another account, or to another key, is removed")
            for name, change in changes.items()
            if fold(old_inputs, name) != fold(news, name)
        }

    async def preview_create(self, call: Call, inputs: Properties) -> State:
        return State("", {**inputs.values, "principalId": UNKNOWN})

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return State(id, {**olds.values, **news.values})

    async def create(self, call: Call, inputs: Properties) -> State:
        key = arm_ids.key_id(str(inputs.values["keyId"]))
        account = arm_ids.account_id(str(inputs.values["accountId"]))
        with refused_as(access_context(key, "")):
            principal = await self._principal(call, account)
        return State(f"{key.text}{SEPARATOR}{account.text}", {**inputs.values, **principal})

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        return await self.preview_update(call, id, olds, old_inputs, news)

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """Whose identity it is by now. It exists as long as it is in the state; an import comes with the id
        alone."""
        key_id, _, account_id = id.partition(SEPARATOR)
        written = {"keyId": key_id, "accountId": account_id, **inputs.values}
        account = arm_ids.account_id(str(written["accountId"]))
        principal: Mapping[str, Value] = {}
        try:
            principal = await self._principal(call, account)
        except ServiceError as failure:
            await call.inform(f"not checked: {service_message(failure)}")
        return State(id, {**written, **olds.values, **principal}, written)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        principal = olds.text("principalId")
        if not principal:
            return  # an account that never had an identity of its own, or was never made
        key = arm_ids.key_id(str(olds.values["keyId"]))
        account = arm_ids.account_id(str(olds.values["accountId"]))
        with refused_as(access_context(key, principal)):
            await self._remove(call, key, account, principal)

    async def _remove(self, call: Call, key: ArmId, account: ArmId, principal: str) -> None:
        backoff = call.waiter.backoff()
        while any(await own_access(self._azure, key, principal, call.waiter)):
            if not await self._needs_it(call, account, key.parent):
                await remove_access(self._azure, key, principal, call.waiter)
                return
            if call.waiter.elapsed >= READ_LAG_SECONDS:
                await call.inform(
                    f"the account {account.name} is under a key of {key.parent.name}, and keeps its access"
                )
                return
            await call.waiter.pause(
                backoff.next(), f"waiting for the account {account.name} to leave its key"
            )

    async def _needs_it(self, call: Call, account: ArmId, vault: ArmId) -> bool:
        if _is_under_a_key_of(vault, await with_retries(lambda: self._azure.account(account), call.waiter)):
            return True
        # One answer may come from a front end that is behind; believing it cuts an account off from its data.
        await call.waiter.pause(SECOND_LOOK_SECONDS, f"making sure that {account.name} has left its key")
        found = await with_retries(lambda: self._azure.account(account), call.waiter)
        return _is_under_a_key_of(vault, found)

    async def _principal(self, call: Call, account: ArmId) -> Mapping[str, Value]:
        """The object id of the account's own identity; nothing of an account without one, or none."""
        found = await with_retries(lambda: self._azure.account(account), call.waiter)
        return {"principalId": found.principal_id} if found and found.principal_id else {}


def _is_under_a_key_of(vault: ArmId, account: Account | None) -> bool:
    """Also where it cannot be told which key it is."""
    if account is None or not account.encryption.is_customer_managed:
        return False
    bound = account.encryption.key
    return bound is None or not account.encryption.key_vault_uri or bound.is_in(vault)
