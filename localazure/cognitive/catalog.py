"""What the provider offers: SKUs, usages and free subdomains.

Shapes are those of azure-mgmt-cognitiveservices; the values were never recorded.
"""

from __future__ import annotations

from localazure import limits
from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive import deleted, validation
from localazure.cognitive.account import TYPE
from localazure.cognitive.kinds import KINDS, find_kind
from localazure.locations import REGIONS
from localazure.web import Json, Request, Response, ServiceError

_IN_USE = "The subdomain name '{}' is not available as it's already used by a resource."
_NOT_VALID = "Sub domain name '{}' is not valid"
"""The text of the API definition's example."""


def account_skus(cloud: Cloud, request: Request) -> Response:
    """The SKUs that an account of its kind can have."""
    kind = find_kind(stored.require(cloud, stored.id_of(request)).kind)
    skus = kind.skus if kind else ()
    return Response(200, {"value": [{"resourceType": TYPE, "sku": _sku(name)} for name in skus]})


def subscription_skus(cloud: Cloud, request: Request) -> Response:
    """Every kind with every SKU; each is in every region of this cloud but those that limits name."""
    here = request.params["subscription"]
    value = [
        {
            "resourceType": "accounts",
            **_sku(sku),
            "kind": kind.name,
            "locations": [region.upper()],
            "restrictions": [],
        }
        for kind in KINDS.values()
        for sku in kind.skus
        for region in REGIONS
        if not limits.holds(cloud, limits.Limit(limits.SKU, f"{kind.name}/{sku}", region, here))
    ]
    return Response(200, {"value": value})


def location_usages(cloud: Cloud, request: Request) -> Response:
    """How much of each quota of a region is used; the quotas are those that limits name."""
    found = limits.usages(cloud, request.params["subscription"], request.params["location"])
    return Response(200, {"value": found})


def no_items(_: Cloud, __: Request) -> Response:
    """A list that is always empty here: usages, models."""
    return Response(200, {"value": []})


def account_items(cloud: Cloud, request: Request) -> Response:
    """An always empty list of something that an account has. Raises 404 where the account is absent."""
    stored.require(cloud, stored.id_of(request))
    return Response(200, {"value": []})


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


def check_skus(cloud: Cloud, request: Request) -> Response:
    """Whether SKUs exist for a kind. Raises 400 for names that are no texts."""
    body = request.body or {}
    kind = find_kind(str(body.get("kind") or ""))
    skus = body.get("skus")
    if not isinstance(skus, list) or not all(isinstance(name, str) for name in skus):
        raise ServiceError(400, "BadRequest", "skus must be a list of names.")
    value = []
    for name in skus:
        here, location = request.params["subscription"], request.params["location"]
        there = kind is not None and name.upper() in kind.skus
        if (
            there
            and kind
            and limits.holds(cloud, limits.Limit(limits.SKU, f"{kind.name}/{name}", location, here))
        ):
            there = False
        value.append(
            {
                "kind": body.get("kind"),
                "type": body.get("type", TYPE),
                "skuName": name,
                "skuAvailable": there,
                "reason": None if there else "The SKU is not available for this kind",
                "message": None,
            }
        )
    return Response(200, {"value": value})


def _sku(name: str) -> Json:
    return {"name": name, "tier": "Free" if name.startswith("F") else "Standard"}
