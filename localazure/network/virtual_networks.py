"""Microsoft.Network/virtualNetworks and their subnets.

A network's document holds its subnets, whichever way they came: inline or as children. That a PUT without
`subnets` takes them away is how ARM's replace works; one in use stays, and refuses the PUT.
"""

from __future__ import annotations

from collections.abc import Callable

from localazure.arm_type import SPECIFIED, body_of, resource_not_found
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.network import addresses
from localazure.network.resource import (
    PLACE,
    PROVIDER,
    NetworkType,
    location_of,
    properties_of,
    reference,
    tags_of,
)
from localazure.routes import Route
from localazure.shapes import an_object, objects, texts
from localazure.web import Host, Json, Request, Response, ServiceError

_ENDPOINTS = "network.privateEndpoint"
_SUBNETS = f"{PROVIDER}/virtualNetworks/subnets"
_OWN = ("addressSpace", "subnets", "provisioningState", "resourceGuid")
_SUBNET_DEFAULTS = {
    "delegations": [],
    "privateEndpointNetworkPolicies": "Disabled",
    "privateLinkServiceNetworkPolicies": "Enabled",
}


def subnet_at(cloud: Cloud, id: str) -> tuple[Json, Json] | None:
    """The network and the subnet of a subnet's id."""
    network = NETWORKS.find(cloud, id.lower().split("/subnets/")[0])
    for subnet in network["properties"]["subnets"] if network else ():
        if subnet["id"].lower() == id.lower():
            return network, subnet
    return None


def users_of(cloud: Cloud, subnet_id: str) -> list[Json]:
    """The private endpoints that have an address of a subnet."""
    found = [body_of(document) for _, document in cloud.store.scan(_ENDPOINTS)]
    return [body for body in found if reference(body["properties"]["subnet"]).lower() == subnet_id.lower()]


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = properties_of(request)
    space = an_object(given.get("addressSpace"), "properties.addressSpace")
    spaces = texts(space.get("addressPrefixes"), "properties.addressSpace.addressPrefixes")
    if not spaces:
        raise _bad(
            "InvalidRequestFormat", "properties.addressSpace.addressPrefixes needs one prefix or more."
        )
    _require_prefixes(spaces)
    subnets = [
        _subnet(cloud, id, str(item.get("name") or ""), item.get("properties"), _known(known, item))
        for item in objects(given.get("subnets"), "properties.subnets")
    ]
    kept = {subnet["id"].lower() for subnet in subnets}
    for subnet in known["properties"]["subnets"] if known else ():
        if subnet["id"].lower() not in kept:
            _require_unused(cloud, subnet)
    _require_fitting(spaces, subnets)
    before = known["properties"] if known else {"resourceGuid": cloud.new_id()}
    return {
        "location": location_of(request),
        **tags_of(request),
        "properties": {
            "resourceGuid": before["resourceGuid"],
            "addressSpace": {"addressPrefixes": spaces},
            "subnets": subnets,
            "virtualNetworkPeerings": [],
            "enableDdosProtection": False,
            **{name: value for name, value in given.items() if name not in _OWN and value is not None},
        },
    }


def _subnet(cloud: Cloud, network_id: str, name: str, sent_properties: Json, known: Json | None) -> Json:
    given = an_object(sent_properties, "a subnet's properties")
    prefixes = texts(given.get("addressPrefixes"), "addressPrefixes") or [given.get("addressPrefix") or ""]
    _require_prefixes(prefixes)
    sent = {key: value for key, value in given.items() if value is not None}
    sent.pop("privateEndpoints", None)
    return {
        "name": known["name"] if known else name,
        "id": f"{network_id}/subnets/{name}",
        "etag": f'W/"{cloud.new_id()}"',
        "type": _SUBNETS,
        "properties": {**_SUBNET_DEFAULTS, **sent, "provisioningState": "Succeeded"},
    }


def _shown(cloud: Cloud, _: Request, network: Json) -> Json:
    subnets = [_shown_subnet(cloud, subnet) for subnet in network["properties"]["subnets"]]
    return {**network, "properties": {**network["properties"], "subnets": subnets}}


def _shown_subnet(cloud: Cloud, subnet: Json) -> Json:
    users = [{"id": body["id"]} for body in users_of(cloud, subnet["id"])]
    properties = {**subnet["properties"], **({"privateEndpoints": users} if users else {})}
    return {**subnet, "properties": properties}


def _check_delete(cloud: Cloud, network: Json) -> None:
    for subnet in network["properties"]["subnets"]:
        _require_unused(cloud, subnet)


NETWORKS = NetworkType(
    kind="network.virtualNetwork",
    path=f"{PLACE}/virtualNetworks/{{network}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    shown=_shown,
    check_delete=_check_delete,
)


