"""Microsoft.ManagedIdentity/userAssignedIdentities: identities that outlive the accounts that use them."""

from __future__ import annotations

from collections.abc import Mapping

from localazure.cloud import Cloud
from localazure.directory import create_principal, delete_principal
from localazure.locations import normal_location
from localazure.tracked import TrackedType
from localazure.web import Json, Request

_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    name = request.params["name"]
    if known is not None:
        properties = known["properties"]
    else:
        tenant = (cloud.store.get("subscription", request.params["subscription"]) or {})["tenantId"]
        principal = create_principal(cloud, tenant_id=tenant, name=name)
        properties = {
            "tenantId": tenant,
            "principalId": principal.object_id,
            "clientId": principal.client_id,
        }
    return {
        "location": normal_location(request.body["location"]),
        "tags": request.body.get("tags") or {},
        "id": id,
        "name": known["name"] if known else name,
        "type": _TYPE,
        "properties": properties,
    }


def _location(id: str) -> Mapping[str, str]:
    # Relative, as it was observed.
    return {"Location": id}


def _removed(cloud: Cloud, body: Json) -> None:
    delete_principal(cloud, body["properties"]["principalId"])


_IDENTITIES = TrackedType(
    kind="identity",
    type=_TYPE,
    make=_make,
    removed=_removed,
    groups="resourcegroups",
    created_headers=_location,
)
ROUTES = _IDENTITIES.routes(assumed="all but PUT: made from the specification")
delete_in_group = _IDENTITIES.delete_in_group
