"""Where operations of Microsoft.Network and of private DNS are polled."""

from __future__ import annotations

from localazure import operations
from localazure.cloud import Cloud
from localazure.network.resource import SERVICE
from localazure.web import Host, Request, Response, ServiceError


def status(cloud: Cloud, request: Request) -> Response:
    """The Azure-AsyncOperation form: 200 with InProgress, then Succeeded."""
    return Response(200, {"status": "Succeeded" if _polled(cloud, request) else "InProgress"})


def result(cloud: Cloud, request: Request) -> Response:
    """The Location form: 202 while it runs, then 200 without a body."""
    if _polled(cloud, request):
        return Response(200)
    url = f"https://{Host.ARM}{request.path}?api-version={request.api_version}"
    return Response(202, None, {"Location": url})


def _polled(cloud: Cloud, request: Request) -> bool:
    operation = operations.poll(cloud, request.params["operation"])
    if operation is None or operation.about.get("service") != SERVICE:
        raise ServiceError(404, "ResourceNotFound", "The specified operation does not exist.")
    return operation.done(cloud.clock.now())