def put_subnet(cloud: Cloud, request: Request) -> Response:
    """Adds a subnet to its network, or replaces it."""
    network, name = NETWORKS.required(cloud, request), request.params["subnet"]
    known = _known(network, {"name": name})
    made = _subnet(cloud, network["id"], name, properties_of(request), known)
    others = [subnet for subnet in network["properties"]["subnets"] if subnet is not known]
    _require_fitting(network["properties"]["addressSpace"]["addressPrefixes"], [*others, made])
    changed = {**network, "properties": {**network["properties"], "subnets": [*others, made]}}
    begun = NETWORKS.begun(cloud, request, changed, 200 if known else 201)
    updating = {**made, "properties": {**made["properties"], "provisioningState": "Updating"}}
    return Response(begun.status, updating, begun.headers)


def get_subnet(cloud: Cloud, request: Request) -> Response:
    """A subnet; looking at it may end its network's operation."""
    network, name = NETWORKS.settled(cloud, NETWORKS.required(cloud, request)), request.params["subnet"]
    subnet = _known(network, {"name": name})
    if subnet is None:
        raise resource_not_found(f"{_SUBNETS}/{network['name']}/{name}", request.params["group"])
    return Response(200, _shown_subnet(cloud, subnet), {"ETag": subnet["etag"]})


def list_subnets(cloud: Cloud, request: Request) -> Response:
    """The subnets of a network."""
    network = NETWORKS.required(cloud, request)
    found = [_shown_subnet(cloud, subnet) for subnet in network["properties"]["subnets"]]
    return Response(200, {"value": found})


def delete_subnet(cloud: Cloud, request: Request) -> Response:
    """Removes a subnet from its network; 204 if it does not exist."""
    network = NETWORKS.find(cloud, NETWORKS.id_of(request))
    known = _known(network, {"name": request.params["subnet"]})
    if network is None or known is None:
        return Response(204)
    _require_unused(cloud, known)
    others = [subnet for subnet in network["properties"]["subnets"] if subnet is not known]
    changed = {**network, "properties": {**network["properties"], "subnets": others}}
    return Response(202, None, NETWORKS.begun(cloud, request, changed, 202).headers)


def _known(network: Json | None, item: Json) -> Json | None:
    name = str(item.get("name") or "").lower()
    subnets = network["properties"]["subnets"] if network else ()
    return next((subnet for subnet in subnets if subnet["name"].lower() == name), None)


def _require_prefixes(prefixes: list[str]) -> None:
    for prefix in prefixes:
        if problem := addresses.prefix_problem(str(prefix)):
            raise _bad(
                "InvalidAddressPrefixFormat", f"Address prefix {prefix!r} is not in CIDR notation: {problem}."
            )


def _require_fitting(spaces: list[str], subnets: list[Json]) -> None:
    """Every subnet inside the network's address space, and no two over one another."""
    prefixes = [prefix for subnet in subnets for prefix in subnet_prefixes(subnet)]
    for prefix in prefixes:
        if addresses.outside(prefix, spaces):
            raise _bad(
                "NetcfgInvalidSubnet", f"Subnet prefix '{prefix}' is outside the address space {spaces}."
            )
    if found := addresses.overlapping(prefixes):
        raise _bad("NetcfgSubnetRangesOverlap", f"Subnet prefixes '{found[0]}' and '{found[1]}' overlap.")


def subnet_prefixes(subnet: Json) -> list[str]:
    """The prefixes of a subnet, which ARM takes as one or as a list."""
    properties = subnet["properties"]
    return list(properties.get("addressPrefixes") or [properties["addressPrefix"]])


def _require_unused(cloud: Cloud, subnet: Json) -> None:
    if users := users_of(cloud, subnet["id"]):
        raise _bad(
            "InUseSubnetCannotBeDeleted",
            f"Subnet {subnet['name']} is in use by {users[0]['id']} and cannot be deleted. In order to "
            "delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
        )


def _bad(code: str, message: str) -> ServiceError:
    return ServiceError(400, code, message)


def _row(method: str, action: str, handler: Callable[[Cloud, Request], Response]) -> Route:
    template = f"{NETWORKS.path}/subnets"
    one = template if handler is list_subnets else f"{template}/{{subnet}}"
    return Route(method, Host.ARM, one, f"{_SUBNETS}/{action}", handler, SPECIFIED)


ROUTES = (
    *NETWORKS.routes(),
    _row("PUT", "write", put_subnet),
    _row("GET", "read", get_subnet),
    _row("GET", "read", list_subnets),
    _row("DELETE", "delete", delete_subnet),
)
