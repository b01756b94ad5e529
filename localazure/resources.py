"""Resource groups on ARM, and the lists of their resources.

A group's delete takes its contents along at once and ends on the clock and on looks at the group or at
its operation. Does not own: the fate of a deleted vault or account, which its service decides.
"""

import re

from localazure import (
    alerts,
    authorization,
    definitions,
    destinations,
    filters,
    identities,
    inventory,
    locks,
    monitor,
    operations,
    policies,
    workspaces,
)
from localazure.arm import find_group, group_not_found
from localazure.arm_type import GROUP, SPECIFIED, SUBSCRIPTION, drop_extensions
from localazure.cloud import Cloud
from localazure.cognitive import deleted
from localazure.keyvault import vaults
from localazure.locations import REGIONS, normal_location, required_location
from localazure.network import routes as network
from localazure.paging import page
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response

_KIND, _TYPE = "group", "Microsoft.Resources/resourceGroups"
_NAME = re.compile(r"[-\w._()]{0,89}[-\w_()]")
_STORED = (vaults, identities, monitor, alerts, workspaces, destinations, policies)
# A group's delete takes these along, in this order: endpoints before targets, accounts before their keys.
_CONTENTS = (
    *(type.delete_in_group for type in network.TYPES),
    deleted.delete_in_group,
    *(type.delete_in_group for module in _STORED for type in module.TYPES),
    *(type.delete_in_group for type in policies.ANYWHERE),
)
# Bodies before this api-version had no `type` (observed: absent with 2016-09-01).
_TYPED_SINCE = "2018-05-01"
_DEPTH = 8
"""Slashes in the id of a resource that is directly in a group."""


def _put(cloud: Cloud, request: Request) -> Response:
    name = request.params["group"]
    if not _NAME.fullmatch(name):
        raise refused("InvalidResourceGroup", name=name)
    location = required_location(request.body)
    if normal_location(location) not in REGIONS:
        regions = ",".join(REGIONS)
        raise refused("LocationNotAvailableForResourceGroup", location=location, regions=regions)
    asked = definitions.reading(cloud.behaviour, request)
    definitions.require(_TYPE, request.body, definitions.wrong, asked)
    known = _look(cloud, _id(request))
    if known is not None and known["properties"]["provisioningState"] == "Deleting":
        raise refused("ResourceGroupBeingDeleted", name=name)
    if known is not None and known["location"] != normal_location(location):
        raise refused("InvalidResourceGroupLocation", location=location, before=known["location"])
    body = {
        "id": known["id"] if known else _id(request),
        "name": known["name"] if known else name,
        "type": _TYPE,
        "location": normal_location(location),
        **{key: request.body[key] for key in ("tags", "managedBy") if request.body.get(key) is not None},
        "properties": {"provisioningState": "Succeeded"},
    }
    cloud.store.put(_KIND, body["id"], body)
    return Response(200 if known else 201, _shown(body, request))


def _get(cloud: Cloud, request: Request) -> Response:
    body = _look(cloud, _id(request))
    if body is None:
        # A returned answer, not a raised one: this look may have ended a delete, which raising would undo.
        return group_not_found(request.params["group"]).response()
    return Response(200, _shown(body, request))


def _head(cloud: Cloud, request: Request) -> Response:
    found = _get(cloud, request)
    return Response(204) if found.status == 200 else found


def _list(cloud: Cloud, request: Request) -> Response:
    prefix = f"/subscriptions/{request.params['subscription']}/resourceGroups/"
    ids = [id for id, _ in cloud.store.scan(_KIND, prefix)]
    wanted = filters.wanted(request.query.get("$filter", ""))
    found = [body for id in ids if (body := _look(cloud, id)) is not None and wanted(body)]
    return Response(200, page(request, found, lambda body: str(body["id"]), lambda b: _shown(b, request)))


def _patch(cloud: Cloud, request: Request) -> Response:
    body = _find(cloud, request)
    if body["properties"]["provisioningState"] == "Deleting":
        raise refused("ResourceGroupBeingDeleted", name=body["name"])
    given = {key: request.body[key] for key in ("tags", "managedBy") if request.body.get(key) is not None}
    body = {**body, **given}
    cloud.store.put(_KIND, body["id"], body)
    return Response(200, _shown(body, request))


def _delete(cloud: Cloud, request: Request) -> Response:
    body = _find(cloud, request)
    operation_id = body.get("deletion")
    if operation_id is None:
        for delete_in_group in _CONTENTS:
            delete_in_group(cloud, body["id"])
        drop_extensions(cloud, body["id"])
        operation_id = operations.begin(cloud, {"group": body["id"]}).id
        deleting = {**body, "properties": {"provisioningState": "Deleting"}, "deletion": operation_id}
        cloud.store.put(_KIND, body["id"], deleting)
    return Response(202, None, _location(cloud, request, operation_id))


