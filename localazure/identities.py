"""Microsoft.ManagedIdentity/userAssignedIdentities: identities that outlive the accounts that use them."""

from localazure.arm_type import GROUP, SPECIFIED, ArmType
from localazure.cloud import Cloud
from localazure.directory import Principal, create_principal, delete_principal, find_principal
from localazure.locations import REGIONS, normal_location
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response

_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"
_OF_RESOURCES = "Microsoft.ManagedIdentity/identities"


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    if known:
        properties = known["properties"]
    else:
        tenant = request.tenant_id
        properties = _ids(create_principal(cloud, tenant_id=tenant, name=request.params["name"]))
    tags = request.body.get("tags") or {}
    return {"location": normal_location(request.body["location"]), "tags": tags, "properties": properties}


def _ids(principal: Principal) -> Json:
    return {
        "tenantId": principal.tenant_id,
        "principalId": principal.object_id,
        "clientId": principal.client_id,
    }


def _system_assigned(cloud: Cloud, request: Request) -> Response:
    """The system-assigned identity of an account, as its own resource; 404 without one."""
    resource = request.scope
    body = cloud.store.get("account", resource)
    principal_id = ((body or {}).get("identity") or {}).get("principalId")
    principal = find_principal(cloud, principal_id) if principal_id else None
    if body is None or principal is None:
        raise refused("NoSystemAssignedIdentity", resource=resource)
    id = f"{resource}/providers/{_OF_RESOURCES}/default"
    kept = {"id": id, "name": "default", "type": _OF_RESOURCES, "location": body["location"]}
    return Response(200, {**kept, "tags": body["tags"] or {}, "properties": _ids(principal)})


_IDENTITIES = ArmType(
    kind="identity",
    # Ids spell it so, as was observed.
    path=f"{GROUP.replace('G', 'g')}/providers/{_TYPE}/{{name}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    removed=lambda cloud, body: delete_principal(cloud, body["properties"]["principalId"]),
    # Relative, as it was observed.
    created_headers=lambda _, own: {"Location": own},
    assumed="all but PUT: made from the specification",
)
TYPES = (_IDENTITIES,)
_OWN = f"{{scope*}}/providers/{_OF_RESOURCES}/default"
OF_RESOURCES = (Route("GET", Host.ARM, _OWN, f"{_OF_RESOURCES}/read", _system_assigned, SPECIFIED),)
