"""A cloud that gives one answer to every request."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, unquote

from azure.core.credentials import AccessToken

from core.login import Login
from localazure.front import Answer, Raw
from provider.azure_client import AzureClient
from tests.support.in_process import Transport

TENANT = "11111111-1111-1111-1111-111111111111"


class Canned:
    """`asked` holds each request: `METHOD URL`, and its body, JSON or a form. `answer` is JSON, text as it
    is, or what gives one of them for a request."""

    def __init__(self, answer: Any = None, status: int = 200) -> None:
        self.answer, self.status = {"value": []} if answer is None else answer, status
        self.headers = {"Date": "Sat, 28 Nov 2026 11:00:00 GMT"}
        self.asked: list[tuple[str, Any]] = []
        self.hosts: list[str] = []
        self.scopes: list[str] = []

    def send(self, raw: Raw) -> Answer:
        url = f"https://{raw.authority}{unquote(raw.path)}" + (f"?{unquote(raw.query)}" if raw.query else "")
        self.asked.append((f"{raw.method} {url}", _body(raw)))
        self.hosts.append(raw.authority)
        answer = self.answer(raw) if callable(self.answer) else self.answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Answer(self.status, {"Content-Type": "application/json", **self.headers}, text.encode())

    def sleep(self, seconds: float) -> None:
        """Nobody waits here."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Any token, as a credential."""
        self.scopes += scopes
        return AccessToken("token", 2**31)

    @property
    def transport(self) -> Transport:
        """The way here for a client of azure-core."""
        return Transport(self)

    def client(self, login: Login | None = None) -> AzureClient:
        """The provider's client, logged in here."""
        return AzureClient(login or Login(), credential=self, transport=self.transport)


def login_host(expires_in: int = 3600) -> Canned:
    """A login host that gives any token, for `expires_in` seconds."""

    def answer(raw: Raw) -> dict[str, Any]:
        base = f"https://{raw.authority}/{TENANT}"
        if raw.method == "POST":
            return {"token_type": "Bearer", "expires_in": expires_in, "access_token": "the-token"}
        return {
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "issuer": f"{base}/v2.0",
        }

    return Canned(answer)


def _body(raw: Raw) -> Any:
    text = raw.content.decode()
    if "json" in raw.headers.get("content-type", ""):
        return json.loads(text)
    return {name: values[0] for name, values in parse_qs(text).items()} or None
