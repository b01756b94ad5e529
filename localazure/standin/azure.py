"""The way to Azure: HTTPS with a token, through the proxy and CA that the environment names.

Owns sockets and credentials; knows nothing of resources.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from localazure.standin import errors
from localazure.standin.answer import Answer
from localazure.standin.values import RefusedError

if TYPE_CHECKING:
    import aiohttp

LOGIN = "https://login.microsoftonline.com"
MANAGEMENT = "https://management.azure.com"
VAULT_DNS = "vault.azure.net"
GRAPH = "https://graph.microsoft.com"
EARLY_SECONDS = 60.0
"""How long before its end a token is no longer used."""


class NoAnswerError(RefusedError):
    """Azure could not be reached, or the connection broke before its answer."""


@dataclass(frozen=True)
class Login:
    """The service principal and subscription of one provider instance."""

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    subscription_id: str = ""


class Azure(Protocol):
    """The calls of Azure that the rest of the stand-in needs."""

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        """One request with a token for the URL's service; raises NoAnswerError without an answer."""

    async def token(self, scope: str) -> str:
        """A bearer token for a scope such as `https://vault.azure.net/.default`."""

    async def close(self) -> None:
        """Ends every connection."""


class HttpsAzure:
    """Azure over one kept session, made on first use in the event loop that uses it."""

    def __init__(self, login: Login, environ: Mapping[str, str]) -> None:
        self._login = login
        self._proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy") or None
        self._ca = environ.get("SSL_CERT_FILE") or None
        self._session: aiohttp.ClientSession | None = None
        self._tokens: dict[str, tuple[str, float]] = {}
        self._one_login = asyncio.Lock()

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        token = await self.token(_scope(url))
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return await self._exchange(method, url, json=body, headers=headers)

    async def token(self, scope: str) -> str:
        """Kept until shortly before it ends. Raises RefusedError if the principal is not let in."""
        async with self._one_login:
            token, ends = self._tokens.get(scope, ("", 0.0))
            return token if time.monotonic() < ends else await self._new_token(scope)

    async def _new_token(self, scope: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._login.client_id,
            "client_secret": self._login.client_secret,
            "scope": scope,
        }
        url = f"{LOGIN}/{self._login.tenant_id}/oauth2/v2.0/token"
        answer = await self._exchange("POST", url, data=form)
        body = answer.body if isinstance(answer.body, dict) else {}
        if answer.status != 200 or "access_token" not in body:
            raise RefusedError(errors.of_login(replace(answer, request=f"POST {url}")))
        lasts = float(body.get("expires_in", 0)) - EARLY_SECONDS
        self._tokens[scope] = (str(body["access_token"]), time.monotonic() + lasts)
        return str(body["access_token"])

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def _exchange(self, method: str, url: str, **content: Any) -> Answer:
        session = await self._open()
        import aiohttp  # noqa: PLC0415 - loaded by then

        try:
            async with session.request(method, url, proxy=self._proxy, **content) as got:
                text = await got.text()
                names = {name.lower(): value for name, value in got.headers.items()}
                return Answer(got.status, _decoded(text), names, text)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # As Go's net/http says it.
            raise NoAnswerError(f'{method.capitalize()} "{url}": {error or "EOF"}') from error

    async def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Loaded on first use and in another thread: it takes a third of a second, which a start of the
            # local Azure does not have, nor its other clients.
            client = await asyncio.to_thread(importlib.import_module, "aiohttp")
            context = ssl.create_default_context(cafile=self._ca)
            # Whoever waited at the same time may have been first.
            self._session = self._session or client.ClientSession(
                connector=client.TCPConnector(ssl=context, limit=32),
                timeout=client.ClientTimeout(total=60),
                trust_env=False,
            )
        return self._session


def _scope(url: str) -> str:
    host = url.split("/")[2]
    service = f"https://{VAULT_DNS}" if host.endswith(f".{VAULT_DNS}") else MANAGEMENT
    return f"{service}/.default"


def _decoded(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
