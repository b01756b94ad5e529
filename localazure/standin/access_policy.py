"""keyvault.AccessPolicy: one entry of a vault's access policies, under an id that ARM does not know.

Follows azure-native's customresources/custom_keyvault_accesspolicy.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from localazure.standin.arm import succeeded, url_of
from localazure.standin.body import applied
from localazure.standin.lifecycle import Lifecycle, State
from localazure.standin.paths import fields, fill
from localazure.standin.table import VAULT
from localazure.standin.values import Properties, RefusedError, Value, without_empty

API_VERSION: Final = "2024-11-01"
OLD_PATH: Final = f"{VAULT}/accessPolicy"
"""The form of ids that early releases wrote, without an object id."""


class AccessPolicy(Lifecycle):
    """`replace` upserts the one entry it is given; `add` would only ever widen permissions."""

    def preview_create(self, inputs: Properties) -> Properties:
        return dict(inputs)

    def preview_update(self, inputs: Properties, old_outputs: Mapping[str, Value]) -> Properties:
        return dict(inputs)

    async def create(self, inputs: Properties, within: float = 0.0) -> State:
        id = self.id_of(inputs)
        if await self._entry(inputs, inputs["policy"]["objectId"]) is not None:
            raise RefusedError(f'cannot create already existing resource "{id}"')
        return await self._replaced(id, inputs)

    async def update(
        self, id: str, inputs: Properties, old_inputs: Mapping[str, Value], within: float = 0.0
    ) -> State:
        object_id = inputs["policy"]["objectId"]
        if await self._entry(inputs, object_id) is None:
            raise RefusedError(f"access policy for {object_id} does not exist")
        return await self._replaced(id, inputs)

    async def read(
        self, id: str, inputs: Mapping[str, Value], old_outputs: Mapping[str, Value]
    ) -> State | None:
        place, object_id = self._place(id, inputs or old_outputs)
        entry = await self._entry(place, object_id)
        if entry is None:
            return None
        found = {**place, "policy": entry}
        return State(id, found, applied(inputs, old_outputs, found) if inputs else dict(found))

    async def delete(
        self, id: str, within: float = 0.0, old_inputs: Mapping[str, Value] | None = None
    ) -> None:
        place, object_id = self._place(id, old_inputs or {})
        policy = (old_inputs or {}).get("policy") or {
            "objectId": object_id,
            "tenantId": ((await self._entry(place, object_id)) or {}).get("tenantId", ""),
            "permissions": {},
        }
        answer = await self._put("remove", place, policy)
        if answer.status != 404:
            succeeded(answer)

    def _place(self, id: str, known: Mapping[str, Value]) -> tuple[Properties, str]:
        if id.lower().endswith("/accesspolicy"):
            found = fields(OLD_PATH, id)
            object_id = str((known.get("policy") or {}).get("objectId", ""))
        else:
            found = fields(self.row.path, id)
            object_id = found["policy.objectId"]
        return {name: found[name] for name in ("resourceGroupName", "vaultName")}, object_id

    async def _replaced(self, id: str, inputs: Properties) -> State:
        succeeded(await self._put("replace", inputs, inputs["policy"]))
        entry = await self._entry(inputs, inputs["policy"]["objectId"])
        if entry is None:
            raise RefusedError("newly written access policy not found")
        place = {name: inputs[name] for name in ("resourceGroupName", "vaultName")}
        return State(id, {**place, "policy": entry}, dict(inputs))

    async def _put(self, operation: str, place: Mapping[str, Value], policy: Mapping[str, Any]) -> Any:
        # The real client sends an unset application id as an empty text.
        entry = {**policy, "applicationId": policy.get("applicationId") or ""}
        id = f"{fill(VAULT, place, self.arm.subscription_id)}/accessPolicies/{operation}"
        body = {"properties": {"accessPolicies": [entry]}}
        return await self.arm.send("PUT", url_of(id, API_VERSION), body)

    async def _entry(self, place: Mapping[str, Value], object_id: str) -> Properties | None:
        """The vault's entry for an object, whatever its application; None without vault or entry."""
        vault = await self.arm.read(fill(VAULT, place, self.arm.subscription_id), API_VERSION)
        for entry in ((vault or {}).get("properties") or {}).get("accessPolicies") or []:
            if str(entry.get("objectId", "")).lower() == object_id.lower():
                kept: Properties = without_empty(
                    {
                        name: entry.get(name) or None
                        for name in ("applicationId", "objectId", "permissions", "tenantId")
                    }
                )
                return kept
        return None
