"""The operation that settles an account after a write: begin, polls, end, and the account after a failure."""

import base64
import hashlib
from dataclasses import asdict, replace

from localazure import operations
from localazure.cloud import Cloud, iso
from localazure.cognitive import binding, data, identity
from localazure.cognitive import models as stored
from localazure.cognitive.models import PURGING, Account
from localazure.cognitive.responses import answered
from localazure.operations import Operation
from localazure.refusals import refused
from localazure.web import Host, Json, Request, Response, ServiceError, bad_request

_API_VERSION = "2017-04-18"
_LOCATION_FORM = "&operationResultResponseType=Location"
_SIGNED_BYTES = {"c": 1500, "s": 256, "h": 32}
_TICKS_PER_SECOND = 10_000_000
_TICKS_AT_EPOCH = 621_355_968_000_000_000


def begin_operation(
    cloud: Cloud,
    account: Account,
    running: str,
    *,
    before: Account | None = None,
    refusal: ServiceError | None = None,
) -> Operation:
    """Starts the operation that will settle an account; `running` is its status until then.

    `before` is the account as it was before the write, None for a new one. `refusal` is why the operation
    will end as Failed although the write was accepted.
    """
    about = {"service": "cognitive", "account": account.id, "running": running}
    code = cloud.behaviour.failing_operations
    if refusal is not None:
        fails = {"code": refusal.code, "message": refusal.message}
    elif code and running != PURGING:
        fails = {"code": code, "message": "The operation failed after it was accepted, as `/behaviour` asks."}
    else:
        return operations.begin(cloud, about)
    keeps = cloud.behaviour.failed_operations_keep
    was = None if before is None else asdict(before)
    return operations.begin(cloud, {**about, "fails": fails, "keeps": keeps, "before": was})


def settle(cloud: Cloud, account: Account) -> Account | None:
    """Ends an account's operation when its time has come, having looked at it.

    None where the operation was a create that failed and left nothing.
    """
    if account.operation is None:
        return account
    operation = operations.poll(cloud, account.operation)
    if operation is not None and not operation.over(cloud.clock.now()):
        return account
    return end(cloud, account, operation)


def end(cloud: Cloud, account: Account, operation: Operation | None) -> Account | None:
    """The account after its operation, Succeeded or Failed; None where nothing is left of it."""
    if operation is None or "fails" not in operation.about:
        return _saved(cloud, replace(account, state="Succeeded", operation=None))
    failed = replace(account, state="Failed", operation=None)
    keeps, was = operation.about["keeps"], operation.about["before"]
    before = None if was is None else Account(**was)
    if keeps == "none" and before is None:
        stored.forget(cloud, account)
        stored.free_subdomain(cloud, account)
        identity.drop_system(cloud, account)
        return None
    if keeps == "none" and before is not None:
        kept = replace(before, state="Succeeded", operation=None)
        return _recorded(cloud, _saved(cloud, kept))
    if keeps == "all_but_encryption":
        return _recorded(cloud, _saved(cloud, _without_new_encryption(cloud, failed, before)))
    return _saved(cloud, failed)


def require_settled(account: Account) -> None:
    """Raises 409 while an operation runs on the account (as users reported)."""
    if account.operation is not None:
        raise refused("AccountProvisioningStateInvalid", account=account.id, state=account.state)


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
        raise refused("SpecifiedResourceNotFound")
    if any(request.query.get(name, value) != value for name, value in _signature(operation).items()):
        raise bad_request("The signature of the operation's URL is not valid.")
    done = operation.done(cloud.clock.now())
    account = stored.find(cloud, operation.about["account"])
    if done and account is not None and account.operation == operation.id:
        end(cloud, account, operation)
    if request.query.get("operationresultresponsetype", "").lower() == "location":
        if not done:
            return Response(202, None, {"Location": _at(request.path, operation) + _LOCATION_FORM})
        account = stored.find(cloud, operation.about["account"])
        return Response(200, account and answered(cloud, account, ""))
    return Response(200, _body(request, operation, done=done))


def _body(request: Request, operation: Operation, *, done: bool) -> Json:
    body: Json = {
        "id": _path(request.params["subscription"], request.params["location"], operation),
        "name": operation.id,
        "status": operation.about["running"],
        "startTime": iso(operation.started, digits=0),
    }
    if not done:
        return body
    body |= {"status": "Succeeded", "endTime": iso(operation.ends, digits=0)}
    if fails := operation.about.get("fails"):
        body |= {"status": "Failed", "error": fails}
    return body


def _url(account: Account, operation: Operation) -> str:
    """The address to poll, with the location as it was sent, unescaped: clients of Azure escape it."""
    return _at(_path(account.subscription, account.location, operation), operation)


def _path(subscription: str, location: str, operation: Operation) -> str:
    place = f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{location}"
    return f"{place}/operationResults/{operation.id}"


def _at(path: str, operation: Operation) -> str:
    signed = "".join(f"&{name}={value}" for name, value in _signature(operation).items())
    return f"https://{Host.ARM}{path}?api-version={_API_VERSION}{signed}"


def _signature(operation: Operation) -> dict[str, str]:
    """The query that ARM adds to the URL since late 2023: ticks, certificate, signature, hash.

    Only the length matters to a client, so the certificate is made up.
    """
    ticks = int(operation.started * _TICKS_PER_SECOND) + _TICKS_AT_EPOCH
    drawn = hashlib.shake_256(operation.id.encode()).digest(sum(_SIGNED_BYTES.values()))
    parts, start = {"t": str(ticks)}, 0
    for name, length in _SIGNED_BYTES.items():
        text = base64.urlsafe_b64encode(drawn[start : start + length]).decode()
        parts[name], start = text.rstrip("="), start + length
    return parts


def _without_new_encryption(cloud: Cloud, account: Account, before: Account | None) -> Account:
    """The account with the encryption, and the wrapped data key, that it had before the write."""
    properties = {name: value for name, value in account.properties.items() if name != "encryption"}
    if before is None:
        # It holds no data yet.
        wrapping = data.wrap_for_microsoft(cloud, data.new_data_key())
        return replace(account, properties=properties, wrapping=wrapping)
    if before.encryption is not None:
        properties["encryption"] = before.encryption
    return replace(account, properties=properties, wrapping=before.wrapping)


def _saved(cloud: Cloud, account: Account) -> Account:
    ended = replace(account, etag=cloud.new_etag())
    stored.save(cloud, ended)
    return ended


def _recorded(cloud: Cloud, account: Account) -> Account:
    binding.record(cloud, account, "FAILED", "")
    return account
