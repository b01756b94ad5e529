"""The resource `KeyVersion`: the version of a key that is to be bound, and the rotations this stack asks for.

Owns no version: it never disables, deletes or changes one. Refuses a key that the service does not take,
before an account is made for it. A rotation goes through the vault's data plane: Resource Manager makes a
key's first version and never another (learn.microsoft.com/rest/api/keyvault/keyvault/keys/
create-if-not-exist).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from core import arm_ids, demands, key_uris, resource_types, rights
from core.arm_ids import ArmId
from core.commands import in_subscription
from core.facts import KeyVersion as Version
from core.facts import newest_first
from core.key_uris import KeyUri
from core.refusals import RefusalKind
from provider import preflight
from provider.azure import Retries
from provider.checks import Failure, check
from provider.errors import ErrorContext
from provider.failure import NOT_SENT, NoVersionError, RefusedOperationError, ServiceError
from provider.live_state import LiveState, Look, Target
from provider.resource import READ_LAG_SECONDS, Call, Change, Resource, Run
from provider.wire import UNKNOWN, Properties, ResourceState, Value

T = TypeVar("T")
OPERATOR_SECONDS = 1500.0
"""How long a new grant of the deploying principal may take to count: ten minutes by Azure's page, twenty and
more by users (docs/assumptions.md, `grant_delay_seconds`)."""
_FROM_VERSION = ("version", "keyUriWithVersion", "createdAt", "newestVersion")


class KeyVersionHandler(Resource):
    """The id is the ARM id of the key. `accountId` is not compared: only a rotation uses it."""

    token = resource_types.KEY_VERSION
    compared: ClassVar = ("keyId", "generation", "pin")

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def context(self, id: str, properties: Properties) -> ErrorContext:
        return ErrorContext.of_key(id or properties.text("keyId"), by_deployer=True)

    def keeps_unread(self, id: str) -> bool:
        """A managed HSM's network may keep a preview out."""
        return arm_ids.in_managed_hsm(id)

    def check(self, news: Properties) -> list[Failure]:
        if (account_id := news.text("accountId")) and news.known("accountLeaves") is True:
            self.run.leaving.add(account_id.lower())
        return check(news, self.token)

    async def preview(self, call: Call, change: Change) -> ResourceState:
        """The outputs as far as they can be known before anything is made."""
        news, id = change.news, change.news.text("keyId")
        is_rotated = change.id != "" and rotates(change.old_inputs, news)
        if is_rotated:
            await self._preview_rotation(await self._rotation(call, change))
        if is_rotated or id is None or news.is_unknown("pin"):
            return ResourceState(change.id, {**self._named(news), **dict.fromkeys(_FROM_VERSION, UNKNOWN)})
        current = change.olds.text("version") or ""
        return ResourceState(change.id, await self._outputs(call, arm_ids.key_id(id), news, current))

    async def create(self, call: Call, inputs: Properties) -> ResourceState:
        key = arm_ids.key_id(str(inputs.values["keyId"]))
        return ResourceState(key.text, await self._outputs(call, key, inputs, ""))

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        """The version in use; gone if the key is gone. An import has the key's id alone."""
        key = arm_ids.key_id(id)
        written = Properties({"keyId": id, **inputs.values}, inputs.secrets)
        newest = await call.azure.key_version(key, None)
        if newest is None:
            return ResourceState("")
        try:
            chosen = await self._chosen(call, key, written, newest, olds.text("version") or "")
        except NoVersionError as error:
            if not olds.values:
                raise
            # A refresh must not fail here: it comes before the very update that would fix this.
            await call.warn(str(error))
            return ResourceState(id, olds.values, written.values)
        # States that an older version of this provider wrote have a mark, which is no change.
        kept = {name: olds.values[name] for name in ("rotationMark",) if name in olds.values}
        outputs = self._filled(key, written, chosen, newest=newest.version)
        return ResourceState(id, {**kept, **outputs}, written.values)

    async def update(self, call: Call, change: Change) -> ResourceState:
        key, news = arm_ids.key_id(change.id), change.news
        if not rotates(change.old_inputs, news):
            return ResourceState(
                change.id, await self._outputs(call, key, news, change.olds.text("version") or "")
            )
        rotation = await self._rotation(call, change)
        async with self._locks[key.normalised]:
            with rotation.call.explained():
                await preflight.passed(rotation.judged, rotation.call, rotation.refusal_head)
                made = await rotation.make()
        return ResourceState(change.id, self._filled(key, news, made, newest=made.version))

    async def _preview_rotation(self, rotation: Rotation) -> None:
        """Says that the key will be rotated, and refuses the rotation for whatever forbids it now: nobody can
        undo a rotation, so an update of its own has to remove the obstacle first.

        If the vault does not answer, that is a warning: the update may grant the right, or run on another
        machine.
        """
        call, closed = rotation.call, ""
        with call.explained():
            _, found = await rotation.judged()
            try:
                await rotation.versions()
            except ServiceError as failure:
                if not (failure.is_unreachable or failure.is_forbidden):
                    raise
                closed = call.explain(failure)
        if preflight.blocking(found):
            raise RefusedOperationError(preflight.refusal(rotation.refusal_head, found))
        await call.inform("the key will be rotated; its older versions stay as they are")
        if not closed and (lacking := await rotation.lacking(by_others=True)):
            closed = call.explain(lacking)
        if closed:
            await call.warn(
                "unless this update grants the right or runs on another machine, the rotation is refused: "
                f"{closed}"
            )
        for finding in found:
            await call.inform(f"not checked: {finding.text}")

    async def _rotation(self, call: Call, change: Change) -> Rotation:
        key, account = arm_ids.key_id(change.id), change.news.text("accountId")
        before = change.old_inputs.text("accountId")
        deployer = (await call.azure.principal()).object_id or call.context.deployer_id
        return Rotation(
            replace(call, context=replace(call.context, deployer_id=deployer)),
            self.run.time,
            key,
            self._vault_uri(key),
            arm_ids.account_id(account) if account else None,
            generation(change.old_inputs),
            is_other_account=bool(account and before) and not arm_ids.same(account or "", before or ""),
        )

    async def _outputs(self, call: Call, key: ArmId, inputs: Properties, current: str) -> dict[str, Value]:
        """Reads the version to bind, and refuses a key that the service would not take. `current` is the
        version that the state has, "" without one."""
        newest = await call.azure.key_version(key, None)
        if newest is None:
            has_vault = await call.azure.vault(key.parent) is not None
            raise RefusedOperationError(_absent(key, has_vault=has_vault))
        chosen = await self._chosen(call, key, inputs, newest, current)
        unmet = [found for found in demands.judge(None, None, chosen) if found.unmet]
        if unmet:
            fixes = dict.fromkeys(one.way(key=chosen.uri) for one in unmet)
            raise RefusedOperationError(
                f"the service does not take the key {key.name}: {'; '.join(one.text for one in unmet)}\n"
                f"  fix: {'; '.join(fixes)}"
            )
        return self._filled(key, inputs, chosen, newest=newest.version)

    async def _chosen(
        self, call: Call, key: ArmId, inputs: Properties, newest: Version, current: str
    ) -> Version:
        """The version to bind: the pinned one, else the newest that can be used and is not older than the one
        in use.

        An older version that nobody asked for is never bound: the newest may have been disabled, or have been
        left to expire, for a reason. Raises NoVersionError.
        """
        now = self.run.time()
        if pin := inputs.text("pin"):
            found = await call.azure.key_version(key, pin)
            if found is None:
                listed = f"az keyvault key list-versions {_options(key)}"
                raise NoVersionError(
                    f"the key {key.name} has no version {pin}, which `pin` names; list them with `{listed}`"
                )
            if reasons := [unmet.found for unmet in demands.key_usable(found, now)]:
                await call.warn(f"the pinned version cannot be used: {'; '.join(reasons)}")
            return found
        reasons = [unmet.found for unmet in demands.key_usable(newest, now)]
        if not reasons:
            return newest
        versions = newest_first(await call.azure.key_versions(key))
        chosen = demands.newest_usable(_not_older(versions, current), now)
        if chosen is None:
            raise NoVersionError(_no_version(key, newest, versions, now, is_bound=bool(current)))
        await call.warn(f"{'; '.join(reasons)}, so the version {chosen.version} is used")
        # A list says neither type nor operations.
        return await call.azure.key_version(key, chosen.version) or chosen

    def _named(self, inputs: Properties) -> dict[str, Value]:
        """The inputs but for the account, and the outputs that follow from the key's id."""
        id = inputs.text("keyId")
        given = {name: value for name, value in inputs.values.items() if not name.startswith("account")}
        if id is None:
            return {**given, **dict.fromkeys(("keyName", "keyUri", "vaultUri"), UNKNOWN)}
        key = arm_ids.key_id(id)
        uri = self._vault_uri(key)
        return {**given, "keyName": key.name, "vaultUri": uri, "keyUri": KeyUri(uri, key.name).text}

    def _filled(self, key: ArmId, inputs: Properties, chosen: Version, *, newest: str) -> dict[str, Value]:
        return {
            **self._named(Properties({"keyId": key.text, **inputs.values})),
            "version": chosen.version,
            "keyUriWithVersion": KeyUri(self._vault_uri(key), key.name, chosen.version).text,
            "createdAt": demands.moment(chosen.created) if chosen.created else None,
            "newestVersion": newest,
        }

    def _vault_uri(self, key: ArmId) -> str:
        return key_uris.uri_of(key.parent, self.run.cloud)


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
    the key has by now. `is_other_account`: another account followed the key before. The errors of `call` name
    the key and the deploying principal."""

    call: Call
    time: Callable[[], float]
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

    async def judged(self) -> tuple[LiveState, list[preflight.Finding]]:
        """What Azure has around a rotation, and every reason why the account could not be bound to a new
        version. Asked first, because a new version stays.

        The identity that uses the key now must have access. Only the key and its vault are judged if there is
        no account, or if the account takes the place of another one and is on Microsoft-managed keys: then it
        is bound for the first time, after the rotation.
        """
        key = KeyUri(self.vault_uri, self.key.name)
        target = Target(self.account, key, self.key.parent, identity_known=False)
        look = Look(self.call.azure, target, self.call.explain)
        account = (await look.at_resources()).account
        if account and account.encryption.is_customer_managed:
            client = account.encryption.identity_client_id or None
            look.target = replace(look.target, identity_client_id=client, identity_known=True)
        elif account and self.is_other_account:
            look.target = replace(look.target, account=None)
            look.state = replace(look.state, account=None)
        await look.at_roles()
        live = await look.at_bound_key()
        around = preflight.Preflight(
            look.target, live, self.time(), rebinding=True, generation=self.generation
        )
        return live, preflight.findings(around, preflight.ROTATION_RULES)

    async def make(self) -> Version:
        """Makes a new version. If the run is cut off before its state is kept, the next run makes another
        version: one too many, and otherwise harmless.

        Raises ServiceError, DeadlineError, StoppedError.
        """
        before = {one.version for one in await self._with_access(self.versions)}
        return await self._with_access(lambda: self._once(before))

    async def _once(self, before: set[str]) -> Version:
        retries, given_up = Retries(self.call.waiter), None
        while True:
            try:
                return await self.call.azure.rotate(self.vault_uri, self.key.name)
            except ServiceError as failure:
                try:
                    await retries.pause_or_raise(failure)
                except ServiceError:
                    if failure.kind is not RefusalKind.TRANSIENT:
                        raise
                    given_up = failure
            # Without an answer nobody knows whether the vault made the version; only a second look shows.
            versions = await self._with_access(self.versions)
            if made := [one for one in versions if one.version not in before]:
                return newest_first(made)[0]
            if given_up:
                raise given_up

    async def versions(self) -> list[Version]:
        """The key's versions, as the vault's data plane has them."""
        return await self.call.azure.live_key_versions(self.vault_uri, self.key.name)

    async def lacking(self, *, by_others: bool) -> ServiceError | None:
        """The refusal that a rotation comes to, because nothing gives the deploying principal a permission
        for it; None if Azure shows no such lack. Who is in the group of an access policy, Azure does not
        show: with `by_others`, a policy of anybody counts."""
        key, principal = self.key, self.call.context.deployer_id
        if key.in_managed_hsm:
            return None
        try:
            vault = await self.call.azure.vault(key.parent)
            by_roles = vault is not None and vault.uses_rbac
            roles = await self.call.azure.role_assignments(key.text, principal) if by_roles else None
        except ServiceError as failure:
            if not failure.is_forbidden:
                raise
            why = self.call.explain(failure)
            await self.call.inform(f"not checked: what the deploying login may do with the key: {why}")
            return None
        if vault is None or not principal:
            return None
        found = rights.on_key(vault, principal, key.text, roles)
        others = [rights.expanded(entry.keys) for entry in vault.policies if by_others and not by_roles]
        given = found.permissions.union(*others)
        needed = ("get" if by_roles else "list", "rotate")
        missing = [word for word in needed if word not in given]
        if found.uncertain or not missing:
            return None
        code = "ForbiddenByRbac" if by_roles else "ForbiddenByPolicy"
        return ServiceError(NOT_SENT, code, f"nothing gives {principal} keys {' and '.join(missing)}")

    async def _with_access(self, act: Callable[[], Awaitable[T]]) -> T:
        """Carries out an act on the data plane, and waits while the deploying principal's access may not be
        in effect yet."""
        why = "waiting for the deploying principal's access to the key"
        waits = {RefusalKind.PROPAGATING: (why, OPERATOR_SECONDS)}
        retries, told = Retries(self.call.waiter, waits, self.call.explain), False
        began, is_granted = self.call.waiter.elapsed, False
        while True:
            try:
                return await act()
            except ServiceError as failure:
                # What else passes by itself was asked again already, and a rotation may have been made.
                if failure.kind is not RefusalKind.PROPAGATING:
                    raise
                if not told:
                    minutes, told = round(OPERATOR_SECONDS / 60), True
                    await self.call.warn(
                        f"a new grant may take {minutes} minutes to count, and is waited for if Azure shows "
                        f"one: {self.call.explain(failure)}"
                    )
                # A read may not show a new grant before.
                if not is_granted and self.call.waiter.elapsed - began > READ_LAG_SECONDS:
                    if await self.lacking(by_others=False):
                        raise
                    is_granted = True
                await retries.pause_or_raise(failure)


def _options(key: ArmId) -> str:
    return key_uris.cli_options(key.parent.name, key.name, in_managed_hsm=key.in_managed_hsm)


def _absent(key: ArmId, *, has_vault: bool) -> str:
    """The way out if there is no such key, or no such vault."""
    vault = key.parent
    where = f"--hsm-name {vault.name} --location REGION" if key.in_managed_hsm else f"--name {vault.name}"
    what, recover, again = f"vault {vault.text}", f"recover {where}{in_subscription(vault.text)}", ""
    if has_vault:
        what, recover = f"key {key.text}", f"key recover {_options(key)}"
        again = ". If this update brought the vault back without the key, run the same command again"
    return (
        f"there is no {what}; create it first, or run `az keyvault {recover}` if it was deleted. If this "
        f"update creates the key, pass that key's id output as keyId{again}"
    )


def _not_older(versions: Sequence[Version], current: str) -> Sequence[Version]:
    """The version in use and the versions made after it, youngest first, as `versions` are."""
    names = [one.version.lower() for one in versions]
    if current.lower() not in names:
        return []
    return versions[: names.index(current.lower()) + 1]


def _no_version(
    key: ArmId, newest: Version, versions: Sequence[Version], now: float, *, is_bound: bool
) -> str:
    """Why there is no version to bind, and the ways on; `versions` are youngest first. `is_bound`: the state
    has a version of this key, so that a higher generation rotates it."""
    reasons = [unmet.found for unmet in demands.key_usable(newest, now)]
    rotate = "raise `generation`" if is_bound else f"run `az keyvault key rotate {_options(key)}`"
    fixes = [f"{rotate} for a new version"]
    if not newest.enabled:
        fixes.insert(0, f"run `az keyvault key set-attributes {_options(key)} --enabled true`")
        reasons.append("the data of an account that is bound to a disabled version cannot be read")
    if usable := demands.newest_usable(versions, now):
        fixes.append(f"set `pin: {usable.version}` to bind that version on purpose")
    return (
        f"the newest version of the key {key.name} cannot be bound: {'; '.join(reasons)}\n"
        f"  fix: {', or '.join(fixes)}"
    )
