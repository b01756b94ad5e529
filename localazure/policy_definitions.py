"""Microsoft.Authorization/policyDefinitions: the built-in ones known by id, and a subscription's own.

Owns: the routes. Does not own: which built-in ones there are (policy_built_ins.py), and what a rule says of a
resource (policy_evaluation.py). All texts are assumed.
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.policy_built_ins import RULES, TITLES
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_KIND = "policyDefinition"
_TYPE = "Microsoft.Authorization/policyDefinitions"
_BUILT_IN = f"/providers/{_TYPE}"
_OWN = f"/subscriptions/{{subscription}}/providers/{_TYPE}"
_KNOWN = TITLES


def known_id(cloud: Cloud, definition_id: str) -> str | None:
    """The id of a definition as it is stored; None if it does not exist; in any case."""
    name = definition_id.rsplit("/", 1)[-1].lower()
    if definition_id.lower() == f"{_BUILT_IN}/{name}".lower():
        return f"{_BUILT_IN}/{name}" if name in _KNOWN else None
    body = cloud.store.get(_KIND, definition_id)
    return None if body is None else str(body["id"])


def _put(cloud: Cloud, request: Request) -> Response:
    given = request.body.get("properties")
    if not isinstance(given, dict) or not isinstance(given.get("policyRule"), dict):
        raise ServiceError(
            400,
            "InvalidPolicyRule",
            "The policy definition has no policy rule; properties.policyRule must hold if and then.",
            gateway=True,
        )
    known = cloud.store.get(_KIND, _id(request))
    body: Json = {
        "properties": {**given, "policyType": "Custom", "mode": given.get("mode") or "Indexed"},
        "id": _id(request),
        "type": _TYPE,
        "name": request.params["name"],
    }
    cloud.store.put(_KIND, body["id"], body)
    return Response(200 if known else 201, body)


def _get(cloud: Cloud, request: Request) -> Response:
    body = cloud.store.get(_KIND, _id(request))
    if body is None:
        raise _not_found(request.params["name"])
    return Response(200, body)


def _get_built_in(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"].lower()
    if name not in _KNOWN:
        raise _not_found(request.params["name"])
    properties = {"displayName": _KNOWN[name], "policyType": "BuiltIn", **RULES.get(name, {})}
    body: Json = {"properties": properties, "id": f"{_BUILT_IN}/{name}", "type": _TYPE, "name": name}
    return Response(200, body)


def _delete(cloud: Cloud, request: Request) -> Response:
    body = cloud.store.get(_KIND, _id(request))
    if body is None:
        return Response(204)
    cloud.store.delete(_KIND, _id(request))
    return Response(200, body)


def _list(cloud: Cloud, request: Request) -> Response:
    prefix = f"/subscriptions/{request.params['subscription']}/"
    return Response(200, {"value": [body for _, body in cloud.store.scan(_KIND, prefix)]})


def _not_found(name: str) -> ServiceError:
    message = f"The policy definition '{name}' could not be found."
    return ServiceError(404, "PolicyDefinitionNotFound", message, gateway=True)


def _id(request: Request) -> str:
    return f"/subscriptions/{request.params['subscription']}/providers/{_TYPE}/{request.params['name']}"


ROUTES = (
    Route("PUT", Host.ARM, f"{_OWN}/{{name}}", f"{_TYPE}/write", _put, "all of it"),
    Route("GET", Host.ARM, f"{_OWN}/{{name}}", f"{_TYPE}/read", _get, "all of it"),
    Route("DELETE", Host.ARM, f"{_OWN}/{{name}}", f"{_TYPE}/delete", _delete, "all of it"),
    Route("GET", Host.ARM, _OWN, f"{_TYPE}/read", _list, "all of it"),
    Route("GET", Host.ARM, f"{_BUILT_IN}/{{name}}", "", _get_built_in, "all of it"),
)
