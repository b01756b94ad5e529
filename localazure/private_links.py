"""Private endpoint connections as the resource at their far end keeps them: any type that has them.

Owns: the connections, their routes below their resource. Does not own: the endpoints (network/), and which
groups a type has (network/targets.py). All answers are the specification's, hence assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localazure.cloud import Cloud
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_KIND = "privateEndpointConnection"
_STATUSES = ("Pending", "Approved", "Rejected", "Disconnected")
_ASSUMED = "all of it: made from the specification"


def connect(
    cloud: Cloud, *, id: str, type: str, endpoint_id: str, groups: Sequence[str], approved: bool, note: str
) -> None:
    """Adds a connection to a resource; `id` is the connection's, `type` its ARM type."""
    state = {
        "status": "Approved" if approved else "Pending",
        "description": "Auto-Approved" if approved else note,
        "actionsRequired": "None",
    }
    body = {
        "id": id,
        "name": id.rsplit("/", 1)[-1],
        "type": type,
        "etag": cloud.new_id(),
        "properties": {
            "provisioningState": "Succeeded",
            "groupIds": list(groups),
            "privateEndpoint": {"id": endpoint_id},
            "privateLinkServiceConnectionState": state,
        },
    }
    cloud.store.put(_KIND, id, body)


def find(cloud: Cloud, connection_id: str) -> Json | None:
    """A connection as its resource answers it; None once it is deleted."""
    return cloud.store.get(_KIND, connection_id)


def connections_of(cloud: Cloud, resource_id: str) -> list[Json]:
    """The connections of a resource, in order of their names."""
    return [body for _, body in cloud.store.scan(_KIND, f"{resource_id}/privateEndpointConnections/")]


def drop(cloud: Cloud, connection_id: str) -> None:
    """Ends one connection; its endpoint, if it is still there, is disconnected."""
    cloud.store.delete(_KIND, connection_id)


def drop_below(cloud: Cloud, resource_id: str) -> None:
    """Ends every connection of a resource that goes (that a recovered one has none is assumed)."""
    for body in connections_of(cloud, resource_id):
        drop(cloud, body["id"])


def routes(template: str, type: str, *, resource_id: Callable[[Cloud, Request], str]) -> tuple[Route, ...]:
    """The rows below a resource type; `resource_id` gives the resource's id or raises its 404."""

    def found(cloud: Cloud, request: Request) -> Json:
        resource, name = resource_id(cloud, request), request.params["connection"]
        body = find(cloud, f"{resource}/privateEndpointConnections/{name}")
        if body is None:
            message = f"The private endpoint connection '{name}' could not be found."
            raise ServiceError(404, "ResourceNotFound", message)
        return body

    def get(cloud: Cloud, request: Request) -> Response:
        return Response(200, found(cloud, request))

    def list_all(cloud: Cloud, request: Request) -> Response:
        return Response(200, {"value": connections_of(cloud, resource_id(cloud, request))})

    def put(cloud: Cloud, request: Request) -> Response:
        body = found(cloud, request)
        state = _sent_state(request)
        kept = body["properties"]["privateLinkServiceConnectionState"]
        properties = {**body["properties"], "privateLinkServiceConnectionState": {**kept, **state}}
        body = {**body, "etag": cloud.new_id(), "properties": properties}
        cloud.store.put(_KIND, body["id"], body)
        return Response(200, body)

    def delete(cloud: Cloud, request: Request) -> Response:
        id = f"{resource_id(cloud, request)}/privateEndpointConnections/{request.params['connection']}"
        if find(cloud, id) is None:
            return Response(204)
        drop(cloud, id)
        return Response(200)

    many = f"{template}/privateEndpointConnections"
    one, action = f"{many}/{{connection}}", f"{type}/privateEndpointConnections"
    return (
        Route("GET", Host.ARM, many, f"{action}/read", list_all, _ASSUMED),
        Route("GET", Host.ARM, one, f"{action}/read", get, _ASSUMED),
        Route("PUT", Host.ARM, one, f"{action}/write", put, _ASSUMED),
        Route("DELETE", Host.ARM, one, f"{action}/delete", delete, _ASSUMED),
    )


def _sent_state(request: Request) -> Json:
    properties = request.body.get("properties") if isinstance(request.body, dict) else None
    state = properties.get("privateLinkServiceConnectionState") if isinstance(properties, dict) else None
    if not isinstance(state, dict) or state.get("status") not in _STATUSES:
        raise ServiceError(
            400,
            "BadRequest",
            f"properties.privateLinkServiceConnectionState.status has to be one of {', '.join(_STATUSES)}.",
        )
    return {name: state[name] for name in ("status", "description", "actionsRequired") if state.get(name)}
