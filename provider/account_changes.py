"""Changes of an account: one at a time for each account, as in the service.

A change PATCHes the account, follows the operation to its end, and compares what is there then with what was
wanted.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from math import inf

from core.arm_ids import ArmId
from core.facts import KEY_VAULT_SOURCE, MICROSOFT_KEY_SOURCE, Account, Encryption
from core.refusals import ENDED, SECOND_LOOK_SECONDS, UNKNOWN_REFUSAL_SECONDS, RefusalKind
from provider.azure import Retries, Waits
from provider.failure import Accepted, RefusedOperationError, ServiceError, UnfinishedError
from provider.resource import READ_LAG_SECONDS, Call
from provider.waiting import DeadlineError, StoppedError

FASTEST_POLLS = 0.5
"""Seconds between two looks at an operation, however soon Azure says to come back."""
_SUCCEEDED = {"", "succeeded"}
_SETTLED = {*_SUCCEEDED, *ENDED}
_WAITS: Waits = {
    RefusalKind.BUSY: ("waiting for another change of the account to end", inf),
    RefusalKind.PROPAGATING: ("waiting for the access to the key to be in effect everywhere", inf),
}
_BINDING_WAITS: Waits = {
    **_WAITS,
    RefusalKind.UNKNOWN: (
        "the preflight found nothing wrong, so access to the key may not be in effect yet",
        UNKNOWN_REFUSAL_SECONDS,
    ),
}


class AccountChanges:
    """The changes of all accounts by one login. Each raises RefusedOperationError, ServiceError,
    DeadlineError, StoppedError, and UnfinishedError where Azure took a change whose end was not seen."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def alone(self, account_id: ArmId) -> asyncio.Lock:
        """Held while an account is looked at and changed."""
        return self._locks[account_id.normalised]

    async def bind(
        self, account_id: ArmId, wanted: Encryption, call: Call, *, in_use: str = ""
    ) -> tuple[Account | None, str | None]:
        """Binds an account, which the caller holds `alone`; gives it as it is afterwards, None if it is gone,
        and the operation's id. `in_use` is the key version that Azure uses where none is wanted."""

        def wrong(account: Account, accepted: Accepted) -> list[str]:
            shown = accepted.key_version
            return mismatches(wanted, account.encryption, shown, in_use or shown)

        return await _carried_out(
            account_id, lambda: call.azure.bind(account_id, wanted), call, wrong, _BINDING_WAITS
        )

    async def unbind(self, account_id: ArmId, call: Call) -> None:
        """Puts an account, which the caller holds `alone`, on Microsoft-managed keys."""
        unbound = Encryption(MICROSOFT_KEY_SOURCE)
        await _carried_out(
            account_id, lambda: call.azure.bind(account_id, unbound), call, _still_bound, _WAITS
        )

    async def write_beside(
        self, account_id: ArmId, write: Callable[[], Awaitable[Accepted]], call: Call
    ) -> None:
        """Carries out a write that leaves the account's key alone."""
        async with self.alone(account_id):
            await _carried_out(account_id, write, call, lambda *_: [], _WAITS)


async def confirmed(account_id: ArmId, call: Call) -> Account | None:
    """The account once no change is under way on it. None if Azure has answered twice that it does not
    exist."""
    name = account_id.name
    return await call.waiter.twice(
        lambda: call.waiter.until(
            lambda: call.azure.account(account_id),
            lambda found: found is None or found.provisioning_state.lower() in _SETTLED,
            lambda found: f"waiting for the account {name}, {found and found.provisioning_state}",
            first=0.5,
        ),
        lambda found: found is not None,
        f"making sure that the account {name} is gone",
    )


def mismatches(wanted: Encryption, live: Encryption, shown: str = "", in_use: str = "") -> list[str]:
    """Each field in which an account's encryption differs from the wanted one; empty if none does. A read
    without a version matches any, unless Azure's answer to the write had a version (`shown`). If no version
    is wanted, the version that Azure uses (`in_use`) matches, too, because Azure may show it."""
    key, wanted_key = live.key, wanted.key
    if key is None or wanted_key is None:
        return [f"keySource: found {MICROSOFT_KEY_SOURCE}, expected {KEY_VAULT_SOURCE}"]
    version = key.version or ("none" if shown else wanted_key.version)
    if not wanted_key.version and version.lower() == in_use.lower():
        version = ""
    pairs = (
        ("keyVaultUri", key.host, wanted_key.host),
        ("keyName", key.name, wanted_key.name),
        ("keyVersion", version or "none", wanted_key.version or "none"),
        ("identityClientId", live.identity_client_id or "none", wanted.identity_client_id or "none"),
    )
    return [
        f"{name}: found {found}, expected {expected}"
        for name, found, expected in pairs
        if found.lower() != expected.lower()
    ]


def _still_bound(account: Account, _: Accepted) -> list[str]:
    """Says that an account is not on Microsoft-managed keys yet; empty once it is."""
    return [f"keySource: still {KEY_VAULT_SOURCE}"] if account.encryption.is_customer_managed else []


async def _carried_out(
    account_id: ArmId,
    write: Callable[[], Awaitable[Accepted]],
    call: Call,
    wrong: Callable[[Account, Accepted], list[str]],
    waits: Waits,
) -> tuple[Account | None, str | None]:
    """Carries a change out; gives the account as it is afterwards, and the operation's id.

    `write` sends it, `wrong` says how the account differs from the one that the change should have made;
    `waits` has the refusals that pass by themselves.
    """

    async def sent() -> Accepted:
        call.waiter.check()
        accepted = await write()
        await _follow(account_id, accepted, call)
        return accepted

    retries = Retries(call.waiter, waits, call.explain)
    try:
        accepted = await retries.of(sent)
    except UnfinishedError as unfinished:
        if retries.last_refusal is None:
            raise
        # The same again would be refused again: what Azure said of the tries before leads out.
        before = call.explain(retries.last_refusal)
        raise UnfinishedError(f"{unfinished}\nAzure refused the try before it: {before}") from unfinished
    with _seen_to_its_end(call):
        account = await call.waiter.until(
            lambda: confirmed(account_id, call),
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
        raise RefusedOperationError(
            f"Azure took the change of {account.id}, but reading back shows another: {'; '.join(found)}; "
            "somebody else is changing this account at the same time (its activity log says who)"
        )
    return account, accepted.operation_id


async def _follow(account_id: ArmId, accepted: Accepted, call: Call) -> None:
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


@contextmanager
def _seen_to_its_end(call: Call) -> Iterator[None]:
    """Raises UnfinishedError for a failure that hides how a change ended."""
    try:
        yield
    except (ServiceError, DeadlineError, StoppedError) as error:
        why = call.explain(error) if isinstance(error, ServiceError) else str(error)
        raise UnfinishedError(
            f"Azure took the change, but its end was not seen: {why}\n  fix: run the same command again"
        ) from error
