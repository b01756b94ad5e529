"""Microsoft.Network/virtualNetworks with the subnets that a PUT names, and the addresses that they have.

A PUT without `subnets` removes them, because a PUT replaces; a subnet in use makes Azure refuse that PUT.
A subnet that is made, changed or deleted by itself is a write of its network.
"""

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import replace

from localazure import definitions
from localazure.arm_type import SPECIFIED, resource_not_found
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.network.models import PLACE, PROVIDER, NetworkType, location_of, reference
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response

_ENDPOINTS = "network.privateEndpoint"
_SUBNETS = f"{PROVIDER}/virtualNetworks/subnets"
_RESERVED = 4
"""Azure keeps the first four addresses of a subnet (network, gateway, two for DNS) and the last one."""


def subnet_at(cloud: Cloud, id: str) -> tuple[Json, Json] | None:
    """The network and the subnet of a subnet's id."""
    network = NETWORKS.find(cloud, id.lower().split("/subnets/")[0])
    for subnet in network["properties"]["subnets"] if network else ():
        if subnet["id"].lower() == id.lower():
            return network, subnet
    return None


def free_address(subnet: Json, taken: Collection[str]) -> str | None:
    """The first address of a subnet that Azure may give out; None when all are taken."""
    properties = subnet["properties"]
    prefix = (properties.get("addressPrefixes") or [properties["addressPrefix"]])[0]
    network = ipaddress.ip_network(prefix)
    addresses = (str(network[number]) for number in range(_RESERVED, network.num_addresses - 1))
    return next((address for address in addresses if address not in taken), None)


def users_of(cloud: Cloud, subnet_id: str) -> list[Json]:
    """The private endpoints that have an address of a subnet."""
    found = [body for _, body in cloud.store.scan(_ENDPOINTS)]
    return [body for body in found if reference(body["properties"]["subnet"]).lower() == subnet_id.lower()]


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = definitions.settable(NETWORKS.type, request.properties)
    spaces = given.pop("addressSpace", {}).get("addressPrefixes")
    if not spaces:
        raise refused("AddressSpaceRequired")
    subnets = [_subnet(cloud, id, item) for item in given.pop("subnets", ())]
    kept = {subnet["id"].lower() for subnet in subnets}
    _require_unused(cloud, (one for one in _subnets_of(known) if one["id"].lower() not in kept))
    before = known["properties"] if known else {"resourceGuid": cloud.new_id()}
    return {
        "location": location_of(request),
        **request.tags,
        "properties": {
            "resourceGuid": before["resourceGuid"],
            "addressSpace": {"addressPrefixes": spaces},
            "subnets": subnets,
            **definitions.completed(NETWORKS.type, given),
        },
    }


def _subnet(cloud: Cloud, network_id: str, item: Json) -> Json:
    given = item.get("properties") or {}
    for prefix in given.get("addressPrefixes") or [str(given.get("addressPrefix"))]:
        try:
            ipaddress.ip_network(prefix)
        except ValueError as error:
            raise refused("InvalidAddressPrefixFormat", prefix=prefix, why=error) from error
    sent = {key: value for key, value in given.items() if key != "privateEndpoints"}
    name = str(item.get("name") or "")
    return {
        "name": name,
        "id": f"{network_id}/subnets/{name}",
        "etag": f'W/"{cloud.new_id()}"',
        "type": _SUBNETS,
        "properties": definitions.completed(_SUBNETS, sent),
    }


def _subnets_of(network: Json | None) -> list[Json]:
    return network["properties"]["subnets"] if network else []


def _shown(cloud: Cloud, _: Request, network: Json) -> Json:
    subnets = [_shown_subnet(cloud, network, subnet) for subnet in _subnets_of(network)]
    return _with_subnets(network, subnets)


def _with_subnets(network: Json, subnets: list[Json]) -> Json:
    return {**network, "properties": {**network["properties"], "subnets": subnets}}


