"""The admission of callers at an account's own endpoint: network rules, account keys, tokens and roles.

Owns: every 401 and 403 of the Language endpoint that is about the caller or the customer's key. The texts are
from the services' documentation and public reports; none was recorded.
"""

import hmac
from dataclasses import dataclass

from localazure.authorization import allows_data
from localazure.cloud import Cloud
from localazure.cognitive import data
from localazure.cognitive import models as stored
from localazure.cognitive.binding import key_uri
from localazure.cognitive.kinds import find_kind
from localazure.cognitive.models import Account
from localazure.keyvault.access import LOOPBACK, in_rules
from localazure.keyvault.trusted_services import KeyRefused
from localazure.refusals import refused
from localazure.web import Request, ServiceError

_KEY_HEADER = "ocp-apim-subscription-key"
_ACTIONS = "Microsoft.CognitiveServices/accounts"
_AUTHORING = "ConversationalLanguageUnderstanding"


@dataclass(frozen=True)
class Opened:
    """An account whose data a caller may use, with its data key, which is not kept beyond the request."""

    account: Account
    data_key: bytes


def enter(cloud: Cloud, request: Request, action: str) -> Opened:
    """Admits a request at an account's endpoint and unwraps the data key.

    `action` ends the data action (`projects/read`). Raises ServiceError: 404 no such endpoint, 401 or 403
    for the caller, 403 where the customer's key cannot be used.
    """
    return opened(cloud, request, f"{_AUTHORING}/{action}", serves="authoring")


def opened(cloud: Cloud, request: Request, action: str, *, serves: str) -> Opened:
    """Does the same for any data action below an account of a kind that serves it (`Kind.authoring`)."""
    account = admit(cloud, request, action, serves=serves)
    try:
        data_key = data.unwrap(cloud, account, request.correlation_id)
        data.follow_key(cloud, account, request.correlation_id)
        return Opened(account, data_key)
    except KeyRefused as error:
        why = " ".join(error.message.split())
        details = {"innererror": {"code": "CustomerManagedKeyUnavailable", "message": error.code}}
        raise refused(
            "CustomerManagedKeyUnavailable", details=details, uri=key_uri(account), why=why
        ) from error


def admit(cloud: Cloud, request: Request, action: str, *, serves: str) -> Account:
    """Admits a request at an account's endpoint, if its kind serves such calls; the data key stays closed.

    `action` is the data action below an account. Raises ServiceError: 404 no such endpoint, 401 or 403 for
    the caller.
    """
    account = _account_at(cloud, request.label, serves)
    _require_network(account)
    _require_caller(cloud, request, account, f"{_ACTIONS}/{action}")
    return account


def _account_at(cloud: Cloud, subdomain: str, serves: str) -> Account:
    owner = stored.owner_of_subdomain(cloud, subdomain)
    account = stored.find(cloud, owner) if owner else None
    kind = find_kind(account.kind) if account else None
    if account is None or kind is None or not getattr(kind, serves):
        raise ServiceError(404, "404", "Resource not found")
    return account


def _require_network(account: Account) -> None:
    """Every caller comes from loopback: it passes an open account, or an IP rule that holds it."""
    if str(account.properties.get("publicNetworkAccess")).lower() == "disabled":
        raise refused("PublicAccessDisabled")
    acls = account.properties.get("networkAcls") or {}
    denied = str(acls.get("defaultAction", "Allow")).lower() == "deny"
    if denied and not in_rules(LOOPBACK, acls.get("ipRules") or ()):
        raise ServiceError(403, "AccessDenied", "Access denied due to Virtual Network/Firewall rules.")


def _require_caller(cloud: Cloud, request: Request, account: Account, action: str) -> None:
    if request.caller is None:
        _require_key(account, request.headers.get(_KEY_HEADER, ""))
    elif not (
        request.caller.tenant_id == account.tenant_id
        and allows_data(cloud, request.caller.object_id, action, account.id)
    ):
        raise refused(
            "PermissionDenied",
            principal=request.caller.object_id,
            action=action,
            method=request.method,
            path=request.path,
        )


def _require_key(account: Account, key: str) -> None:
    if account.properties.get("disableLocalAuth"):
        raise refused("AuthenticationTypeDisabled")
    if not any(hmac.compare_digest(key.encode(), known.encode()) for known in account.keys):
        raise refused("InvalidSubscriptionKey")
