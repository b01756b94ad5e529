"""Microsoft.Authorization/policyAssignments: assigning a policy this cloud knows to a subscription.

The one known definition is the built-in that denies accounts without a customer's key; what it refuses is
decided in `localazure.cognitive.policy`. All texts are assumed.
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.cognitive.policy import DEFINITION_ID, DOCUMENT
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_KIND = "policyAssignment"
_TYPE = "Microsoft.Authorization/policyAssignments"
_TEMPLATE = f"/subscriptions/{{subscription}}/providers/{_TYPE}"
_DEFAULT_EFFECT = "Audit"


def _put(cloud: Cloud, request: Request) -> Response:
    given = request.body.get("properties")
    given = given if isinstance(given, dict) else {}
    definition = str(given.get("policyDefinitionId") or "")
    if definition.lower() != DEFINITION_ID.lower():
        raise ServiceError(
            404,
            "PolicyDefinitionNotFound",
            f"The policy definition '{definition}' could not be found; this local Azure has {DEFINITION_ID}.",
            gateway=True,
        )
    id, subscription = _id(request), request.params["subscription"]
    known = cloud.store.get(_KIND, id)
    body = {
        "properties": {
            **given,
            "policyDefinitionId": DEFINITION_ID,
            "enforcementMode": given.get("enforcementMode") or "Default",
            "scope": f"/subscriptions/{subscription}",
        },
        "id": id,
        "type": _TYPE,
        "name": request.params["name"],
    }
    cloud.store.put(_KIND, id, body)
    _apply(cloud, subscription)
    return Response(200 if known else 201, body)


def _get(cloud: Cloud, request: Request) -> Response:
    body = cloud.store.get(_KIND, _id(request))
    if body is None:
        name = request.params["name"]
        message = f"The policy assignment '{name}' is not found."
        raise ServiceError(404, "PolicyAssignmentNotFound", message, gateway=True)
    return Response(200, body)


def _delete(cloud: Cloud, request: Request) -> Response:
    body = cloud.store.get(_KIND, _id(request))
    if body is None:
        return Response(204)
    cloud.store.delete(_KIND, _id(request))
    _apply(cloud, request.params["subscription"])
    return Response(200, body)


def _list(cloud: Cloud, request: Request) -> Response:
    prefix = f"/subscriptions/{request.params['subscription']}/"
    return Response(200, {"value": [body for _, body in cloud.store.scan(_KIND, prefix)]})


def _apply(cloud: Cloud, subscription: str) -> None:
    """Puts the strictest of a subscription's assignments in force."""
    cloud.store.delete(DOCUMENT, subscription)
    for _, body in cloud.store.scan(_KIND, f"/subscriptions/{subscription}/"):
        properties = body["properties"]
        effect = str(_parameter(properties, "effect") or _DEFAULT_EFFECT)
        if properties["enforcementMode"] == "Default" and effect.lower() == "deny":
            kinds = _parameter(properties, "excludedKinds")
            cloud.store.put(
                DOCUMENT,
                subscription,
                {"effect": effect, **({} if kinds is None else {"excludedKinds": kinds})},
            )


def _parameter(properties: Json, name: str) -> Json:
    found = (properties.get("parameters") or {}).get(name)
    return found.get("value") if isinstance(found, dict) else None


def _id(request: Request) -> str:
    return f"/subscriptions/{request.params['subscription']}/providers/{_TYPE}/{request.params['name']}"


ROUTES = (
    Route("PUT", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/write", _put, "all of it"),
    Route("GET", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/read", _get, "all of it"),
    Route("DELETE", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/delete", _delete, "all of it"),
    Route("GET", Host.ARM, _TEMPLATE, f"{_TYPE}/read", _list, "all of it"),
)
