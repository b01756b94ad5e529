"""keyvault.Key: made through ARM, deleted and recovered through the vault's data plane.

Follows azure-native's customresources/custom_keyvault.go and pull request #4759.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from localazure.standin import body as bodies
from localazure.standin.arm import AzureError, succeeded, url_of
from localazure.standin.azure import VAULT_DNS, Answer
from localazure.standin.lifecycle import Lifecycle, State
from localazure.standin.paths import fields
from localazure.standin.values import API_VERSION, Properties, Value

DATA_PLANE_VERSION: Final = "7.5"
RECOVERY_SECONDS: Final = 180.0
CONFLICTS: Final = 6


class Key(Lifecycle):
    """ARM makes the first version of a key and never changes or deletes one."""

    def outputs_of(self, response: Mapping[str, Any]) -> Properties:
        """Without `azureApiVersion` and `tags`: the real provider's own code for keys sets neither."""
        found = super().outputs_of(response)
        return {name: value for name, value in found.items() if name not in (API_VERSION, "tags")}

    async def create(self, inputs: Properties, within: float = 0.0) -> State:
        """A key of that name that is soft-deleted is recovered, with its old material."""
        id = self.id_of(inputs)
        await self._must_be_free(id)
        body = bodies.request_body(self.row, inputs)
        answer = await self._put(id, body)
        response = succeeded(answer).body
        return State(response.get("id") or id, self.outputs_of(response), dict(inputs))

    async def delete(
        self, id: str, within: float = 0.0, old_inputs: Mapping[str, Value] | None = None
    ) -> None:
        """Soft-deletes the key in the vault; neither purged nor waited for."""
        answer = await self.arm.send("DELETE", self._data_url(id, "keys"))
        if answer.status != 404:
            succeeded(answer)

    async def _put(self, id: str, body: Any) -> Answer:
        url = url_of(id, self.row.api_version)
        answer = await self.arm.send("PUT", url, body)
        recovered, conflicts = False, 1
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                while answer.status == 409 and (recovered or conflicts < CONFLICTS):
                    if not recovered:
                        recovered = await self._recover(id)
                        conflicts += not recovered
                    await self.arm.wait(min(5.0, self.arm.delays.poll))
                    answer = await self.arm.send("PUT", url, body)
        except TimeoutError as error:
            raise AzureError(answer) from error
        return answer

    async def _recover(self, id: str) -> bool:
        deleted = await self.arm.send("GET", self._data_url(id, "deletedkeys"))
        if deleted.status == 404:
            return False
        succeeded(deleted)
        succeeded(await self.arm.send("POST", self._data_url(id, "deletedkeys", "/recover")))
        return True

    def _data_url(self, id: str, collection: str, action: str = "") -> str:
        found = fields(self.row.path, id)
        return (
            f"https://{found['vaultName']}.{VAULT_DNS}/{collection}/{found['keyName']}{action}"
            f"?api-version={DATA_PLANE_VERSION}"
        )
