"""The destinations of diagnostic settings besides workspaces: storage accounts and event hubs.

Owns: Microsoft.Storage/storageAccounts, Microsoft.EventHub/namespaces and their authorization rules, as far
as their shape matters to a setting, and the refusals of a setting that names one. Nothing is delivered. The
stores of Foundry's agents (Search, Cosmos DB with its roles) are kept as they are sent, too: none of them
uses its key here.
Sources: azure-rest-api-specs, Microsoft.Storage 2023-05-01, Microsoft.EventHub 2024-01-01, and of the stores
their SDKs (definitions.json); the demands,
learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings.
"""

from localazure.arm_type import ArmType, tracked
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.refusals import refused
from localazure.web import Json, Request

_STORAGE = "Microsoft.Storage/storageAccounts"
_NAMESPACE = "Microsoft.EventHub/namespaces"
_NEEDED = ("Manage", "Send", "Listen")


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    sent = request.body
    return {
        "location": sent["location"],
        **{name: sent[name] for name in ("sku", "kind", "identity", "tags") if sent.get(name)},
        "properties": {**request.properties, "provisioningState": "Succeeded"},
    }


def _make_below(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    return {"properties": request.properties}


def _kept(type: str, name: str = "{name}") -> ArmType:
    return tracked(type.rpartition("/")[2], type, _make, REGIONS, name)


_STORAGES, _NAMESPACES = _kept(_STORAGE), _kept(_NAMESPACE, "{namespace}")
_SEARCHES, _COSMOS = _kept("Microsoft.Search/searchServices"), _kept("Microsoft.DocumentDB/databaseAccounts")


def _below(above: ArmType, kind: str, path: str) -> ArmType:
    return ArmType(kind, f"{above.path}/{path}", _make_below, parent=above.above, created_status=200)


_RULES = _below(_NAMESPACES, "eventHubRule", "authorizationRules/{rule}")
_COSMOS_ROLES = _below(_COSMOS, "cosmosRole", "sqlRoleAssignments/{role}")
TYPES = (_STORAGES, _NAMESPACES, _RULES, _SEARCHES, _COSMOS, _COSMOS_ROLES)


def require_usable(cloud: Cloud, resource_location: str, storage: str | None, rule: str | None) -> None:
    """Raises 400 where a setting of a resource in a region names a destination that cannot take its logs."""
    if storage and f"/providers/{_STORAGE}/".lower() in storage.lower():
        _require_region(storage, _found(cloud, _STORAGES, storage), resource_location)
    if rule and "/authorizationrules/" in rule.lower():
        rights = _found(cloud, _RULES, rule)["properties"].get("rights") or []
        if missing := [right for right in _NEEDED if right not in rights]:
            raise refused("SinkRights", rule=rule, missing=", ".join(missing))
        namespace = rule.lower().rpartition("/authorizationrules/")[0]
        _require_region(rule, _found(cloud, _NAMESPACES, namespace), resource_location)


def _found(cloud: Cloud, type: ArmType, id: str) -> Json:
    body = type.find(cloud, id)
    if body is None:
        raise refused("SinkNotFound", id=id)
    return body


def _require_region(id: str, found: Json, wanted: str) -> None:
    if wanted and found["location"].lower() != wanted.lower():
        raise refused("SinkRegion", id=id, found=found["location"], wanted=wanted)
