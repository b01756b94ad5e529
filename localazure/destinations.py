"""Where diagnostic settings deliver besides workspaces: storage accounts and event hubs.

Owns: Microsoft.Storage/storageAccounts, Microsoft.EventHub/namespaces and their authorization rules, as far
as their shape matters to a setting, and the refusals of a setting that names one. Nothing is delivered.
Sources: azure-rest-api-specs, Microsoft.Storage 2023-05-01 and Microsoft.EventHub 2024-01-01; the demands,
learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings. The texts of the refusals are assumed.
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.routes import Route
from localazure.shapes import an_object
from localazure.tracked import TrackedType
from localazure.web import Host, Json, Request, Response, ServiceError

_STORAGE = "Microsoft.Storage/storageAccounts"
_NAMESPACE = "Microsoft.EventHub/namespaces"
_RULE = "eventHubRule"
_RULES = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/"
    f"{_NAMESPACE}/{{namespace}}/authorizationRules/{{rule}}"
)
_NEEDED = ("Manage", "Send", "Listen")
_MADE_UP = "all of it: made from the specification"


def _make(type: str) -> TrackedType:
    def make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
        sent = request.body
        return {
            "id": id,
            "name": known["name"] if known else request.params["name"],
            "type": type,
            "location": sent["location"],
            "sku": an_object(sent.get("sku"), "sku") or {"name": "Standard_LRS"},
            **({"kind": sent["kind"]} if sent.get("kind") else {}),
            **({"tags": sent["tags"]} if sent.get("tags") else {}),
            "properties": {
                **an_object(sent.get("properties"), "properties"),
                "provisioningState": "Succeeded",
            },
        }

    return TrackedType(kind=type.rpartition("/")[2], type=type, make=make)


_TYPES = {type: _make(type) for type in (_STORAGE, _NAMESPACE)}


def _put_rule(cloud: Cloud, request: Request) -> Response:
    namespace, _, name = _id(request).rpartition("/authorizationRules/")
    if cloud.store.get(_TYPES[_NAMESPACE].kind, namespace) is None:
        raise _absent(namespace)
    given = an_object(request.body.get("properties"), "properties").get("rights") or []
    body = {
        "id": _id(request),
        "name": name,
        "type": f"{_NAMESPACE}/authorizationRules",
        "properties": {"rights": given},
    }
    cloud.store.put(_RULE, _id(request), body)
    return Response(200, body)


def _get_rule(cloud: Cloud, request: Request) -> Response:
    body = cloud.store.get(_RULE, _id(request))
    if body is None:
        raise _absent(_id(request))
    return Response(200, body)


def _id(request: Request) -> str:
    return request.path.rstrip("/")


def _absent(id: str) -> ServiceError:
    return ServiceError(404, "ResourceNotFound", f"The Resource '{id}' was not found.", gateway=True)


def require_usable(cloud: Cloud, resource_location: str, storage: str | None, rule: str | None) -> None:
    """Raises 400 where a setting of a resource in a region names a destination that cannot take its logs."""
    if storage and f"/providers/{_STORAGE}/".lower() in storage.lower():
        _require_region(storage, _found(cloud, _TYPES[_STORAGE].kind, storage), resource_location)
    if rule and "/authorizationrules/" in rule.lower():
        rights = _found(cloud, _RULE, rule)["properties"]["rights"]
        if missing := [right for right in _NEEDED if right not in rights]:
            raise _refused(f"The authorization rule '{rule}' lacks the rights {', '.join(missing)}.")
        namespace = rule.lower().rpartition("/authorizationrules/")[0]
        _require_region(rule, _found(cloud, _TYPES[_NAMESPACE].kind, namespace), resource_location)


def _found(cloud: Cloud, kind: str, id: str) -> Json:
    body = cloud.store.get(kind, id)
    if body is None:
        raise _refused(f"Resource {id} could not be found.")
    return body


def _require_region(id: str, found: Json, wanted: str) -> None:
    if wanted and found["location"].lower() != wanted.lower():
        raise _refused(f"Resource '{id}' is in region '{found['location']}', and the resource in '{wanted}'.")


def _refused(text: str) -> ServiceError:
    return ServiceError(400, "BadRequest", text)


ROUTES = (
    *(route for type in _TYPES.values() for route in type.routes(assumed=_MADE_UP)),
    Route("PUT", Host.ARM, _RULES, f"{_NAMESPACE}/authorizationRules/write", _put_rule, _MADE_UP),
    Route("GET", Host.ARM, _RULES, f"{_NAMESPACE}/authorizationRules/read", _get_rule, _MADE_UP),
)


def delete_in_group(cloud: Cloud, group_id: str) -> None:
    """Takes away what a group that is deleted holds."""
    for type in _TYPES.values():
        type.delete_in_group(cloud, group_id)
    for id, _ in cloud.store.scan(_RULE, f"{group_id}/"):
        cloud.store.delete(_RULE, id)
