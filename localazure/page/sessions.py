"""Who may see the page, and how it is served: one-time codes, sessions, headers.

The control token never comes near a browser. `python -m localazure page` asks for a one-time code with it;
the address that it prints works once, and leaves a cookie that lets its holder look, and do nothing else.
Codes and sessions are kept in memory: a restart ends them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from localazure.cloud import Cloud
from localazure.front import Answer, Raw
from localazure.page import page
from localazure.page.snapshot import snapshot, version
from localazure.page.view import view_of

PATHS = ("/", "/main", "/login")
_CODE_SECONDS = 600.0
_MOST = 100
_HELP = "sign in with the address that `python -m localazure page` prints; each works once, for ten minutes"


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
            return _html(401, page.notice(_HELP))
        asked = parse_qs(raw.query).get("seen", [""])[0]
        if raw.path == "/main" and asked == version(cloud):
            return _answer(204, {}, b"")
        seen = snapshot(cloud, view_of(raw.query))
        shown = page.page(seen) if raw.path == "/" else page.content(seen)
        return _html(200, shown, {"x-version": seen.version})

    def _login(self, raw: Raw) -> Answer:
        code = parse_qs(raw.query).get("code", [""])[0]
        if self._codes.pop(code, 0.0) <= time.monotonic():
            return _html(401, page.notice(f"this address was used before or is too old: {_HELP}"))
        _make_room(self._sessions)
        session = secrets.token_urlsafe(24)
        self._sessions[session] = None
        cookie = f"{_cookie_name(raw)}={session}; Path=/; HttpOnly; SameSite=Strict"
        return _answer(303, {"location": "/", "set-cookie": cookie}, b"")


def _make_room(kept: dict[str, float] | dict[str, None]) -> None:
    """Forgets the oldest, so that nothing grows without end."""
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


def _html(status: int, content: str, more: Mapping[str, str] | None = None) -> Answer:
    headers = {"content-type": "text/html; charset=utf-8", **(more or {})}
    return _answer(status, headers, content.encode("utf-8", "replace"))


def _answer(status: int, more: Mapping[str, str], content: bytes) -> Answer:
    policy = (
        f"default-src 'none'; connect-src 'self'; style-src {_hash(page.style())}; "
        f"script-src {_hash(page.script())}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    headers = {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        **({} if status == 204 else {"content-length": str(len(content))}),
        **more,
    }
    return Answer(status, headers, content)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
