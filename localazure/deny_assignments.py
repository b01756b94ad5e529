"""Microsoft.Authorization/denyAssignments: what nobody may do, whatever roles they have.

Azure makes them for deployment stacks and managed applications; the API of 2024-07-01-preview lets users make
them, too (New-AzDenyAssignment). Source: learn.microsoft.com/azure/role-based-access-control/deny-assignments
and rest/api/authorization/deny-assignments. Owns: the routes and what a deny assignment forbids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from localazure.cloud import Cloud
from localazure.roles import Role
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_KIND = "denyAssignment"
_TYPE = "Microsoft.Authorization/denyAssignments"
_TEMPLATE = f"{{scope*}}/providers/{_TYPE}"
_EVERYBODY = "00000000-0000-0000-0000-000000000000"
_ASSUMED = "all of it: made from the specification"


def denies(cloud: Cloud, object_id: str, scope: str, denied: Callable[[Role], bool]) -> bool:
    """Whether a deny assignment at a scope, or at one above it, takes from a principal what `denied` looks
    for."""
    target = f"{scope.rstrip('/')}/".lower()
    for body in _all(cloud):
        properties = body["properties"]
        held = str(properties["scope"]).rstrip("/").lower()
        inherited = target != f"{held}/" and properties.get("doNotApplyToChildScopes")
        if inherited or not target.startswith(f"{held}/"):
            continue
        spared = object_id.lower() in _ids(properties, "excludePrincipals")
        if spared or not _ids(properties, "principals") & {_EVERYBODY, object_id.lower()}:
            continue
        if any(denied(_role(block)) for block in properties["permissions"]):
            return True
    return False


def _put(cloud: Cloud, request: Request) -> Response:
    given, id = request.body.get("properties") or {}, _id(request)
    if not given.get("permissions") or not given.get("principals"):
        message = "The deny assignment needs properties.permissions and properties.principals."
        raise ServiceError(400, "InvalidDenyAssignmentRequest", message)
    body = {
        "properties": {**given, "scope": _scope(request), "isSystemProtected": False},
        "id": id,
        "type": _TYPE,
        "name": request.params["name"],
    }
    known = cloud.store.get(_KIND, id)
    cloud.store.put(_KIND, id, body)
    return Response(200 if known else 201, body)


def _get(cloud: Cloud, request: Request) -> Response:
    found = cloud.store.get(_KIND, _id(request))
    if found is None:
        message = f"The deny assignment '{request.params['name']}' is not found."
        raise ServiceError(404, "DenyAssignmentNotFound", message)
    return Response(200, found)


def _delete(cloud: Cloud, request: Request) -> Response:
    found = cloud.store.get(_KIND, _id(request))
    cloud.store.delete(_KIND, _id(request))
    return Response(200 if found else 204, found)


def _list(cloud: Cloud, request: Request) -> Response:
    """Those at, above and below a scope."""
    scope = f"{_scope(request)}/".lower()
    found = [
        body
        for body in _all(cloud)
        if scope.startswith(held := f"{str(body['properties']['scope']).rstrip('/')}/".lower())
        or held.startswith(scope)
    ]
    return Response(200, {"value": found})


def _all(cloud: Cloud) -> Iterator[Json]:
    return (body for _, body in cloud.store.scan(_KIND))


def _ids(properties: Json, name: str) -> set[str]:
    return {str(one["id"]).lower() for one in properties.get(name) or ()}


def _role(block: Json) -> Role:
    words = ("actions", "notActions", "dataActions", "notDataActions")
    return Role("", "", "", *(tuple(block.get(word) or ()) for word in words))


def _scope(request: Request) -> str:
    return "/" + request.params["scope"].strip("/")


def _id(request: Request) -> str:
    return f"{_scope(request)}/providers/{_TYPE}/{request.params['name']}"


ROUTES = (
    Route("PUT", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/write", _put, _ASSUMED),
    Route("GET", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/read", _get, _ASSUMED),
    Route("DELETE", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/delete", _delete, _ASSUMED),
    Route("GET", Host.ARM, _TEMPLATE, f"{_TYPE}/read", _list, _ASSUMED),
)
