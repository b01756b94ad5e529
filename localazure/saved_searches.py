"""Microsoft.OperationalInsights/workspaces/savedSearches, and the keys of a workspace.

A search's body is kept and echoed; no query runs.
"""

from __future__ import annotations

import base64
import secrets

from localazure.cloud import Cloud
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError
from localazure.workspaces import KEYS, KIND, SEARCHES

_WORKSPACES = "Microsoft.OperationalInsights/workspaces"
_TYPE = f"{_WORKSPACES}/savedSearches"
_REQUIRED = ("category", "displayName", "query")


def _put(cloud: Cloud, request: Request) -> Response:
    workspace = _workspace(cloud, request)
    given = request.body.get("properties")
    given = given if isinstance(given, dict) else {}
    if missing := [name for name in _REQUIRED if not given.get(name)]:
        raise ServiceError(
            400, "InvalidParameter", f"properties.{', properties.'.join(missing)} has to be set."
        )
    kept = {name: value for name, value in given.items() if value is not None}
    id = f"{workspace}/savedSearches/{request.params['name']}"
    _require_etag(cloud.store.get(SEARCHES, id), request)
    body: Json = {
        "id": id,
        "name": request.params["name"],
        "type": _TYPE,
        "etag": f'W/"{cloud.new_id()}"',
        "properties": {"version": 2, **kept},
    }
    cloud.store.put(SEARCHES, body["id"], body)
    return Response(200, body)


def _require_etag(known: Json | None, request: Request) -> None:
    """Refuses to overwrite a search without its etag, or `*`.

    Reported by many users (Azure/azure-powershell#3093, MicrosoftDocs/azure-docs#49275); that the header
    `If-Match` serves as well is assumed.
    """
    sent = request.body.get("etag") or request.headers.get("if-match")
    if known is None or sent in ("*", known["etag"]):
        return
    raise ServiceError(409, "Conflict", "Newer data exists in the Customer Configuration Store.")


def _get(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    body = cloud.store.get(SEARCHES, f"{_workspace(cloud, request)}/savedSearches/{name}")
    if body is None:
        raise ServiceError(404, "NotFound", f"Saved search '{name}' was not found.")
    return Response(200, body)


def _list(cloud: Cloud, request: Request) -> Response:
    found = cloud.store.scan(SEARCHES, f"{_workspace(cloud, request)}/savedSearches/")
    return Response(200, {"value": [body for _, body in found]})


def _delete(cloud: Cloud, request: Request) -> Response:
    id = f"{_workspace(cloud, request)}/savedSearches/{request.params['name']}"
    if cloud.store.get(SEARCHES, id) is None:
        return Response(204)
    cloud.store.delete(SEARCHES, id)
    return Response(200)


def _shared_keys(cloud: Cloud, request: Request) -> Response:
    """Both keys of a workspace, made on the first look: 64 random bytes each, as Azure's are."""
    workspace = _workspace(cloud, request)
    keys = cloud.store.get(KEYS, workspace)
    if keys is None:
        names = ("primarySharedKey", "secondarySharedKey")
        keys = {name: base64.b64encode(secrets.token_bytes(64)).decode() for name in names}
        cloud.store.put(KEYS, workspace, keys)
    return Response(200, keys)


def _workspace(cloud: Cloud, request: Request) -> str:
    p = request.params
    group = f"/subscriptions/{p['subscription']}/resourceGroups/{p['group']}"
    found: Json = cloud.store.get(KIND, f"{group}/providers/{_WORKSPACES}/{p['workspace']}")
    if found is None:
        raise ServiceError(
            404,
            "ParentResourceNotFound",
            "Can not perform requested operation on nested resource. Parent resource "
            f"'{p['workspace']}' not found.",
            gateway=True,
        )
    return str(found["id"])


_WORKSPACE = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{_WORKSPACES}/{{workspace}}"
_ALL, _ONE = f"{_WORKSPACE}/savedSearches", f"{_WORKSPACE}/savedSearches/{{name}}"
_ASSUMED = "all of it: made from the specification"
ROUTES = (
    Route("PUT", Host.ARM, _ONE, f"{_TYPE}/write", _put, _ASSUMED),
    Route("GET", Host.ARM, _ONE, f"{_TYPE}/read", _get, _ASSUMED),
    Route("DELETE", Host.ARM, _ONE, f"{_TYPE}/delete", _delete, _ASSUMED),
    Route("GET", Host.ARM, _ALL, f"{_TYPE}/read", _list, _ASSUMED),
    Route(
        "POST",
        Host.ARM,
        f"{_WORKSPACE}/sharedKeys",
        f"{_WORKSPACES}/sharedKeys/action",
        _shared_keys,
        _ASSUMED,
    ),
)
