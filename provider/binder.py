"""The act of binding and unbinding: wait until it may be done, PATCH, follow the operation, compare.

Decides nothing about inputs (`binding`) or what may be bound (`preflight`). One act at a time per account, as
the service serialises them. Nothing is undone on failure: running the same again converges.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from provider import binding, ids
from provider.azure_calls import Accepted, Azure
from provider.clearance import RefusedError, cleared
from provider.error_row import About
from provider.errors import said, translate
from provider.facts import Account, Encryption, Surroundings
from provider.failure import ServiceError, Trouble, trouble
from provider.finding import Finding, Subject
from provider.preflight import findings
from provider.reading import surroundings
from provider.resource import Call
from provider.retrying import Retries, ask
from provider.waiting import Clock, DeadlineError, Patience, StoppedError

FASTEST_POLLS = 0.5
"""Seconds between two looks at an operation, however soon Azure says to come back."""

SECOND_LOOK = 2.0
"""Seconds after which an answer that denies what was just known is asked for again."""


class UnfinishedError(Exception):
    """Azure took the change but its end was not seen; running the same again finishes it."""


@dataclass(frozen=True)
class Binding:
    """An account as it was left, and the operation that left it so."""

    account: Account
    operation_id: str | None
    at: str


class Binder:
    """Binds and unbinds accounts."""

    def __init__(self, azure: Azure, clock: Clock) -> None:
        self._azure = azure
        self._clock = clock
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def bind(self, wanted: binding.Desired, call: Call, *, rebinding: bool) -> Binding:
        """Binds `wanted`, whatever was bound before, and proves it by reading back.

        Raises RefusedError, UnfinishedError, ServiceError, DeadlineError, StoppedError.
        """
        async with self._locks[wanted.account.key]:
            before = await self._cleared(wanted, call, rebinding=rebinding)
            account, operation_id = await self._change(
                wanted.account,
                binding.encryption(wanted),
                binding.about(wanted, before),
                call.patience,
                lambda found: binding.mismatches(wanted, binding.bound(found)),
            )
            if account is None:
                raise RefusedError(f"the account {wanted.account.name} was deleted while it was bound")
            at = datetime.fromtimestamp(self._clock.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return Binding(account, operation_id, at)

    async def rewrite(self, account_id: ids.AccountId, current: binding.Bound, patience: Patience) -> None:
        """Writes the binding that the account has once more, unchanged, until the service takes it.

        The service uses the key to take a binding, so this proves that the identity's access is in effect.
        Raises what `bind` raises.
        """
        key = current.key
        async with self._locks[account_id.key]:
            account, _ = await self._change(
                account_id,
                Encryption(
                    binding.KEY_VAULT, key.vault_uri, key.name, key.version, current.identity_client_id
                ),
                About(account_id=account_id.text, vault_name=key.vault_name, key_name=key.name),
                patience,
                lambda found: [] if binding.bound(found) == current else ["its binding was changed"],
            )
        if account is None:
            raise RefusedError(f"the account {account_id.name} was deleted while its access was validated")

    async def unbind(self, account_id: ids.AccountId, patience: Patience) -> None:
        """Gives the account back to Microsoft's keys; done already when it is gone or not bound.

        Raises what `bind` raises.
        """
        async with self._locks[account_id.key]:
            account = await self._surely(account_id, patience)
            if account is None or binding.bound(account) is None:
                return
            if account.kind.lower() == "aiservices" and account.manages_projects:
                raise RefusedError(
                    f"the account {account_id.name} of kind AIServices manages projects and cannot go back "
                    "to Microsoft-managed keys; delete the account itself, or take the binding out of the "
                    "stack with `pulumi state delete URN`"
                )
            about = About(account_id=account_id.text)
            try:
                await self._change(
                    account_id, Encryption(binding.MICROSOFT), about, patience, binding.still_bound
                )
            except ServiceError as failure:
                if not (failure.is_absent and await self._surely(account_id, patience) is None):
                    raise

    async def _cleared(self, wanted: binding.Desired, call: Call, *, rebinding: bool) -> Account:
        """The account, once nothing speaks against binding it. Raises RefusedError with every reason."""

        async def look() -> tuple[Surroundings, list[Finding]]:
            around = await surroundings(self._azure, wanted.wish, call.patience)
            return around, findings(Subject(wanted.wish, around, self._clock.time(), rebinding))

        around = await cleared(look, call, head_of_refusal(wanted.account))
        if around.account is None:
            raise RefusedError(
                f"{head_of_refusal(wanted.account)}: it may not be read, so whether it is bound could not be "
                "told; nothing was written\n  fix: have Microsoft.CognitiveServices/accounts/read granted at "
                f"{wanted.account.text}"
            )
        return around.account

    async def _surely(self, account_id: ids.AccountId, patience: Patience) -> Account | None:
        """The settled account; that there is none is believed only when it is told twice."""
        account = await self._settled(account_id, patience)
        if account is None:
            # One 404 may come from a front end that is behind; believing it forgets a bound account.
            await patience.pause(SECOND_LOOK, f"making sure that the account {account_id.name} is gone")
            account = await self._settled(account_id, patience)
        return account

    async def _settled(self, account_id: ids.AccountId, patience: Patience) -> Account | None:
        """The account once no change is under way on it; None when there is none."""
        backoff = patience.backoff(first=0.5)
        while True:
            account = await ask(lambda: self._azure.account(account_id), patience)
            if account is None or account.provisioning_state.lower() in {"succeeded", "failed", "canceled"}:
                return account
            state = account.provisioning_state
            await patience.pause(backoff.next(), f"waiting for the account {account_id.name}, {state}")

    async def _change(
        self,
        account_id: ids.AccountId,
        encryption: Encryption,
        about: About,
        patience: Patience,
        wrong: Callable[[Account], list[str]],
    ) -> tuple[Account | None, str | None]:
        """Carries a change out; gives the account as it is afterwards, and the operation's id.

        `wrong` says what of the account is not as the change was to make it.
        """
        accepted = await self._patched(account_id, encryption, about, patience)
        try:
            account = await self._surely(account_id, patience)
            if account and wrong(account):
                # That, too, may come from a front end that is behind.
                await patience.pause(
                    SECOND_LOOK, f"reading {account_id.name} again, without the change so far"
                )
                account = await self._settled(account_id, patience)
        except (ServiceError, DeadlineError, StoppedError) as error:
            raise UnfinishedError(_unfinished(error, about)) from error
        if account and account.provisioning_state.lower() != "succeeded":
            raise RefusedError(
                f"the change of {account_id.name} ended as {account.provisioning_state}; "
                "its activity log says why"
            )
        if account and (found := wrong(account)):
            raise RefusedError(_overwritten(account, found))
        return account, accepted.operation_id

    async def _patched(
        self, account_id: ids.AccountId, encryption: Encryption, about: About, patience: Patience
    ) -> Accepted:
        """PATCHes until Azure has carried it out; waits out what passes by itself, raises everything else."""
        retries, backoff = Retries(patience), patience.backoff(first=2.0, ceiling=30.0)
        while True:
            patience.check()
            try:
                accepted = await self._azure.bind(account_id, encryption)
                await self._followed(account_id, accepted, about, patience)
            except ServiceError as failure:
                waiting_for = _WAITS.get(trouble(failure))
                if waiting_for is None:
                    await retries.pause_or_raise(failure)
                    continue
                try:
                    await patience.pause(
                        max(backoff.next(), failure.retry_after or 0.0), f"{waiting_for}: {said(failure)}"
                    )
                except DeadlineError as error:
                    raise DeadlineError(
                        f"{waiting_for}\n{translate(failure, about)}", error.waited
                    ) from error
            else:
                return accepted

    async def _followed(
        self, account_id: ids.AccountId, accepted: Accepted, about: About, patience: Patience
    ) -> None:
        """Polls the operation to its end. Raises ServiceError when it ends badly, UnfinishedError
        when unseen."""
        url = accepted.operation_url
        if url is None:
            return
        backoff, hint = patience.backoff(first=0.5, ceiling=10.0), accepted.retry_after
        try:
            while True:
                progress = await ask(lambda: self._azure.progress(account_id, url), patience)
                if progress.done:
                    break
                hint = progress.retry_after if progress.retry_after is not None else hint
                # Azure's Retry-After wins over our own pace, in both directions; 0 is no pace.
                pause = backoff.next() if hint is None else max(hint, FASTEST_POLLS)
                await patience.pause(
                    pause, f"waiting for the operation on {account_id.name}, {progress.status}"
                )
        except ServiceError as error:
            if error.is_absent or error.status == 403:
                # Operations are forgotten after a while, and a narrow role may not read them; the account
                # itself then tells how it ended.
                return
            raise UnfinishedError(_unfinished(error, about)) from error
        except (DeadlineError, StoppedError) as error:
            raise UnfinishedError(_unfinished(error, about)) from error
        if not progress.succeeded:
            raise progress.failure or ServiceError(
                200, progress.status, f"the operation {accepted.operation_id} ended as {progress.status}"
            )


_WAITS = {
    Trouble.BUSY: "waiting for another change of the account to end",
    Trouble.PROPAGATING: "waiting for the access to the key to be known everywhere",
}


def _overwritten(account: Account, wrong: list[str]) -> str:
    return (
        f"Azure took the change of {account.id}, but reading back shows another: {'; '.join(wrong)}; "
        "somebody else changes this account at the same time (its activity log says who)"
    )


def _unfinished(error: Exception, about: About) -> str:
    reason = translate(error, about) if isinstance(error, ServiceError) else str(error)
    return f"Azure took the change, but its end was not seen: {reason}\n  fix: run the same command again"


def head_of_refusal(account: ids.AccountId | None) -> str:
    """How the refusal of a binding begins."""
    return f"{account.name if account else 'the account'} cannot be bound to this key"
