"""The limits of a subscription: SKUs, types and quotas by region, and kinds whose terms are not accepted.

No request changes them; POST /limits of the control endpoint does.
"""

from dataclasses import dataclass

from localazure.cloud import Cloud
from localazure.locations import REGIONS, normal_location
from localazure.refusals import refused
from localazure.seed import SUBSCRIPTION_ID

_KIND = "limit"
SKU, TYPE, QUOTA, TERMS = "sku", "type", "quota", "terms"


@dataclass(frozen=True)
class Limit:
    """A SKU (`TextAnalytics/S`) or a type that a region has not, a quota on the accounts of a SKU in a
    region, or a kind whose terms are not accepted (in no location)."""

    what: str
    name: str
    location: str = ""
    subscription: str = SUBSCRIPTION_ID

    @property
    def id(self) -> str:
        return f"{self.subscription}|{self.what}|{normal_location(self.location)}|{self.name}".lower()


def put(cloud: Cloud, limit: Limit, value: int = 0) -> None:
    """Sets a limit; `value` is a quota's. Raises ValueError."""
    if limit.what not in (SKU, TYPE, QUOTA, TERMS):
        raise ValueError(f"unknown limit {limit.what!r}; known are {[SKU, TYPE, QUOTA, TERMS]}")
    cloud.store.put(_KIND, limit.id, {"value": value})


def remove(cloud: Cloud, limit: Limit) -> None:
    """Takes a limit away."""
    cloud.store.delete(_KIND, limit.id)


def value_of(cloud: Cloud, limit: Limit) -> int | None:
    """The value of a limit; None where there is no such limit."""
    return cloud.store.made(_KIND, limit.id, lambda found: int(found["value"]))


def holds(cloud: Cloud, limit: Limit) -> bool:
    """Whether there is such a limit."""
    return value_of(cloud, limit) is not None


def regions_with(cloud: Cloud, what: str, name: str, subscription: str) -> list[str]:
    """The regions in which a subscription can have a SKU or a type."""
    return [region for region in REGIONS if not holds(cloud, Limit(what, name, region, subscription))]


def require_account(cloud: Cloud, subscription: str, location: str, kind: str, sku: str) -> None:
    """Raises ServiceError where an account of this kind and SKU cannot be made."""
    if holds(cloud, Limit(TERMS, kind, "", subscription)):
        raise refused("ResourceKindRequireAcceptTerms", kind=kind)
    if holds(cloud, Limit(SKU, f"{kind}/{sku}", location, subscription)):
        raise refused("SkuUnavailable", sku=sku, kind=kind)
    quota = value_of(cloud, Limit(QUOTA, f"{kind}/{sku}", location, subscription))
    if quota is None:
        return
    used = sum(
        (account["kind"], account["sku"]["name"]) == (kind, sku)
        and normal_location(account["location"]) == normal_location(location)
        for _, account in cloud.store.scan("account", f"/subscriptions/{subscription}/")
    )
    if used >= quota:
        raise refused("InsufficientQuota", used=used, limit=quota, kind=kind, sku=sku)
