"""Microsoft.OperationalInsights/workspaces, to which diagnostic settings deliver their records, with their
keys and saved searches. A search's body is kept and echoed; no query runs.
"""

import base64
import secrets

from localazure import definitions, operations
from localazure.arm_type import GROUP, SPECIFIED, ArmType
from localazure.cloud import Cloud, iso
from localazure.locations import REGIONS
from localazure.refusals import absent, refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response

KIND = "workspace"
_SEARCHED, _KEYS = "savedSearch", "workspace.keys"
"""The store's kinds of the resources that belong to a workspace and are deleted with it."""
_TYPE = "Microsoft.OperationalInsights/workspaces"


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.properties
    now = iso(cloud.clock.now())
    before = known["properties"] if known else {"customerId": cloud.new_id(), "createdDate": now}
    operation = known.get("operation") if known else operations.begin(cloud, {"workspace": id}).id
    shown = definitions.completed(_TYPE, {})
    sent = {name: value for name, value in given.items() if name in shown}
    properties = definitions.completed(_TYPE, sent)
    properties["sku"] = {"name": properties["sku"].get("name"), "lastSkuUpdate": before["createdDate"]}
    properties["workspaceCapping"]["quotaNextResetTime"] = now
    properties |= {
        "customerId": before["customerId"],
        "provisioningState": "Succeeded",
        "createdDate": before["createdDate"],
        "modifiedDate": now,
    }
    return {
        "operation": operation,
        "properties": properties,
        "location": request.body["location"],
        **request.tags,
    }


def _removed(cloud: Cloud, body: Json) -> None:
    cloud.store.delete(_KEYS, body["id"])
    for id, _ in cloud.store.scan(_SEARCHED, f"{body['id']}/"):
        cloud.store.delete(_SEARCHED, id)


def _shown(cloud: Cloud, request: Request, body: Json) -> Json:
    """A new one is Creating, until somebody has looked at it and its time has come."""
    look = operations.poll if request.method == "GET" else operations.find
    operation = look(cloud, str(body.get("operation")))
    if operation is None or operation.over(cloud.clock.now()):
        return body
    return {**body, "properties": {**body["properties"], "provisioningState": "Creating"}}


WORKSPACES = ArmType(
    kind=KIND,
    path=f"{GROUP}/providers/{_TYPE}/{{workspace}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    shown=_shown,
    removed=_removed,
    created_headers=lambda request, own: {"Location": request.polled_at(own)},
)


def _make_search(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    kept = {name: value for name, value in request.properties.items() if value is not None}
    # To overwrite one takes its etag. That the header `If-Match` serves as well is assumed.
    sent = request.body.get("etag") or request.headers.get("if-match")
    if known is not None and sent not in ("*", known["etag"]):
        raise refused("SearchConflict")
    return {"etag": f'W/"{cloud.new_id()}"', "properties": {"version": 2, **kept}}


def _shared_keys(cloud: Cloud, request: Request) -> Response:
    """Both keys of a workspace, made on the first look: 64 random bytes each, as Azure's are."""
    workspace = WORKSPACES.above(cloud, request)["id"]
    keys = cloud.store.get(_KEYS, workspace)
    if keys is None:
        names = ("primarySharedKey", "secondarySharedKey")
        keys = {name: base64.b64encode(secrets.token_bytes(64)).decode() for name in names}
        cloud.store.put(_KEYS, workspace, keys)
    return Response(200, keys)


_SEARCHES = ArmType(
    kind=_SEARCHED,
    path=f"{WORKSPACES.path}/savedSearches/{{name}}",
    make=_make_search,
    parent=WORKSPACES.above,
    absent=absent("SearchNotFound"),
    wrong=lambda fault: refused("SearchProperties", path=fault.path, expected=fault.expected),
    created_status=200,
)
_ACTION = f"{WORKSPACES.type}/sharedKeys/action"
TYPES = (WORKSPACES, _SEARCHES)
ROUTES = (Route("POST", Host.ARM, f"{WORKSPACES.path}/sharedKeys", _ACTION, _shared_keys, SPECIFIED),)
