"""Making a new version of a key exactly once, however often that is cut off and run again.

Goes through the vault's data plane: ARM makes a key's first version and never another.
"""

from __future__ import annotations

from provider import ids
from provider.azure_calls import Azure
from provider.facts import KeyVersion
from provider.failure import ServiceError
from provider.resource import Call
from provider.retrying import Retries, ask
from provider.versions import ROTATION_TAG, by_age, mark, rotated_to


class Rotation:
    """Rotates one key for one resource. `vault_uri` has no trailing slash."""

    def __init__(self, azure: Azure, call: Call, key: ids.KeyId, vault_uri: str) -> None:
        self._azure = azure
        self._call = call
        self._key = key
        self._vault_uri = vault_uri

    async def to(self, generation: int) -> KeyVersion:
        """The version that the rotation to a generation made, now or in a run that was cut off.

        A mark on a version comes first. Whoever runs again finds it, and the number of versions there were:
        one more says that the rotation was made. A version cannot be deleted, so the number only grows.

        Raises ServiceError, DeadlineError, StoppedError.
        """
        wanted = mark(self._call.urn, generation)
        versions = await self._versions()
        if made := rotated_to(versions, wanted):
            await self._call.inform(
                f"the rotation to generation {generation} was made before: {made.version}"
            )
            return made
        newest = by_age(versions)[0]
        tags = {**newest.tags, ROTATION_TAG: f"{wanted}:{len(versions)}"}
        await ask(
            lambda: self._azure.tag_key_version(self._vault_uri, self._key.name, newest.version, tags),
            self._call.patience,
        )
        return await self._once(wanted)

    async def _once(self, wanted: str) -> KeyVersion:
        retries = Retries(self._call.patience)
        while True:
            try:
                return await self._azure.rotate(self._vault_uri, self._key.name)
            except ServiceError as failure:
                await retries.pause_or_raise(failure)
            # Without an answer nobody knows whether the vault made the version; only looking again tells.
            if made := rotated_to(await self._versions(), wanted):
                return made

    async def _versions(self) -> list[KeyVersion]:
        return await ask(
            lambda: self._azure.live_key_versions(self._vault_uri, self._key.name), self._call.patience
        )
