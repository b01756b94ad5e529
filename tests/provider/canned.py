"""A cloud that gives one answer to every request, below azure-core's own transport."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter

from core.login import Login
from provider.azure_client import AzureClient

TENANT = "11111111-1111-1111-1111-111111111111"


class Canned(BaseAdapter):
    """`asked` holds each request: `METHOD URL`, and its body, JSON or a form. `answer` is JSON, text as it
    is, or what gives one of them for a request."""

    def __init__(self, answer: Any = None, status: int = 200) -> None:
        super().__init__()
        self.answer, self.status = {"value": []} if answer is None else answer, status
        self.headers = {"Date": "Sat, 28 Nov 2026 11:00:00 GMT"}
        self.asked: list[tuple[str, Any]] = []
        self.scopes: list[str] = []

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        self.asked.append((f"{request.method} {unquote(str(request.url))}", _body(request)))
        answer = self.answer(request) if callable(self.answer) else self.answer
        found = requests.Response()
        found.status_code, found.url, found.request = self.status, request.url, request
        found.headers.update({"Content-Type": "application/json", **self.headers})
        text = answer if isinstance(answer, str) else json.dumps(answer)
        found.raw = io.BytesIO(text.encode())
        found.raw.enforce_content_length = False
        return found

    def close(self) -> None:
        """There is no connection."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Any token, as a credential."""
        self.scopes += scopes
        return AccessToken("token", 2**31)

    @property
    def hosts(self) -> list[str]:
        """The host of each request."""
        return [urlsplit(asked.partition(" ")[2]).netloc for asked, _ in self.asked]

    @property
    def transport(self) -> RequestsTransport:
        """The way here for a client of azure-core."""
        session = requests.Session()
        session.mount("https://", self)
        return RequestsTransport(session=session, session_owner=False)

    def client(self, login: Login | None = None) -> AzureClient:
        """The provider's client, logged in here."""
        return AzureClient(login or Login(), credential=self, transport=self.transport)


def login_host(expires_in: int = 3600) -> Canned:
    """A login host that gives any token, for `expires_in` seconds."""

    def answer(request: Any) -> dict[str, Any]:
        base = f"https://{urlsplit(request.url).netloc}/{TENANT}"
        if request.method == "POST":
            return {"token_type": "Bearer", "expires_in": expires_in, "access_token": "the-token"}
        return {
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "issuer": f"{base}/v2.0",
        }

    return Canned(answer)


def _body(request: Any) -> Any:
    text = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
    if "json" in request.headers.get("Content-Type", ""):
        return json.loads(text)
    return {name: values[0] for name, values in parse_qs(text).items()} or None
