"""The route table: a route is a row (method, template, permission, handler)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from localazure.web import Host, Request, Response

if TYPE_CHECKING:
    from localazure.cloud import Cloud

Handler = Callable[["Cloud", Request], Response]


@dataclass(frozen=True)
class Route:
    """One operation of one service.

    `template` has its fields in braces, `/subscriptions/{subscription}/resourceGroups/{group}`; a field
    `{scope*}` at the start takes any number of segments. Literals match without regard to case, as in ARM.
    `permission` is the Azure RBAC action checked before the handler runs
    (`Microsoft.KeyVault/vaults/write`); empty means that any valid token will do (or, at the login host,
    none). Data planes check their own permissions in the handler, since the object decides.
    `anonymous` rows are answered without a token (the login host, ARM's metadata).
    `assumed` says which part of the answer was never observed on Azure; empty when all of it was.
    """

    method: str
    host: Host
    template: str
    permission: str
    handler: Handler
    assumed: str = ""
    anonymous: bool = False

    def match(self, path: str) -> Mapping[str, str] | None:
        found = self._pattern.fullmatch(path)
        return {k: unquote(v) for k, v in found.groupdict().items()} if found else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return pattern_of(self.template)


@lru_cache(maxsize=500)
def pattern_of(template: str) -> re.Pattern[str]:
    """What the paths of a template match; its fields are groups."""
    parts = re.split(r"(\{\w+\*?\})", template.rstrip("/"))
    regex = "".join(
        (f"(?P<{p[1:-2]}>.+)" if p.endswith("*}") else f"(?P<{p[1:-1]}>[^/]+)")
        if p.startswith("{")
        else re.escape(p)
        for p in parts
    )
    return re.compile(f"{regex}/?", re.IGNORECASE)


@dataclass(frozen=True)
class Router:
    """Finds the row for a request, the first that matches; None if none does."""

    routes: tuple[Route, ...]

    @cached_property
    def _by_host_and_method(self) -> Mapping[tuple[Host, str], tuple[Route, ...]]:
        rows: dict[tuple[Host, str], list[Route]] = {}
        for route in self.routes:
            rows.setdefault((route.host, route.method), []).append(route)
        return {key: tuple(found) for key, found in rows.items()}

    def find(self, host: Host, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        for route in self._by_host_and_method.get((host, method), ()):
            params = route.match(path)
            if params is not None:
                return route, params
        return None
