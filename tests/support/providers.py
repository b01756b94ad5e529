"""Both providers in this process, at a cloud in this process: azure-native's stand-in and azure-cmk.

Owns: their answers to what the engine calls them for, in the one event loop of the process, and that whoever
waits, waits on the cloud's clock. Does not own: what an engine does with the answers (engine.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NoReturn
from unittest.mock import patch

from pulumi.runtime.proto import provider_pb2, status_pb2

from components import azure_failures
from localazure.standin import arm as standin_arm
from localazure.standin.answer import Answer
from localazure.standin.arm import Delays
from localazure.standin.azure import MANAGEMENT
from localazure.standin.connections import Connections
from localazure.standin.servicer import AzureNative
from provider.azure import Azure
from provider.host import Host
from tests.support.in_process import ENVIRON, Credential, Transport, Wire, WireClock, in_process_client
from tests.support.loop import finished

_DELAYS = Delays(poll=10.0, retry=20.0, longest_retry=120.0)
"""azure-native's own, in seconds of the cloud's clock."""


class ProviderError(Exception):
    """What a provider answered instead of a result; `partial` is what it says is there all the same."""

    def __init__(self, text: str, partial: Any = None) -> None:
        super().__init__(text)
        self.partial = partial


class Session:
    """Requests of the deployer, JSON in and out."""

    def __init__(self, wire: Wire) -> None:
        self._session, self._wire = Transport(wire).session, wire

    def exists(self, url: str) -> bool:
        """Whether there is an account at a URL, whatever reads show."""
        path = url.partition("?")[0].removeprefix(MANAGEMENT)
        return self._wire.door.cloud.store.get("account", path) is not None

    def send(self, method: str, url: str, body: Any = None) -> Answer:
        scope = "https://vault.azure.net" if ".vault." in url.split("/")[2] else MANAGEMENT
        token = Credential(self._wire.principal).get_token(f"{scope}/.default").token
        headers = {"authorization": f"Bearer {token}"}
        assert self._session is not None
        response = self._session.request(method, url, json=body, headers=headers)
        names = {name.lower(): value for name, value in response.headers.items()}
        content = response.text
        return Answer(response.status_code, response.json() if content else None, names, content)


class _Log:
    """The engine's side of a plugin's log; keeps what stays on the screen."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def connect(self, address: str) -> None:
        """There is no engine to connect to."""

    async def write(self, severity: int, message: str, urn: str, *, ephemeral: bool = False) -> None:
        if not ephemeral:
            self.said.append(message)


class Providers:
    """Both, configured. What azure-cmk says is added to `said`."""

    def __init__(self, wire: Wire, said: list[str]) -> None:
        self._wire, self._log = wire, _Log(said)
        self.start()

    def start(self) -> None:
        """Starts them anew, as the engine does for each of its commands."""
        wire = self._wire

        def pins_keys() -> bool:
            # Where every announced day has come, azure-native makes keys by a version that Azure serves.
            return wire.door.start is None or wire.door.cloud.behaviour.azure_native_keys == "pinned"

        native = AzureNative(Connections(lambda _: StandInAzure(wire), _DELAYS, pins_keys), ENVIRON)
        own = Host(
            lambda login: Azure(in_process_client(login, wire)),
            clock=WireClock(wire),
            environ=ENVIRON,
            complete=lambda login: login,
        )
        own._log = self._log  # type: ignore[assignment]
        self._servicers = {"azure-native": native, "azure-cmk": own}
        for name in self._servicers:
            request = provider_pb2.ConfigureRequest(
                variables={}, sends_old_inputs=True, sends_old_inputs_to_delete=True
            )
            self.call("Configure", f"{name}:", request)

    def call(self, method: str, type: str, request: Any) -> Any:
        """A provider's answer. Raises ProviderError."""
        servicer = self._servicers[type.partition(":")[0]]
        return finished(getattr(servicer, method)(request, _Context()))


class _Context:
    """grpc.aio's ServicerContext, as far as the two providers use it."""

    def __init__(self) -> None:
        self._trailing: Any = ()

    def peer(self) -> str:
        return "ipv4:in-process"

    def set_trailing_metadata(self, metadata: Any) -> None:
        self._trailing = metadata

    async def abort(self, code: Any, details: str = "", trailing_metadata: Any = ()) -> NoReturn:
        partial = None
        if packed := dict(trailing_metadata or self._trailing).get("grpc-status-details-bin"):
            partial = provider_pb2.ErrorResourceInitFailed()
            status_pb2.Status.FromString(packed).details[0].Unpack(partial)
        raise ProviderError(details, partial)


class StandInAzure:
    """The stand-in's way to Azure, at the front door of the cloud in this process."""

    def __init__(self, wire: Wire) -> None:
        self._session, self._credential = Session(wire), Credential(wire.principal)

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        return await asyncio.to_thread(self._session.send, method, url, body)

    async def token(self, scope: str) -> str:
        return self._credential.get_token(scope).token

    async def close(self) -> None:
        """There is no connection."""


@contextmanager
def waiting_on(wire: Wire) -> Iterator[None]:
    """Whoever waits in the program or in azure-native waits on the cloud's clock."""

    async def wait(self: standin_arm.Arm, seconds: float) -> None:
        wire.sleep(seconds)

    async def sleep(seconds: float) -> None:
        wire.sleep(seconds)

    with (
        patch.object(standin_arm.Arm, "wait", wait),
        patch.object(azure_failures, "asyncio", SimpleNamespace(sleep=sleep)),
        patch.object(azure_failures, "time", SimpleNamespace(monotonic=wire.now)),
    ):
        yield
