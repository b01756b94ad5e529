"""Microsoft.Authorization/locks: management locks, and what they forbid.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources (inheritance,
levels); the text of ScopeLocked is from public reports, hence assumed.
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_KIND = "lock"
_TYPE = "Microsoft.Authorization/locks"
_TEMPLATE = f"{{scope*}}/providers/{_TYPE}"


def require_unlocked(cloud: Cloud, method: str, scope: str, namespace: str) -> None:
    """Raises ServiceError 409 ScopeLocked where a lock at, above or (for a delete) below forbids this.

    Locks themselves are not locked: their permissions decide.
    """
    if method in ("GET", "HEAD") or f"/{_TYPE}/".lower() in f"{scope}/".lower():
        return
    verb = "delete" if method == "DELETE" else "write"
    holding = []
    for _, lock in cloud.store.scan(_KIND, _subscription(scope)):
        held = str(lock["scope"]).lower()
        above = f"{scope}/".lower().startswith(f"{held}/")
        below = verb == "delete" and held.startswith(f"{scope}/".lower())
        read_only = lock["body"]["properties"]["level"] == "ReadOnly"
        if (above or below) and (verb == "delete" or read_only):
            holding.append(str(lock["scope"]))
    if holding:
        scopes = ",".join(sorted(set(holding)))
        raise ServiceError(
            409,
            "ScopeLocked",
            f"The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: "
            f"'{scopes}'. Please remove the lock and try again.",
            gateway=True,
        )


def _put(cloud: Cloud, request: Request) -> Response:
    scope, name, id = _scope(request), request.params["name"], _id(request)
    given = request.body.get("properties")
    level = given.get("level") if isinstance(given, dict) else None
    if level not in ("CanNotDelete", "ReadOnly"):
        raise ServiceError(
            400,
            "InvalidRequestContent",
            f"The lock level {level!r} is not one of 'CanNotDelete', 'ReadOnly'.",
            gateway=True,
        )
    properties = {"level": level, **({"notes": given["notes"]} if given.get("notes") else {})}
    known = cloud.store.get(_KIND, id)
    body = {"properties": properties, "id": id, "type": _TYPE, "name": name}
    cloud.store.put(_KIND, id, {"scope": scope, "body": body})
    return Response(200 if known else 201, body)


def _get(cloud: Cloud, request: Request) -> Response:
    return Response(200, _find(cloud, request)["body"])


def _delete(cloud: Cloud, request: Request) -> Response:
    if cloud.store.get(_KIND, _id(request)) is None:
        return Response(204)
    cloud.store.delete(_KIND, _id(request))
    return Response(200)


def _list(cloud: Cloud, request: Request) -> Response:
    scope = _scope(request).lower()
    found = [
        lock["body"]
        for _, lock in cloud.store.scan(_KIND, _subscription(scope))
        if f"{lock['scope']}/".lower().startswith(f"{scope}/")
        or f"{scope}/".startswith(f"{lock['scope']}/".lower())
    ]
    return Response(200, {"value": found})


def drop_below(cloud: Cloud, scope: str) -> None:
    """Deletes the locks below a deleted scope."""
    for id, _ in cloud.store.scan(_KIND, f"{scope}/"):
        cloud.store.delete(_KIND, id)


def _find(cloud: Cloud, request: Request) -> Json:
    found = cloud.store.get(_KIND, _id(request))
    if found is None:
        name = request.params["name"]
        raise ServiceError(404, "LockNotFound", f"The lock '{name}' could not be found.", gateway=True)
    return found


def _scope(request: Request) -> str:
    return "/" + request.params["scope"].strip("/")


def _id(request: Request) -> str:
    return f"{_scope(request)}/providers/{_TYPE}/{request.params['name']}"


def _subscription(scope: str) -> str:
    return "/".join(scope.split("/")[:3])


ROUTES = (
    Route("PUT", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/write", _put, "the refusal of a level"),
    Route("GET", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/read", _get, "the refusal of an absent one"),
    Route("DELETE", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/delete", _delete),
    Route("GET", Host.ARM, _TEMPLATE, f"{_TYPE}/read", _list, "all of it: made from the specification"),
)
