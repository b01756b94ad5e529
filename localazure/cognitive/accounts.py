"""Microsoft.CognitiveServices/accounts: what their type does beyond ArmType, keys and subdomains.

The answer about a free subdomain has azure-mgmt-cognitiveservices' shape; its values were never recorded.
"""

from dataclasses import asdict, dataclass, replace

from localazure import operations
from localazure.arm_type import ArmType
from localazure.cloud import Cloud
from localazure.cognitive import binding, children, deleted, settling, validation, writing
from localazure.cognitive import models as stored
from localazure.cognitive.models import KIND, TEMPLATE, TYPE, Account
from localazure.cognitive.responses import answered
from localazure.refusals import refused
from localazure.web import Json, Request, Response, bad_request

_IN_USE = "The subdomain name '{}' is not available as it's already used by a resource."
_DOTS_SINCE = "2021"
_NO_FILE = b"<html><body><h2>404 - File or directory not found.</h2></body></html>"
_NOT_VALID = "Sub domain name '{}' is not valid"
"""The text of the API definition's example."""


@dataclass(frozen=True)
class AccountType(ArmType):
    """Accounts: whoever looks at one may end its operation, and a write begins one."""

    def find(self, cloud: Cloud, id: str) -> Json | None:
        settled = _settled(cloud, id)
        return settled and asdict(settled)

    def get(self, cloud: Cloud, request: Request) -> Response:
        account = _settled(cloud, self.id_of(request))
        if account is None:
            # Returned, not raised: raising would undo the end of a failed create, which left nothing.
            return stored.not_found(self.id_of(request)).response()
        return Response(200, answered(cloud, account, request.api_version), {"ETag": account.etag})

    def put(self, cloud: Cloud, request: Request) -> Response:
        """Creates, replaces or restores. The front end of the versions before 2021 took a name with a dot for
        a file."""
        if request.api_version < _DOTS_SINCE and "." in request.params["account"]:
            return Response(404, _NO_FILE, {"content-type": "text/html"})
        return super().put(cloud, request)

    def patch(self, cloud: Cloud, request: Request) -> Response:
        """Changes what the body names, and nothing else: also what only later api-versions have, which the
        answer then shows."""
        self._require_defined(cloud, request)
        known = self.required(cloud, request)
        account = Account(**known)
        _require_match(request, account)
        changed = writing.update_account(cloud, request, account)
        return self.stored(cloud, request, asdict(changed), known)

    def delete(self, cloud: Cloud, request: Request) -> Response:
        """Soft-deletes an account (200, empty, at once); 204 if it does not exist. Raises 409 for one that
        has projects or deployments."""
        account = _settled(cloud, self.id_of(request))
        if account is None:
            return Response(204)
        _require_match(request, account)
        settling.require_settled(account)
        children.require_none(cloud, account)
        binding.record(cloud, deleted.soft_delete(cloud, account), "DELETE", request.correlation_id)
        return Response(200)

    def _require_defined(self, cloud: Cloud, request: Request) -> None:
        validation.check_body(cloud, request)

    def stored(self, cloud: Cloud, request: Request, body: Json, known: Json | None) -> Response:
        account = Account(**{name: value for name, value in body.items() if name != "type"})
        headers = {"ETag": account.etag}
        if account.operation and (operation := operations.find(cloud, account.operation)):
            headers |= settling.operation_headers(request, account, operation)
        shown = answered(cloud, account, request.api_version)
        if request.method == "PATCH":
            sent = account.properties.keys() & request.properties.keys() - shown["properties"].keys()
            shown["properties"] |= {name: account.properties[name] for name in sent}
            return Response(202, shown, headers)
        if known:
            return Response(200, shown, headers)
        return Response(201, shown, headers)


def _settled(cloud: Cloud, id: str) -> Account | None:
    account = stored.find(cloud, id)
    return None if account is None else settling.settle(cloud, account)


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    """Creates an account, replaces it, or restores a soft-deleted one (`properties.restore`)."""
    existing = Account(**known) if known else None
    _require_match(request, existing)
    if existing is not None:
        return asdict(writing.replace_account(cloud, request, existing))
    gone = deleted.find(cloud, id)
    if request.properties.get("restore"):
        return asdict(deleted.restore(cloud, request, gone))
    if gone is not None:
        raise refused("FlagMustBeSetForRestore", id=id)
    return asdict(writing.create_account(cloud, request, id))


def _shown(cloud: Cloud, request: Request, body: Json) -> Json:
    """An account in a list, which is a look at every account on its page."""
    account = Account(**body)
    return answered(cloud, settling.settle(cloud, account) or account, request.api_version)


_RULES = "every refusal of a customer's key and of network rules"
ACCOUNTS = AccountType(
    kind=KIND,
    path=TEMPLATE,
    make=_make,
    shown=_shown,
    tracked=True,
    assumed={
        "PUT": f"replacing (status, PUT without encryption), {_RULES}",
        "PATCH": _RULES,
        "LIST": "how many are on a page, and in which order",
    },
)


def list_keys(cloud: Cloud, request: Request) -> Response:
    """Both keys. Raises 400 where local authentication is off."""
    account = stored.required(cloud, request)
    if account.properties.get("disableLocalAuth"):
        # Reported by users.
        raise bad_request("Failed to list key. disableLocalAuth is set to be true")
    return Response(200, dict(zip(("key1", "key2"), account.keys, strict=True)))


def new_key(cloud: Cloud, request: Request) -> Response:
    """Both keys, the named one (`Key1`, `Key2`) made anew. Raises 400 for another name."""
    account = stored.required(cloud, request)
    named = str(request.given.get("keyName")).lower()
    if named not in ("key1", "key2"):
        raise bad_request("keyName must be 'Key1' or 'Key2'.")
    keys = [
        stored.new_key() if name == named else key
        for name, key in zip(("key1", "key2"), account.keys, strict=True)
    ]
    stored.save(cloud, replace(account, keys=keys))
    return list_keys(cloud, request)


def no_scopes(cloud: Cloud, request: Request) -> Response:
    """The encryption scopes of an account: none, since none can be made."""
    stored.required(cloud, request)
    return Response(200, {"value": []})


def refuse_scope(cloud: Cloud, request: Request) -> Response:
    """Raises 400: encryption scopes are in no region of this cloud."""
    stored.required(cloud, request)
    raise refused("EncryptionScopeNotSupported")


def check_domain(cloud: Cloud, request: Request) -> Response:
    """Whether a subdomain is available: valid, and taken by no account, live or soft-deleted."""
    body = request.body or {}
    name = body.get("subdomainName")
    if not isinstance(name, str) or not name:
        raise bad_request("subdomainName must be given.")
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


def _require_match(request: Request, account: Account | None) -> None:
    """Raises 412 where `If-Match` names another state than the account's (code and text assumed)."""
    wanted = request.headers.get("if-match", "")
    if wanted and (account is None or wanted not in ("*", account.etag)):
        etag = account.etag if account else "none, as it does not exist"
        raise refused("AccountChanged", wanted=wanted, etag=etag)
