"""Rotating a key: what asks for a new version, what forbids it, and making it exactly once.

A rotation goes through the vault's data plane: Resource Manager makes a key's first version and never
another (learn.microsoft.com/rest/api/keyvault/keyvault/keys/create-if-not-exist).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TypeVar

from core import facts, rights
from core.arm_ids import ArmId
from core.facts import KeyVersion, newest_first
from core.key_uris import KeyUri
from core.refusals import RefusalKind
from provider.azure import Retries
from provider.failure import RefusedOperationError, ServiceError
from provider.live_state import LiveState, Look, Target
from provider.preflight import GRANT_LISTING_SECONDS, Finding, Preflight
from provider.resource import Call
from provider.rules import ROTATION_RULES, findings
from provider.waiting import Clock
from provider.wire import Properties

T = TypeVar("T")

ROTATION_TAG = "azure-cmk-rotation"
"""Marks the version from which a rotation was begun, so that one that was cut off is not made twice."""


def generation(inputs: Properties) -> int:
    """The generation that inputs ask for; absent and unknown ones count as 0."""
    value = inputs.known("generation")
    return value if isinstance(value, int) else 0


def rotates(old_inputs: Properties, news: Properties) -> bool:
    """Whether an update asks for a new version. Raises RefusedOperationError for a generation that goes down,
    and for one that goes up under a pin."""
    old, new = generation(old_inputs), generation(news)
    if new < old and not news.is_unknown("generation"):
        raise RefusedOperationError(
            f"generation goes from {old} to {new if 'generation' in news.values else 'none'}, but a rotation "
            f"cannot be undone; set generation: {old} to leave the key as it is, a higher number to rotate "
            "again, or pin an older version"
        )
    if new > old and news.text("pin"):
        raise RefusedOperationError(
            f"generation goes from {old} to {new} while `pin` holds {news.text('pin')}: the account could "
            "not follow to the new version; remove the pin first"
        )
    return new > old


@dataclass(frozen=True)
class Rotation:
    """A key that is to be rotated, the account that is to follow, if one is named, and the generation that
    the key has by now. `is_other_account`: another account followed the key before. `call` is about the key
    and the deploying principal."""

    call: Call
    clock: Clock
    key: ArmId
    vault_uri: str
    account: ArmId | None = None
    generation: int = 0
    is_other_account: bool = False

    @property
    def refusal_head(self) -> str:
        """How a refusal begins."""
        who = f"the account {self.account.name} could not" if self.account else "no account could"
        return f"the key {self.key.name} is not rotated, since {who} follow it"

    async def preflight(self) -> tuple[LiveState, list[Finding]]:
        """What is around a rotation, and every reason why the account could not be bound to a new version:
        asked first, since a version that was made is there to stay.

        The identity that must have access is the one that uses the key now. Without an account only the key
        and its vault are judged, and with one that takes the place of another and is on Microsoft-managed
        keys: it is bound for the first time, after the rotation.
        """
        key = KeyUri(self.vault_uri, self.key.name)
        look = Look(self.call.azure, Target(self.account, key, self.key.parent, identity_known=False))
        account = (await look.at_resources()).account
        is_bound = account is not None and account.encryption.is_customer_managed
        if account and is_bound:
            client = account.encryption.identity_client_id or None
            look.target = replace(look.target, identity_client_id=client, identity_known=True)
        elif account and self.is_other_account:
            look.target = replace(look.target, account=None)
            look.state = replace(look.state, account=None)
        await look.at_roles()
        live = await look.at_bound_key()
        judged = Preflight(look.target, live, self.clock.time(), rebinding=True, generation=self.generation)
        return live, findings(judged, ROTATION_RULES)

    async def unreachable(self) -> str:
        """Why the vault's data plane, where a key is rotated, does not answer this login on this machine; ""
        if it does. The question only reads."""
        try:
            await self.call.azure.live_key_versions(self.vault_uri, self.key.name)
        except ServiceError as failure:
            if not (failure.is_unreachable or failure.is_forbidden):
                raise
            return self.call.explain(failure)
        return ""

    async def to(self, generation: int, owner: str) -> KeyVersion:
        """The version that the rotation to a generation made, now or in a run that was cut off. `owner` tells
        the resource from every other that has or had the key.

        A mark on a version comes first. Whoever runs again finds it, and the number of versions there were:
        one more says that the rotation was made. A version cannot be deleted, so the number only grows.

        Raises ServiceError, DeadlineError, StoppedError.
        """
        wanted = mark(owner, generation)
        versions = await self._versions()
        if made := rotated_to(versions, wanted):
            await self.call.inform(f"the rotation to generation {generation} was made before: {made.version}")
            return made
        newest, azure = newest_first(versions)[0], self.call.azure
        tags = {**newest.tags, ROTATION_TAG: f"{wanted}:{len(versions)}"}
        await self._with_access(
            lambda: azure.tag_key_version(self.vault_uri, self.key.name, newest.version, tags)
        )
        return await self._with_access(lambda: self._once(wanted))

    async def _once(self, wanted: str) -> KeyVersion:
        retries = Retries(self.call.waiter)
        while True:
            try:
                return await self.call.azure.rotate(self.vault_uri, self.key.name)
            except ServiceError as failure:
                await retries.pause_or_raise(failure)
            # Without an answer nobody knows whether the vault made the version; only a second look shows.
            if made := rotated_to(await self._versions(), wanted):
                return made

    async def _versions(self) -> list[KeyVersion]:
        return await self._with_access(
            lambda: self.call.azure.live_key_versions(self.vault_uri, self.key.name)
        )

    async def _with_access(self, act: Callable[[], Awaitable[T]]) -> T:
        """Carries out an act on the data plane, and waits while the deploying principal's access may not be
        in effect yet: until the deadline where Resource Manager shows it, else only as long as a new grant
        may take to be shown."""
        waiter = self.call.waiter
        waits = {RefusalKind.PROPAGATING: ("waiting for the deploying principal's access to the key", inf)}
        retries, began = Retries(waiter, waits, self.call.explain), waiter.elapsed
        while True:
            try:
                return await act()
            except ServiceError as failure:
                late = waiter.elapsed - began >= GRANT_LISTING_SECONDS
                if failure.kind is RefusalKind.PROPAGATING and late and not await self._is_granted():
                    raise
                await retries.pause_or_raise(failure)

    async def _is_granted(self) -> bool:
        """Whether Resource Manager shows that the deploying principal may rotate the key."""
        azure, deployer = self.call.azure, self.call.context.deployer_id
        try:
            vault = await azure.vault(self.key.parent)
            if vault is None:
                return False
            id = facts.key_id(vault.id, self.key.name)
            roles = await azure.role_assignments(id, deployer) if vault.uses_rbac else []
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            return False
        return "rotate" in rights.on_key(vault, deployer, id, roles).permissions


def mark(owner: str, generation: int) -> str:
    """What the tag begins with for one resource's rotation to a generation; another stack's is another."""
    return f"{hashlib.sha256(owner.encode()).hexdigest()[:12]}:{generation}"


def rotated_to(versions: Sequence[KeyVersion], wanted: str) -> KeyVersion | None:
    """The version that a rotation marked `wanted` has made already; None when it has not been made.

    The mark ends in the number of versions there were, so it does not matter that ages are whole seconds, nor
    that a vault copies tags to the versions it makes.
    """
    for version in versions:
        begun, _, count = version.tags.get(ROTATION_TAG, "").rpartition(":")
        if begun == wanted and count.isdigit() and len(versions) > int(count):
            return newest_first(versions)[0]
    return None
