"""Reads that lag behind writes: GETs that show a resource as it was before its last change.

Owns: which reads are stale (`Behaviour.read_lag_seconds`, `lagging_reads`, `empty_vault_patch`), and which
documents lag.
Permissions, operations and the data planes do not.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from localazure.cloud import Cloud
from localazure.inventory import KINDS
from localazure.routes import Route
from localazure.web import Host, Request

_KINDS = frozenset(
    {*KINDS.values(), "vault.key", "savedSearch", "diagnosticSetting", "roleAssignment", "network.zoneLink"}
)
_VAULT = "/providers/Microsoft.KeyVault/vaults/{vault}"


@contextmanager
def applied(cloud: Cloud, request: Request, route: Route) -> Iterator[None]:
    """Within it, reads lag as the switches say, and the store keeps the bodies that the handler replaces."""
    seconds = cloud.behaviour.read_lag_seconds
    if not seconds:
        yield
        return
    now = cloud.clock.now()
    with (
        cloud.store.keeping_replaced(now, seconds, _KINDS),
        _stale(cloud, request, route, now - seconds),
    ):
        yield


def _stale(cloud: Cloud, request: Request, route: Route, moment: float) -> Any:
    is_read = request.method == "GET" and "operation" not in route.template.lower()
    asks_vault = request.method == "PATCH" and route.template.endswith(_VAULT) and not request.body
    if asks_vault and cloud.behaviour.empty_vault_patch == "late":
        is_read = True
    if request.host is not Host.ARM or not is_read:
        return nullcontext()
    if cloud.behaviour.lagging_reads == "every_other":
        path = request.path.lower()
        cloud.reads[path] += 1
        if cloud.reads[path] % 2 == 1:
            return nullcontext()
    return cloud.store.as_of(moment)
