"""The course of a write, which the types of Microsoft.Network share beyond ArmType.

A write is Updating, then Succeeded with another etag. Its answer has no Retry-After, so that the client sets
the pace; a delete takes place at once, and its operation only confirms it. Both are assumed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from localazure import operations
from localazure.arm_type import GROUP, SUBSCRIPTION, ArmType
from localazure.cloud import Cloud
from localazure.locations import normal_location
from localazure.refusals import refused
from localazure.web import Json, Request, Response, ServiceError

PROVIDER = "Microsoft.Network"
PLACE = f"{GROUP}/providers/{PROVIDER}"
SERVICE = "network"


@dataclass(frozen=True)
class NetworkType(ArmType):
    """One type, its writes with an operation. `check_delete` raises where the resource is still needed. `dns`
    types answer 202 with private DNS's own operations, the rest 201 and the provider's."""

    check_delete: Callable[[Cloud, Json], None] = lambda _, __: None
    dns: bool = False

    def patch(self, cloud: Cloud, request: Request) -> Response:
        body = self.settled(cloud, self.required(cloud, request))
        if request.given.get("tags") is not None:
            body = {**body, "tags": request.body["tags"], "etag": self._new_etag(cloud)}
            cloud.store.put(self.kind, body["id"], body)
        return Response(200, self.seen(cloud, request, body))

    def get(self, cloud: Cloud, request: Request) -> Response:
        return self._answered(cloud, request, 200, self.settled(cloud, self.required(cloud, request)))

    def delete(self, cloud: Cloud, request: Request) -> Response:
        """202 with an operation; 204 if it does not exist."""
        body = self.find(cloud, self.id_of(request))
        if body is None:
            return Response(204)
        self.check_delete(cloud, body)
        self.drop(cloud, body)
        operation = operations.begin(cloud, {"service": SERVICE, "id": body["id"]})
        return Response(202, None, self._headers(request, body, operation.id))

    def settled(self, cloud: Cloud, body: Json) -> Json:
        """The body, its operation ended if its time has come."""
        found = body.get("operation")
        operation = operations.poll(cloud, found) if found else None
        if not found or (operation is not None and not operation.over(cloud.clock.now())):
            return body
        return self._kept(cloud, body, "Succeeded", None)

    def stored(self, cloud: Cloud, request: Request, body: Json, known: Json | None) -> Response:
        operation = operations.begin(cloud, {"service": SERVICE, "id": body["id"]})
        body = self._kept(cloud, body, "Updating", operation.id)
        headers = self._headers(request, body, operation.id)
        if self.dns:
            return Response(202, {}, headers)
        return Response(200 if known else 201, self.seen(cloud, request, body), headers)

    def _kept(self, cloud: Cloud, body: Json, state: str, operation: str | None) -> Json:
        properties = {**body["properties"], "provisioningState": state}
        body = {**body, "etag": self._new_etag(cloud), "properties": properties, "operation": operation}
        cloud.store.put(self.kind, body["id"], body)
        return body

    def _new_etag(self, cloud: Cloud) -> str:
        return cloud.new_id() if self.dns else f'W/"{cloud.new_id()}"'

    def _headers(self, request: Request, body: Json, operation_id: str) -> dict[str, str]:
        """Where the write is polled; a delete and private DNS also name a Location."""
        subscription = SUBSCRIPTION.format(**request.params)
        place = normal_location(str(body.get("location") or "global"))
        base = f"{subscription}/providers/{PROVIDER}/locations/{place}"
        statuses, results = "operations", "operationResults"
        if self.dns:
            base = f"{subscription}/resourceGroups/{request.params['group']}/providers/{PROVIDER}"
            statuses, results = "privateDnsOperationStatuses", "privateDnsOperationResults"
        headers = {"Azure-AsyncOperation": request.polled_at(f"{base}/{statuses}/{operation_id}")}
        if self.dns or request.method == "DELETE":
            headers["Location"] = request.polled_at(f"{base}/{results}/{operation_id}")
        return headers


def location_of(request: Request) -> str:
    """The location a body names, normalised."""
    return normal_location(request.body["location"])


def reference(value: Json) -> str:
    """The id in an ARM reference `{"id": ...}`; empty without one."""
    return str(value.get("id") or "") if isinstance(value, dict) else ""


def missing_reference(id: str, owner: str) -> ServiceError:
    """Network's 400 for an id that leads nowhere, or to another region."""
    return refused("InvalidResourceReference", id=id, owner=owner)
