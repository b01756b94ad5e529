"""The leanest client there is: one kept connection through the proxy, so that figures are the server's."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

ARM = "management.azure.com"
LOGIN = "login.microsoftonline.com"

# The server closes a connection that was idle for a minute. A request that was sent is never sent again here:
# a lost answer is what some tests are about.
_IDLE_SECONDS = 45.0


class Client:
    """One connection to one host of the local Azure, signed in as the environment says."""

    def __init__(self, env: Mapping[str, str], host: str, token: str = "") -> None:
        proxy = urlsplit(env["HTTPS_PROXY"])
        context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
        self._connection = http.client.HTTPSConnection(
            str(proxy.hostname), proxy.port, timeout=120, context=context
        )
        self._connection.set_tunnel(host, 443)
        self._used = time.monotonic()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request; the status and the decoded body."""
        content = None if body is None else json.dumps(body)
        return self.send_raw(method, path, content, "application/json")

    def exchange(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], Any]:
        """One request; the status, the headers by their lower-case names, and the decoded body."""
        content = None if body is None else json.dumps(body)
        return self._exchange(method, path, content, "application/json")

    def send_raw(self, method: str, path: str, content: str | None, type: str) -> tuple[int, Any]:
        status, _, body = self._exchange(method, path, content, type)
        return status, body

    def _exchange(
        self, method: str, path: str, content: str | None, type: str
    ) -> tuple[int, dict[str, str], Any]:
        if time.monotonic() - self._used > _IDLE_SECONDS:
            self._connection.close()
        self._connection.request(method, path, content, {**self._headers, "Content-Type": type})
        response = self._connection.getresponse()
        text = response.read()
        self._used = time.monotonic()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, json.loads(text) if text else None

    def close(self) -> None:
        self._connection.close()


def token(env: Mapping[str, str], resource: str) -> str:
    """A token of the environment's service principal. Raises RuntimeError where it is refused."""
    client = Client(env, LOGIN)
    form = {
        "grant_type": "client_credentials",
        "client_id": env["AZURE_CLIENT_ID"],
        "client_secret": env["AZURE_CLIENT_SECRET"],
        "scope": f"{resource}/.default",
    }
    path = f"/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    status, body = client.send_raw("POST", path, urlencode(form), "application/x-www-form-urlencoded")
    client.close()
    if status != 200:
        raise RuntimeError(f"login: {status} {body}")
    return str(body["access_token"])
