"""A login host in memory, in place of azure-core's transport: it gives any token and keeps what is asked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from azure.core.pipeline.transport import HttpTransport

TENANT = "11111111-1111-1111-1111-111111111111"


class LoginHost(HttpTransport[Any, Any]):
    """A login host that gives any token, for `expires_in` seconds; `asked` holds each request's method, host
    and form."""

    def __init__(self, expires_in: int = 3600) -> None:
        self._expires_in = expires_in
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def send(self, request: Any, **_: Any) -> Any:
        parts = urlsplit(request.url)
        form = {name: values[0] for name, values in parse_qs(_body(request)).items()}
        self.asked.append((request.method, parts.netloc, form))
        base = f"https://{parts.netloc}/{TENANT}"
        answer = {
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "issuer": f"{base}/v2.0",
        }
        if request.method == "POST":
            answer = {"token_type": "Bearer", "expires_in": self._expires_in, "access_token": "the-token"}  # type: ignore[dict-item]
        return _Answer(request, answer)

    def open(self) -> None: ...

    def close(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class _Answer:
    def __init__(self, request: Any, body: dict[str, Any]) -> None:
        self.request, self.status_code, self.reason = request, 200, "OK"
        self.headers, self.content_type = {"content-type": "application/json"}, "application/json"
        self._text = json.dumps(body)

    def text(self, encoding: str | None = None) -> str:
        return self._text

    def body(self) -> bytes:
        return self._text.encode()


def _body(request: Any) -> str:
    data = request.data or request.content or ""
    if isinstance(data, dict):
        return "&".join(f"{name}={value}" for name, value in data.items())
    return data.decode() if isinstance(data, bytes) else str(data)
