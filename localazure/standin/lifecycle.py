"""Create, read, update and delete of one resource, as azure-native does them for nearly every type.

A type whose real provider has code of its own overrides what differs (`access_policy.py`, `key.py`).
"""

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localazure.standin import body as bodies
from localazure.standin.arm import (
    Arm,
    AzureError,
    OperationError,
    OperationTimedOutError,
    StoppedError,
    succeeded,
    url_of,
)
from localazure.standin.azure import NoAnswerError
from localazure.standin.paths import WHOLE_IDS, fields, fill
from localazure.standin.table import ResourceType
from localazure.standin.values import API_VERSION, Properties, RefusedError, Value

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """A resource as Pulumi stores it."""

    id: str
    outputs: Properties = field(default_factory=dict)
    inputs: Properties = field(default_factory=dict)


class InitError(Exception):
    """The resource exists, but the operation that made or changed it failed."""

    def __init__(self, state: State, reason: str) -> None:
        self.state, self.reason = state, reason
        super().__init__(reason)


class Lifecycle:
    """The life of a resource of one type, through one provider instance's ARM."""

    def __init__(self, row: ResourceType, arm: Arm) -> None:
        self.row, self.arm = row, arm

    def preview_create(self, inputs: Properties) -> Properties:
        return bodies.preview(self.row, inputs)

    def preview_update(self, inputs: Properties, old_outputs: Mapping[str, Value]) -> Properties:
        kept = {name: old_outputs[name] for name in ("name", "location") if name in old_outputs}
        return {**bodies.preview(self.row, inputs), **kept}

    async def create(self, inputs: Properties, within: float = 0.0) -> State:
        """Raises RefusedError if the resource is there already, InitError if it fails once accepted."""
        id = self.id_of(inputs)
        await self._must_be_free(id)
        body = bodies.request_body(self.row, inputs)
        if self._is_open(body):
            bodies.put_at(body, self.row.shared, [])
        return await self._written("PUT", id, body, inputs, within)

    async def update(
        self, id: str, inputs: Properties, old_inputs: Mapping[str, Value], within: float = 0.0
    ) -> State:
        """The whole body of the new inputs, sent to the id that they make; only what other resources also
        write is kept as it is."""
        id, body = self.id_of(inputs), bodies.request_body(self.row, inputs)
        if self._is_open(body):
            remote = await self.arm.read(id, self.row.api_version) or {}
            bodies.put_at(body, self.row.shared, bodies.at(remote, self.row.shared) or [])
        merged = bodies.removed_from_sets(self.row, body, old_inputs)
        return await self._written("PUT" if merged is body else "PATCH", id, merged, inputs, within)

    async def read(
        self, id: str, inputs: Mapping[str, Value], old_outputs: Mapping[str, Value]
    ) -> State | None:
        """The resource now, None when it is gone; without inputs (an import) they are made from it."""
        response = await self.arm.read(id, self.row.api_version)
        if response is None:
            return None
        outputs = bodies.outputs(self.row, response)
        if not inputs:
            made = self.path_inputs(id) | bodies.inputs_of(self.row, response)
            return State(response.get("id") or id, outputs, made)
        merged = bodies.refreshed(self.row, inputs=inputs, old_outputs=old_outputs, new_outputs=outputs)
        return State(id, outputs, merged)

    async def delete(
        self, id: str, within: float = 0.0, old_inputs: Mapping[str, Value] | None = None
    ) -> None:
        """`old_inputs` serve the types that have no ARM id of their own."""
        del old_inputs
        await self.arm.delete(id, self.row.api_version, long=self.row.delete_is_long, within=within)

    def _is_open(self, body: Any) -> bool:
        return bool(self.row.shared) and bodies.at(body, self.row.shared) is None

    def id_of(self, inputs: Mapping[str, Value]) -> str:
        return fill(self.row.path, inputs, self.arm.subscription_id)

    def path_inputs(self, id: str) -> Properties:
        """The inputs in an id; ids among them start with a slash, as programs write (*assumed*)."""
        found = fields(self.row.path, id)
        return {
            name: f"/{found[name]}" if name in WHOLE_IDS else found[name]
            for name in self.row.path_fields
            if name in found
        }

    async def _must_be_free(self, id: str) -> None:
        answer = await self.arm.send("GET", url_of(id, self.row.api_version))
        if answer.status == 200 and answer.body:
            raise RefusedError(f"cannot create already existing resource '{id}'")
        if answer.status not in (200, 204, 404):
            raise RefusedError(
                f"cannot check existence of resource '{id}': status code {answer.status}, {answer.text}"
            )

    async def _written(self, method: str, id: str, body: Any, inputs: Properties, within: float) -> State:
        try:
            response = await self.arm.write(
                method, id, self.row.api_version, body, long=self.row.put_is_long, within=within
            )
        except OperationError as error:
            raise await self._partial(id, inputs, error) from error
        response = response or {}
        id = response.get("id") or id
        response = await self._read_again(id) or response
        return State(id, bodies.outputs(self.row, response), copy.deepcopy(inputs))

    async def _partial(self, id: str, inputs: Any, error: OperationError) -> InitError:
        """What keeps a resource whose operation failed in the state, as far as it can be read: crud.go,
        HandleErrorWithCheckpoint, whose checkpoint has no `azureApiVersion`."""
        reason, outputs = str(error), {}
        if not isinstance(error, OperationTimedOutError):
            try:
                answer = await self.arm.send("GET", url_of(id, self.row.api_version))
                outputs = bodies.outputs(self.row, succeeded(answer).body or {})
                outputs.pop(API_VERSION, None)
            except (AzureError, NoAnswerError, StoppedError) as unread:
                reason = f"resource created but read failed {unread}: {error}"
        return InitError(State(id, outputs, copy.deepcopy(inputs)), reason)

    async def _read_again(self, id: str) -> Any:
        """What was just written, for Azure's own values; a failure is only worth a warning."""
        try:
            return await self.arm.read(id, self.row.api_version)
        except (AzureError, NoAnswerError, StoppedError) as error:
            log.warning("reading '%s' after it was written failed: %s", id, error)
            return None
