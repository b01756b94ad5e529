"""A provider instance of the stand-in with the local Azure's own ARM behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from localazure import seed
from localazure.standin import serve
from localazure.standin.azure import Answer, Login
from tests.localazure.network.case import Case
from tests.localazure.standin.arm import ENVIRON
from tests.localazure.standin.case import Engine, engine

PLACE = {"resourceGroupName": "net"}


class DoorAzure:
    """The stand-in's way to Azure, ending at the front door of a cloud in this process."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.sent: list[tuple[str, str, Any]] = []

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        self.sent.append((method, url, body))
        reply = self.case.door.send(method, url, body)
        return Answer(reply.status, reply.body, reply.headers)

    async def token(self, scope: str) -> str:
        raise NotImplementedError(scope)

    async def close(self) -> None:
        """There is no connection."""


@asynccontextmanager
async def cloud() -> AsyncIterator[tuple[Engine, Case, DoorAzure]]:
    """A configured provider instance at a cloud with the group `net`."""
    case = Case()
    azure = DoorAzure(case)

    def open_arm(login: Login) -> DoorAzure:
        return azure

    environ = {**ENVIRON, "ARM_SUBSCRIPTION_ID": seed.SUBSCRIPTION_ID}
    server, port = await serve("127.0.0.1:0", environ, open_arm)
    try:
        async with engine(port) as instance:
            await instance.configure()
            yield instance, case, azure
    finally:
        await server.stop(None)


async def made(instance: Engine, type: str, **news: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A resource from a program's inputs: its id, its checked inputs, its state."""
    inputs, failures = await instance.check(type, {**PLACE, **news})
    assert failures == []
    id, outputs = await instance.create(type, inputs)
    return id, inputs, outputs


async def unchanged(instance: Engine, type: str, id: str, inputs: Any, outputs: Any) -> None:
    """A refresh right after a create finds the inputs as they were written."""
    read = await instance.read(type, id, inputs, outputs)
    diff = await instance.diff(type, inputs, _struct(read.inputs), outputs)
    assert dict(diff.detailedDiff) == {}


def _struct(value: Any) -> dict[str, Any]:
    from localazure.standin.wire import from_struct

    return dict(from_struct(value))
