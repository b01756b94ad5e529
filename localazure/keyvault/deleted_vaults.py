"""ARM: soft-deleted vaults and managed HSMs, their purge, and the operation results of purges."""

from __future__ import annotations

from localazure import operations
from localazure.cloud import Cloud, iso
from localazure.keyvault import lifecycle, managed_hsms, vault_store
from localazure.keyvault.model import Vault
from localazure.keyvault.vault_body import HEADERS, answer, deleted_body
from localazure.locations import normal_location
from localazure.paging import page
from localazure.web import Host, Request, Response, ServiceError


def get(cloud: Cloud, request: Request) -> Response:
    """A soft-deleted vault or managed HSM."""
    vault = _require(cloud, request)
    if not _shows(cloud, vault):
        raise _absent()
    return answer(deleted_body(vault))


def list_all(cloud: Cloud, request: Request) -> Response:
    """The soft-deleted vaults of a subscription."""
    scope = f"/subscriptions/{request.params['subscription']}"
    vaults = [vault for vault in vault_store.deleted_below(cloud, scope) if _shows(cloud, vault)]
    return answer(page(request, vaults, lambda v: v.id, deleted_body, ends_empty=True))


def list_hsms(cloud: Cloud, request: Request) -> Response:
    """The soft-deleted managed HSMs of a subscription."""
    below = managed_hsms.deleted_below(cloud, f"/subscriptions/{request.params['subscription']}/")
    found = [hsm for hsm in below if _shows(cloud, hsm)]
    return Response(200, page(request, found, lambda hsm: hsm.id, deleted_body))


def purge(cloud: Cloud, request: Request) -> Response:
    """Purges a soft-deleted vault or managed HSM: 202, to be polled at the Location."""
    vault = _require(cloud, request)
    lifecycle.purge(cloud, vault)
    operation = operations.begin(cloud, {"kind": "vault purge", "id": vault.id})
    return Response(202, None, {**HEADERS, "location": _result_url(request, operation.id)})


def purge_result(cloud: Cloud, request: Request) -> Response:
    """How far a purge is: 202 while it runs, then 200."""
    operation = operations.poll(cloud, request.params["operation"])
    if operation is None or operation.about.get("kind") != "vault purge":
        raise _absent()
    body = {"createdDateTime": _moment(operation.started), "status": "NotStarted"}
    now = cloud.clock.now()
    if not operation.done(now):
        return Response(202, body, {**HEADERS, "location": _result_url(request, operation.id)})
    body = {
        "createdDateTime": body["createdDateTime"],
        "lastActionDateTime": _moment(now),
        "status": "Succeeded",
    }
    return answer(body)


def _require(cloud: Cloud, request: Request) -> Vault:
    p, vault = request.params, None
    if "vault" in p:
        vault = vault_store.holder(cloud, p["vault"])
    else:
        vault = managed_hsms.find_deleted(cloud, p["hsm"])
    if vault is None or vault.deleted is None:
        raise _absent()
    here = vault.subscription_id.lower() == p["subscription"].lower()
    if not here or vault.place != normal_location(p["location"]):
        raise _absent()
    return vault


def _shows(cloud: Cloud, vault: Vault) -> bool:
    """Whether a deleted vault is found among the deleted ones (`deleted_resources_visible_after`)."""
    since = (vault.deleted or 0.0) + cloud.behaviour.deleted_resources_visible_after
    return since <= cloud.clock.now()


def _absent() -> ServiceError:
    return ServiceError(404, "ResourceNotFound", "The specified resource does not exist.")


def _result_url(request: Request, operation_id: str) -> str:
    p = request.params
    return (
        f"https://{Host.ARM}/subscriptions/{p['subscription']}/providers/Microsoft.KeyVault/locations/"
        f"{normal_location(p['location'])}/operationResults/{operation_id}"
        f"?api-version={request.api_version}"
    )


def _moment(seconds: float) -> str:
    return iso(seconds, digits=0).replace("T", " ")
