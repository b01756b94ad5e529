"""The resource `KeyVersion`: the version of a key that is to be bound, and the rotations this stack asks for.

Owns no version: it never disables, deletes or changes one, but for a tag that marks where a rotation began.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from core.clouds import Cloud
from provider import ids
from provider.azure_calls import Azure
from provider.checks import Failure, check_key_version
from provider.clearance import RefusedError, against, cleared, refusal
from provider.difference import Difference, diff_key_version
from provider.error_row import About
from provider.errors import translate
from provider.facts import KeyVersion as Version
from provider.facts import Surroundings
from provider.failure import ServiceError
from provider.finding import Finding
from provider.following import Rotating, obstacles
from provider.generation import refuse_senseless, rotates
from provider.key_rules import unusable_now
from provider.resource import Call, State
from provider.retrying import ask
from provider.rotation import Rotation
from provider.versions import NoVersionError, newest_usable
from provider.waiting import Clock
from provider.wire import UNKNOWN, Properties, Value

_FROM_VERSION = ("version", "keyUriWithVersion", "createdAt", "newestVersion")


class KeyVersion:
    """Implements `resource.Resource`; its id is the ARM id of the key."""

    derived: Mapping[str, tuple[str, ...]] = {}

    def __init__(self, azure: Azure, clock: Clock, cloud: Cloud) -> None:
        self._azure = azure
        self._clock = clock
        self._suffix = cloud.vault_suffix
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def check(self, news: Properties) -> list[Failure]:
        return check_key_version(news)

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]:
        return diff_key_version(old_inputs, news)

    async def preview_create(self, call: Call, inputs: Properties) -> State:
        return State("", await self._foreseen(call, inputs))

    async def preview_update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        refuse_senseless(old_inputs, news)
        if not rotates(old_inputs, news):
            return State(id, await self._foreseen(call, news))
        await self._foresee_rotation(call, self._rotating(ids.key_id(id), news))
        return State(id, {**self._named(news), **dict.fromkeys(_FROM_VERSION, UNKNOWN)})

    async def create(self, call: Call, inputs: Properties) -> State:
        key = ids.key_id(str(inputs.values["keyId"]))
        return State(key.text, await self._outputs(call, key, inputs))

    async def read(self, call: Call, id: str, inputs: Properties, olds: Properties) -> State:
        """The newest usable version; gone when the key is. An import comes with the key's id alone."""
        key = ids.key_id(id)
        written = Properties({"keyId": id, **inputs.values}, inputs.secrets)
        try:
            outputs = await self._outputs(call, key, written, absent_is_gone=True)
        except NoVersionError as error:
            if not olds.values:
                raise
            # A refresh must not fail here: it comes before the very update that would put this right.
            await call.warn(str(error))
            return State(id, olds.values, written.values)
        if not outputs:
            return State("")
        return State(id, outputs, written.values)

    async def update(
        self, call: Call, id: str, olds: Properties, old_inputs: Properties, news: Properties
    ) -> State:
        key = ids.key_id(id)
        refuse_senseless(old_inputs, news)
        if not rotates(old_inputs, news):
            return State(id, await self._outputs(call, key, news))
        rotating = self._rotating(key, news)
        async with self._locks[id.lower()]:
            try:
                await cleared(lambda: self._obstacles(rotating, call), call, rotating.head)
                made = await Rotation(self._azure, call, key, rotating.vault_uri).to(
                    int(news.values["generation"])
                )
            except ServiceError as failure:
                raise RefusedError(translate(failure, _about(key))) from failure
        return State(id, self._filled(key, news, made, newest=made.version))

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        """Nothing: the versions were never ours to take."""

    async def _foresee_rotation(self, call: Call, rotating: Rotating) -> None:
        """Tells of the rotation to come. Refuses it for whatever speaks against it now: it is not taken back,
        so what stands in its way is put right in an update of its own."""
        try:
            _, found = await self._obstacles(rotating, call)
        except ServiceError as failure:
            raise RefusedError(translate(failure, _about(rotating.key))) from failure
        if against(found):
            raise RefusedError(refusal(rotating.head, found))
        await call.inform("the key will be rotated; its older versions stay as they are")
        for finding in found:
            await call.inform(f"not checked: {finding.text}")

    async def _obstacles(self, rotating: Rotating, call: Call) -> tuple[Surroundings, list[Finding]]:
        return await obstacles(self._azure, rotating, call.patience, self._clock.time())

    def _rotating(self, key: ids.KeyId, news: Properties) -> Rotating:
        account = news.text("accountId")
        return Rotating(key, self._vault_uri(key), ids.account_id(account) if account else None)

    async def _foreseen(self, call: Call, inputs: Properties) -> dict[str, Value]:
        """The outputs as far as they can be known before anything is made."""
        id = inputs.text("keyId")
        unknown = {**self._named(inputs), **dict.fromkeys(_FROM_VERSION, UNKNOWN)}
        if id is None or inputs.is_unknown("pin"):
            return unknown
        return await self._outputs(call, ids.key_id(id), inputs, absent_is_gone=True) or unknown

    async def _outputs(
        self, call: Call, key: ids.KeyId, inputs: Properties, *, absent_is_gone: bool = False
    ) -> dict[str, Value]:
        """Reads the version to bind. Empty when the key is absent and that is an answer, else
        RefusedError."""
        try:
            newest = await ask(lambda: self._azure.key_version(key, None), call.patience)
            if newest is None:
                if absent_is_gone:
                    return {}
                raise RefusedError(
                    f"there is no key {key.text}; create it first, or recover it: az keyvault key recover "
                    f"--vault-name {key.vault.name} --name {key.name}"
                )
            pin = inputs.text("pin")
            chosen = await self._pinned(call, key, pin) if pin else await self._usable(call, key, newest)
        except ServiceError as failure:
            raise RefusedError(translate(failure, _about(key))) from failure
        return self._filled(key, inputs, chosen, newest=newest.version)

    async def _usable(self, call: Call, key: ids.KeyId, newest: Version) -> Version:
        """The newest version, which one read tells; the list is only read when that one cannot be used."""
        if not unusable_now(newest, self._clock.time()):
            return newest
        versions = await ask(lambda: self._azure.key_versions(key), call.patience)
        chosen = newest_usable(versions, self._clock.time(), key.name)
        await call.warn(
            f"{'; '.join(unusable_now(newest, self._clock.time()))}, so the older version "
            f"{chosen.version} is used"
        )
        return chosen

    async def _pinned(self, call: Call, key: ids.KeyId, pin: str) -> Version:
        found = await ask(lambda: self._azure.key_version(key, pin), call.patience)
        if found is None:
            raise NoVersionError(
                f"the key {key.name} has no version {pin}, which `pin` holds; list them with "
                f"`az keyvault key list-versions --vault-name {key.vault.name} --name {key.name}`"
            )
        if reasons := unusable_now(found, self._clock.time()):
            await call.warn(f"the pinned version cannot be used: {'; '.join(reasons)}")
        return found

    def _named(self, inputs: Properties) -> dict[str, Value]:
        """The outputs that the key's id tells, and the inputs; the account is no part of what is followed."""
        id, told = inputs.text("keyId"), {n: v for n, v in inputs.values.items() if n != "accountId"}
        if id is None:
            return {**told, **dict.fromkeys(("keyName", "keyUri", "vaultUri"), UNKNOWN)}
        key = ids.key_id(id)
        uri = self._vault_uri(key)
        return {**told, "keyName": key.name, "vaultUri": uri, "keyUri": f"{uri}/keys/{key.name}"}

    def _filled(
        self, key: ids.KeyId, inputs: Properties, chosen: Version, *, newest: str
    ) -> dict[str, Value]:
        created = datetime.fromtimestamp(chosen.created, UTC) if chosen.created else None
        named = self._named(Properties({**inputs.values, "keyId": inputs.values.get("keyId", key.text)}))
        return {
            **named,
            "version": chosen.version,
            "keyUriWithVersion": f"{named['keyUri']}/{chosen.version}",
            "createdAt": created.strftime("%Y-%m-%dT%H:%M:%SZ") if created else None,
            "newestVersion": newest,
        }

    def _vault_uri(self, key: ids.KeyId) -> str:
        return f"https://{key.vault.name.lower()}.{self._suffix}"


def _about(key: ids.KeyId) -> About:
    return About(
        vault_id=key.vault.text, vault_name=key.vault.name, key_name=key.name, deployer_asks_vault=True
    )
