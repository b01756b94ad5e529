"""Lists page by page, as ARM pages: a nextLink with a `$skiptoken` leads to the next page.

Owns: pages, `$top` and `$skiptoken`, and the refusal of invalid ones (texts assumed); and the pages of
`Behaviour.page_size`, which every list gets, even a list without pages of its own.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

from localazure.refusals import refused
from localazure.web import Host, Json, Request, Response

T = TypeVar("T")
SIZE = 100
"""Items on a page that no `$top` asks for; Azure's number was not observed."""
_LARGEST = 1000
_PARAMETERS = {Host.ARM: "$top", Host.VAULT: "maxresults", Host.HSM: "maxresults"}
_CUT = "cut-"


def asked_by_size(request: Request, size: int) -> Request:
    """A GET that asks for pages of so many items at most; 0 changes nothing."""
    name = _PARAMETERS.get(request.host)
    if not size or request.method != "GET" or name is None:
        return request
    sent = request.query.get(name, str(size))
    least = str(min(size, int(sent))) if sent.isdecimal() else sent
    return replace(request, query={**request.query, name: least})


def cut(request: Request, response: Response, size: int) -> Response:
    """A page of a list that has no pages of its own; 0 changes nothing."""
    body = response.body
    rows = body.get("value") if isinstance(body, dict) else None
    if not size or request.method != "GET" or not isinstance(rows, list) or len(rows) <= size:
        return response
    token = _after(request.query.get("$skiptoken", ""))
    start = int(token.removeprefix(_CUT)) if token.startswith(_CUT) else 0
    kept = {**body, "value": rows[start : start + size]}
    if start + size < len(rows):
        kept["nextLink"] = _link(request, f"{_CUT}{start + size}")
    return replace(response, body=kept)


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
    host = request.host.replace("*", request.label)
    return f"https://{host}{quote(request.path, safe='/%')}?{query}"


def _top(request: Request) -> int:
    sent = request.query.get("$top", str(SIZE))
    if not sent.isdecimal() or not 0 < int(sent) <= _LARGEST:
        raise refused("PageSize", sent=sent, most=_LARGEST)
    return int(sent)


def _after(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise refused("PageToken") from error
