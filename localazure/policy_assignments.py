"""Microsoft.Authorization/policyAssignments: a policy this cloud knows, at a subscription or a group.

What an assignment does to a write is decided in `localazure.policy_evaluation`. All texts are assumed.
"""

from __future__ import annotations

from localazure import policy_definitions
from localazure.cloud import Cloud
from localazure.paging import page
from localazure.policy_scopes import ASSIGNMENT, ASSIGNMENTS
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_TYPE = ASSIGNMENTS
_SUBSCRIPTION = "/subscriptions/{subscription}"


def _put(cloud: Cloud, request: Request) -> Response:
    given = request.body.get("properties")
    given = given if isinstance(given, dict) else {}
    definition = str(given.get("policyDefinitionId") or "")
    known_id = policy_definitions.known_id(cloud, definition)
    if known_id is None:
        raise ServiceError(
            404,
            "PolicyDefinitionNotFound",
            f"The policy definition '{definition}' could not be found; this local Azure knows the built-in "
            "ones of localazure/policy_built_ins.py.",
            gateway=True,
        )
    id, scope = _id(request), _scope(request)
    known = cloud.store.get(ASSIGNMENT, id)
    # What modify and deployIfNotExists act by; nothing else is told of it here.
    identity = (request.body.get("identity") or {}).get("type")
    body = {
        "properties": {
            **given,
            "policyDefinitionId": known_id,
            "enforcementMode": given.get("enforcementMode") or "Default",
            "scope": scope,
        },
        **({"identity": {"type": identity}} if identity else {}),
        "id": id,
        "type": _TYPE,
        "name": request.params["name"],
    }
    cloud.store.put(ASSIGNMENT, id, body)
    return Response(200 if known else 201, body)


def _get(cloud: Cloud, request: Request) -> Response:
    body = cloud.store.get(ASSIGNMENT, _id(request))
    if body is None:
        name = request.params["name"]
        message = f"The policy assignment '{name}' is not found."
        raise ServiceError(404, "PolicyAssignmentNotFound", message, gateway=True)
    return Response(200, body)


def _delete(cloud: Cloud, request: Request) -> Response:
    body = cloud.store.get(ASSIGNMENT, _id(request))
    if body is None:
        return Response(204)
    cloud.store.delete(ASSIGNMENT, _id(request))
    return Response(200, body)


def _list(cloud: Cloud, request: Request) -> Response:
    """Those at, above and below a scope."""
    scope = _scope(request).lower()
    found = [
        body
        for _, body in cloud.store.scan(ASSIGNMENT, f"/subscriptions/{request.params['subscription']}/")
        if f"{scope}/".startswith(f"{_held_at(body)}/") or _held_at(body).startswith(f"{scope}/")
    ]
    return Response(200, page(request, found, lambda body: str(body["id"]), lambda body: body))


def _held_at(body: Json) -> str:
    """The scope of an assignment, in lower case."""
    return str(body["properties"]["scope"]).lower()


def delete_in_group(cloud: Cloud, group_id: str) -> None:
    """Takes back the assignments at a group that is being deleted."""
    for id, _ in cloud.store.scan(ASSIGNMENT, f"{group_id}/providers/{_TYPE}/"):
        cloud.store.delete(ASSIGNMENT, id)


def _id(request: Request) -> str:
    return f"{_scope(request)}/providers/{_TYPE}/{request.params['name']}"


def _scope(request: Request) -> str:
    group = request.params.get("group")
    below = f"/resourceGroups/{group}" if group else ""
    return f"/subscriptions/{request.params['subscription']}{below}"


def _rows(scope: str) -> tuple[Route, ...]:
    many = f"{scope}/providers/{_TYPE}"
    one = f"{many}/{{name}}"
    return (
        Route("PUT", Host.ARM, one, f"{_TYPE}/write", _put, "all of it"),
        Route("GET", Host.ARM, one, f"{_TYPE}/read", _get, "all of it"),
        Route("DELETE", Host.ARM, one, f"{_TYPE}/delete", _delete, "all of it"),
        Route("GET", Host.ARM, many, f"{_TYPE}/read", _list, "all of it"),
    )


ROUTES = (*_rows(_SUBSCRIPTION), *_rows(f"{_SUBSCRIPTION}/resourceGroups/{{group}}"))
