"""The data plane of a managed HSM's roles: definitions and assignments at `/`, `/keys` and `/keys/NAME`.

Answers follow the recordings of Azure/azure-sdk-for-js (keyvault-admin, 2022). Assumed: a list shows the
assignments at, above and below its scope; the refusal of a repeated or contradicting PUT.
"""

import re
from collections.abc import Iterator

from localazure.cloud import Cloud
from localazure.keyvault import local_roles
from localazure.keyvault.data_plane import addressed
from localazure.keyvault.models import Vault
from localazure.refusals import refused
from localazure.roles import Role, permission_of
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_SCOPE = re.compile(r"/|/keys|/keys/[0-9a-zA-Z-]{1,127}")


def _list_definitions(cloud: Cloud, request: Request) -> Response:
    _admitted(cloud, request, "roleDefinitions/read/action")
    return Response(200, {"value": [_definition(role) for role in local_roles.ROLES]})


def _get_definition(cloud: Cloud, request: Request) -> Response:
    _admitted(cloud, request, "roleDefinitions/read/action")
    role = local_roles.BY_ID.get(request.params["name"].lower())
    if role is None:
        raise ServiceError(404, "RoleDefinitionNotFound", "Requested role definition not found")
    return Response(200, _definition(role))


def _list(cloud: Cloud, request: Request) -> Response:
    hsm, scope = _admitted(cloud, request, "roleAssignments/read/action")
    held = [(body, body["properties"]["scope"]) for body in local_roles.assignments(cloud, hsm)]
    covers = local_roles.covers
    return Response(200, {"value": [body for body, at in held if covers(at, scope) or covers(scope, at)]})


def _get(cloud: Cloud, request: Request) -> Response:
    hsm, scope = _admitted(cloud, request, "roleAssignments/read/action")
    return Response(200, _required(cloud, hsm, scope, request))


def _put(cloud: Cloud, request: Request) -> Response:
    hsm, scope = _admitted(cloud, request, "roleAssignments/write/action")
    sent = request.properties
    principal, role = str(sent.get("principalId") or ""), str(sent.get("roleDefinitionId") or "")
    role_id = role.rsplit("/", 1)[-1].lower()
    if not principal or role_id not in local_roles.BY_ID:
        raise ServiceError(400, "BadParameter", "principalId and the id of a known role are required")
    for body in local_roles.assignments(cloud, hsm):
        there = body["properties"]
        same = (
            there["principalId"].lower() == principal.lower()
            and there["scope"].lower() == scope.lower()
            and there["roleDefinitionId"].endswith(role_id)
        )
        if same or body["name"].lower() == request.params["name"].lower():
            raise ServiceError(409, "RoleAssignmentExists", "The role assignment already exists")
    now = cloud.clock.now()
    made = local_roles.assign(cloud, hsm, principal, role_id, scope, name=request.params["name"], since=now)
    return Response(201, made)


def _delete(cloud: Cloud, request: Request) -> Response:
    hsm, scope = _admitted(cloud, request, "roleAssignments/delete/action")
    body = _required(cloud, hsm, scope, request)
    local_roles.drop(cloud, hsm, body)
    return Response(200, body)


def _required(cloud: Cloud, hsm: Vault, scope: str, request: Request) -> Json:
    id = f"{scope.rstrip('/')}/providers/{local_roles.TYPE}/{request.params['name']}".lower()
    for body in local_roles.assignments(cloud, hsm):
        if body["id"].lower() == id:
            return body
    raise refused("LocalRoleAssignmentNotFound", activity=cloud.new_id())


def _admitted(cloud: Cloud, request: Request, action: str) -> tuple[Vault, str]:
    """The HSM and the scope of a request whose caller may do the action there."""
    hsm, caller = addressed(cloud, request)
    scope = "/" + "/".join(part for part in request.params.get("scope", "").split("/") if part)
    if not _SCOPE.fullmatch(scope):
        raise ServiceError(400, "BadParameter", f"{scope} is no scope; expected /, /keys or /keys/NAME")
    local_roles.require(cloud, hsm, caller.object_id, action, scope)
    return hsm, scope


def _definition(role: Role) -> Json:
    return {
        "id": f"{local_roles.DEFINITIONS}/{role.id}",
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "assignableScopes": ["/"],
            "description": "",
            "permissions": [permission_of(role)],
            "roleName": role.name,
            "type": "AKVBuiltInRole",
        },
    }


def _routes(scope: str) -> Iterator[Route]:
    for method, type, handler, assumed in (
        ("GET", "roleDefinitions", _list_definitions, ""),
        ("GET", "roleDefinitions/{name}", _get_definition, ""),
        ("GET", "roleAssignments", _list, "which scopes a list shows"),
        ("GET", "roleAssignments/{name}", _get, ""),
        ("PUT", "roleAssignments/{name}", _put, "refusals"),
        ("DELETE", "roleAssignments/{name}", _delete, ""),
    ):
        path = f"{scope}/providers/Microsoft.Authorization/{type}"
        yield Route(method, Host.HSM, path, "", handler, assumed)


# Clients write the scope `/` as `///providers`, or leave it out.
ROUTES = (*_routes(""), *_routes("{scope*}"))
