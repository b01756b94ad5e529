"""Rotating a key: what asks for a new version, what forbids it, and making it exactly once.

A rotation goes through the vault's data plane: Resource Manager makes a key's first version and never
another (learn.microsoft.com/rest/api/keyvault/keyvault/keys/create-if-not-exist).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from core import facts, rights
from core.arm_ids import ArmId
from core.facts import KeyVersion, newest_first
from core.key_uris import KeyUri
from core.refusals import RefusalKind
from provider.azure import Azure
from provider.errors import ROTATION_PERMISSIONS, ErrorContext, translate
from provider.failure import RefusedOperationError, ServiceError
from provider.live_state import ACCOUNT, LiveState, Look, Target
from provider.preflight import GRANT_LISTING_SECONDS, Finding, Preflight, Severity
from provider.resource import Call
from provider.retrying import Retries
from provider.rules import ROTATION_RULES, findings
from provider.waiting import Clock, DeadlineError
from provider.wire import Properties

T = TypeVar("T")

ROTATION_TAG = "azure-cmk-rotation"
"""Marks the version from which a rotation was begun, so that one that was cut off is not made twice."""


def generation(inputs: Properties) -> int:
    """The generation that inputs ask for; absent and unknown ones count as 0."""
    value = inputs.known("generation")
    return value if isinstance(value, int) else 0


def rotates(old_inputs: Properties, news: Properties) -> bool:
    """Whether an update asks for a new version."""
    return not news.is_unknown("generation") and generation(news) > generation(old_inputs)


def check_generation(old_inputs: Properties, news: Properties) -> None:
    """Raises RefusedOperationError for a generation that goes down, and for one that goes up under a pin."""
    old, new = generation(old_inputs), generation(news)
    if new < old and not news.is_unknown("generation"):
        raise RefusedOperationError(
            f"generation goes from {old} to {new if 'generation' in news.values else 'none'}, but a rotation "
            f"cannot be undone; set generation: {old} to leave the key as it is, a higher number to rotate "
            "again, or pin an older version"
        )
    if rotates(old_inputs, news) and news.text("pin"):
        raise RefusedOperationError(
            f"generation goes from {old} to {new} while `pin` holds {news.text('pin')}: the account could "
            "not follow to the new version; remove the pin first"
        )


@dataclass(frozen=True)
class PlannedRotation:
    """A key that is to be rotated, the account that is to follow, if one is named, the object id of the
    deploying principal, if its token has one, and the generation that the key has by now.
    `is_other_account`: another account followed the key before."""

    key: ArmId
    vault_uri: str
    account: ArmId | None = None
    deployer_id: str = ""
    generation: int = 0
    is_other_account: bool = False

    @property
    def refusal_head(self) -> str:
        """How a refusal begins."""
        who = f"the account {self.account.name} could not" if self.account else "no account could"
        return f"the key {self.key.name} is not rotated, since {who} follow it"

    @property
    def error_context(self) -> ErrorContext:
        """What the commands in an error are filled with."""
        context = ErrorContext.of_key(self.key.text, by_deployer=True)
        return replace(context, deployer_id=self.deployer_id) if self.deployer_id else context


async def rotation_preflight(
    call: Call, planned: PlannedRotation, clock: Clock
) -> tuple[LiveState, list[Finding]]:
    """What is around a rotation, and every reason why the account could not be bound to a new version: asked
    first, since a version that was made is there to stay.

    The identity that must have access is the one that uses the key now. Without an account only the key and
    its vault are judged, and with one that takes the place of another and is on Microsoft-managed keys: it is
    bound for the first time, after the rotation.
    """
    key = KeyUri(planned.vault_uri, planned.key.name)
    target = Target(planned.account, key, planned.key.parent, identity_known=False)
    look = Look(call.azure, target)
    live = await look.at_resources()
    if planned.is_other_account and live.account and not live.account.encryption.is_customer_managed:
        look.target = target = replace(target, account=None)
        look.state = live = replace(live, account=None, read=live.read - {ACCOUNT})
    if live.account and live.account.encryption.is_customer_managed:
        client = live.account.encryption.identity_client_id or None
        look.target = target = replace(target, identity_client_id=client, identity_known=True)
    await look.at_roles()
    live = await look.at_bound_key()
    return live, findings(
        Preflight(target, live, clock.time(), rebinding=True, generation=planned.generation), ROTATION_RULES
    )


async def unreachable(azure: Azure, planned: PlannedRotation, live: LiveState) -> Finding | None:
    """Why this machine does not get through to the vault's data plane, where a key is rotated: found by a
    connection of its own, which only reads."""
    try:
        await azure.live_key_versions(planned.vault_uri, planned.key.name)
    except ServiceError as failure:
        if not failure.is_unreachable:
            return None  # what the deploying principal may do is a question of its own
        found = translate(failure, planned.error_context)
        rules = f" ({live.vault.network.described})" if live.vault else ""
        noun = "managed HSM" if planned.key.in_managed_hsm else "vault"
        text = f"this machine does not reach the data plane of the {noun} {planned.key.parent.name}{rules}"
        return Finding("vault-is-reachable", Severity.REFUSED, text, found)
    return None


async def missing_to_rotate(azure: Azure, key: ArmId) -> str:
    """What the deploying principal is not seen to have of all that a rotation takes, as a message tells it;
    "" if nothing is missing. A policy for a group that the principal is in cannot be seen."""
    permissions = ROTATION_PERMISSIONS.split()
    try:
        vault = await azure.vault(key.parent)
        if vault is None:
            return "there is no vault or managed HSM that gives the deploying principal any"
        principal = (await azure.principal()).object_id
        id = facts.key_id(vault.id, key.name)
        roles = []
        if vault.uses_rbac:
            roles = await azure.role_assignments(id, principal)
    except ServiceError as failure:
        if not failure.is_forbidden:
            raise
        return f"what the deploying principal may do with the key could not be read: {translate(failure)}"
    given = rights.on_key(vault, principal, id, roles).permissions
    if vault.uses_rbac:
        # One data action stands behind get and list, which `rights` therefore leaves out for roles.
        actions = rights.data_actions(key.text)
        lacks = [actions[name] for name in permissions if name not in {*given, "list"}]
    else:
        lacks = [name for name in permissions if name not in given]
    what = "access policy or role assignment was found that gives the deploying principal"
    return f"no {what} {', '.join(lacks)} on the key" if lacks else ""


class Rotation:
    """Rotates one key for one resource. `owner` tells the resource from every other that has or had the
    key."""

    def __init__(self, call: Call, planned: PlannedRotation, owner: str) -> None:
        self._call = call
        self._planned = planned
        self._owner = owner
        self._may_rotate: bool | None = None

    async def to(self, generation: int) -> KeyVersion:
        """The version that the rotation to a generation made, now or in a run that was cut off.

        A mark on a version comes first. Whoever runs again finds it, and the number of versions there were:
        one more says that the rotation was made. A version cannot be deleted, so the number only grows.

        Raises ServiceError, DeadlineError, StoppedError.
        """
        wanted = mark(self._owner, generation)
        versions = await self._versions()
        if made := rotated_to(versions, wanted):
            await self._call.inform(
                f"the rotation to generation {generation} was made before: {made.version}"
            )
            return made
        newest = newest_first(versions)[0]
        tags = {**newest.tags, ROTATION_TAG: f"{wanted}:{len(versions)}"}
        vault_uri, name = self._planned.vault_uri, self._planned.key.name
        azure = self._call.azure
        await self._with_access(lambda: azure.tag_key_version(vault_uri, name, newest.version, tags))
        return await self._with_access(lambda: self._once(wanted))

    async def _once(self, wanted: str) -> KeyVersion:
        retries = Retries(self._call.waiter)
        while True:
            try:
                return await self._call.azure.rotate(self._planned.vault_uri, self._planned.key.name)
            except ServiceError as failure:
                await retries.pause_or_raise(failure)
            # Without an answer nobody knows whether the vault made the version; only a second look shows.
            if made := rotated_to(await self._versions(), wanted):
                return made

    async def _versions(self) -> list[KeyVersion]:
        vault_uri, name = self._planned.vault_uri, self._planned.key.name
        return await self._with_access(lambda: self._call.azure.live_key_versions(vault_uri, name))

    async def _with_access(self, act: Callable[[], Awaitable[T]]) -> T:
        """Carries out an act on the data plane, and waits while the deploying principal's access may not be
        in effect yet: until the deadline where Resource Manager shows the access, else only as long as a new
        grant may take to be shown."""
        waiter = self._call.waiter
        backoff, began = waiter.backoff(first=2.0, ceiling=30.0), waiter.elapsed
        while True:
            try:
                return await act()
            except ServiceError as failure:
                if failure.kind is not RefusalKind.PROPAGATING:
                    raise
                if waiter.elapsed - began >= GRANT_LISTING_SECONDS and not await self._access_is_shown():
                    raise
                said = translate(failure, self._planned.error_context)
                waiting_for = "waiting for the deploying principal's access to the key to be in effect"
                try:
                    await waiter.pause(backoff.next(), f"{waiting_for}: {said}")
                except DeadlineError as error:
                    raise DeadlineError(f"{waiting_for}\n{said}", error.waited) from error

    async def _access_is_shown(self) -> bool:
        if self._may_rotate is None:
            lacks = await missing_to_rotate(self._call.azure, self._planned.key)
            self._may_rotate = not lacks
        return self._may_rotate


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
