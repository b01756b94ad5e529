"""Microsoft.CognitiveServices/accounts: reads, deletes, the choice between a PUT's ways, keys and subdomains.

The answer about a free subdomain has azure-mgmt-cognitiveservices' shape; its values were never recorded.
"""

from __future__ import annotations

from localazure.arm_type import GROUP, SUBSCRIPTION
from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive import binding, children, deleted, settling, validation, writing
from localazure.cognitive.account import TYPE, Account
from localazure.cognitive.shape import answered
from localazure.paging import page
from localazure.web import Json, Request, Response, ServiceError

_IN_USE = "The subdomain name '{}' is not available as it's already used by a resource."
_NOT_VALID = "Sub domain name '{}' is not valid"
"""The text of the API definition's example."""


def get(cloud: Cloud, request: Request) -> Response:
    """An account; looking at it may end its operation."""
    id = stored.id_of(request)
    account = settling.settle(cloud, stored.required(cloud, request))
    if account is None:
        # Returned, not raised: raising would undo the end of the failed create, which left nothing.
        return stored.not_found(id).response()
    return _shown(cloud, request, account, 200)


def list_all(cloud: Cloud, request: Request) -> Response:
    """The accounts of a resource group, or a subscription: one page, which is a look at every account on it.
    Raises 400 for an invalid `$skiptoken`."""
    params, version = request.params, request.api_version
    scope = GROUP if "group" in params else SUBSCRIPTION
    body = page(
        request,
        stored.under(cloud, scope.format(**params)),
        lambda account: account.id,
        lambda account: answered(cloud, settling.settle(cloud, account) or account, version),
    )
    return Response(200, body)


def put(cloud: Cloud, request: Request) -> Response:
    """Creates an account, replaces it, or restores a soft-deleted one (`properties.restore`)."""
    body = validation.check_body(cloud, request)
    id = stored.id_of(request)
    existing = _settled(cloud, id)
    _require_match(request, existing)
    if existing is not None:
        return writing.replace_account(cloud, request, body, existing)
    gone = deleted.find(cloud, id)
    if (body.get("properties") or {}).get("restore"):
        return _shown(cloud, request, deleted.restore(cloud, request, gone), 201)
    if gone is not None:
        raise deleted.must_be_restored(id)
    return writing.create_account(cloud, request, body, id)


def patch(cloud: Cloud, request: Request) -> Response:
    """Changes what the body names, and nothing else."""
    body = validation.check_body(cloud, request)
    id = stored.id_of(request)
    account = _settled(cloud, id)
    if account is None:
        raise stored.not_found(id)
    _require_match(request, account)
    return writing.update_account(cloud, request, body, account)


def delete(cloud: Cloud, request: Request) -> Response:
    """Soft-deletes an account (200, empty, at once); 204 if it does not exist. Raises 409 for one that has
    projects or deployments."""
    account = _settled(cloud, stored.id_of(request))
    if account is None:
        return Response(204)
    _require_match(request, account)
    settling.require_settled(account)
    children.require_none(cloud, account)
    gone = deleted.soft_delete(cloud, account)
    binding.record(cloud, gone, "DELETE", request.correlation_id)
    return Response(200)


def list_keys(cloud: Cloud, request: Request) -> Response:
    """Both keys. Raises 400 where local authentication is off."""
    account = stored.required(cloud, request)
    if account.properties.get("disableLocalAuth"):
        # Reported by users.
        raise ServiceError(400, "BadRequest", "Failed to list key. disableLocalAuth is set to be true.")
    return Response(200, dict(zip(("key1", "key2"), account.keys, strict=True)))


def check_domain(cloud: Cloud, request: Request) -> Response:
    """Whether a subdomain is available: valid, and taken by no account, live or soft-deleted."""
    body = request.body or {}
    name = body.get("subdomainName")
    if not isinstance(name, str) or not name:
        raise ServiceError(400, "BadRequest", "subdomainName must be given.")
    reason = None
    if not validation.is_subdomain(name):
        reason = _NOT_VALID.format(name)
    elif deleted.owner_of_subdomain(cloud, name) is not None:
        reason = _IN_USE.format(name)
    answer: Json = {
        "isSubdomainAvailable": reason is None,
        "reason": reason,
        "subdomainName": name,
        "type": body.get("type", TYPE),
    }
    return Response(200, answer if body.get("kind") is None else {**answer, "kind": body["kind"]})


def _shown(cloud: Cloud, request: Request, account: Account, status: int) -> Response:
    return Response(status, answered(cloud, account, request.api_version), {"ETag": account.etag})


def _settled(cloud: Cloud, id: str) -> Account | None:
    account = stored.find(cloud, id)
    return None if account is None else settling.settle(cloud, account)


def _require_match(request: Request, account: Account | None) -> None:
    """Raises 412 where `If-Match` names another state than the account's (code and text assumed)."""
    wanted = request.headers.get("if-match", "")
    if wanted and (account is None or wanted not in ("*", account.etag)):
        raise ServiceError(
            412,
            "PreconditionFailed",
            f"The condition 'If-Match: {wanted}' was not met: the resource's etag is "
            f"{account.etag if account else 'none, as it does not exist'}.",
        )
