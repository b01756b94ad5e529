"""The operations of Cognitive Services accounts: where they are polled, and what a poll answers."""

from __future__ import annotations

import base64
import hashlib

from localazure import operations
from localazure.cloud import Cloud, iso
from localazure.cognitive import account as stored
from localazure.cognitive import settling
from localazure.cognitive.account import Account
from localazure.cognitive.shape import answered
from localazure.operations import Operation
from localazure.web import Host, Json, Request, Response, ServiceError

_API_VERSION = "2017-04-18"
_LOCATION_FORM = "&operationResultResponseType=Location"
_SIGNED_BYTES = {"c": 1500, "s": 256, "h": 32}
_TICKS_PER_SECOND = 10_000_000
_TICKS_AT_EPOCH = 621_355_968_000_000_000


def operation_headers(request: Request, account: Account, operation: Operation) -> dict[str, str]:
    """The headers of an accepted write: Azure-AsyncOperation, and Location too unless it was a PUT."""
    url = _url(account, operation)
    headers = {"Azure-AsyncOperation": url}
    if request.method != "PUT":
        headers["Location"] = url + _LOCATION_FORM
    return headers


def result(cloud: Cloud, request: Request) -> Response:
    """GET .../locations/{location}/operationResults/{id}: a poll, which may end the operation.

    The answer of the Location form (202 until it ends, then the account, nothing after a purge) and the
    refusal of a changed signature are assumed.
    """
    operation = operations.poll(cloud, request.params["operation"])
    if operation is None or operation.about.get("service") != "cognitive":
        raise ServiceError(404, "ResourceNotFound", "The specified resource does not exist.")
    if any(request.query.get(name, value) != value for name, value in _signature(operation).items()):
        raise ServiceError(400, "BadRequest", "The signature of the operation's URL is not valid.")
    done = operation.done(cloud.clock.now())
    account = stored.find(cloud, operation.about["account"])
    if done and account is not None and account.operation == operation.id:
        settling.end(cloud, account, operation)
    if request.query.get("operationresultresponsetype", "").lower() == "location":
        if not done:
            return Response(202, None, {"Location": _at(request.path, operation) + _LOCATION_FORM})
        account = stored.find(cloud, operation.about["account"])
        return Response(200, account and answered(cloud, account, ""))
    return Response(200, _body(request, operation, done=done))


def _body(request: Request, operation: Operation, *, done: bool) -> Json:
    p = request.params
    body: Json = {
        "id": f"/subscriptions/{p['subscription']}/providers/Microsoft.CognitiveServices/locations/"
        f"{p['location']}/operationResults/{operation.id}",
        "name": operation.id,
        "status": operation.about["running"],
        "startTime": iso(operation.started),
    }
    if not done:
        return body
    body |= {"status": "Succeeded", "endTime": iso(operation.ends)}
    if fails := operation.about.get("fails"):
        body |= {"status": "Failed", "error": fails}
    return body


def _url(account: Account, operation: Operation) -> str:
    """Where to poll; the location is the one that was sent, unescaped, as Azure does: clients escape it."""
    return _at(
        f"/subscriptions/{account.subscription}/providers/Microsoft.CognitiveServices/locations/"
        f"{account.location}/operationResults/{operation.id}",
        operation,
    )


def _at(path: str, operation: Operation) -> str:
    signed = "".join(f"&{name}={value}" for name, value in _signature(operation).items())
    return f"https://{Host.ARM}{path}?api-version={_API_VERSION}{signed}"


def _signature(operation: Operation) -> dict[str, str]:
    """What ARM adds to the URL since late 2023: ticks, certificate, signature, hash; as long as Azure's.

    Only the length matters to a client, so the certificate is made up.
    """
    ticks = int(operation.started * _TICKS_PER_SECOND) + _TICKS_AT_EPOCH
    drawn = hashlib.shake_256(operation.id.encode()).digest(sum(_SIGNED_BYTES.values()))
    parts, start = {"t": str(ticks)}, 0
    for name, length in _SIGNED_BYTES.items():
        text = base64.urlsafe_b64encode(drawn[start : start + length]).decode()
        parts[name], start = text.rstrip("="), start + length
    return parts
