"""Whether a subdomain is free.

The shape is that of azure-mgmt-cognitiveservices; the values were never recorded.
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.cognitive import deleted, validation
from localazure.cognitive.account import TYPE
from localazure.web import Json, Request, Response, ServiceError

_IN_USE = "The subdomain name '{}' is not available as it's already used by a resource."
_NOT_VALID = "Sub domain name '{}' is not valid"
"""The text of the API definition's example."""


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
