"""Lists page by page, as ARM pages: a nextLink with a `$skiptoken` leads to what is left.

Owns: pages, `$top` and `$skiptoken`, and the refusal of ones that are none (texts assumed).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote

from localazure.web import Host, Json, Request, ServiceError

T = TypeVar("T")
SIZE = 100
"""Items on a page that no `$top` asks for; Azure's number was not observed."""
_LARGEST = 1000


def page(
    request: Request,
    items: Sequence[T],
    key: Callable[[T], str],
    render: Callable[[T], Json],
    *,
    ends_empty: bool = False,
) -> Json:
    """One page of items that are in order of their lower-case `key`.

    The last page names no next one; with `ends_empty` it does, and that one is empty. Raises ServiceError
    400 for a `$top` or `$skiptoken` that is none.
    """
    size, after = _top(request), _after(request.query.get("$skiptoken", ""))
    rest = [item for item in items if key(item).lower() > after]
    body: Json = {"value": [render(item) for item in rest[:size]]}
    if len(rest) > size or (ends_empty and rest):
        body["nextLink"] = _link(request, key(rest[:size][-1]))
    return body


def _link(request: Request, last: str) -> str:
    kept = {name: value for name, value in request.query.items() if name != "$skiptoken"}
    kept["$skiptoken"] = base64.urlsafe_b64encode(last.lower().encode()).decode()
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in kept.items())
    return f"https://{Host.ARM}{quote(request.path, safe='/%')}?{query}"


def _top(request: Request) -> int:
    sent = request.query.get("$top", str(SIZE))
    if not sent.isdecimal() or not 0 < int(sent) <= _LARGEST:
        raise ServiceError(
            400, "BadRequest", f"The value '{sent}' of '$top' is not a number from 1 to {_LARGEST}."
        )
    return int(sent)


def _after(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise ServiceError(400, "BadRequest", "The value of '$skiptoken' is not valid.") from error
