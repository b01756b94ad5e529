"""The operations of Cognitive Services accounts: where they are polled, and what a poll answers."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import quote

from localazure import operations
from localazure.cloud import Cloud, iso
from localazure.cognitive import account as stored
from localazure.cognitive.account import Account
from localazure.operations import Operation
from localazure.web import Host, Json, Request, Response, ServiceError

_API_VERSION = "2017-04-18"
_TICKS_PER_SECOND = 10_000_000
_TICKS_AT_EPOCH = 621_355_968_000_000_000


def operation_headers(request: Request, account: Account, operation: Operation) -> dict[str, str]:
    """The headers of an accepted write: Azure-AsyncOperation, and Location too unless it was a PUT."""
    url = _url(account, operation)
    headers = {"Azure-AsyncOperation": url}
    if request.method != "PUT":
        headers["Location"] = f"{url}&operationResultResponseType=Location"
    return headers


def result(cloud: Cloud, request: Request) -> Response:
    """GET .../locations/{location}/operationResults/{id}: a poll, which may end the operation.

    The answer of the Location form (202 until it ends, then the account) is assumed.
    """
    operation = operations.poll(cloud, request.params["operation"])
    if operation is None or operation.about.get("service") != "cognitive":
        raise ServiceError(404, "ResourceNotFound", "The specified resource does not exist.")
    done = operation.done(cloud.clock.now())
    account = stored.find(cloud, operation.about["account"])
    if done and account is not None and account.operation == operation.id:
        stored.save(cloud, replace(account, state="Succeeded", operation=None, etag=stored.new_etag(cloud)))
    if request.query.get("operationresultresponsetype", "").lower() == "location":
        return _location_result(request, done=done)
    return Response(200, _body(request, operation, done=done))


def _body(request: Request, operation: Operation, *, done: bool) -> Json:
    p = request.params
    body: Json = {
        "id": f"/subscriptions/{p['subscription']}/providers/Microsoft.CognitiveServices/locations/"
        f"{p['location']}/operationResults/{operation.id}",
        "name": operation.id,
        "status": "Succeeded" if done else operation.about["running"],
        "startTime": iso(operation.started),
    }
    if done:
        body["endTime"] = iso(operation.ends)
    return body


def _location_result(request: Request, *, done: bool) -> Response:
    if done:
        return Response(200)
    url = f"https://{Host.ARM}{request.path}?" + "&".join(
        f"{name}={quote(value, safe='')}" for name, value in request.query.items()
    )
    return Response(202, None, {"Location": url})


def _url(account: Account, operation: Operation) -> str:
    """Where to poll, signed by ARM since late 2023; our signature is short, and nobody checks it.

    The location is the one that was sent, unescaped, as Azure does: clients escape it.
    """
    ticks = int(operation.started * _TICKS_PER_SECOND) + _TICKS_AT_EPOCH
    sign = hashlib.sha256(operation.id.encode()).hexdigest()
    return (
        f"https://{Host.ARM}/subscriptions/{account.subscription}/providers/Microsoft.CognitiveServices/locations/"
        f"{account.location}/operationResults/{operation.id}?api-version={_API_VERSION}"
        f"&t={ticks}&c={sign[:16]}&s={sign[16:32]}&h={sign[32:48]}"
    )
