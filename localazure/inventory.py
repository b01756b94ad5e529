"""`/resources` on ARM: the resources of a subscription or a resource group, of every type.

Owns: nothing; it asks the lists of the resource types, as they are served to any client.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from localazure import facts, filters
from localazure.arm_type import GROUP, SUBSCRIPTION
from localazure.cloud import Cloud
from localazure.paging import page
from localazure.routes import Route, Router
from localazure.web import Host, Json, Request, Response

KINDS: Mapping[str, str] = facts.read("inventory.json")
"""The types of resources that a resource group lists, and the store's kind of each."""
_KINDS = {type.lower(): kind for type, kind in KINDS.items()}
_LAST = 9  # `/subscriptions/S/resourceGroups/G/providers/N/type/name` has as many parts, an empty one first
_SHOWN = ("id", "name", "type", "kind", "location", "tags", "sku", "identity", "managedBy")


def missing_parent(cloud: Cloud, scope: str) -> str:
    """The id of the missing resource at or above a scope; empty if it exists, or where
    the scope is in no resource of a type that is known here."""
    parts = scope.split("/")
    kind = _KINDS.get("/".join(parts[6:8]).lower()) if len(parts) >= _LAST else None
    id = "/".join(parts[:_LAST])
    return id if kind and cloud.store.get(kind, id) is None else ""


def routes(router: Router) -> tuple[Route, ...]:
    """The rows of the lists; `router` finds the lists they are made of."""

    def list_all(cloud: Cloud, request: Request) -> Response:
        wanted = filters.wanted(request.query.get("$filter", ""))
        scope = request.path.rstrip("/").rsplit("/", 1)[0]
        found = [
            {name: body[name] for name in _SHOWN if name in body}
            for type in KINDS
            for body in _pages(cloud, request, router, f"{scope}/providers/{type}")
            if wanted(body)
        ]
        found.sort(key=lambda body: str(body["id"]).lower())
        return Response(200, page(request, found, lambda body: str(body["id"]), lambda body: body))

    space = "Microsoft.Resources/subscriptions"
    return tuple(
        Route("GET", Host.ARM, f"{scope}/resources", f"{space}{below}/resources/read", list_all, "order")
        for scope, below in ((SUBSCRIPTION, ""), (GROUP, "/resourceGroups"))
    )


def _pages(cloud: Cloud, request: Request, router: Router, path: str) -> Iterator[Json]:
    query = {"api-version": request.api_version}
    while found := router.find(Host.ARM, "GET", path):
        route, params = found
        page = route.handler(cloud, replace(request, path=path, params=params, query=query)).body
        yield from page["value"]
        if not page.get("nextLink"):
            return
        link = urlsplit(page["nextLink"])
        path, query = link.path, {name.lower(): value for name, value in parse_qsl(link.query)}
