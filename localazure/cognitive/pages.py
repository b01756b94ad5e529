"""Lists of accounts page by page, as ARM pages: a nextLink while there is more, none on the last page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from urllib.parse import quote

from localazure.cognitive.account import Account
from localazure.web import Host, Json, Request, Response, ServiceError

SIZE = 100
"""Accounts on a page; Azure's number was not observed."""


def page(request: Request, accounts: Sequence[Account], render: Callable[[Account], Json]) -> Response:
    """The page that a request asks for. Raises ServiceError 400 for a `$skiptoken` that is none."""
    after = _after(request.query.get("$skiptoken", ""))
    rest = [account for account in accounts if account.id.lower() > after]
    body: Json = {"value": [render(account) for account in rest[:SIZE]]}
    if len(rest) > SIZE:
        token = base64.urlsafe_b64encode(rest[SIZE - 1].id.lower().encode()).decode()
        url = f"https://{Host.ARM}{quote(request.path, safe='/%')}?api-version={request.api_version}"
        body["nextLink"] = f"{url}&$skiptoken={quote(token)}"
    return Response(200, body)


def _after(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, ValueError) as error:
        raise ServiceError(400, "BadRequest", "The value of '$skiptoken' is not valid.") from error
