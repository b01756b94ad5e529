"""The routes of Microsoft.Network: its types, and where their operations are polled."""

from localazure import operations
from localazure.arm_type import SPECIFIED, SUBSCRIPTION
from localazure.cloud import Cloud
from localazure.network import private_endpoints, private_zones, virtual_networks
from localazure.network.models import PLACE, PROVIDER, SERVICE
from localazure.routes import Route
from localazure.web import Host, Request, Response, ServiceError

TYPES = (
    private_zones.ZONE_GROUPS,
    private_endpoints.ENDPOINTS,
    private_zones.LINKS,
    private_zones.ZONES,
    virtual_networks.NETWORKS,
)
"""In the order of their end with a group, in which nothing is still needed."""


def _poll(cloud: Cloud, request: Request) -> Response:
    """Of an Azure-AsyncOperation 200 with InProgress, then Succeeded; of a Location 202, then 200, and no
    body."""
    operation = operations.poll(cloud, request.params["operation"])
    if operation is None or operation.about.get("service") != SERVICE:
        raise ServiceError(404, "ResourceNotFound", "The specified operation does not exist.")
    done = operation.done(cloud.clock.now())
    if "operationresults/" not in request.path.lower():
        return Response(200, {"status": "Succeeded" if done else "InProgress"})
    return Response(200) if done else Response(202, None, {"Location": request.polled_at(request.path)})


def _row(place: str, name: str) -> Route:
    path = f"{place}/{name.replace('locations/', 'locations/{location}/')}/{{operation}}"
    return Route("GET", Host.ARM, path, f"{PROVIDER}/{name}/read", _poll, SPECIFIED)


_PROVIDER = f"{SUBSCRIPTION}/providers/{PROVIDER}"
ROUTES: tuple[Route, ...] = (
    *virtual_networks.ROUTES,
    *private_endpoints.ENDPOINTS.routes(),
    *private_zones.ROUTES,
    _row(_PROVIDER, "locations/operations"),
    _row(_PROVIDER, "locations/operationResults"),
    _row(PLACE, "privateDnsOperationStatuses"),
    _row(PLACE, "privateDnsOperationResults"),
)
