"""A cloud that gives one answer to every request, below azure-core's own transport."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter

from core.login import Login
from provider.azure_client import AzureClient


class Canned(BaseAdapter):
    """`asked` holds each request: `METHOD URL`, and its body. `answer` is JSON, or text as it is."""

    def __init__(self, answer: Any = None, status: int = 200) -> None:
        super().__init__()
        self.answer, self.status = {"value": []} if answer is None else answer, status
        self.headers = {"Date": "Sat, 28 Nov 2026 11:00:00 GMT"}
        self.asked: list[tuple[str, Any]] = []
        self.scopes: list[str] = []

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        body = json.loads(request.body) if request.body else None
        self.asked.append((f"{request.method} {unquote(str(request.url))}", body))
        found = requests.Response()
        found.status_code, found.url, found.request = self.status, request.url, request
        found.headers.update({"Content-Type": "application/json", **self.headers})
        text = self.answer if isinstance(self.answer, str) else json.dumps(self.answer)
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

    def client(self, login: Login | None = None) -> AzureClient:
        """The provider's client, logged in here."""
        session = requests.Session()
        session.mount("https://", self)
        transport = RequestsTransport(session=session, session_owner=False)
        return AzureClient(login or Login(), credential=self, transport=transport)
