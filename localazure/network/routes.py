"""The route table of Microsoft.Network."""

from __future__ import annotations

from localazure.arm_type import SPECIFIED, SUBSCRIPTION
from localazure.network import (
    private_endpoints,
    private_zones,
    virtual_networks,
    zone_groups,
)
from localazure.network.operation_results import result, status
from localazure.network.resource import PLACE, PROVIDER
from localazure.routes import Handler, Route
from localazure.web import Host

_PROVIDER = f"{SUBSCRIPTION}/providers/{PROVIDER}"


def _polled(place: str, name: str, handler: Handler) -> Route:
    path = name.replace("locations/", "locations/{location}/")
    return Route(
        "GET", Host.ARM, f"{place}/{path}/{{operation}}", f"{PROVIDER}/{name}/read", handler, SPECIFIED
    )


ROUTES: tuple[Route, ...] = (
    *virtual_networks.ROUTES,
    *private_endpoints.ROUTES,
    *zone_groups.ROUTES,
    *private_zones.ROUTES,
    _polled(_PROVIDER, "locations/operations", status),
    _polled(_PROVIDER, "locations/operationResults", result),
    _polled(PLACE, "privateDnsOperationStatuses", status),
    _polled(PLACE, "privateDnsOperationResults", result),
)
