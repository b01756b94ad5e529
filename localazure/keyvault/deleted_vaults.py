"""ARM: soft-deleted vaults and managed HSMs, their purge, and the operation results of purges."""

from localazure import operations
from localazure.cloud import Cloud, iso
from localazure.keyvault import vault_store
from localazure.keyvault.models import Vault
from localazure.keyvault.responses import deleted_body
from localazure.locations import normal_location
from localazure.paging import page
from localazure.refusals import refused
from localazure.web import Json, Request, Response, ServiceError

OPERATION = "vault purge"
"""What an operation is about that `purge_result` answers: a purge, or the deletion of a managed HSM."""


def get(cloud: Cloud, request: Request) -> Response:
    """A soft-deleted vault or managed HSM."""
    vault = _require(cloud, request)
    if not cloud.shows_deleted(vault.deleted):
        raise refused("SpecifiedResourceNotFound")
    return Response(200, deleted_body(vault))


def list_all(cloud: Cloud, request: Request) -> Response:
    """The soft-deleted ones of a subscription: managed HSMs or vaults, as the path says."""
    scope, hsm = f"/subscriptions/{request.params['subscription']}", "hsms" in request.path.lower()
    found = [
        one for one in vault_store.deleted_below(cloud, scope, hsm=hsm) if cloud.shows_deleted(one.deleted)
    ]
    return Response(200, page(request, found, lambda one: one.id, deleted_body, ends_empty=not hsm))


def purge(cloud: Cloud, request: Request) -> Response:
    """Purges a soft-deleted vault or managed HSM: 202, to be polled at the Location. Raises 405 where purge
    protection forbids it."""
    vault = _require(cloud, request)
    if vault.purge_protected:
        raise ServiceError(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
    vault_store.purge(cloud, vault)
    operation = operations.begin(cloud, {"kind": OPERATION, "id": vault.id})
    return accepted(request, vault.place, operation.id, None)


def purge_result(cloud: Cloud, request: Request) -> Response:
    """The progress of a purge: 202 while it runs, then 200."""
    operation = operations.poll(cloud, request.params["operation"])
    if operation is None or operation.about.get("kind") != OPERATION:
        raise refused("SpecifiedResourceNotFound")
    now = cloud.clock.now()
    begun = {"createdDateTime": _moment(operation.started)}
    if not operation.done(now):
        return accepted(request, request.params["location"], operation.id, {**begun, "status": "NotStarted"})
    return Response(200, {**begun, "lastActionDateTime": _moment(now), "status": "Succeeded"})


def _require(cloud: Cloud, request: Request) -> Vault:
    p = request.params
    hsm = "hsm" in p
    vault = vault_store.holder(cloud, p["hsm" if hsm else "vault"], hsm=hsm)
    if (
        vault is None
        or vault.deleted is None
        or vault.subscription_id.lower() != p["subscription"].lower()
        or vault.place != normal_location(p["location"])
    ):
        raise refused("SpecifiedResourceNotFound")
    return vault


def accepted(request: Request, location: str, operation_id: str, body: Json) -> Response:
    """202, to be polled at an operation's result."""
    place = f"/subscriptions/{request.params['subscription']}/providers/Microsoft.KeyVault/locations"
    path = f"{place}/{normal_location(location)}/operationResults/{operation_id}"
    return Response(202, body, {"location": request.polled_at(path)})


def _moment(seconds: float) -> str:
    return iso(seconds, digits=0).replace("T", " ")
