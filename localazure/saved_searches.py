"""Microsoft.OperationalInsights/workspaces/savedSearches, and the keys of a workspace.

A search's body is kept and echoed; no query runs.
"""

import base64
import secrets

from localazure.arm_type import SPECIFIED, ArmType
from localazure.cloud import Cloud
from localazure.refusals import absent, refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response
from localazure.workspaces import KEYS, SEARCHES, WORKSPACES


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    kept = {name: value for name, value in request.properties.items() if value is not None}
    _require_etag(known, request)
    return {"etag": f'W/"{cloud.new_id()}"', "properties": {"version": 2, **kept}}


def _require_etag(known: Json | None, request: Request) -> None:
    """Refuses to overwrite a search without its etag, or `*`. That the header `If-Match` serves as well is
    assumed."""
    sent = request.body.get("etag") or request.headers.get("if-match")
    if known is None or sent in ("*", known["etag"]):
        return
    raise refused("SearchConflict")


def _shared_keys(cloud: Cloud, request: Request) -> Response:
    """Both keys of a workspace, made on the first look: 64 random bytes each, as Azure's are."""
    workspace = WORKSPACES.above(cloud, request)["id"]
    keys = cloud.store.get(KEYS, workspace)
    if keys is None:
        names = ("primarySharedKey", "secondarySharedKey")
        keys = {name: base64.b64encode(secrets.token_bytes(64)).decode() for name in names}
        cloud.store.put(KEYS, workspace, keys)
    return Response(200, keys)


_SEARCHES = ArmType(
    kind=SEARCHES,
    path=f"{WORKSPACES.path}/savedSearches/{{name}}",
    make=_make,
    parent=WORKSPACES.above,
    absent=absent("SearchNotFound"),
    wrong=lambda fault: refused("SearchProperties", path=fault.path, expected=fault.expected),
    created_status=200,
)
_ACTION = f"{WORKSPACES.type}/sharedKeys/action"
TYPES = (WORKSPACES, _SEARCHES)
ROUTES = (Route("POST", Host.ARM, f"{WORKSPACES.path}/sharedKeys", _ACTION, _shared_keys, SPECIFIED),)
