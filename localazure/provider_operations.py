"""`/providers/{namespace}/operations`: what a role can allow here, as each resource provider lists it.

Owns: the list, made from the permissions of the routes. Shapes are the specification's.
"""

from __future__ import annotations

from collections.abc import Iterable

from localazure.cloud import Cloud
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response


def routes(table: Iterable[Route]) -> tuple[Route, ...]:
    """One row for each resource provider that guards a row of the table; any token will do."""
    names = sorted({route.permission for route in table if route.host is Host.ARM and route.permission})
    spaces = sorted({name.split("/")[0] for name in names})
    return tuple(_route(space, [name for name in names if name.startswith(f"{space}/")]) for space in spaces)


def _route(namespace: str, names: list[str]) -> Route:
    def list_all(_: Cloud, __: Request) -> Response:
        return Response(200, {"value": [_operation(name) for name in names]})

    return Route(
        "GET",
        Host.ARM,
        f"/providers/{namespace}/operations",
        "",
        list_all,
        "texts of `display`, and that no other operation is listed",
    )


def _operation(name: str) -> Json:
    provider, resource, *_ = name.split("/")
    display = {
        "provider": provider,
        "resource": resource,
        "operation": name.rsplit("/", 1)[-1],
        "description": name,
    }
    return {"name": name, "isDataAction": False, "display": display, "origin": "user,system"}
