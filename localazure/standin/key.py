"""keyvault.Key and keyvault.Secret: made through ARM, deleted and recovered through the vault's data plane.

Follows azure-native's customresources/custom_keyvault.go since pull request #4759: its own create of a key
sends the PUT of any version of the type by the default one, because its client is made for the token without
a version.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from localazure.standin import body as bodies
from localazure.standin import errors
from localazure.standin.answer import Answer
from localazure.standin.arm import AzureError, succeeded, url_of
from localazure.standin.azure import VAULT_DNS
from localazure.standin.lifecycle import Lifecycle, State
from localazure.standin.paths import fields
from localazure.standin.table import BY_TOKEN
from localazure.standin.values import Properties, RefusedError, Value

DATA_PLANE_VERSION: Final = "7.5"
RECOVERY_SECONDS: Final = 180.0
CONFLICTS: Final = 6


class Secret(Lifecycle):
    """ARM makes and changes what is in a vault, and deletes nothing of it."""

    async def delete(
        self, id: str, within: float = 0.0, old_inputs: Mapping[str, Value] | None = None
    ) -> None:
        """Soft-deletes it in the vault; neither purged nor waited for."""
        answer = await self.arm.send("DELETE", self._data_url(id))
        if answer.status not in (200, 404):
            raise RefusedError(errors.of_sdk(answer))

    def _data_url(self, id: str, before: str = "", action: str = "") -> str:
        """Where it is in the vault, in `keys` or `secrets`, or, after `deleted`, among the deleted ones."""
        vault, place = fields(self.row.path, id)["vaultName"], "/".join(id.split("/")[-2:])
        return f"https://{vault}.{VAULT_DNS}/{before}{place}{action}?api-version={DATA_PLANE_VERSION}"


class Key(Secret):
    """ARM makes the first version of a key and never changes or deletes one."""

    async def create(self, inputs: Properties, within: float = 0.0) -> State:
        """A key of that name that is soft-deleted is recovered, with its old material."""
        id = self.id_of(inputs)
        await self._must_be_free(id)
        body = bodies.request_body(self.row, inputs)
        answer = await self._put(id, body)
        response = succeeded(answer).body
        return State(id, bodies.outputs(self.row, response), dict(inputs))

    async def _put(self, id: str, body: Any) -> Answer:
        default = BY_TOKEN[self.row.token.lower()].api_version
        url = url_of(id, self.row.api_version if self.arm.pins_keys() else default)
        answer = await self.arm.send("PUT", url, body)
        unrecovered = 0
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                while answer.status == 409:
                    unrecovered = 0 if await self._recover(id) else unrecovered + 1
                    if unrecovered == CONFLICTS:
                        break
                    await self.arm.wait(min(5.0, self.arm.delays.poll))
                    answer = await self.arm.send("PUT", url, body)
        except TimeoutError as error:
            raise AzureError(answer) from error
        return answer

    async def _recover(self, id: str) -> bool:
        """Whether there was a deleted key, which comes back now. That none could be read counts as none."""
        deleted = await self.arm.send("GET", self._data_url(id, "deleted"))
        if deleted.status != 200 or not deleted.body.get("recoveryId"):
            return False
        answer = await self.arm.send("POST", self._data_url(id, "deleted", "/recover"))
        if answer.status != 200:
            name = fields(self.row.path, id)["keyName"]
            raise RefusedError(f"failed to recover soft-deleted key {name}: {errors.of_sdk(answer)}")
        return True
