"""Microsoft.Network/privateEndpoints/privateDnsZoneGroups: which zones hold an endpoint's names."""

from __future__ import annotations

from localazure.arm_type import parent_not_found
from localazure.cloud import Cloud
from localazure.network.private_endpoints import ENDPOINTS, ZONE_GROUP
from localazure.network.private_zones import ZONES
from localazure.network.resource import NetworkType, missing_reference, properties_of
from localazure.shapes import an_object, objects
from localazure.web import Json, Request

_TTL_SECONDS = 10
_VAULTS, _VAULT_ZONE = "vault.azure.net", "vaultcore.azure.net"


def _endpoint(cloud: Cloud, request: Request) -> Json:
    found = ENDPOINTS.find(cloud, ENDPOINTS.id_of(request))
    if found is None:
        raise parent_not_found(request.params["endpoint"])
    return found


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    endpoint = _endpoint(cloud, request)
    configs = objects(properties_of(request).get("privateDnsZoneConfigs"), "privateDnsZoneConfigs")
    return {"properties": {"privateDnsZoneConfigs": [_config(cloud, id, endpoint, item) for item in configs]}}


def _config(cloud: Cloud, id: str, endpoint: Json, item: Json) -> Json:
    zone_id = str(an_object(item.get("properties"), "properties").get("privateDnsZoneId") or "")
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
                if (label := label_in(config["fqdn"], zone["name"]))
            ],
        },
    }


def label_in(fqdn: str, zone: str) -> str:
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
    make=_make,
)
