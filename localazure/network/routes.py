"""The route table of Microsoft.Network."""

from __future__ import annotations

from localazure.arm_type import SPECIFIED, SUBSCRIPTION
from localazure.network import (
    network_interfaces,
    private_endpoints,
    private_zones,
    virtual_networks,
    zone_groups,
)
from localazure.network.operation_results import result, status
from localazure.network.resource import PLACE, PROVIDER
from localazure.routes import Handler, Route
from localazure.web import Host

_LOCATION = f"{SUBSCRIPTION}/providers/{PROVIDER}/locations/{{location}}"


def _polled(template: str, handler: Handler) -> Route:
    # Any client that has the address may poll it, as in ARM.
    return Route("GET", Host.ARM, f"{template}/{{operation}}", "", handler, SPECIFIED)


ROUTES: tuple[Route, ...] = (
    *virtual_networks.ROUTES,
    *private_endpoints.ROUTES,
    *network_interfaces.ROUTES,
    *zone_groups.ROUTES,
    *private_zones.ROUTES,
    _polled(f"{_LOCATION}/operations", status),
    _polled(f"{_LOCATION}/operationResults", result),
    _polled(f"{PLACE}/privateDnsOperationStatuses", status),
    _polled(f"{PLACE}/privateDnsOperationResults", result),
)
