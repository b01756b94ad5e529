"""The act of binding and unbinding: wait until it may be done, PATCH, follow the operation, compare.

Decides nothing about inputs (`binding`) or what may be bound (`preflight`). One act at a time per account, as
the service serialises them. Nothing is undone on failure: running the same again converges.
"""

from __future__ import annotations

import asyncio
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import inf

from core.arm_ids import ArmId
from core.facts import CUSTOMER_MANAGED, MICROSOFT_MANAGED, Account, Encryption
from core.refusals import SECOND_LOOK_SECONDS, UNKNOWN_REFUSAL_SECONDS, RefusalKind
from provider import binding
from provider.azure import Retries, Waits
from provider.failure import RefusedOperationError, ServiceError, UnfinishedError
from provider.live_state import ACCOUNT, LiveState, Look, Target
from provider.preflight import (
    Finding,
    Preflight,
    blocking,
    findings,
    identity_has_access,
    pass_preflight,
    refusal,
)
from provider.resource import Call
from provider.responses import Accepted
from provider.waiting import DeadlineError, StoppedError
from provider.wire import Properties

FASTEST_POLLS = 0.5
"""Seconds between two looks at an operation, however soon Azure says to come back."""

READ_LAG_SECONDS = 60.0
"""How long a read may show an account as it was before a change that Azure has carried out (assumed)."""


