"""The resource `KeyVersion`: the version of a key that is to be bound, and the rotations this stack asks for.

Owns no version: it never disables, deletes or changes one, but for a tag that marks where a rotation began.
A key that the service does not take is refused here, before an account is made for it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from core import arm_ids, demands, key_uris, resource_types
from core.arm_ids import ArmId
from core.commands import in_subscription
from core.facts import KeyVersion as Version
from core.facts import newest_first
from provider.checks import Failure, check
from provider.errors import ErrorContext
from provider.failure import NoVersionError, RefusedOperationError
from provider.preflight import blocking, pass_preflight, refusal
from provider.resource import Call, Change, Resource, Run, State
from provider.rotation import Rotation, generation, rotates
from provider.wire import UNKNOWN, Properties, Value

_MARK = "rotationMark"
_MONTH = 30 * 86_400
"""Seconds for which the printed command keeps an expired version usable."""
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
        """A managed HSM's network may keep a preview out; whoever may not read a vault's key would not see
        that it was rotated."""
        return arm_ids.in_managed_hsm(id)

    def check(self, news: Properties) -> list[Failure]:
        if (account_id := news.text("accountId")) and news.known("accountLeaves") is True:
            self.run.leaving.add(account_id.lower())
        return check(news, self.token)

    async def preview(self, call: Call, change: Change) -> State:
        news, olds, mark = change.news, change.olds, _marked(change.olds)
        if not change.id:
            mark = {_MARK: UNKNOWN}
        elif rotates(change.old_inputs, news):
            await self._preview_rotation(await self._rotation(call, change))
            return State(change.id, {**self._named(news), **dict.fromkeys(_FROM_VERSION, UNKNOWN), **mark})
        return State(
            change.id, {**await self._preview_outputs(call, news, olds.text("version") or ""), **mark}
        )

    async def create(self, call: Call, inputs: Properties) -> State:
        key = arm_ids.key_id(str(inputs.values["keyId"]))
        return State(key.text, {**await self._outputs(call, key, inputs, ""), **_marked(None)})

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """The version in use; gone when the key is. An import comes with the key's id alone."""
        key = arm_ids.key_id(id)
        written = Properties({"keyId": id, **inputs.values}, inputs.secrets)
        newest = await call.azure.key_version(key, None)
        if newest is None:
            return State("")
        try:
            chosen = await self._chosen(call, key, written, newest, olds.text("version") or "")
        except NoVersionError as error:
            if not olds.values:
                raise
            # A refresh must not fail here: it comes before the very update that would fix this.
            await call.warn(str(error))
            return State(id, olds.values, written.values)
        outputs = self._filled(key, written, chosen, newest=newest.version)
        return State(id, {**outputs, **_marked(olds if olds.values else None)}, written.values)

    async def update(self, call: Call, change: Change) -> State:
        key, news, olds = arm_ids.key_id(change.id), change.news, change.olds
        if not rotates(change.old_inputs, news):
            outputs = await self._outputs(call, key, news, olds.text("version") or "")
            return State(change.id, {**outputs, **_marked(olds)})
        rotation = await self._rotation(call, change)
        async with self._locks[key.normalised]:
            with rotation.call.explained():
                await pass_preflight(rotation.preflight, rotation.call, rotation.refusal_head)
                made = await rotation.to(generation(news), olds.text(_MARK) or call.urn)
        return State(change.id, {**self._filled(key, news, made, newest=made.version), **_marked(olds)})

    async def _preview_rotation(self, rotation: Rotation) -> None:
        """Says that the key will be rotated. Refuses it for whatever forbids it now: a rotation is not
        undone, so what stands in its way is fixed in an update of its own.

        That the vault does not answer is a warning: the update may grant the right, or run on another
        machine.
        """
        call = rotation.call
        with call.explained():
            _, found = await rotation.preflight()
            closed = await rotation.unreachable()
        if blocking(found):
            raise RefusedOperationError(refusal(rotation.refusal_head, found))
        await call.inform("the key will be rotated; its older versions stay as they are")
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
            self.run.clock,
            key,
            self._vault_uri(key),
            arm_ids.account_id(account) if account else None,
            generation(change.old_inputs),
            is_other_account=bool(account and before) and not arm_ids.same(account or "", before or ""),
        )

    async def _preview_outputs(self, call: Call, inputs: Properties, current: str) -> dict[str, Value]:
        """The outputs as far as they can be known before anything is made."""
        id = inputs.text("keyId")
        if id is None or inputs.is_unknown("pin"):
            return {**self._named(inputs), **dict.fromkeys(_FROM_VERSION, UNKNOWN)}
        return await self._outputs(call, arm_ids.key_id(id), inputs, current)

    async def _outputs(self, call: Call, key: ArmId, inputs: Properties, current: str) -> dict[str, Value]:
        """Reads the version to bind, and refuses a key that the service would not take. `current` is the
        version that the state has, "" without one."""
        newest = await call.azure.key_version(key, None)
        if newest is None:
            raise RefusedOperationError(
                _absent(key, has_vault=await call.azure.vault(key.parent) is not None)
            )
        chosen = await self._chosen(call, key, inputs, newest, current)
        unmet = [found for found in demands.judge(None, None, chosen) if found.unmet]
        if unmet:
            fix = (
                f"use an {demands.KEY_TYPES[key.in_managed_hsm]} key of {demands.KEY_SIZE} bits that "
                f"allows {' and '.join(demands.KEY_OPERATIONS)}"
            )
            if all(one.demand == "key-operations" for one in unmet):
                fix = demands.FIXES["key-operations"].command.format(key=chosen.uri)
            raise RefusedOperationError(
                f"the service does not take the key {key.name}: {'; '.join(one.text for one in unmet)}\n"
                f"  fix: {fix}"
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
        if pin := inputs.text("pin"):
            return await self._pinned(call, key, pin)
        now = self.run.clock.time()
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

    async def _pinned(self, call: Call, key: ArmId, pin: str) -> Version:
        found = await call.azure.key_version(key, pin)
        if found is None:
            raise NoVersionError(
                f"the key {key.name} has no version {pin}, which `pin` names; list them with "
                f"`az keyvault key list-versions {_options(key)}`"
            )
        if reasons := demands.key_usable(found, self.run.clock.time()):
            await call.warn(f"the pinned version cannot be used: {'; '.join(one.found for one in reasons)}")
        return found

    def _named(self, inputs: Properties) -> dict[str, Value]:
        """The inputs, and the outputs that follow from the key's id; the account is no output."""
        id = inputs.text("keyId")
        given = {name: value for name, value in inputs.values.items() if not name.startswith("account")}
        if id is None:
            return {**given, **dict.fromkeys(("keyName", "keyUri", "vaultUri"), UNKNOWN)}
        key = arm_ids.key_id(id)
        uri = self._vault_uri(key)
        return {
            **given,
            "keyName": key.name,
            "vaultUri": uri,
            "keyUri": key_uris.KeyUri(uri, key.name).text,
        }

    def _filled(self, key: ArmId, inputs: Properties, chosen: Version, *, newest: str) -> dict[str, Value]:
        named = self._named(Properties({**inputs.values, "keyId": inputs.values.get("keyId", key.text)}))
        return {
            **named,
            "version": chosen.version,
            "keyUriWithVersion": key_uris.KeyUri(self._vault_uri(key), key.name, chosen.version).text,
            "createdAt": demands.moment(chosen.created) if chosen.created else None,
            "newestVersion": newest,
        }

    def _vault_uri(self, key: ArmId) -> str:
        return key_uris.uri_of(key.parent, self.run.cloud)


def _marked(olds: Properties | None) -> dict[str, Value]:
    """The output `rotationMark`. It tells this resource's rotations from the rotations of an earlier resource
    with the same key and URN. Without `olds` it is new, which happens once for each resource. A state that an
    older version of this provider wrote has no mark and gets none, because a rotation that was interrupted
    may be marked with the URN."""
    mark = secrets.token_hex(6) if olds is None else olds.values.get(_MARK)
    return {_MARK: mark} if mark else {}


def _options(key: ArmId) -> str:
    return key_uris.cli_options(key.parent.name, key.name, in_managed_hsm=key.in_managed_hsm)


def _absent(key: ArmId, *, has_vault: bool) -> str:
    """What leads on where there is no such key, or no such vault."""
    vault = key.parent
    where = f"--hsm-name {vault.name} --location REGION" if key.in_managed_hsm else f"--name {vault.name}"
    recover, again = f"recover {where}{in_subscription(vault.text)}", ""
    if has_vault:
        recover = f"key recover {_options(key)}"
        again = ". If this update brought the vault back without the key, run the same command again"
    return (
        f"there is no {f'key {key.text}' if has_vault else f'vault {vault.text}'}; create it first, or run "
        f"`az keyvault {recover}` if it was deleted. If this update creates the key, pass that key's id "
        f"output as keyId{again}"
    )


def _not_older(versions: Sequence[Version], current: str) -> Sequence[Version]:
    """The version in use and those made after it, youngest first; `versions` are so, too."""
    names = [one.version.lower() for one in versions]
    return versions[: names.index(current.lower()) + 1] if current.lower() in names else []


def _no_version(
    key: ArmId, newest: Version, versions: Sequence[Version], now: float, *, is_bound: bool
) -> str:
    """Why there is no version to bind, and the ways on; `versions` are youngest first. `is_bound`: the state
    has a version of this key, so that a higher generation rotates it."""
    others = [one for one in versions if one.version != newest.version]
    usable = next((one.version for one in others if not demands.key_usable(one, now)), "")
    judged = [newest] if usable else [newest, *others[:5]]
    reasons = [unmet.found for one in judged for unmet in demands.key_usable(one, now)]
    command = f"az keyvault key set-attributes {_options(key)}"
    rotate = "raise `generation`" if is_bound else f"run `az keyvault key rotate {_options(key)}`"
    fixes = [f"{rotate} for a new version"]
    if newest.enabled:
        later = demands.moment(int(now) + _MONTH)
        fixes.append(f"run `{command} --expires {later}`, which makes it usable for a month")
    else:
        fixes.insert(0, f"run `{command} --enabled true`")
        reasons.append("the data of an account that is bound to a disabled version cannot be read")
    if usable:
        fixes.append(f"set `pin: {usable}` to bind that version on purpose")
    return (
        f"the newest version of the key {key.name} cannot be bound: {'; '.join(reasons)}\n"
        f"  fix: {', or '.join(fixes)}"
    )
