"""What can be had of Microsoft.CognitiveServices: SKUs, models and quotas, of an account and of a location.

The shapes are those of the examples of azure-rest-api-specs (Microsoft.CognitiveServices 2025-06-01: GetSkus,
ListSkus, ListUsages, ListAccountModels, CheckSkuAvailability); limits without a quota of /limits are made up.
"""

from collections.abc import Iterator

from localazure import limits
from localazure.cloud import Cloud
from localazure.cognitive import base_models
from localazure.cognitive import models as stored
from localazure.cognitive.kinds import KINDS, Kind, find_kind
from localazure.cognitive.models import TYPE, Account
from localazure.limits import Limit
from localazure.locations import normal_location
from localazure.web import Json, Request, Response, bad_request

_ACCOUNTS, _THOUSANDS_OF_TOKENS, _CALLS = 200, 1000, 30000
_NEVER_RESET = {"nextResetTime": None, "quotaPeriod": None}


def list_skus(cloud: Cloud, request: Request) -> Response:
    """Every SKU of every kind, with the regions in which a subscription can have it."""
    subscription = request.params["subscription"]
    rows = [
        {
            "resourceType": "accounts",
            **_sku(sku),
            "kind": kind.name,
            "locations": _locations(cloud, subscription, kind, sku),
            "restrictions": [],
        }
        for kind in KINDS.values()
        for sku in kind.skus
    ]
    return Response(200, {"value": rows})


def list_account_skus(cloud: Cloud, request: Request) -> Response:
    """The SKUs that an account may change to."""
    kind = KINDS[stored.required(cloud, request).kind.lower()]
    return Response(200, {"value": [{"resourceType": TYPE, "sku": _sku(sku)} for sku in kind.skus]})


def check_skus(cloud: Cloud, request: Request) -> Response:
    """Whether a location has the SKUs of a kind that are asked for. Raises 400 for a body without both."""
    sent = request.given
    if not isinstance(sent.get("skus"), list) or not isinstance(sent.get("kind"), str):
        raise bad_request("skus and kind must be given.")
    kind, location = find_kind(sent["kind"]), request.params["location"]
    rows = []
    for sku in sent["skus"]:
        row = {"kind": sent["kind"], "type": sent.get("type", TYPE), "skuName": sku, "skuAvailable": True}
        row |= {"reason": None, "message": None}
        there: list[str] = []
        if kind is not None and sku in kind.skus:
            there = _locations(cloud, request.params["subscription"], kind, sku)
        if normal_location(location).upper() not in there:
            message = f"The SKU '{sku}' is not available in {location}."
            row |= {"skuAvailable": False, "reason": "NotAvailableForSubscription", "message": message}
        rows.append(row)
    return Response(200, {"value": rows})


def list_account_usages(cloud: Cloud, request: Request) -> Response:
    """The calls of an account within its period: none are counted here."""
    account = stored.required(cloud, request)
    period = {"status": "Included", "nextResetTime": "", "quotaPeriod": "30.00:00:00"}
    return Response(200, {"value": [{**_usage(f"{account.kind}.Transactions", 0, _CALLS), **period}]})


def list_usages(cloud: Cloud, request: Request) -> Response:
    """What a subscription uses of its quotas in a location: accounts by kind and SKU, capacity by model."""
    return Response(200, {"value": [*_account_counts(cloud, request), *_capacities(cloud, request)]})


def list_account_models(cloud: Cloud, request: Request) -> Response:
    """The models that can be deployed to an account; none to a kind that takes no deployments."""
    kind = KINDS[stored.required(cloud, request).kind.lower()]
    return Response(200, {"value": _models_of(kind)})


def list_models(cloud: Cloud, request: Request) -> Response:
    """The models of a location, by kind and SKU of the accounts that take them."""
    rows = [
        {"kind": kind.name, "skuName": sku, "model": model}
        for kind in KINDS.values()
        for sku in kind.skus
        for model in _models_of(kind)
    ]
    return Response(200, {"value": rows})


def _models_of(kind: Kind) -> list[Json]:
    if not kind.deployments:
        return []
    return base_models.listed()


def _account_counts(cloud: Cloud, request: Request) -> Iterator[Json]:
    subscription, location = request.params["subscription"], request.params["location"]
    accounts = _accounts_in(cloud, request)
    for kind in KINDS.values():
        for sku in kind.skus:
            used = sum((account.kind, account.sku["name"]) == (kind.name, sku) for account in accounts)
            quota = limits.value_of(cloud, Limit(limits.QUOTA, f"{kind.name}/{sku}", location, subscription))
            if quota is None:
                quota = _ACCOUNTS
            yield _usage(f"{kind.name}.{sku}.AccountCount", used, quota)


def _capacities(cloud: Cloud, request: Request) -> Iterator[Json]:
    used: dict[str, int] = {}
    for account in _accounts_in(cloud, request):
        for _, deployment in cloud.store.scan(stored.DEPLOYMENTS, f"{account.id}/deployments/"):
            sku, model = deployment["sku"], deployment["properties"]["model"]["name"]
            name = f"OpenAI.{sku['name']}.{model}"
            used[name] = used.get(name, 0) + sku["capacity"]
    names = [sku["usageName"] for model in base_models.listed() for sku in model["skus"]]
    for name in dict.fromkeys([*names, *used]):
        yield _usage(name, used.get(name, 0), _THOUSANDS_OF_TOKENS)


def _accounts_in(cloud: Cloud, request: Request) -> list[Account]:
    location = normal_location(request.params["location"])
    found = stored.under(cloud, f"/subscriptions/{request.params['subscription']}")
    return [account for account in found if normal_location(account.location) == location]


def _usage(name: str, used: int, limit: int) -> Json:
    return {
        "name": {"value": name, "localizedValue": name},
        "status": None,
        "currentValue": used,
        "limit": limit,
        **_NEVER_RESET,
        "unit": "Count",
    }


def _sku(name: str) -> Json:
    if name.startswith("F"):
        return {"name": name, "tier": "Free"}
    return {"name": name, "tier": "Standard"}


def _locations(cloud: Cloud, subscription: str, kind: Kind, sku: str) -> list[str]:
    names = limits.regions_with(cloud, limits.SKU, f"{kind.name}/{sku}", subscription)
    return [name.upper() for name in names]
