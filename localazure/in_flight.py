"""Writes to one resource that overlap: while one is in flight, the next one is refused.

The local Azure answers one request after another, so a switch of `Behaviour` says how long a write is in
flight; with 0 none ever overlap.
"""

from collections.abc import Callable
from dataclasses import replace

from localazure.cloud import Cloud
from localazure.routes import Handler
from localazure.web import Request, Response, ServiceError

_KIND = "inFlight"


def one_at_a_time(
    handler: Handler,
    *,
    seconds: Callable[[Cloud], float],
    resource_id: Callable[[Request], str],
    refusal: Callable[[Request], ServiceError],
) -> Handler:
    """The handler of a write to a resource, refused while another write to the resource is in flight."""

    def handle(cloud: Cloud, request: Request) -> Response:
        lasts = seconds(cloud)
        if not lasts:
            return handler(cloud, request)
        id = resource_id(request)
        if cloud.clock.now() < (cloud.store.get(_KIND, id) or {"until": 0.0})["until"]:
            raise refusal(request)
        response = handler(cloud, request)
        cloud.store.put(_KIND, id, {"until": cloud.clock.now() + lasts})
        return replace(response, seconds=lasts)

    return handle
