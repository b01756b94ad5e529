"""ARM's limit on requests: a bucket of tokens for each subscription, principal and kind of request.

Sizes and refill: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling.
The limits of tenants, and those of all principals together, are not modelled.
"""

import math
from collections.abc import Mapping

from localazure.authentication import subscription_in
from localazure.cloud import Cloud
from localazure.refusals import refused
from localazure.web import Request

Buckets = dict[str, tuple[float, float]]
"""The tokens of each bucket, and when it had them; kept in memory, so that refused requests count, too."""
_READS, _WRITES, _DELETES = ("reads", 250, 25), ("writes", 200, 10), ("deletes", 200, 10)
"""The kind of request, the size of its bucket, and the tokens that it gains in a second."""
_LIMITS = {"GET": _READS, "HEAD": _READS, "DELETE": _DELETES}


def take(cloud: Cloud, buckets: Buckets, request: Request) -> Mapping[str, str]:
    """Takes one token, and returns how many are left as headers. Raises 429 for an empty bucket."""
    if cloud.behaviour.throttling == "none":
        return {}
    what, size, per_second = _LIMITS.get(request.method, _WRITES)
    subscription = subscription_in(request.path)
    id, now = f"{subscription}|{request.object_id}|{what}", cloud.clock.now()
    left, since = buckets.get(id, (float(size), now))
    tokens = min(size, left + (now - since) * per_second)
    header = f"x-ms-ratelimit-remaining-subscription-{what}"
    if tokens < 1:
        wait = math.ceil((1 - tokens) / per_second)
        cloud.store.append("throttled", subscription, {"subscription": subscription, "limit": what})
        error = refused("SubscriptionRequestsThrottled", what=what, subscription=subscription, seconds=wait)
        error.headers = {"Retry-After": str(wait), header: "0"}
        raise error
    buckets[id] = tokens - 1, now
    return {header: str(int(tokens - 1))}
