"""Privileged Identity Management (PIM) on ARM: roles that a principal may activate.

Owns: requests that give or take eligibility, and the instances that are in force. Does not
own: activation. Source, read on 2026-11-30: Azure/azure-rest-api-specs, Microsoft.Authorization 2020-10-01,
with its examples PutRoleEligibilityScheduleRequest and GetRoleEligibilityScheduleInstancesByScope.
"""

from localazure.arm_type import SPECIFIED
from localazure.cloud import Cloud, iso
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Request, Response

_KIND = "eligibleRole"
_NAMESPACE = "/providers/Microsoft.Authorization"
_TYPE = "Microsoft.Authorization/RoleEligibilityScheduleInstances"
_ACTIONS = "Microsoft.Authorization/roleEligibilitySchedule"


def _request(cloud: Cloud, request: Request) -> Response:
    """AdminAssign makes a principal eligible until `scheduleInfo.expiration.endDateTime`, AdminRemove ends
    it."""
    given, scope = request.properties, request.scope
    name, kind = request.params["name"], given.get("requestType")
    principal, role = str(given.get("principalId") or ""), str(given.get("roleDefinitionId") or "")
    if kind not in ("AdminAssign", "AdminRemove") or not principal or not role:
        raise refused("InvalidRoleEligibilityRequest")
    held = f"{scope}|{principal}|{role.rpartition('/')[2]}"
    cloud.store.delete(_KIND, held)
    if kind == "AdminAssign":
        now, schedule = iso(cloud.clock.now()), cloud.new_id()
        ends = ((given.get("scheduleInfo") or {}).get("expiration") or {}).get("endDateTime")
        instance = {
            "scope": scope,
            "roleDefinitionId": role,
            "principalId": principal,
            "principalType": given.get("principalType") or "User",
            "status": "Provisioned",
            "roleEligibilityScheduleId": f"{scope}{_NAMESPACE}/RoleEligibilitySchedules/{schedule}",
            "startDateTime": now,
            "endDateTime": ends,
            "memberType": "Direct",
            "createdOn": now,
            "condition": given.get("condition"),
            "conditionVersion": given.get("conditionVersion"),
        }
        id = f"{scope}{_NAMESPACE}/RoleEligibilityScheduleInstances/{schedule}"
        cloud.store.put(_KIND, held, {"properties": instance, "name": schedule, "id": id, "type": _TYPE})
    id = f"{scope}{_NAMESPACE}/RoleEligibilityScheduleRequests/{name}"
    return Response(201, {"properties": {**given, "scope": scope}, "name": name, "id": id})


def _instances(cloud: Cloud, request: Request) -> Response:
    """The instances in force at, above and below a scope; with `atScope()`, at and above it."""
    scope, now = f"{request.scope}/".lower(), iso(cloud.clock.now())
    below = "atscope()" not in request.query.get("$filter", "").lower()
    found = []
    for _, one in cloud.store.scan(_KIND):
        held, ends = f"{one['properties']['scope']}/".lower(), one["properties"]["endDateTime"]
        if (scope.startswith(held) or (below and held.startswith(scope))) and (not ends or now < ends):
            found.append(one)
    return Response(200, {"value": found})


_ASSUMED = f"{SPECIFIED}; that a list without a filter has what is below its scope, too"
_SCHEDULE = f"{{scope*}}{_NAMESPACE}/roleEligibilitySchedule"
_REQUEST = f"{_SCHEDULE}Requests/{{name}}"
ROUTES = (
    Route("PUT", Host.ARM, _REQUEST, f"{_ACTIONS}Requests/write", _request, _ASSUMED),
    Route("GET", Host.ARM, f"{_SCHEDULE}Instances", f"{_ACTIONS}Instances/read", _instances, _ASSUMED),
)