def _poll_delete(cloud: Cloud, request: Request) -> Response:
    operation = operations.poll(cloud, request.params["operation"])
    if operation is None:
        raise refused("OperationNotFound", operation=request.params["operation"])
    if not operation.done(cloud.clock.now()):
        return Response(202, None, _location(cloud, request, operation.id))
    return Response(200)


def _move(cloud: Cloud, request: Request) -> Response:
    """Moves resources to another group, with all below them but grants and locks. Raises ServiceError."""
    ids, target = _moved(cloud, request)
    for id in ids:
        drop_extensions(cloud, id)
        cloud.store.move(id, f"{target}{id[id.lower().index('/providers/') :]}")
    return Response(202, None, _location(cloud, request, operations.begin(cloud, {"group": target}).id))


def _validate_move(cloud: Cloud, request: Request) -> Response:
    """204 where resources can be moved. Raises ServiceError."""
    _moved(cloud, request)
    return Response(204)


def _moved(cloud: Cloud, request: Request) -> tuple[list[str], str]:
    group, sent = _find(cloud, request), request.given.get("resources")
    if not isinstance(sent, list):
        raise refused("MoveOfForeignResource", id=sent, group=group["name"])
    ids = [str(id) for id in sent]
    target = str(request.given.get("targetResourceGroup") or "").rstrip("/")
    found = find_group(cloud, target)
    if found is None:
        raise group_not_found(target.rpartition("/")[2])
    for id in ids:
        inside = id.lower().startswith(f"{group['id']}/providers/".lower()) and id.count("/") == _DEPTH
        if not inside or inventory.missing_parent(cloud, id) or found["id"] == group["id"]:
            raise refused("MoveOfForeignResource", id=id, group=group["name"])
        locks.require_unlocked(cloud, "DELETE", id)
        authorization.require(cloud, request, f"{'/'.join(id.split('/')[6:8])}/write", found["id"])
    return ids, found["id"]


def _look(cloud: Cloud, group_id: str) -> Json | None:
    """A group; each look at a group that is being deleted brings its end closer."""
    body = find_group(cloud, group_id)
    if body is not None and "deletion" in body:
        operation = operations.poll(cloud, body["deletion"])
        body = None if operation is None or operation.over(cloud.clock.now()) else body
    if body is None:
        cloud.store.delete(_KIND, group_id)
    return body


def _find(cloud: Cloud, request: Request) -> Json:
    body = _look(cloud, _id(request))
    if body is None:
        raise group_not_found(request.params["group"])
    return body


def _shown(body: Json, request: Request) -> Json:
    hidden = {"deletion"} if request.api_version >= _TYPED_SINCE else {"deletion", "type"}
    return {key: value for key, value in body.items() if key not in hidden}


def _location(cloud: Cloud, request: Request, operation_id: str) -> dict[str, str]:
    seconds = cloud.behaviour.group_retry_seconds
    path = f"/subscriptions/{request.params['subscription']}/operationresults/{operation_id}"
    return {"Location": request.polled_at(path), "Retry-After": str(seconds)}


def _id(request: Request) -> str:
    return f"/subscriptions/{request.params['subscription']}/resourceGroups/{request.params['group']}"


_MOVED = "every refusal; that references to what is moved follow"
_GROUPS = f"{SUBSCRIPTION}/resourceGroups"
_ACTION = "Microsoft.Resources/subscriptions/resourceGroups"
ROUTES = (
    Route("PUT", Host.ARM, GROUP, f"{_ACTION}/write", _put, "every refusal"),
    Route("GET", Host.ARM, GROUP, f"{_ACTION}/read", _get),
    Route("HEAD", Host.ARM, GROUP, f"{_ACTION}/read", _head, SPECIFIED),
    Route("PATCH", Host.ARM, GROUP, f"{_ACTION}/write", _patch, SPECIFIED),
    Route("DELETE", Host.ARM, GROUP, f"{_ACTION}/delete", _delete),
    Route("GET", Host.ARM, _GROUPS, f"{_ACTION}/read", _list, SPECIFIED),
    *(
        Route("POST", Host.ARM, f"{GROUP}/{word}", f"{_ACTION}/moveResources/action", handler, _MOVED)
        for word, handler in (("moveResources", _move), ("validateMoveResources", _validate_move))
    ),
    Route("GET", Host.ARM, "/subscriptions/{subscription}/operationresults/{operation}", "", _poll_delete),
)
