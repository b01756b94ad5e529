"""Microsoft.Network/privateDnsZones, their links to virtual networks, and the zone groups of endpoints."""

from localazure import definitions
from localazure.arm_type import SPECIFIED
from localazure.cloud import Cloud
from localazure.network.models import PLACE, NetworkType, location_of, missing_reference, reference
from localazure.network.private_endpoints import ENDPOINTS, ZONE_GROUP
from localazure.network.virtual_networks import NETWORKS
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_TTL_SECONDS = 10
_VAULTS, _VAULT_ZONE = "vault.azure.net", "vaultcore.azure.net"


def _make_zone(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    name = request.params["zone"]
    if "." not in name.strip("."):
        raise ServiceError(400, "BadRequest", f"The zone name '{name}' has to have two labels or more.")
    properties = {"internalId": known["properties"]["internalId"] if known else cloud.new_hex()}
    return {
        "name": known["name"] if known else name.lower(),
        "location": location_of(request),
        **request.tags,
        "properties": properties,
    }


def _shown_zone(cloud: Cloud, _: Request, zone: Json) -> Json:
    links = LINKS.below(cloud, zone["id"])
    registering = [link for link in links if link["properties"]["registrationEnabled"]]
    counts = {
        # The zone's SOA record is one of them.
        "numberOfRecordSets": 1 + _records(cloud, zone["id"]),
        "numberOfVirtualNetworkLinks": len(links),
        "numberOfVirtualNetworkLinksWithRegistration": len(registering),
    }
    properties = {**zone["properties"], **definitions.completed(ZONES.type, counts)}
    return {**zone, "properties": properties}


def _check_delete(cloud: Cloud, zone: Json) -> None:
    if LINKS.below(cloud, zone["id"]):
        raise refused("ZoneHasLinks", zone=zone["name"])


ZONES = NetworkType(
    kind="network.privateZone",
    path=f"{PLACE}/privateDnsZones/{{zone}}",
    make=_make_zone,
    regions=("global",),
    tracked=True,
    shown=_shown_zone,
    check_delete=_check_delete,
    dns=True,
)


def _make_link(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    zone_id, given = id.rsplit("/", 2)[0], request.properties
    network_id = reference(given.get("virtualNetwork"))
    if NETWORKS.find(cloud, network_id) is None:
        raise missing_reference(network_id, id)
    for link in LINKS.below(cloud, zone_id):
        other = link["id"].lower() != id.lower()
        if other and reference(link["properties"]["virtualNetwork"]).lower() == network_id.lower():
            raise refused("ZoneAlreadyLinked", zone_id=zone_id, network_id=network_id, link=link["id"])
    _require_no_overlap(cloud, zone_id, network_id)
    return {
        "name": known["name"] if known else request.params["link"].lower(),
        "location": location_of(request),
        **request.tags,
        "properties": {
            "registrationEnabled": bool(given.get("registrationEnabled")),
            "resolutionPolicy": given.get("resolutionPolicy") or "Default",
            "virtualNetwork": {"id": network_id},
            "virtualNetworkLinkState": "Completed",
        },
    }


def _require_no_overlap(cloud: Cloud, zone_id: str, network_id: str) -> None:
    """Refuses a network that is linked to another zone of the same name (code and text as users reported).

    Assumed: a zone and one below it may both be linked.
    """
    name = zone_id.rsplit("/", 1)[-1].lower()
    for link in LINKS.below(cloud):
        other = link["id"].rsplit("/", 2)[0]
        same_network = reference(link["properties"]["virtualNetwork"]).lower() == network_id.lower()
        if same_network and other.lower() != zone_id.lower() and other.rsplit("/", 1)[-1].lower() == name:
            raise refused("OverlappingZones", name=name)


LINKS = NetworkType(
    kind="network.zoneLink",
    path=f"{ZONES.path}/virtualNetworkLinks/{{link}}",
    make=_make_link,
    regions=("global",),
    parent=ZONES.above,
    dns=True,
)


def _make_group(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    endpoint = ENDPOINTS.above(cloud, request)
    configs = request.properties.get("privateDnsZoneConfigs") or []
    return {"properties": {"privateDnsZoneConfigs": [_config(cloud, id, endpoint, item) for item in configs]}}


def _config(cloud: Cloud, id: str, endpoint: Json, item: Json) -> Json:
    zone_id = str((item.get("properties") or {}).get("privateDnsZoneId") or "")
    zone = ZONES.find(cloud, zone_id)
    if zone is None:
        raise missing_reference(zone_id, id)
    name = str(item.get("name") or "")
    return {
        "name": name,
        "id": f"{id}/privateDnsZoneConfigs/{name}",
        "properties": {
            "privateDnsZoneId": zone["id"],
            "recordSets": [
                {
                    "recordType": "A",
                    "recordSetName": label,
                    "fqdn": f"{label}.{zone['name']}",
                    "ttl": _TTL_SECONDS,
                    "ipAddresses": config["ipAddresses"],
                    "provisioningState": "Succeeded",
                }
                for config in endpoint["properties"]["customDnsConfigs"]
                if (label := _label_in(config["fqdn"], zone["name"]))
            ],
        },
    }


def _label_in(fqdn: str, zone: str) -> str:
    """The first label of a public name where the zone is the one that serves it, else empty.

    `contoso.vault.azure.net` is served by `privatelink.vaultcore.azure.net`, any other name by
    `privatelink.` and its own suffix.
    """
    label, _, suffix = fqdn.partition(".")
    suffix = _VAULT_ZONE if suffix == _VAULTS else suffix
    return label if zone == f"privatelink.{suffix}" else ""


ZONE_GROUPS = NetworkType(
    kind=ZONE_GROUP,
    path=f"{ENDPOINTS.path}/privateDnsZoneGroups/{{zonegroup}}",
    make=_make_group,
)


def _records(cloud: Cloud, zone_id: str) -> int:
    """How many A records the zone groups keep in a zone."""
    configs = (
        config["properties"]
        for _, body in cloud.store.scan(ZONE_GROUP)
        for config in body["properties"]["privateDnsZoneConfigs"]
    )
    mine = (one for one in configs if one["privateDnsZoneId"].lower() == zone_id.lower())
    return len({record["recordSetName"] for one in mine for record in one["recordSets"]})


def get_soa(cloud: Cloud, request: Request) -> Response:
    """The SOA record that each zone has, which terraform's azurerm reads with it."""
    zone, type = ZONES.required(cloud, request), f"{ZONES.type}/SOA"
    properties = definitions.completed(type, {"fqdn": f"{zone['name']}."})
    return Response(200, {"id": f"{zone['id']}/SOA/@", "name": "@", "type": type, "properties": properties})


_SOA = Route("GET", Host.ARM, f"{ZONES.path}/SOA/@", f"{ZONES.type}/SOA/read", get_soa, SPECIFIED)
ROUTES = (*ZONES.routes(), *LINKS.routes(), *ZONE_GROUPS.routes(), _SOA)