def _shown_subnet(cloud: Cloud, network: Json, subnet: Json) -> Json:
    users = [{"id": body["id"]} for body in users_of(cloud, subnet["id"])]
    state = {"provisioningState": network["properties"]["provisioningState"]}
    properties = {**subnet["properties"], **state, **({"privateEndpoints": users} if users else {})}
    return {**subnet, "properties": properties}


def _require_unused(cloud: Cloud, subnets: Iterable[Json]) -> None:
    for subnet in subnets:
        if users := users_of(cloud, subnet["id"]):
            raise refused("InUseSubnetCannotBeDeleted", subnet=subnet["name"], user=users[0]["id"])


NETWORKS = NetworkType(
    kind="network.virtualNetwork",
    path=f"{PLACE}/virtualNetworks/{{network}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    shown=_shown,
    check_delete=lambda cloud, network: _require_unused(cloud, _subnets_of(network)),
)


def _put_subnet(cloud: Cloud, request: Request) -> Response:
    """Makes a subnet, or replaces one."""
    network, name = NETWORKS.required(cloud, request), request.params["subnet"]
    properties = {"subnets": [{**request.given, "name": name}]}
    asked = definitions.reading(cloud.behaviour, request)
    sent = {"location": network["location"], "properties": properties}
    definitions.require(NETWORKS.type, sent, definitions.wrong, asked)
    known = _named(network, name)
    subnets, status = [*_subnets_of(network)], 201
    if known is None:
        made = _subnet(cloud, network["id"], {**request.given, "name": name})
        subnets.append(made)
    else:
        made, status = _subnet(cloud, network["id"], {**request.given, "name": known["name"]}), 200
        subnets[subnets.index(known)] = made
    written = NETWORKS.stored(cloud, request, _with_subnets(network, subnets), network)
    return replace(written, status=status, body=_shown_subnet(cloud, NETWORKS.required(cloud, request), made))


def _delete_subnet(cloud: Cloud, request: Request) -> Response:
    """202 with an operation; 204 if it does not exist. Raises 400 for one in use."""
    network = NETWORKS.required(cloud, request)
    known = _named(network, request.params["subnet"])
    if known is None:
        return Response(204)
    _require_unused(cloud, [known])
    left = [subnet for subnet in _subnets_of(network) if subnet is not known]
    written = NETWORKS.stored(cloud, request, _with_subnets(network, left), network)
    return replace(written, status=202, body=None)


def _get_subnet(cloud: Cloud, request: Request) -> Response:
    network, name = NETWORKS.settled(cloud, NETWORKS.required(cloud, request)), request.params["subnet"]
    subnet = _named(network, name)
    if subnet is None:
        raise resource_not_found(f"{_SUBNETS}/{network['name']}/{name}", request.params["group"])
    return Response(200, _shown_subnet(cloud, network, subnet), {"ETag": subnet["etag"]})


def _list_subnets(cloud: Cloud, request: Request) -> Response:
    network = NETWORKS.settled(cloud, NETWORKS.required(cloud, request))
    return Response(200, {"value": _shown(cloud, request, network)["properties"]["subnets"]})


def _named(network: Json, name: str) -> Json | None:
    return next((subnet for subnet in _subnets_of(network) if subnet["name"].lower() == name.lower()), None)


_SUBNET = f"{NETWORKS.path}/subnets/{{subnet}}"
ROUTES = (
    *NETWORKS.routes(),
    Route("PUT", Host.ARM, _SUBNET, f"{_SUBNETS}/write", _put_subnet, SPECIFIED),
    Route("GET", Host.ARM, _SUBNET, f"{_SUBNETS}/read", _get_subnet, SPECIFIED),
    Route("DELETE", Host.ARM, _SUBNET, f"{_SUBNETS}/delete", _delete_subnet, SPECIFIED),
    Route("GET", Host.ARM, f"{NETWORKS.path}/subnets", f"{_SUBNETS}/read", _list_subnets, SPECIFIED),
)
