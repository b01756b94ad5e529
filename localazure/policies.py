"""Microsoft.Authorization's policies: definitions, assignments at a subscription or a group, and exemptions.

Owns: a PUT of each. Does not own: their effect on a write (policy_evaluation.py). The shapes and checks of
exemptions follow the published definition of 2022-07-01-preview, and the right to exempt follows Azure
Policy's documentation; all texts are assumed.
"""

from localazure import authorization
from localazure.arm_type import GROUP, SUBSCRIPTION, ArmType
from localazure.cloud import Cloud
from localazure.definitions import Fault
from localazure.policy_evaluation import (
    ASSIGNMENT,
    ASSIGNMENTS,
    BUILT_INS,
    DEFINITION,
    EXEMPTION,
    EXEMPTIONS,
    ends,
    is_within,
)
from localazure.refusals import absent, refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_DEFINITIONS = "Microsoft.Authorization/policyDefinitions"
_BUILT_IN = f"/providers/{_DEFINITIONS}"
_no_definition = absent("PolicyDefinitionNotFound")
_no_assignment = absent("PolicyAssignmentNotFound")


def _make_definition(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.properties
    if not isinstance(given.get("policyRule"), dict):
        raise refused("InvalidPolicyRule")
    return {"properties": {**given, "policyType": "Custom", "mode": given.get("mode") or "Indexed"}}


def _get_built_in(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"].lower()
    if name not in BUILT_INS:
        raise _no_definition(request.params["name"])
    properties = {**BUILT_INS[name], "policyType": "BuiltIn"}
    body = {"properties": properties, "id": f"{_BUILT_IN}/{name}", "type": _DEFINITIONS, "name": name}
    return Response(200, body)


def _make_assignment(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.properties
    # What modify and deployIfNotExists act by; nothing else is told of it here.
    identity = (request.body.get("identity") or {}).get("type")
    return {
        "properties": {
            **given,
            "policyDefinitionId": _known_definition(cloud, str(given.get("policyDefinitionId") or "")),
            "enforcementMode": given.get("enforcementMode") or "Default",
            "scope": _IN_GROUP.scope_of(id),
        },
        **({"identity": {"type": identity}} if identity else {}),
    }


def _known_definition(cloud: Cloud, id: str) -> str:
    """The id of a definition as it is stored. Raises 404."""
    name = id.rpartition("/")[2].lower()
    if id.lower() == f"{_BUILT_IN}/{name}".lower() and name in BUILT_INS:
        return f"{_BUILT_IN}/{name}"
    if (body := cloud.store.get(DEFINITION, id)) is None:
        raise refused("PolicyDefinitionUnknown", name=id)
    return str(body["id"])


def _make_exemption(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given, scope = request.properties, _EXEMPTIONS.scope_of(id)
    _check_exemption(given)
    assignment = cloud.store.get(ASSIGNMENT, named := str(given.get("policyAssignmentId") or ""))
    if assignment is None:
        raise _no_assignment(named)
    validation = given.get("assignmentScopeValidation") or "Default"
    if validation == "Default" and not is_within(scope, assignment["properties"]["scope"]):
        raise refused(
            "InvalidCreatePolicyExemptionRequest",
            problems=f"The policy exemption's scope '{scope}' is not at or below the scope of its policy "
            f"assignment, '{assignment['properties']['scope']}'",
        )
    authorization.require(cloud, request, f"{ASSIGNMENTS}/exempt/action", assignment["id"])
    kept = {name: value for name, value in given.items() if value is not None}
    own = {"policyAssignmentId": assignment["id"], "assignmentScopeValidation": validation}
    return {"properties": {**kept, **own}}


def _check_exemption(given: Json) -> None:
    until = given.get("expiresOn")
    try:
        ends("2030-12-31" if until is None else str(until))
    except ValueError as error:
        problem = f"expiresOn is {until!r}, expected a time such as 2030-12-31T23:59:59Z"
        raise refused("InvalidCreatePolicyExemptionRequest", problems=problem) from error


def _wrong_exemption(fault: Fault) -> ServiceError:
    problem = f"{fault.path} must be {fault.expected}"
    return refused("InvalidCreatePolicyExemptionRequest", problems=problem)


def _assigned_at(scope: str) -> ArmType:
    return ArmType(
        kind=ASSIGNMENT,
        path=f"{scope}/providers/{ASSIGNMENTS}/{{name}}",
        make=_make_assignment,
        absent=_no_assignment,
        around=True,
        deleted_is_shown=True,
        assumed="all of it",
    )


_IN_GROUP = _assigned_at(GROUP)
_EXEMPTIONS = ArmType(
    kind=EXEMPTION,
    path=f"{{scope*}}/providers/{EXEMPTIONS}/{{name}}",
    make=_make_exemption,
    absent=absent("PolicyExemptionNotFound"),
    wrong=_wrong_exemption,
    around=True,
    dated=True,
    assumed="all of it",
)
_OWN_DEFINITIONS = ArmType(
    kind=DEFINITION,
    path=f"{SUBSCRIPTION}/providers/{_DEFINITIONS}/{{name}}",
    make=_make_definition,
    absent=_no_definition,
    deleted_is_shown=True,
    assumed="all of it",
)
TYPES = (_assigned_at(SUBSCRIPTION), _IN_GROUP, _OWN_DEFINITIONS)
ANYWHERE = (_EXEMPTIONS,)
ROUTES = (Route("GET", Host.ARM, f"{_BUILT_IN}/{{name}}", "", _get_built_in, "all of it"),)
