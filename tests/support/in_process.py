"""Azure's clients at a local Azure in this process: their own pipelines, and no socket.

Time is the cloud's: a request takes a tenth of a second of it, and whoever waits moves it on.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from core.login import Login
from localazure import seed
from localazure.directory import Principal
from localazure.front import Answer, Raw
from provider.azure_client import AzureClient
from tests.support.front import ARM, Door, token

REQUEST_SECONDS = 0.1
_OVERLAP_SECONDS = 0.02
"""Real seconds for which a write in flight stays so, for others to meet it."""
_BROKEN = {"drop": requests.ConnectionError("it broke"), "hang": requests.ReadTimeout("no byte came")}
"""How a connection ends that a fault of the local Azure breaks, or on which it never answers."""
ENVIRON = {
    "ARM_TENANT_ID": seed.TENANT_ID,
    "ARM_CLIENT_ID": seed.DEPLOYER.client_id,
    "ARM_CLIENT_SECRET": "deployer-secret",
    "ARM_SUBSCRIPTION_ID": seed.SUBSCRIPTION_ID,
}
"""The deployer's login, as the environment says it."""


@dataclass
class Wire:
    """The way to a cloud in this process, for several threads.

    `principal` is who logs in. `before` is called with each request before Azure has it, and `after` once it
    has answered; both may raise, as a connection may break.
    """

    door: Door = field(default_factory=Door)
    principal: Principal = seed.DEPLOYER
    before: Callable[[Raw], None] = lambda _: None
    after: Callable[[Raw], None] = lambda _: None
    seen: list[tuple[str, str]] = field(default_factory=list)

    def send(self, raw: Raw) -> Answer:
        """The answer to a request. It comes when its time has passed on the cloud's clock.

        Raises ConnectionError or ReadTimeout of requests, for a fault that was armed."""
        with self.door.one_at_a_time:
            self.before(raw)
            self.seen.append((raw.method, raw.path))
            answer = self.door.front.answer(raw)
            self.door.cloud.clock.advance(REQUEST_SECONDS)
        if answer.wire:
            raise _BROKEN[answer.wire]
        if answer.seconds:
            time.sleep(_OVERLAP_SECONDS)
            self.sleep(answer.seconds)
        self.after(raw)
        return answer

    def sleep(self, seconds: float) -> None:
        """Moves the cloud's clock on."""
        with self.door.one_at_a_time:
            self.door.cloud.clock.advance(seconds)

    def now(self) -> float:
        """Seconds since 1970 on the cloud's clock."""
        with self.door.one_at_a_time:
            return self.door.cloud.clock.now()


class WireClock:
    """The cloud's clock as the provider has clocks."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def now(self) -> float:
        return self._wire.now()

    def time(self) -> float:
        return self._wire.now()

    async def sleep(self, seconds: float) -> None:
        self._wire.sleep(seconds)


class Way(Protocol):
    """Where requests go instead of a socket."""

    def send(self, raw: Raw) -> Answer: ...

    def sleep(self, seconds: float) -> None: ...


class _Adapter(BaseAdapter):
    def __init__(self, wire: Way) -> None:
        super().__init__()
        self._wire = wire

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        parts = urlsplit(request.url)
        content = request.body or b""
        raw = Raw(
            request.method,
            parts.netloc,
            parts.path,
            parts.query,
            {"host": parts.netloc, **{name.lower(): str(value) for name, value in request.headers.items()}},
            content.encode() if isinstance(content, str) else content,
        )
        answer = self._wire.send(raw)
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status, request.url, request
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = io.BytesIO(answer.content)
        response.raw.enforce_content_length = False
        return response

    def close(self) -> None:
        """There is nothing to close."""


class Transport(RequestsTransport):  # type: ignore[misc]
    """azure-core's own transport, whose requests go to the cloud in this process."""

    def __init__(self, wire: Way) -> None:
        session = requests.Session()
        session.mount("https://", _Adapter(wire))
        super().__init__(session=session, session_owner=False)
        self._wire = wire

    def sleep(self, duration: float) -> None:
        self._wire.sleep(duration)


class Credential:
    """A principal's tokens."""

    def __init__(self, principal: Principal = seed.DEPLOYER) -> None:
        self._principal = principal

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        audience = scopes[0].removesuffix("/.default")
        audience = f"{ARM}/" if audience.startswith(ARM) else audience
        return AccessToken(token(self._principal, audience), int(time.time()) + 3599)


def in_process_client(login: Login, wire: Wire) -> AzureClient:
    """The provider's client at the cloud in this process."""
    return AzureClient(login, credential=Credential(wire.principal), transport=Transport(wire))
