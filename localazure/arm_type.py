"""A type of resource in Resource Manager, declared once: its path, and how a PUT's body becomes a resource.

Owns: PUT, PATCH, GET, DELETE and the lists of a type, ARM's 404, and the deletion of everything below a
resource. Does not own: the work of a PUT on a body, which each type declares.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from localazure import authorization, definitions
from localazure.cloud import Cloud, iso
from localazure.locations import location_in, require_same_location
from localazure.paging import page
from localazure.refusals import refused
from localazure.routes import Handler, Route
from localazure.web import Host, Json, Request, Response, ServiceError

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{{group}}"
SPECIFIED = "all of it: made from the specification"
LOCK = "lock"
"""The store's kind of management locks."""
Make = Callable[[Cloud, Request, str, "Json | None"], Json]


@dataclass(frozen=True)
class ArmType:
    """One type. `path` is the template of one resource, its name last, `kind` the store's. A `tracked` one is
    in a resource group, listed in the subscription, too, and patched; others may be `patched`.

    `make` turns a PUT (its id, the request, the body known before or None) into the body to store, except
    id, name and type; a PATCH is a PUT of the known body with the sent one laid over it. `parent` raises if
    the resource above is absent. `regions` are those that offer the type, if it has a location. `shown`
    completes a stored body; `removed` gets the body of a deleted one. `around` lists the resources at, above
    and below a scope. `guarded` wraps the handlers of writes. `assumed` is one text, or one for each method.
    The last page of a list that `ends_empty` names one more, which is empty. `wrong` refuses a body that the
    published definition rules out, before `make` sees it. A `dated` one says who made it and when.
    """

    kind: str
    path: str
    make: Make
    assumed: str | Mapping[str, str] = SPECIFIED
    regions: Collection[str] = ()
    parent: Callable[[Cloud, Request], object] = lambda _, __: None
    shown: Callable[[Cloud, Request, Json], Json] = lambda _, __, body: body
    removed: Callable[[Cloud, Json], None] = lambda _, __: None
    absent: Callable[[str], ServiceError] | None = None
    wrong: Callable[[definitions.Fault], ServiceError] = definitions.wrong
    guarded: Callable[[Handler], Handler] = lambda handler: handler
    around: bool = False
    tracked: bool = False
    patched: bool = False
    dated: bool = False
    deleted_is_shown: bool = False
    ends_empty: bool = False
    created_status: int = 201
    created_headers: Callable[[Request, str], Mapping[str, str]] = lambda _, __: {}

    @cached_property
    def type(self) -> str:
        """ARM's name of the type (`Microsoft.KeyVault/vaults`)."""
        below = self.path.rpartition("/providers/")[2]
        return "/".join(part for part in below.split("/") if not part.startswith("{"))

    @cached_property
    def _many(self) -> str:
        return self.path.rpartition("/")[0]

    def routes(self) -> tuple[Route, ...]:
        def row(method: str, path: str, action: str, handler: Handler) -> Route:
            assumed = self.assumed
            if not isinstance(assumed, str):
                assumed = assumed.get(method if path == self.path else "LIST", "")
            act = handler if action == "read" else self.guarded(handler)
            return Route(method, Host.ARM, path, f"{self.type}/{action}", act, assumed)

        rows = [
            row("PUT", self.path, "write", self.put),
            row("GET", self.path, "read", self.get),
            row("DELETE", self.path, "delete", self.delete),
            row("GET", self._many, "read", self.list_all),
        ]
        if self.tracked:
            everywhere = f"{SUBSCRIPTION}/providers/{self.type}"
            rows.append(row("GET", everywhere, "read", self.list_all))
        if self.tracked or self.patched:
            rows.append(row("PATCH", self.path, "write", self.patch))
        return tuple(rows)

    def put(self, cloud: Cloud, request: Request) -> Response:
        """Creates or replaces."""
        self.parent(cloud, request)
        request = self._of_version(request)
        known = self.find(cloud, self.id_of(request))
        if self.regions:
            location = location_in(request.body, self.type, self.regions)
            if known:
                group = request.params.get("group", "")
                require_same_location(known["name"], known["location"], location, group)
        return self._written(cloud, request, known)

    def patch(self, cloud: Cloud, request: Request) -> Response:
        """Changes what the body names, in `properties` and beside them, except the location."""
        self.parent(cloud, request)
        request = self._of_version(request)
        known = self.required(cloud, request)
        sent = {name: value for name, value in request.given.items() if value is not None}
        changes = {name: value for name, value in request.properties.items() if value is not None}
        properties = {**known["properties"], **changes}
        kept = {"properties": properties, **({"location": known["location"]} if "location" in known else {})}
        return self._written(cloud, replace(request, body={**known, **sent, **kept}), known)

    def get(self, cloud: Cloud, request: Request) -> Response:
        self.parent(cloud, request)
        return self._answered(cloud, request, 200, self.required(cloud, request))

    def delete(self, cloud: Cloud, request: Request) -> Response:
        """Deletes the resource; 204 if it is absent."""
        self.parent(cloud, request)
        body = self.find(cloud, self.id_of(request))
        if body is None:
            return Response(204)
        self.drop(cloud, body)
        return Response(200, body if self.deleted_is_shown else None)

    def list_all(self, cloud: Cloud, request: Request) -> Response:
        self.parent(cloud, request)
        found = self._listed(cloud, request)
        seen = partial(self.seen, cloud, request)
        rows = page(request, found, lambda one: str(one["id"]), seen, ends_empty=self.ends_empty)
        return Response(200, rows)

    def seen(self, cloud: Cloud, request: Request, body: Json) -> Json:
        """A stored body as a client sees it, without the operation that the store keeps with it."""
        shown = definitions.of_version(self.type, self.shown(cloud, request, body), request.api_version)
        return {name: value for name, value in shown.items() if name != "operation"}

    def find(self, cloud: Cloud, id: str) -> Json | None:
        return cloud.store.get(self.kind, id)

    def below(self, cloud: Cloud, scope: str = "") -> list[Json]:
        return [found for _, found in cloud.store.scan(self.kind, scope and f"{scope}/")]

    def required(self, cloud: Cloud, request: Request) -> Json:
        """The stored body that a request is about. Raises 404."""
        id = self.id_of(request)
        body = self.find(cloud, id)
        if body is None:
            if self.absent is not None:
                raise self.absent(id.rpartition("/")[2])
            raise resource_not_found(id.rpartition("/providers/")[2], request.params["group"])
        return body

    def above(self, cloud: Cloud, request: Request) -> Json:
        """The stored body of the resource above the one that a request is about. Raises 404."""
        id = self.id_of(request)
        body = self.find(cloud, id)
        if body is None:
            raise refused("ParentIsAbsent", name=id.rpartition("/")[2])
        return body

    def drop(self, cloud: Cloud, body: Json) -> None:
        """Deletes a resource with everything that belongs to it."""
        cloud.store.delete(self.kind, body["id"])
        drop_extensions(cloud, body["id"])
        self.removed(cloud, body)

    def delete_in_group(self, cloud: Cloud, group_id: str) -> None:
        for body in self.below(cloud, group_id):
            self.drop(cloud, body)

    def id_of(self, request: Request) -> str:
        return "/" + self.path.replace("*}", "}").format(**request.params).lstrip("/")

    def scope_of(self, id: str) -> str:
        """The scope of a resource: its id without the provider's part."""
        return id[: id.lower().rindex(f"/providers/{self.type}/".lower())]

    def _of_version(self, request: Request) -> Request:
        return replace(request, body=definitions.of_version(self.type, request.body, request.api_version))

    def _require_defined(self, cloud: Cloud, request: Request) -> None:
        asked = definitions.reading(cloud.behaviour, request)
        definitions.require(self.type, request.body, self.wrong, asked)

    def _written(self, cloud: Cloud, request: Request, known: Json | None) -> Response:
        self._require_defined(cloud, request)
        id = known["id"] if known else self.id_of(request)
        name = known["name"] if known else id.rpartition("/")[2]
        body = {"id": id, "name": name, "type": self.type, **self.make(cloud, request, id, known)}
        if self.dated:
            body["systemData"] = _dated(cloud, request, known)
        return self.stored(cloud, request, body, known)

    def stored(self, cloud: Cloud, request: Request, body: Json, known: Json | None) -> Response:
        """Keeps a body after a write, `known` being the one before it, and answers the write."""
        cloud.store.put(self.kind, body["id"], body)
        if known:
            return self._answered(cloud, request, 200, body)
        response = self._answered(cloud, request, self.created_status, body)
        return replace(response, headers={**response.headers, **self.created_headers(request, body["id"])})

    def _answered(self, cloud: Cloud, request: Request, status: int, body: Json) -> Response:
        headers = {"ETag": body["etag"]} if body.get("etag") else {}
        return Response(status, self.seen(cloud, request, body), headers)

    def _listed(self, cloud: Cloud, request: Request) -> list[Json]:
        if self.around:
            scope = "/" + self._many.replace("*}", "}").format(**request.params).lstrip("/")
            at = scope.lower().removesuffix(f"/providers/{self.type}".lower()) + "/"
            held = [(body, f"{self.scope_of(body['id'])}/".lower()) for body in self.below(cloud)]
            return [body for body, other in held if other.startswith(at) or at.startswith(other)]
        if self.tracked and "group" not in request.params:
            return self.below(cloud, SUBSCRIPTION.format(**request.params))
        return self.below(cloud, "/" + self._many.replace("*}", "}").format(**request.params).lstrip("/"))


