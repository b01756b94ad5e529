"""The routes of Microsoft.Network: its types, and where their operations are polled."""

from __future__ import annotations

from localazure import operations
from localazure.arm_type import SPECIFIED, SUBSCRIPTION
from localazure.cloud import Cloud
from localazure.network import private_endpoints, private_zones, virtual_networks, zone_groups
from localazure.network.resource import PLACE, PROVIDER, SERVICE
from localazure.routes import Handler, Route
from localazure.web import Host, Request, Response, ServiceError

TYPES = (
    zone_groups.ZONE_GROUPS,
    private_endpoints.ENDPOINTS,
    private_zones.LINKS,
    private_zones.ZONES,
    virtual_networks.NETWORKS,
)
"""In the order of their end with a group, in which nothing is still needed."""


def _status(cloud: Cloud, request: Request) -> Response:
    """The Azure-AsyncOperation form: 200 with InProgress, then Succeeded."""
    return Response(200, {"status": "Succeeded" if _polled(cloud, request) else "InProgress"})


def _result(cloud: Cloud, request: Request) -> Response:
    """The Location form: 202 while it runs, then 200 without a body."""
    if _polled(cloud, request):
        return Response(200)
    url = f"https://{Host.ARM}{request.path}?api-version={request.api_version}"
    return Response(202, None, {"Location": url})


def _polled(cloud: Cloud, request: Request) -> bool:
    operation = operations.poll(cloud, request.params["operation"])
    if operation is None or operation.about.get("service") != SERVICE:
        raise ServiceError(404, "ResourceNotFound", "The specified operation does not exist.")
    return operation.done(cloud.clock.now())


def _row(place: str, name: str, handler: Handler) -> Route:
    path = f"{place}/{name.replace('locations/', 'locations/{location}/')}/{{operation}}"
    return Route("GET", Host.ARM, path, f"{PROVIDER}/{name}/read", handler, SPECIFIED)


_PROVIDER = f"{SUBSCRIPTION}/providers/{PROVIDER}"
ROUTES: tuple[Route, ...] = (
    *virtual_networks.ROUTES,
    *private_endpoints.ENDPOINTS.routes(),
    *zone_groups.ZONE_GROUPS.routes(),
    *private_zones.ROUTES,
    _row(_PROVIDER, "locations/operations", _status),
    _row(_PROVIDER, "locations/operationResults", _result),
    _row(PLACE, "privateDnsOperationStatuses", _status),
    _row(PLACE, "privateDnsOperationResults", _result),
)
