"""Microsoft.Authorization/policyDefinitions: the built-in ones known by id, and a subscription's own.

Owns: which definitions there are. A custom one is kept as it was written and never evaluated; the one
built-in that this cloud enforces is in `localazure.cognitive.policy`. All texts are assumed.
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.cognitive.policy import DEFINITION_ID
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_KIND = "policyDefinition"
_TYPE = "Microsoft.Authorization/policyDefinitions"
_BUILT_IN = f"/providers/{_TYPE}"
_OWN = f"/subscriptions/{{subscription}}/providers/{_TYPE}"
_KNOWN = {
    DEFINITION_ID.rsplit("/", 1)[-1]: "Azure AI Services resources should encrypt data at rest with a CMK",
    "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53": "Key vaults should have deletion protection enabled",
    "1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d": "Key vaults should have soft delete enabled",
    "55615ac9-af46-4a59-874e-391cc3dfb490": "Azure Key Vault should have firewall enabled",
    "cf820ca0-f99e-4f3e-84fb-66e913812d21": "Resource logs in Key Vault should be enabled",
    "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0": "Key Vault keys should have an expiration date",
    "d8cf8476-a2ec-4916-896e-992351803c44": "Keys should have a rotation policy",
    "71ef260a-8f18-47b7-abcb-62d0673d94dc": "Azure AI Services resources should have key access disabled",
    "037eea7a-bd0a-46c5-9a66-03aea78705d3": "Azure AI Services resources should restrict network access",
}


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
    properties = {"displayName": _KNOWN[name], "policyType": "BuiltIn"}
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