def tracked(kind: str, type: str, make: Make, regions: Collection[str], name: str = "{name}") -> ArmType:
    """A type in a resource group that is listed in the subscription, too; `name` is the field of its name."""
    return ArmType(kind, f"{GROUP}/providers/{type}/{name}", make, regions=regions, tracked=True)


def system_data(created: tuple[str, float], modified: tuple[str, float], *, digits: int = 7) -> Json:
    """By which application, and when, a resource was made and last changed."""
    return {
        "createdBy": created[0],
        "createdByType": "Application",
        "createdAt": iso(created[1], digits=digits),
        "lastModifiedBy": modified[0],
        "lastModifiedByType": "Application",
        "lastModifiedAt": iso(modified[1], digits=digits),
    }


def _dated(cloud: Cloud, request: Request, known: Json | None) -> Json:
    """The system data of a resource after a write by the caller."""
    write = (request.client_id, cloud.clock.now())
    found = system_data(write, write)
    made = known["systemData"] if known else found
    return {**found, **{name: value for name, value in made.items() if name.startswith("created")}}


def drop_extensions(cloud: Cloud, id: str) -> None:
    """Takes away the grants and locks at and below a scope that goes."""
    authorization.drop_below(cloud, id)
    for lock, _ in cloud.store.scan(LOCK, f"{id}/"):
        cloud.store.delete(LOCK, lock)


def resource_not_found(resource: str, group: str) -> ServiceError:
    """ARM's 404 for a resource, given as `namespace/type/name`."""
    return refused("ResourceNotFound", resource=resource, group=group)
