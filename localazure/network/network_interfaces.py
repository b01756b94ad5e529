"""Microsoft.Network/networkInterfaces: those of private endpoints, read out of their endpoints."""

from __future__ import annotations

from localazure.arm_type import SPECIFIED, resource_not_found
from localazure.cloud import Cloud
from localazure.network.private_endpoints import ENDPOINTS
from localazure.network.resource import PLACE, PROVIDER
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response


def get_interface(cloud: Cloud, request: Request) -> Response:
    """The network interface of an endpoint, which comes and goes with it."""
    p = request.params
    group = f"/subscriptions/{p['subscription']}/resourceGroups/{p['group']}"
    id = f"{group}/providers/{PROVIDER}/networkInterfaces/{p['interface']}".lower()
    for body in ENDPOINTS.below(cloud, group):
        properties = body["properties"]
        if properties["networkInterfaces"][0]["id"].lower() == id:
            return Response(200, _interface(body))
    raise resource_not_found(f"{PROVIDER}/networkInterfaces/{p['interface']}", p["group"])


def _interface(endpoint: Json) -> Json:
    properties = endpoint["properties"]
    id = properties["networkInterfaces"][0]["id"]
    names: dict[str, list[str]] = {}
    for config in properties["customDnsConfigs"]:
        names.setdefault(config["ipAddresses"][0], []).append(config["fqdn"])
    configurations = [
        {
            "name": f"privateEndpointIpConfig.{number}",
            "id": f"{id}/ipConfigurations/privateEndpointIpConfig.{number}",
            "properties": {
                "provisioningState": "Succeeded",
                "privateIPAddress": address,
                "privateIPAllocationMethod": "Static" if properties["ipConfigurations"] else "Dynamic",
                "subnet": properties["subnet"],
                "primary": number == 0,
                "privateLinkConnectionProperties": {"fqdns": fqdns},
            },
        }
        for number, (address, fqdns) in enumerate(names.items())
    ]
    return {
        "name": id.rsplit("/", 1)[-1],
        "id": id,
        "type": f"{PROVIDER}/networkInterfaces",
        "location": endpoint["location"],
        "properties": {
            "provisioningState": "Succeeded",
            "ipConfigurations": configurations,
            "privateEndpoint": {"id": endpoint["id"]},
        },
    }


_NIC = f"{PLACE}/networkInterfaces/{{interface}}"
ROUTES = (Route("GET", Host.ARM, _NIC, f"{PROVIDER}/networkInterfaces/read", get_interface, SPECIFIED),)
