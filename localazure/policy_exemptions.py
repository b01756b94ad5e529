"""Microsoft.Authorization/policyExemptions at any scope: what an assignment leaves alone, and until when.

Owns: the routes. Does not own: what an exemption does (policy_scopes.py). Shapes and checks follow the
published definition of 2022-07-01-preview, the right to exempt Azure Policy's documentation; all texts are
assumed.
"""

from __future__ import annotations

from localazure import authorization
from localazure.cloud import Cloud, iso
from localazure.policy_scopes import (
    ASSIGNMENT,
    ASSIGNMENTS,
    EXEMPTION,
    EXEMPTIONS,
    ends,
    exempted_by,
    is_within,
)
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_TYPE = EXEMPTIONS
_TEMPLATE = f"{{scope*}}/providers/{_TYPE}"
_CATEGORIES = ("Waiver", "Mitigated")


def _put(cloud: Cloud, request: Request) -> Response:
    given = request.body.get("properties")
    given = given if isinstance(given, dict) else {}
    _check(given)
    assignment = _assignment(cloud, request, given)
    authorization.require(cloud, request, f"{ASSIGNMENTS}/exempt/action", assignment["id"])
    id, now = _id(request), iso(cloud.clock.now())
    known = cloud.store.get(EXEMPTION, id)
    by = request.caller.client_id if request.caller else ""
    created = {"createdBy": by, "createdByType": "Application", "createdAt": now}
    if known:
        created = {name: known["systemData"][name] for name in created}
    changed = {"lastModifiedBy": by, "lastModifiedByType": "Application", "lastModifiedAt": now}
    body = {
        "properties": {
            **{name: value for name, value in given.items() if value is not None},
            "policyAssignmentId": assignment["id"],
            "assignmentScopeValidation": given.get("assignmentScopeValidation") or "Default",
        },
        "systemData": {**created, **changed},
        "id": known["id"] if known else id,
        "type": _TYPE,
        "name": request.params["name"],
    }
    cloud.store.put(EXEMPTION, id, body)
    return Response(200 if known else 201, body)


def _get(cloud: Cloud, request: Request) -> Response:
    body = cloud.store.get(EXEMPTION, _id(request))
    if body is None:
        name = request.params["name"]
        message = f"The policy exemption '{name}' could not be found."
        raise ServiceError(404, "PolicyExemptionNotFound", message, gateway=True)
    return Response(200, body)


def _delete(cloud: Cloud, request: Request) -> Response:
    if cloud.store.get(EXEMPTION, _id(request)) is None:
        return Response(204)
    cloud.store.delete(EXEMPTION, _id(request))
    return Response(200)


def _list(cloud: Cloud, request: Request) -> Response:
    """Those at, above and below a scope."""
    scope = _scope(request)
    found = [
        body
        for _, body in cloud.store.scan(EXEMPTION, "/".join(scope.split("/")[:3]))
        if is_within(scope, exempted_by(body)) or is_within(exempted_by(body), scope)
    ]
    return Response(200, {"value": found})


def delete_in_group(cloud: Cloud, group_id: str) -> None:
    """Takes back the exemptions at and below a group that is being deleted."""
    for id, _ in cloud.store.scan(EXEMPTION, f"{group_id}/"):
        cloud.store.delete(EXEMPTION, id)


def _check(given: Json) -> None:
    problems = []
    if given.get("exemptionCategory") not in _CATEGORIES:
        problems.append(
            f"exemptionCategory is {given.get('exemptionCategory')!r}, expected {' or '.join(_CATEGORIES)}"
        )
    if given.get("expiresOn") is not None:
        try:
            ends(str(given["expiresOn"]))
        except ValueError:
            problems.append(
                f"expiresOn is {given['expiresOn']!r}, expected a time such as 2030-12-31T23:59:59Z"
            )
    if problems:
        raise ServiceError(
            400, "InvalidCreatePolicyExemptionRequest", f"{'; '.join(problems)}.", gateway=True
        )


def _assignment(cloud: Cloud, request: Request, given: Json) -> Json:
    id = str(given.get("policyAssignmentId") or "")
    found, scope = cloud.store.get(ASSIGNMENT, id), _scope(request)
    if found is None:
        message = f"The policy assignment '{id}' is not found."
        raise ServiceError(404, "PolicyAssignmentNotFound", message, gateway=True)
    checked = str(given.get("assignmentScopeValidation") or "Default") == "Default"
    if checked and not is_within(scope, found["properties"]["scope"]):
        raise ServiceError(
            400,
            "InvalidCreatePolicyExemptionRequest",
            f"The policy exemption's scope '{scope}' is not at or below the scope of its policy assignment, "
            f"'{found['properties']['scope']}'.",
            gateway=True,
        )
    return found


def _scope(request: Request) -> str:
    return "/" + request.params["scope"].strip("/")


def _id(request: Request) -> str:
    return f"{_scope(request)}/providers/{_TYPE}/{request.params['name']}"


ROUTES = (
    Route("PUT", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/write", _put, "all of it"),
    Route("GET", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/read", _get, "all of it"),
    Route("DELETE", Host.ARM, f"{_TEMPLATE}/{{name}}", f"{_TYPE}/delete", _delete, "all of it"),
    Route("GET", Host.ARM, _TEMPLATE, f"{_TYPE}/read", _list, "all of it"),
)