class Binder:
    """Binds and unbinds accounts."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def bind(
        self, account_id: ArmId, wanted: Target, call: Call, *, rebinding: bool
    ) -> tuple[Account, str | None]:
        """Binds as `wanted`, all of which is known, whatever was bound before, and proves it by reading back;
        gives the account as it was left, and the id of the operation that left it so.

        Raises RefusedOperationError, UnfinishedError, ServiceError, DeadlineError, StoppedError.
        """
        async with self._locks[account_id.normalised]:
            live = await self._preflight(account_id, wanted, call, rebinding=rebinding)
            call = replace(call, context=binding.error_context(wanted, live.account, live.vault))
            in_use, encryption = live.key.version if live.key else "", wanted.encryption

            def wrong(found: Account, accepted: Accepted) -> list[str]:
                shown = accepted.key_version
                return binding.mismatches(encryption, found.encryption, shown, in_use or shown)

            account, operation_id = await self._change(account_id, encryption, call, wrong, _BINDING_WAITS)
            if account is None:
                raise RefusedOperationError(f"the account {account_id.name} was deleted while it was bound")
            return account, operation_id

    async def unbind(
        self,
        account_id: ArmId,
        call: Call,
        *,
        vault: ArmId | None = None,
        was: Properties | None = None,
        refused: str = "",
    ) -> None:
        """Puts the account back on Microsoft-managed keys; does nothing if it is gone or not bound.

        `vault` is the vault that the binding names. `was` are the outputs of the binding, if any: an account
        that is bound otherwise stays bound, because somebody bound it since. `refused`: if it is not "", an
        account that is bound stays bound, with this text as the reason.

        Raises what `bind` raises.
        """
        async with self._locks[account_id.normalised]:
            account = await self._confirmed(account_id, call)
            if account is None or not account.encryption.is_customer_managed:
                return
            if account.manages_projects:
                raise RefusedOperationError(
                    f"the account {account_id.name} of kind {account.kind} manages projects and cannot go "
                    "back to Microsoft-managed keys; delete the account itself, or take the binding out of "
                    f"the stack with `pulumi state delete {shlex.quote(call.urn)}`"
                )
            if refused:
                raise RefusedOperationError(f"the account {account.name} stays on its key: {refused}")
            key = account.encryption.key
            if was and key and not binding.is_as_it_was(was, account):
                raise RefusedOperationError(
                    f"the account {account.name} stays on its key: it is bound to {key.text}, and not as "
                    "the state of this binding has it\n  fix: if the program now declares this binding by "
                    f"another name, run `pulumi state delete {shlex.quote(call.urn)}`, which takes it out of "
                    "the state; if not, run the same command again with --refresh"
                )
            if key:
                named = vault if vault and key.is_in(vault) else None
                client = account.encryption.identity_client_id or None
                bound = Target(account_id, key, named, identity_client_id=client)
                call = replace(call, context=binding.error_context(bound, account))
                await self._refuse_without_access(bound, call)
            try:
                await self._change(account_id, Encryption(MICROSOFT_MANAGED), call, _still_bound, _WAITS)
            except ServiceError as failure:
                if not (failure.is_absent and await self._confirmed(account_id, call) is None):
                    raise

    async def _refuse_without_access(self, bound: Target, call: Call) -> None:
        """Raises RefusedOperationError if the identity cannot use the key, because the service needs the key
        to unbind the account (assumed). Checks nothing if the binding names no vault, or if this machine does
        not reach the key: a managed HSM itself answers about its roles."""

        async def look() -> list[Finding]:
            try:
                around = Look(call.azure, bound, call.explain)
                await around.at_resources()
                live = await around.at_roles()
            except ServiceError as failure:
                if failure.is_unreachable:
                    return []
                raise
            check = Preflight(bound, live, self._time(), rebinding=True)
            return blocking(findings(check, (identity_has_access,)))

        name = bound.account.name if bound.account else ""
        reason = f"making sure that the identity of {name} cannot use its key"
        if wrong := await call.waiter.twice(look, lambda wrong: not wrong, reason):
            raise RefusedOperationError(refusal(f"{name} cannot leave its key", wrong))

    async def _preflight(
        self, account_id: ArmId, wanted: Target, call: Call, *, rebinding: bool
    ) -> LiveState:
        """What is around the account, once nothing forbids binding it, the account itself among it. Raises
        RefusedOperationError with every reason."""

        async def look() -> tuple[LiveState, list[Finding]]:
            live = await Look(call.azure, wanted, call.explain).at_all(self._time())
            return live, findings(Preflight(wanted, live, self._time(), rebinding))

        live = await pass_preflight(look, call, refusal_head(account_id))
        if live.account is None:
            raise RefusedOperationError(
                f"{refusal_head(account_id)}: it may not be read, so whether it is bound is unknown; "
                f"nothing was written\n  {live.unreadable.get(ACCOUNT, '')}"
            )
        return live

    async def _confirmed(self, account_id: ArmId, call: Call) -> Account | None:
        """The settled account; that there is none is believed only when it is answered twice."""
        return await call.waiter.twice(
            lambda: self._settled(account_id, call),
            lambda found: found is not None,
            f"making sure that the account {account_id.name} is gone",
        )

    async def _settled(self, account_id: ArmId, call: Call) -> Account | None:
        """The account once no change is under way on it; None when there is none."""
        return await call.waiter.until(
            lambda: call.azure.account(account_id),
            lambda account: account is None or account.provisioning_state.lower() in _SETTLED,
            lambda account: (
                f"waiting for the account {account_id.name}, {account and account.provisioning_state}"
            ),
            first=0.5,
        )

    async def _change(
        self,
        account_id: ArmId,
        encryption: Encryption,
        call: Call,
        wrong: Callable[[Account, Accepted], list[str]],
        waits: Waits,
    ) -> tuple[Account | None, str | None]:
        """Carries a change out; gives the account as it is afterwards, and the operation's id.

        `wrong` says what of the account is not as the change should have made it; `waits` which refusals are
        waited out.
        """

        async def carried_out() -> Accepted:
            call.waiter.check()
            accepted = await call.azure.bind(account_id, encryption)
            await self._follow(account_id, accepted, call)
            return accepted

        accepted = await Retries(call.waiter, waits, call.explain).of(carried_out)
        with _seen_to_its_end(call):
            account = await call.waiter.until(
                lambda: self._confirmed(account_id, call),
                lambda found: found is None or not wrong(found, accepted),
                # It may come from a front end that is behind.
                lambda _: f"reading {account_id.name} again, which does not show the change yet",
                first=SECOND_LOOK_SECONDS,
                seconds=READ_LAG_SECONDS,
            )
        if account and account.provisioning_state.lower() not in _SUCCEEDED:
            raise RefusedOperationError(
                f"the change of {account_id.name} ended as {account.provisioning_state}; "
                "its activity log says why\n  fix: run the same command again; if it ends the same way, "
                "remove the cause first"
            )
        if account and (found := wrong(account, accepted)):
            raise RefusedOperationError(_overwritten(account, found))
        return account, accepted.operation_id

    async def _follow(self, account_id: ArmId, accepted: Accepted, call: Call) -> None:
        """Polls the operation to its end. Raises ServiceError when it ends badly, UnfinishedError
        when unseen."""
        url = accepted.operation_url
        if url is None:
            return
        backoff, hint = call.waiter.backoff(first=0.5, ceiling=10.0), accepted.retry_after
        with _seen_to_its_end(call):
            while True:
                try:
                    progress = await call.azure.progress(url)
                except ServiceError as error:
                    if error.is_absent or error.status == 403:
                        # Operations are forgotten after a while, and a narrow role may not read them; the
                        # account itself then shows how it ended.
                        return
                    raise
                if progress.done:
                    break
                hint = progress.retry_after if progress.retry_after is not None else hint
                # Azure's Retry-After wins over our own pace, in both directions; 0 is no pace.
                pause = next(backoff) if hint is None else max(hint, FASTEST_POLLS)
                await call.waiter.pause(
                    pause, f"waiting for the operation on {account_id.name}, {progress.status}"
                )
        if not progress.succeeded:
            raise progress.failure or ServiceError(
                200, progress.status, f"the operation {accepted.operation_id} ended as {progress.status}"
            )


_SUCCEEDED = {"", "succeeded"}
_SETTLED = {*_SUCCEEDED, "failed", "canceled"}
_WAITS: Waits = {
    RefusalKind.BUSY: ("waiting for another change of the account to end", inf),
    RefusalKind.PROPAGATING: ("waiting for the access to the key to be in effect everywhere", inf),
}
_BINDING_WAITS: Waits = {
    **_WAITS,
    RefusalKind.UNKNOWN: (
        "the preflight found nothing wrong, so this may be access to the key that is not in effect yet",
        UNKNOWN_REFUSAL_SECONDS,
    ),
}


def _still_bound(account: Account, _: Accepted) -> list[str]:
    """Where an account that went back to Microsoft-managed keys is not there yet; empty when it is."""
    return [f"keySource: still {CUSTOMER_MANAGED}"] if account.encryption.is_customer_managed else []


def _overwritten(account: Account, wrong: list[str]) -> str:
    return (
        f"Azure took the change of {account.id}, but reading back shows another: {'; '.join(wrong)}; "
        "somebody else is changing this account at the same time (its activity log says who)"
    )


@contextmanager
def _seen_to_its_end(call: Call) -> Iterator[None]:
    """Makes what keeps the end of a change from being seen an UnfinishedError."""
    try:
        yield
    except (ServiceError, DeadlineError, StoppedError) as error:
        why = call.explain(error) if isinstance(error, ServiceError) else str(error)
        raise UnfinishedError(
            f"Azure took the change, but its end was not seen: {why}\n  fix: run the same command again"
        ) from error


def refusal_head(account: ArmId | None) -> str:
    """How the refusal of a binding begins."""
    return f"{account.name if account else 'the account'} cannot be bound to this key"
