"""An account's own two keys: listKeys and regenerateKey."""

from __future__ import annotations

from dataclasses import replace

from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive.account import Account
from localazure.web import Request, Response, ServiceError

_NAMES = ("key1", "key2")


def list_keys(cloud: Cloud, request: Request) -> Response:
    """Both keys. Raises 400 where local authentication is off."""
    return _answer(_with_keys(cloud, request))


def regenerate_key(cloud: Cloud, request: Request) -> Response:
    """A new key in place of the one that `keyName` (Key1, Key2) names; both are answered."""
    account = _with_keys(cloud, request)
    name = str((request.body or {}).get("keyName", "")).lower()
    if name not in _NAMES:
        # Text assumed.
        raise ServiceError(400, "BadRequest", f"keyName must be 'Key1' or 'Key2', not '{name}'.")
    keys = list(account.keys)
    keys[_NAMES.index(name)] = stored.new_key()
    account = replace(account, keys=keys)
    stored.save(cloud, account)
    return _answer(account)


def _with_keys(cloud: Cloud, request: Request) -> Account:
    account = stored.require(cloud, stored.id_of(request))
    if account.properties.get("disableLocalAuth"):
        # Reported by users.
        raise ServiceError(400, "BadRequest", "Failed to list key. disableLocalAuth is set to be true.")
    return account


def _answer(account: Account) -> Response:
    return Response(200, dict(zip(_NAMES, account.keys, strict=True)))
