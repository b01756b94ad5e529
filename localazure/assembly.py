"""Every route there is, and the front door over them: where a new service is added."""

from collections.abc import Iterator
from typing import Any

from localazure import (
    activity_log,
    alerts,
    deployments,
    destinations,
    eligible_roles,
    groups,
    identities,
    inventory,
    locks,
    log_queries,
    login,
    monitor,
    policies,
    resources,
    role_assignments,
    subscriptions,
    template_deployments,
    workspaces,
)
from localazure.cloud import Cloud
from localazure.cognitive import routes as cognitive
from localazure.cognitive import translator
from localazure.front import Front
from localazure.keyvault import routes as keyvault
from localazure.network import routes as network
from localazure.routes import Route, Router
from localazure.tokens import Signer


def _of(*modules: Any) -> Iterator[Route]:
    for module in modules:
        yield from (route for type in module.TYPES for route in type.routes())


_TYPES: tuple[Route, ...] = (
    *subscriptions.ROUTES,
    *resources.ROUTES,
    *keyvault.ROUTES,
    *cognitive.ROUTES,
    *network.ROUTES,
    *_of(alerts, identities, destinations, workspaces, policies),
    *workspaces.ROUTES,
    *log_queries.ROUTES,
    *activity_log.ROUTES,
    *groups.ROUTES,
    *policies.ROUTES,
)
# Their templates match at nearly every path, so they come last.
_ANYWHERE: tuple[Route, ...] = (
    *role_assignments.ROUTES,
    *eligible_roles.ROUTES,
    *_of(locks),
    *(route for type in policies.ANYWHERE for route in type.routes()),
    *_of(monitor),
    *monitor.ROUTES,
    *identities.OF_RESOURCES,
)


def all_routes(signer: Signer) -> tuple[Route, ...]:
    """Every row of the local Azure in the order in which they are tried."""
    rows = (*_TYPES, *_ANYWHERE)
    templates = (*deployments.routes(Router(rows)), *template_deployments.routes(Router(rows)))
    return (
        *login.routes(signer),
        *_TYPES,
        *templates,
        *inventory.routes(Router(_TYPES)),
        *_ANYWHERE,
    )


def make_front(cloud: Cloud, signer: Signer) -> Front:
    """The front door to a cloud with the routes of every service."""
    return Front(cloud, Router(all_routes(signer)), signer, translator.delete_unreadable)
