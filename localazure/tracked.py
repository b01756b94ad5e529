"""Plain resource types of a resource group: what all of them share.

Owns: get, both lists, delete, tags and ARM's 404. Does not own: what a PUT makes of a body.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from localazure import authorization, locks
from localazure.cloud import Cloud
from localazure.locations import REGIONS, location_in, require_same_location
from localazure.paging import page
from localazure.routes import Route
from localazure.shapes import an_object
from localazure.web import Host, Json, Request, Response, ServiceError

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"


@dataclass(frozen=True)
class TrackedType:
    """A resource type whose documents are ARM's bodies.

    `type` is ARM's name (`Microsoft.ManagedIdentity/userAssignedIdentities`), `kind` the store's.
    `make` turns a PUT (its id, the request, the body known before or None) into the body to store; a PATCH
    is a PUT of what is known with what was sent laid over it. `removed` gets the body of a resource that
    is gone. `groups` is how ids spell `resourceGroups`, `regions` where resources of this type can be.
    """

    kind: str
    type: str
    make: Callable[[Cloud, Request, str, Json | None], Json]
    removed: Callable[[Cloud, Json], None] = lambda _, __: None
    groups: str = "resourceGroups"
    regions: Collection[str] = tuple(REGIONS)
    created_status: int = 201
    created_headers: Callable[[str], Mapping[str, str]] = lambda _: {}

    def routes(self, *, assumed: str = "") -> tuple[Route, ...]:
        """PUT, PATCH, GET, DELETE and the two lists."""
        one = f"{_GROUP}/providers/{self.type}/{{name}}"
        in_group, in_subscription = (
            f"{_GROUP}/providers/{self.type}",
            f"{_SUBSCRIPTION}/providers/{self.type}",
        )
        read, write, delete = (f"{self.type}/{action}" for action in ("read", "write", "delete"))
        return (
            Route("PUT", Host.ARM, one, write, self._put, assumed),
            Route("PATCH", Host.ARM, one, write, self._patch, assumed),
            Route("GET", Host.ARM, one, read, self._get, assumed),
            Route("DELETE", Host.ARM, one, delete, self._delete, assumed),
            Route("GET", Host.ARM, in_group, read, self._list, assumed),
            Route("GET", Host.ARM, in_subscription, read, self._list, assumed),
        )

    def delete_in_group(self, cloud: Cloud, group_id: str) -> None:
        """Removes every resource of this type from a group that is being deleted."""
        for _, body in cloud.store.scan(self.kind, f"{group_id}/"):
            self._drop(cloud, body)

    def _put(self, cloud: Cloud, request: Request) -> Response:
        id = self._id(request)
        known = cloud.store.get(self.kind, id)
        location = location_in(request.body, self.type, self.regions)
        if known:
            require_same_location(known["name"], known["location"], location, request.params["group"])
        body = self.make(cloud, request, known["id"] if known else id, known)
        cloud.store.put(self.kind, id, body)
        return Response(200, body) if known else Response(self.created_status, body, self.created_headers(id))

    def _patch(self, cloud: Cloud, request: Request) -> Response:
        known = self._find(cloud, request)
        sent = an_object(request.body.get("properties"), "properties")
        merged = {**known, "properties": {**known["properties"], **sent}}
        if request.body.get("tags") is not None:
            merged["tags"] = request.body["tags"]
        body = self.make(cloud, replace(request, body=merged), known["id"], known)
        cloud.store.put(self.kind, body["id"], body)
        return Response(200, body)

    def _get(self, cloud: Cloud, request: Request) -> Response:
        return Response(200, self._find(cloud, request))

    def _delete(self, cloud: Cloud, request: Request) -> Response:
        body = cloud.store.get(self.kind, self._id(request))
        if body is None:
            return Response(204)
        self._drop(cloud, body)
        return Response(200)

    def _list(self, cloud: Cloud, request: Request) -> Response:
        group = request.params.get("group")
        prefix = f"/subscriptions/{request.params['subscription']}/"
        prefix += f"resourceGroups/{group}/" if group else ""
        found = [body for _, body in cloud.store.scan(self.kind, prefix)]
        return Response(200, page(request, found, lambda body: str(body["id"]), lambda body: body))

    def _drop(self, cloud: Cloud, body: Json) -> None:
        cloud.store.delete(self.kind, body["id"])
        authorization.drop_below(cloud, body["id"])
        locks.drop_below(cloud, body["id"])
        self.removed(cloud, body)

    def _find(self, cloud: Cloud, request: Request) -> Json:
        body = cloud.store.get(self.kind, self._id(request))
        if body is None:
            name, group = request.params["name"], request.params["group"]
            raise ServiceError(
                404,
                "ResourceNotFound",
                f"The Resource '{self.type}/{name}' under resource group '{group}' was not found. For more "
                "details please go to https://aka.ms/ARMResourceNotFoundFix",
                gateway=True,
            )
        return body

    def _id(self, request: Request) -> str:
        p = request.params
        group = f"/subscriptions/{p['subscription']}/{self.groups}/{p['group']}"
        return f"{group}/providers/{self.type}/{p['name']}"
