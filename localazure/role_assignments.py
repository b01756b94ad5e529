"""Microsoft.Authorization on ARM: role assignments at any scope, and the definitions of roles.

Owns: the routes and their texts. Does not own: the rights that an assignment gives (authorization.py).
"""

import re
from collections.abc import Iterator

from localazure import authorization as rbac
from localazure import definitions
from localazure.arm_type import SPECIFIED
from localazure.cloud import Cloud, iso
from localazure.directory import find_principal
from localazure.refusals import refused
from localazure.roles import BY_ID, DATES, ROLES, Role, permission_of, role_from
from localazure.routes import Handler, Route
from localazure.web import Host, Json, Request, Response, ServiceError

_TYPE = "Microsoft.Authorization/roleAssignments"
_DEFINITION = "Microsoft.Authorization/roleDefinitions"
_PERMISSIONS = "Microsoft.Authorization/permissions"


def _put(cloud: Cloud, request: Request) -> Response:
    scope, name = request.scope, request.params["name"]
    if not re.fullmatch(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", name):
        raise refused("InvalidRoleAssignmentId", name=name)
    body = definitions.of_version(_TYPE, request.given, request.api_version)
    given = body.get("properties") or {}
    asked = definitions.reading(cloud.behaviour, request)
    definitions.require(_TYPE, {**body, "properties": given}, lambda fault: _invalid(fault, given), asked)
    if not given["principalId"]:
        raise _invalid(definitions.Fault("properties.principalId", "there"), given)
    role = _role(cloud, given["roleDefinitionId"].rsplit("/", 1)[-1])
    known = cloud.store.get(rbac.KIND, rbac.assignment_id(scope, name))
    if known is not None:
        same = known["body"]["properties"]["principalId"].lower() == given["principalId"].lower()
        if not same or rbac.role_of(cloud, known["body"]) != role:
            raise refused("RoleAssignmentUpdateNotPermitted")
    else:
        _require_new(cloud, scope, role, given["principalId"])
        _require_principal(cloud, given["principalId"], given.get("principalType") or "", request)
    now = cloud.clock.now()
    body = rbac.assignment(scope, name, role, given, created=iso(now), by=request.object_id)
    if known:
        made = known["body"]["properties"]
        body["properties"] |= {word: made[word] for word in ("createdOn", "createdBy")}
    rbac.save_assignment(cloud, body, since=known["since"] if known else now)
    if known:
        return Response(200, _shown(body, request))
    # The answer to the create does not name its creator yet; every later one does.
    return Response(201, _shown({**body, "properties": {**body["properties"], "createdBy": None}}, request))


def _get(cloud: Cloud, request: Request) -> Response:
    found = _found(cloud, request)
    if found is None:
        raise refused("RoleAssignmentNotFound", name=request.params["name"])
    return Response(200, _shown(found, request))


def _delete(cloud: Cloud, request: Request) -> Response:
    found = _found(cloud, request)
    if found is None:
        return Response(204)
    rbac.drop_assignment(cloud, found)
    return Response(200, _shown(found, request))


def _shown(body: Json, request: Request) -> Json:
    return definitions.of_version(_TYPE, body, request.api_version)


def _found(cloud: Cloud, request: Request) -> Json | None:
    found = cloud.store.get(rbac.KIND, rbac.assignment_id(request.scope, request.params["name"]))
    return found["body"] if found else None


def _list(cloud: Cloud, request: Request) -> Response:
    """The assignments at, above and below a scope; `$filter` of `atScope()` and `principalId eq`."""
    scope, wanted = request.scope.rstrip("/").lower(), request.query.get("$filter", "")
    principal = re.search(r"(?:principalId eq|assignedTo\()\s*'([^']+)'", wanted, re.IGNORECASE)
    found = []
    for _, assignment in cloud.store.scan(rbac.KIND):
        properties = assignment["body"]["properties"]
        held = str(properties["scope"]).rstrip("/").lower()
        above, below = f"{scope}/".startswith(f"{held}/"), f"{held}/".startswith(f"{scope}/")
        if not (above or (below and "atscope()" not in wanted.lower())):
            continue
        if principal is None or principal[1].lower() == str(properties["principalId"]).lower():
            found.append(_shown(assignment["body"], request))
    return Response(200, {"value": found})


def _permissions(cloud: Cloud, request: Request) -> Response:
    """The caller's permissions at a scope: those of each of its roles there."""
    roles = rbac.roles_at(cloud, request.object_id, request.scope)
    return Response(200, {"value": [permission_of(role) for role, _ in roles]})


def _get_definition(cloud: Cloud, request: Request) -> Response:
    return Response(200, _definition(cloud, _role(cloud, request.params["name"]), request.scope))


def _list_definitions(cloud: Cloud, request: Request) -> Response:
    wanted = request.query.get("$filter", "")
    name = re.search(r"roleName eq '([^']+)'", wanted, re.IGNORECASE)
    type = re.search(r"\btype eq '([^']+)'", wanted, re.IGNORECASE)
    found = [
        _definition(cloud, role, request.scope)
        for role in (*ROLES, *rbac.custom_roles(cloud))
        if name is None or role.name.lower() == name[1].lower()
    ]
    shown = [one for one in found if type is None or one["properties"]["type"] == type[1]]
    return Response(200, {"value": shown})


def _put_definition(cloud: Cloud, request: Request) -> Response:
    """A custom role, made or changed; its name is one in the tenant (texts assumed)."""
    asked = definitions.reading(cloud.behaviour, request)
    definitions.require(_DEFINITION, request.body, definitions.wrong, asked)
    given, name = request.properties, request.params["name"].lower()
    blocks = given.get("permissions") or []
    if not given.get("roleName") or not given.get("assignableScopes") or len(blocks) != 1:
        raise refused("InvalidRoleDefinition")
    taken = {role.name.lower(): role.id for role in (*ROLES, *rbac.custom_roles(cloud))}
    if name in BY_ID or taken.get(str(given["roleName"]).lower(), name) != name:
        raise refused("RoleDefinitionWithSameNameExists", name=given["roleName"])
    body = {"name": name, "properties": {**given, "type": "CustomRole"}}
    cloud.store.put(rbac.CUSTOM, name, body)
    return Response(201, _definition(cloud, role_from(body), request.scope))


def _delete_definition(cloud: Cloud, request: Request) -> Response:
    role = rbac.find_role(cloud, request.params["name"])
    if role is None or not role.custom:
        return Response(204)
    if any(rbac.role_of(cloud, found["body"]) == role for _, found in cloud.store.scan(rbac.KIND)):
        raise refused("RoleDefinitionHasAssignments")
    body = _definition(cloud, role, request.scope)
    cloud.store.delete(rbac.CUSTOM, role.id)
    return Response(200, body)


def _definition(cloud: Cloud, role: Role, scope: str) -> Json:
    custom = (cloud.store.get(rbac.CUSTOM, role.id) or {}).get("properties") or {}
    return {
        "properties": {
            "roleName": role.name,
            "type": custom.get("type") or "BuiltInRole",
            "description": role.description,
            "assignableScopes": custom.get("assignableScopes") or ["/"],
            "permissions": [permission_of(role)],
            **DATES,
        },
        "id": f"{rbac.subscription_of(scope)}{rbac.definition_path(role)}",
        "type": _DEFINITION,
        "name": role.id,
    }


def _role(cloud: Cloud, id: str) -> Role:
    role = rbac.find_role(cloud, id)
    if role is None:
        raise refused("RoleDefinitionDoesNotExist", id=id.lower().replace("-", ""))
    return role


def _invalid(fault: definitions.Fault, given: Json) -> ServiceError:
    if fault.path == "properties.principalType":
        return refused("PrincipalTypeNotValid", type=given["principalType"])
    return refused("InvalidRoleAssignmentRequest", path=fault.path, expected=fault.expected)


def _require_new(cloud: Cloud, scope: str, role: Role, principal_id: str) -> None:
    """Refuses the same grant under another name."""
    for _, found in cloud.store.scan(rbac.KIND, f"{scope.rstrip('/')}/providers/{_TYPE}/"):
        properties = found["body"]["properties"]
        same = properties["principalId"].lower() == principal_id.lower()
        if same and rbac.role_of(cloud, found["body"]) == role:
            raise ServiceError(409, "RoleAssignmentExists", "The role assignment already exists.")


def _require_principal(cloud: Cloud, principal_id: str, type: str, request: Request) -> None:
    """Refuses a principal that the directory does not know (yet), unless the caller names its type."""
    principal = find_principal(cloud, principal_id)
    if type and type != "ServicePrincipal" and principal is not None:
        raise refused("UnmatchedPrincipalType", principal=principal_id.replace("-", ""), type=type)
    known_since = principal.created + cloud.behaviour.principals_visible_after if principal else None
    checked = not type or cloud.behaviour.principal_type == "checked"
    if checked and (known_since is None or known_since > cloud.clock.now()):
        principal_name = principal_id.replace("-", "")
        raise refused("PrincipalNotFound", principal=principal_name, tenant=request.tenant_id)


def _rows(at: str) -> Iterator[Route]:
    def row(method: str, type: str, handler: Handler, assumed: str = SPECIFIED, name: str = "") -> Route:
        action = {"PUT": "write", "DELETE": "delete"}.get(method, "read")
        path = f"{at}/providers/{type}{name}"
        return Route(method, Host.ARM, path, f"{type}/{action}", handler, assumed)

    one = "/{name}"
    repeated = "answer to a repeated PUT; a type named for an unknown principal is believed"
    yield row("PUT", _TYPE, _put, repeated, one)
    yield row("GET", _TYPE, _get, "", one)
    yield row("DELETE", _TYPE, _delete, "", one)
    yield row("GET", _TYPE, _list)
    yield row("GET", _PERMISSIONS, _permissions)
    yield row("GET", _DEFINITION, _get_definition, name=one)
    yield row("PUT", _DEFINITION, _put_definition, name=one)
    yield row("DELETE", _DEFINITION, _delete_definition, name=one)
    yield row("GET", _DEFINITION, _list_definitions)


ROUTES = (*_rows(""), *_rows("{scope*}"))
