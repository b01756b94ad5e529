"""Microsoft.Authorization/policyDefinitions: the built-in ones known by id, and a subscription's own.

Owns: the routes. Does not own: which built-in ones there are (policy_built_ins.py), and what a rule says of a
resource (policy_evaluation.py). All texts are assumed.
"""

from __future__ import annotations

from localazure.arm_type import SUBSCRIPTION, ArmType
from localazure.cloud import Cloud
from localazure.policy_built_ins import BUILT_INS
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_KIND = "policyDefinition"
_TYPE = "Microsoft.Authorization/policyDefinitions"
_BUILT_IN = f"/providers/{_TYPE}"


def known_id(cloud: Cloud, definition_id: str) -> str | None:
    """The id of a definition as it is stored; None if it does not exist; in any case."""
    name = definition_id.rsplit("/", 1)[-1].lower()
    if definition_id.lower() == f"{_BUILT_IN}/{name}".lower():
        return f"{_BUILT_IN}/{name}" if name in BUILT_INS else None
    body = cloud.store.get(_KIND, definition_id)
    return None if body is None else str(body["id"])


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.body.get("properties")
    if not isinstance(given, dict) or not isinstance(given.get("policyRule"), dict):
        raise ServiceError(
            400,
            "InvalidPolicyRule",
            "The policy definition has no policy rule; properties.policyRule must hold if and then.",
            gateway=True,
        )
    return {"properties": {**given, "policyType": "Custom", "mode": given.get("mode") or "Indexed"}}


def _get_built_in(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"].lower()
    if name not in BUILT_INS:
        raise _not_found(request.params["name"])
    properties = {**BUILT_INS[name], "policyType": "BuiltIn"}
    body: Json = {"properties": properties, "id": f"{_BUILT_IN}/{name}", "type": _TYPE, "name": name}
    return Response(200, body)


def _not_found(name: str) -> ServiceError:
    message = f"The policy definition '{name}' could not be found."
    return ServiceError(404, "PolicyDefinitionNotFound", message, gateway=True)


_OWN = ArmType(
    kind=_KIND,
    path=f"{SUBSCRIPTION}/providers/{_TYPE}/{{name}}",
    make=_make,
    absent=_not_found,
    deleted_is_shown=True,
    assumed="all of it",
)
TYPES = (_OWN,)
ROUTES = (Route("GET", Host.ARM, f"{_BUILT_IN}/{{name}}", "", _get_built_in, "all of it"),)
