"""Private endpoint connections at the resource to which an endpoint leads, of any type that has them.

Owns: the connections, and their routes below their resource. Does not own: the endpoints (network/), and the
groups of each type (network/private_endpoints.py). All answers follow the specification, hence are assumed.
"""

from collections.abc import Callable, Sequence

from localazure.arm_type import ArmType
from localazure.cloud import Cloud
from localazure.refusals import absent, refused
from localazure.routes import Route
from localazure.web import Json, Request

_KIND = "privateEndpointConnection"
_absent = absent("PrivateEndpointConnectionNotFound")
_STATUSES = ("Pending", "Approved", "Rejected", "Disconnected")


def connect(
    cloud: Cloud,
    *,
    id: str,
    type: str,
    location: str,
    endpoint_id: str,
    groups: Sequence[str],
    approved: bool,
    note: str,
) -> None:
    """Adds a connection to a resource; `id` is the connection's, `type` its ARM type, `location` that of the
    resource."""
    state = {
        "status": "Approved" if approved else "Pending",
        "description": "Auto-Approved" if approved else note,
        "actionsRequired": "None",
    }
    *_, resource, _, name = id.split("/")
    body = {
        "id": id,
        # Cognitive Services names what is below an account with the account's name (recorded).
        "name": f"{resource}/{name}" if type.startswith("Microsoft.CognitiveServices/") else name,
        "type": type,
        "location": location,
        "etag": cloud.new_etag(),
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


def routes(template: str, resource_id: Callable[[Cloud, Request], object]) -> tuple[Route, ...]:
    """The rows below a resource type; `resource_id` raises the resource's 404."""

    def put(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
        if known is None:
            raise _absent(request.params["connection"])
        properties = known["properties"]
        state = {**properties["privateLinkServiceConnectionState"], **_sent_state(request)}
        changed = {**properties, "privateLinkServiceConnectionState": state}
        return {**known, "etag": cloud.new_etag(), "properties": changed}

    path = f"{template}/privateEndpointConnections/{{connection}}"
    return ArmType(_KIND, path, put, parent=resource_id, absent=_absent).routes()


def _sent_state(request: Request) -> Json:
    state = request.properties.get("privateLinkServiceConnectionState")
    if not isinstance(state, dict) or state.get("status") not in _STATUSES:
        raise refused("ConnectionStatus", statuses=", ".join(_STATUSES))
    return {name: state[name] for name in ("status", "description", "actionsRequired") if state.get(name)}
