"""keyvault.AccessPolicy: one entry of a vault's access policies, under an id that ARM does not know.

Follows azure-native's customresources/custom_keyvault_accesspolicy.go.
"""

from collections.abc import Mapping
from typing import Any, Final

from localazure.standin import errors
from localazure.standin.answer import Answer
from localazure.standin.arm import url_of
from localazure.standin.body import applied
from localazure.standin.lifecycle import Lifecycle, State
from localazure.standin.paths import fields, fill
from localazure.standin.table import VAULT
from localazure.standin.values import Properties, RefusedError, Value, without_empty

API_VERSION: Final = "2024-11-01"


class AccessPolicy(Lifecycle):
    """`replace` upserts the one entry it is given; `add` would only ever widen permissions."""

    def preview_create(self, inputs: Properties) -> Properties:
        return dict(inputs)

    def preview_update(self, inputs: Properties, old_outputs: Mapping[str, Value]) -> Properties:
        return dict(inputs)

    async def create(self, inputs: Properties, within: float = 0.0) -> State:
        id = self.id_of(inputs)
        if await self._entry(id) is not None:
            raise RefusedError(f'cannot create already existing resource "{id}"')
        return await self._replaced(id, inputs)

    async def update(
        self, id: str, inputs: Properties, old_inputs: Mapping[str, Value], within: float = 0.0
    ) -> State:
        if await self._entry(id) is None:
            raise RefusedError(f"access policy for {inputs['policy']['objectId']} does not exist")
        return await self._replaced(id, inputs)

    async def read(
        self, id: str, inputs: Mapping[str, Value], old_outputs: Mapping[str, Value]
    ) -> State | None:
        found = await self._entry(id)
        if found is None:
            return None
        return State(id, found, applied(inputs, old_outputs, found) if inputs else dict(found))

    async def delete(
        self, id: str, within: float = 0.0, old_inputs: Mapping[str, Value] | None = None
    ) -> None:
        found = old_inputs or await self._entry(id)
        if found is None:
            return
        answer = await self._put("remove", id, found["policy"])
        if answer.status != 404:
            _accepted(answer)

    async def _replaced(self, id: str, inputs: Properties) -> State:
        _accepted(await self._put("replace", id, inputs["policy"]))
        found = await self._entry(id)
        if found is None:
            raise RefusedError("newly written access policy not found")
        return State(id, found, dict(inputs))

    async def _put(self, operation: str, id: str, policy: Mapping[str, Any]) -> Any:
        # The real client sends an unset application id as an empty text.
        entry = {**policy, "applicationId": policy.get("applicationId") or ""}
        url = url_of(f"{self._vault(id)}/accessPolicies/{operation}", API_VERSION)
        return await self.arm.send("PUT", url, {"properties": {"accessPolicies": [entry]}})

    async def _entry(self, id: str) -> Properties | None:
        """What an id names: a vault's entry for an object, whatever its application; None without either."""
        place = fields(self.row.path, id)
        vault = await self.arm.read(self._vault(id), API_VERSION)
        for entry in ((vault or {}).get("properties") or {}).get("accessPolicies") or []:
            if str(entry.get("objectId", "")).lower() == place["policy.objectId"].lower():
                names = ("applicationId", "objectId", "permissions", "tenantId")
                policy = without_empty({name: entry.get(name) or None for name in names})
                return {name: place[name] for name in ("resourceGroupName", "vaultName")} | {"policy": policy}
        return None

    def _vault(self, id: str) -> str:
        return fill(VAULT, fields(self.row.path, id), self.arm.subscription_id)


def _accepted(answer: Answer) -> None:
    """Raises RefusedError unless the answer is a success, in the words of the client for vaults."""
    if not 200 <= answer.status < 300:
        raise RefusedError(errors.of_sdk(answer))
