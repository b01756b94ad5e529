"""Soft-deleted accounts: the parts that stay, restore and purge, and the end after two days.

A soft-deleted account keeps its data, its identity, its binding and its subdomain. A restore needs the key's
vault: the documentation says so ("you must restore the key vault before"); the refusal's text is assumed.
"""

from dataclasses import replace

from localazure import authorization, policy_evaluation, private_links
from localazure.cloud import Cloud
from localazure.cognitive import binding, children, identity, rules, sealed, settling
from localazure.cognitive import models as stored
from localazure.cognitive.models import DELETED, Account
from localazure.cognitive.responses import deleted_body
from localazure.keyvault import trusted_services
from localazure.locations import normal_location
from localazure.paging import page
from localazure.refusals import refused
from localazure.web import Request, Response, ServiceError


def soft_delete(cloud: Cloud, account: Account) -> Account:
    """Moves a live account to the deleted ones; roles at it are gone, as at every resource that is deleted
    (that a restore does not bring them back is assumed)."""
    stored.forget(cloud, account)
    authorization.drop_below(cloud, account.id)
    private_links.drop_below(cloud, account.id)
    gone = replace(
        account,
        deleted_at=cloud.clock.now(),
        state="Succeeded",
        operation=None,
        etag=cloud.new_etag(),
    )
    stored.save(cloud, gone)
    return gone


def find(cloud: Cloud, id: str) -> Account | None:
    """The soft-deleted account with this (live) id; one whose two days are over is purged."""
    found = stored.find_deleted(cloud, id)
    return found if found is None or not _expired(cloud, found) else None


def restore(cloud: Cloud, request: Request, account: Account | None) -> Account:
    """Brings a soft-deleted account back as it was, `createdAt` being now. Raises ServiceError.

    Of the body only `restore` counts, except for Azure Policy, which judges all of it.
    """
    if account is None:
        # Never observed.
        raise ServiceError(404, "ResourceNotFound", "There is no soft-deleted resource to restore.")
    # Azure Policy evaluates the request, not the restored account (assumed).
    content = {**account.content, "properties": request.body["properties"]}
    policy_evaluation.require_customer_key(cloud, account.id, content)
    if (target := account.key_vault_properties) is not None:
        vault = trusted_services.vault_at(cloud, target["keyVaultUri"])
        if vault is None or vault.deleted is not None:
            raise rules.refusal(f"there is no vault at {target['keyVaultUri']}")
    now = cloud.clock.now()
    stored.forget(cloud, account)
    back = replace(
        account,
        deleted_at=None,
        etag=cloud.new_etag(),
        created_at=now,
        created_by=request.client_id,
        modified_at=now,
        modified_by=request.client_id,
        verb="PUT",
    )
    stored.save(cloud, back)
    binding.record(cloud, back, "restore", request.correlation_id)
    return back


def purge(cloud: Cloud, account: Account) -> None:
    """Ends a soft-deleted account: its data, its identity and its hold on the subdomain."""
    stored.forget(cloud, account)
    stored.free_subdomain(cloud, account)
    identity.drop_system(cloud, account)
    sealed.PROJECTS.delete_all(cloud, account)
    sealed.DOCUMENTS.delete_all(cloud, account)
    children.drop_all(cloud, account)


def owner_of_subdomain(cloud: Cloud, subdomain: str) -> str | None:
    """The id of the account, live or soft-deleted, that has a subdomain; None where it is free."""
    owner = stored.owner_of_subdomain(cloud, subdomain)
    if owner is None or stored.find(cloud, owner) is not None or find(cloud, owner) is not None:
        return owner
    return None


def get(cloud: Cloud, request: Request) -> Response:
    """A soft-deleted account: its etag is in the body alone."""
    found = _require(cloud, request)
    if not cloud.shows_deleted(found.deleted_at):
        raise refused("SpecifiedResourceNotFound")
    return Response(200, deleted_body(found, request.api_version))


def list_all(cloud: Cloud, request: Request) -> Response:
    """The soft-deleted accounts of a subscription, page by page."""
    found = stored.under(cloud, f"/subscriptions/{request.params['subscription']}", DELETED)
    alive = [
        account
        for account in found
        if not _expired(cloud, account) and cloud.shows_deleted(account.deleted_at)
    ]
    body = page(request, alive, lambda account: account.id, lambda a: deleted_body(a, request.api_version))
    return Response(200, body)


def purge_account(cloud: Cloud, request: Request) -> Response:
    """DELETE of a deleted account: 202 with an operation, gone at once (assumed).

    Raises 404 if it does not exist, as users reported for a wrong location; the definition also knows 204.
    """
    account = _require(cloud, request)
    operation = settling.begin_operation(cloud, account, stored.PURGING)
    purge(cloud, account)
    binding.record(cloud, account, "purge", request.correlation_id)
    return Response(202, None, settling.operation_headers(request, account, operation))


def delete_in_group(cloud: Cloud, group_id: str) -> None:
    """Soft-deletes every account of a resource group, as its deletion does."""
    for account in stored.under(cloud, group_id):
        binding.record(cloud, soft_delete(cloud, account), "DELETE", "")


def _require(cloud: Cloud, request: Request) -> Account:
    found = find(cloud, stored.id_of(request))
    if found is None or normal_location(found.location) != normal_location(request.params["location"]):
        raise refused("SpecifiedResourceNotFound")
    return found


def _expired(cloud: Cloud, account: Account) -> bool:
    """Whether its two days are over; it is then purged."""
    if cloud.clock.now() < account.purge_at:
        return False
    purge(cloud, account)
    return True
