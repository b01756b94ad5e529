"""Access to the page, and its delivery: one-time codes, sessions, headers.

The control token never comes near a browser. `python -m localazure page` asks for a one-time code with it;
the address that it prints works once, and leaves a cookie that lets its holder look, and do nothing else.
Codes and sessions are kept in memory: a restart ends them.
"""

import base64
import functools
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from localazure.cloud import Cloud
from localazure.front import Answer, Raw
from localazure.page.snapshot import snapshot, version
from localazure.web import Json, Response

PATHS = ("/", "/snapshot", "/login")
_HTML = "text/html; charset=utf-8"
_CODE_SECONDS = 600.0
_MOST = 100
_HELP = "sign in with the address that `python -m localazure page` prints; each works once, for ten minutes"


@functools.cache
def _parts() -> tuple[str, str, str]:
    """The document with its place for a snapshot, and the hashes of its style and script."""
    folder = Path(__file__).parent
    style = (folder / "page.css").read_text(encoding="utf-8")
    whole = (folder / "page.html").read_text(encoding="utf-8").replace("@style@", style)
    script = whole.rpartition("<script>")[2].partition("</script>")[0]
    return whole, _digest(style), _digest(script)


def document(seen: Json) -> str:
    """The page with a snapshot, none of whose texts can end the element around it."""
    return _parts()[0].replace("@seen@", json.dumps(seen).replace("<", "\\u003c"))


class Door:
    """Answers the page's requests; a browser signs in with a code of `new_code`."""

    def __init__(self) -> None:
        self._codes: dict[str, float] = {}
        self._sessions: dict[str, None] = {}

    def new_code(self) -> str:
        """A code for one sign-in, valid for ten minutes."""
        _make_room(self._codes)
        code = secrets.token_urlsafe(24)
        self._codes[code] = time.monotonic() + _CODE_SECONDS
        return code

    def answer(self, cloud: Cloud, raw: Raw) -> Answer:
        """The answer to a GET of one of PATHS; inside a transaction of the store."""
        if raw.path == "/login":
            return self._login(raw)
        if _session(raw) not in self._sessions:
            return _text(401, _HELP)
        query = {name: values[0] for name, values in parse_qs(raw.query).items()}
        if raw.path == "/snapshot" and query.get("seen") == version(cloud):
            return _answer(204)
        seen = snapshot(cloud, query.get("find", "")[:100])
        if raw.path == "/":
            return _answer(200, document(seen).encode("utf-8", "replace"), {"content-type": _HTML})
        return _answer(200, seen)

    def _login(self, raw: Raw) -> Answer:
        code = parse_qs(raw.query).get("code", [""])[0]
        if self._codes.pop(code, 0.0) <= time.monotonic():
            return _text(401, f"this address was used before or is too old: {_HELP}")
        _make_room(self._sessions)
        session = secrets.token_urlsafe(24)
        self._sessions[session] = None
        cookie = f"{_cookie_name(raw)}={session}; Path=/; HttpOnly; SameSite=Strict"
        return _answer(303, headers={"location": "/", "set-cookie": cookie})


def _make_room(kept: dict[str, float] | dict[str, None]) -> None:
    """Forgets the oldest codes or sessions, so that their number has a limit."""
    while len(kept) >= _MOST:
        kept.pop(next(iter(kept)))


def _cookie_name(raw: Raw) -> str:
    # Cookies know no ports: without it, two local Azures would sign each other's readers out.
    return f"localazure-{raw.authority.rpartition(':')[2]}"


def _session(raw: Raw) -> str:
    cookies = SimpleCookie()
    try:
        cookies.load(raw.headers.get("cookie", ""))
    except CookieError:
        return ""
    found = cookies.get(_cookie_name(raw))
    return found.value if found else ""


def _text(status: int, text: str) -> Answer:
    return _answer(status, text.encode(), {"content-type": "text/plain; charset=utf-8"})


def _answer(status: int, body: Json = None, headers: Mapping[str, str] | None = None) -> Answer:
    _, style, script = _parts()
    policy = (
        f"default-src 'none'; connect-src 'self'; style-src {style}; script-src {script}; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    always = {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return Answer.of(Response(status, body, headers or {}), always)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
