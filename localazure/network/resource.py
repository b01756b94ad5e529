"""What the types of Microsoft.Network share: documents, operations, and the answers around them.

Owns: get, lists, delete, and the course of a write (Updating, then Succeeded with another etag). Does not
own: what a PUT makes of a body, which each type says. An answered write has no Retry-After, so that the
pace is the client's; a delete takes place at once, and its operation only confirms it. Both are assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from localazure import authorization, locks, operations
from localazure.cloud import Cloud
from localazure.locations import REGIONS, location_in, normal_location, require_same_location
from localazure.routes import Route
from localazure.shapes import an_object
from localazure.web import Host, Json, Request, Response, ServiceError

PROVIDER = "Microsoft.Network"
SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{{group}}"
SERVICE = "network"
ASSUMED = "all of it: made from the specification"

Make = Callable[[Cloud, Request, str, Json | None], Json]


@dataclass(frozen=True)
class NetworkType:
    """One type. `path` is it below the provider, its names in braces (`privateEndpoints/{endpoint}`).

    `make` turns a PUT (request, id, the body known before or None) into the body to store, without its
    state, and raises ServiceError before anything is written. `shown` completes a stored body with what
    other documents hold. `check_delete` raises where the resource is still needed; `removed` is told the
    body of one that is gone. `dns` types answer 202 with private DNS's own operations, the rest 201 and
    the provider's.
    """

    kind: str
    path: str
    make: Make
    shown: Callable[[Cloud, Json], Json] = lambda _, body: body
    check_delete: Callable[[Cloud, Json], None] = lambda _, __: None
    removed: Callable[[Cloud, Json], None] = lambda _, __: None
    dns: bool = False

    @property
    def type(self) -> str:
        return "/".join([PROVIDER, *self.path.split("/")[::2]])

    def routes(self) -> tuple[Route, ...]:
        """PUT, GET, DELETE and the lists."""
        one = f"{GROUP}/providers/{PROVIDER}/{self.path}"
        many = one.rsplit("/", 1)[0]
        read, write, delete = (f"{self.type}/{action}" for action in ("read", "write", "delete"))
        rows = (
            Route("PUT", Host.ARM, one, write, self.put, ASSUMED),
            Route("GET", Host.ARM, one, read, self.get, ASSUMED),
            Route("DELETE", Host.ARM, one, delete, self.delete, ASSUMED),
            Route("GET", Host.ARM, many, read, self.list_all, ASSUMED),
        )
        if self.path.count("/") > 1:
            return rows
        everywhere = many.replace(GROUP, SUBSCRIPTION, 1)
        return (
            *rows,
            Route("PATCH", Host.ARM, one, write, self.patch, ASSUMED),
            Route("GET", Host.ARM, everywhere, read, self.list_all, ASSUMED),
        )

    def put(self, cloud: Cloud, request: Request) -> Response:
        """Creates or replaces: the state is Updating until the operation ends."""
        id = self.id_of(request)
        known = cloud.store.get(self.kind, id)
        body = self.make(cloud, request, known["body"]["id"] if known else id, known and known["body"])
        if known and "location" in body:
            before = known["body"]
            require_same_location(
                before["name"], before["location"], body["location"], request.params["group"]
            )
        return self.begun(cloud, request, body, 202 if self.dns else 200 if known else 201)

    def patch(self, cloud: Cloud, request: Request) -> Response:
        """Replaces the tags."""
        document = self.settled(cloud, self.required(cloud, request))
        if isinstance(request.body, dict) and request.body.get("tags") is not None:
            changes = {"tags": request.body["tags"], "etag": self.new_etag(cloud)}
            document = {**document, "body": {**document["body"], **changes}}
            self.save(cloud, document)
        return Response(200, self.answer(cloud, document))

    def get(self, cloud: Cloud, request: Request) -> Response:
        """The resource; looking at it may end its operation."""
        document = self.settled(cloud, self.required(cloud, request))
        return Response(200, self.answer(cloud, document), {"ETag": document["body"]["etag"]})

    def list_all(self, cloud: Cloud, request: Request) -> Response:
        """Those of the scope, on one page."""
        found = cloud.store.scan(self.kind, f"{self._collection(request)}/")
        return Response(200, {"value": [self.answer(cloud, document) for _, document in found]})

    def delete(self, cloud: Cloud, request: Request) -> Response:
        """202 with an operation; 204 if it does not exist."""
        document = cloud.store.get(self.kind, self.id_of(request))
        if document is None:
            return Response(204)
        self.check_delete(cloud, document["body"])
        self.drop(cloud, document["body"])
        operation = operations.begin(cloud, {"service": SERVICE, "id": document["body"]["id"]})
        return Response(202, None, self.headers(request, document["body"], operation.id))

    def begun(self, cloud: Cloud, request: Request, body: Json, status: int) -> Response:
        """Stores a body and starts the operation that settles it."""
        operation = operations.begin(cloud, {"service": SERVICE, "id": body["id"]})
        document = {"body": {**body, "etag": self.new_etag(cloud)}, "operation": operation.id}
        self.save(cloud, document)
        shown = {} if self.dns else self.answer(cloud, document)
        return Response(status, shown, self.headers(request, body, operation.id))

    def answer(self, cloud: Cloud, document: Json) -> Json:
        """A stored resource as ARM answers it."""
        state = "Updating" if document["operation"] else "Succeeded"
        body = self.shown(cloud, document["body"])
        return {**body, "properties": {"provisioningState": state, **body["properties"]}}

    def settled(self, cloud: Cloud, document: Json) -> Json:
        """The document, its operation ended if its time has come."""
        if document["operation"] is None:
            return document
        operation = operations.poll(cloud, document["operation"])
        if operation is not None and not operation.over(cloud.clock.now()):
            return document
        ended = {"body": {**document["body"], "etag": self.new_etag(cloud)}, "operation": None}
        self.save(cloud, ended)
        return ended

    def save(self, cloud: Cloud, document: Json) -> None:
        cloud.store.put(self.kind, document["body"]["id"], document)

    def drop(self, cloud: Cloud, body: Json) -> None:
        """Removes a resource with what hangs on it."""
        cloud.store.delete(self.kind, body["id"])
        authorization.drop_below(cloud, body["id"])
        locks.drop_below(cloud, body["id"])
        self.removed(cloud, body)

    def find(self, cloud: Cloud, id: str) -> Json | None:
        """The stored body of an id."""
        document = cloud.store.get(self.kind, id)
        return None if document is None else document["body"]

    def bodies_below(self, cloud: Cloud, scope: str) -> list[Json]:
        """The stored bodies below a scope."""
        return [document["body"] for _, document in cloud.store.scan(self.kind, f"{scope}/")]

    def required(self, cloud: Cloud, request: Request) -> Json:
        """The document of a request's resource. Raises ARM's 404."""
        document = cloud.store.get(self.kind, self.id_of(request))
        if document is None:
            raise not_found(request, self.type, self.id_of(request).rsplit("/", 1)[-1])
        return document

    def id_of(self, request: Request) -> str:
        group = f"/subscriptions/{request.params['subscription']}/resourceGroups/{request.params['group']}"
        return f"{group}/providers/{PROVIDER}/{self.path.format(**request.params)}"

    def new_etag(self, cloud: Cloud) -> str:
        return cloud.new_id() if self.dns else f'W/"{cloud.new_id()}"'

    def headers(self, request: Request, body: Json, operation_id: str) -> dict[str, str]:
        """Where the write is polled; a delete and private DNS also name a Location."""
        subscription = f"https://{Host.ARM}/subscriptions/{request.params['subscription']}"
        place = normal_location(str(body.get("location") or "global"))
        base = f"{subscription}/providers/{PROVIDER}/locations/{place}"
        statuses, results = "operations", "operationResults"
        if self.dns:
            base = f"{subscription}/resourceGroups/{request.params['group']}/providers/{PROVIDER}"
            statuses, results = "privateDnsOperationStatuses", "privateDnsOperationResults"
        end = f"{operation_id}?api-version={request.api_version}"
        headers = {"Azure-AsyncOperation": f"{base}/{statuses}/{end}"}
        if self.dns or request.method == "DELETE":
            headers["Location"] = f"{base}/{results}/{end}"
        return headers

    def _collection(self, request: Request) -> str:
        p = request.params
        if "group" not in p:
            return f"/subscriptions/{p['subscription']}/resourceGroups"
        if self.path.count("/") > 1:
            path = self.path.rsplit("/", 1)[0].format(**p)
            return (
                f"/subscriptions/{p['subscription']}/resourceGroups/{p['group']}/providers/{PROVIDER}/{path}"
            )
        return f"/subscriptions/{p['subscription']}/resourceGroups/{p['group']}"


def not_found(request: Request, type: str, name: str) -> ServiceError:
    """ARM's 404 for a resource of a group."""
    return ServiceError(
        404,
        "ResourceNotFound",
        f"The Resource '{type}/{name}' under resource group '{request.params['group']}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        gateway=True,
    )


def missing_reference(id: str, owner: str) -> ServiceError:
    """Network's 400 for an id that leads nowhere, or to another region."""
    return ServiceError(
        400,
        "InvalidResourceReference",
        f"Resource {id} referenced by resource {owner} was not found. Please make sure that the referenced "
        "resource exists, and that both resources are in the same region.",
    )


def properties_of(request: Request) -> Json:
    """The properties a body sends, `{}` where it sends none. Raises ARM's 400 for what is no object."""
    return an_object(request.body.get("properties"), "properties")


def location_of(request: Request, type: str, *, everywhere: bool = False) -> str:
    """The location a body names, normalised; `global` for the types that are `everywhere`."""
    regions = ("global",) if everywhere else tuple(REGIONS)
    return normal_location(location_in(request.body, type, regions))


def tags_of(request: Request) -> Json:
    """The tags of a body, as the part of an answer that they are: absent where none were sent."""
    tags = request.body.get("tags")
    return {} if tags is None else {"tags": tags}


def reference(value: Json) -> str:
    """The id in an ARM reference `{"id": ...}`; empty without one."""
    return str(value.get("id") or "") if isinstance(value, dict) else ""
