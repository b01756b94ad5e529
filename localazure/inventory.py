"""`/resources` on ARM: what is in a subscription or a resource group, whatever its type.

Owns: nothing; it asks the lists of the resource types, as they are served to any client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from localazure.cloud import Cloud
from localazure.paging import page
from localazure.routes import Route, Router
from localazure.web import Host, Json, Request, Response

_TYPES = (
    "Microsoft.CognitiveServices/accounts",
    "Microsoft.Insights/actionGroups",
    "Microsoft.Insights/scheduledQueryRules",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.OperationalInsights/workspaces",
)
_SHOWN = ("id", "name", "type", "kind", "location", "tags", "sku", "identity", "managedBy")


def routes(router: Router) -> tuple[Route, ...]:
    """The rows of the lists; `router` finds the lists they are made of."""

    def list_all(cloud: Cloud, request: Request) -> Response:
        wanted = re.search(r"resourceType eq '([^']+)'", request.query.get("$filter", ""), re.IGNORECASE)
        scope = request.path.rstrip("/").rsplit("/", 1)[0]
        found = [
            {name: body[name] for name in _SHOWN if name in body}
            for type in _TYPES
            if wanted is None or wanted[1].lower() == type.lower()
            for body in _pages(cloud, request, router, f"{scope}/providers/{type}")
        ]
        found.sort(key=lambda body: str(body["id"]).lower())
        return Response(200, page(request, found, lambda body: str(body["id"]), lambda body: body))

    subscription, read = "/subscriptions/{subscription}", "Microsoft.Resources/subscriptions/resources/read"
    return (
        Route("GET", Host.ARM, f"{subscription}/resources", read, list_all, "order"),
        Route("GET", Host.ARM, f"{subscription}/resourceGroups/{{group}}/resources", read, list_all, "order"),
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
