"""ARM's limit on requests: a bucket of tokens for each subscription, principal and kind of request.

Sizes and refill: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling.
The limits of tenants, and those of all principals together, are not modelled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from localazure.authentication import subscription_in
from localazure.cloud import Cloud
from localazure.web import Request, azure_error

Buckets = dict[str, tuple[float, float]]
"""How many tokens each bucket had, and when; kept in memory, so that refused requests count, too."""


@dataclass(frozen=True)
class _Limit:
    name: str
    size: int
    per_second: int


_READS, _WRITES, _DELETES = _Limit("reads", 250, 25), _Limit("writes", 200, 10), _Limit("deletes", 200, 10)
_LIMITS = {"GET": _READS, "HEAD": _READS, "DELETE": _DELETES}


def take(cloud: Cloud, buckets: Buckets, request: Request) -> Mapping[str, str]:
    """Takes one token, and returns how many are left as headers. Raises 429 for an empty bucket."""
    if cloud.behaviour.throttling == "none":
        return {}
    limit = _LIMITS.get(request.method, _WRITES)
    subscription, caller = subscription_in(request.path), request.caller.object_id if request.caller else ""
    id, now = f"{subscription}|{caller}|{limit.name}", cloud.clock.now()
    left, since = buckets.get(id, (float(limit.size), now))
    tokens = min(limit.size, left + (now - since) * limit.per_second)
    header = f"x-ms-ratelimit-remaining-subscription-{limit.name}"
    if tokens < 1:
        wait = math.ceil((1 - tokens) / limit.per_second)
        cloud.store.append("throttled", subscription, {"subscription": subscription, "limit": limit.name})
        error = azure_error(
            "SubscriptionRequestsThrottled", what=limit.name, subscription=subscription, seconds=wait
        )
        error.headers = {"Retry-After": str(wait), header: "0"}
        raise error
    buckets[id] = tokens - 1, now
    return {header: str(int(tokens - 1))}
