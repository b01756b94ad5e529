"""The engine's side of the stand-in's gRPC, before a small ARM that records, or the local Azure's own."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from localazure import seed
from localazure.standin.answer import Answer
from localazure.standin.arm import Delays
from localazure.standin.azure import Login, NoAnswerError
from localazure.standin.server import serve
from localazure.standin.values import UNKNOWN
from localazure.standin.wire import from_struct, to_struct
from tests.localazure.driver import Case, at, filled

FACTS = Path(__file__).with_name("facts.yaml")
SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
OBJECT = "33333333-3333-3333-3333-333333333333"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/a"
GROUP_TYPE = "azure-native:resources:ResourceGroup"
ACCOUNT_TYPE = "azure-native:cognitiveservices:Account"
PLACE = {"resourceGroupName": "rg"}
ACCOUNT_BODY = {
    "kind": "TextAnalytics",
    "location": "westeurope",
    "sku": {"name": "S"},
    "identity": {"type": "SystemAssigned"},
}
ACCOUNT_INPUTS = {
    **PLACE,
    "accountName": "a",
    **ACCOUNT_BODY,
    "azureApiVersion": "2025-06-01",
    "__createBeforeDelete": True,
}
ENVIRON = {
    "ARM_TENANT_ID": TENANT,
    "ARM_CLIENT_ID": "client",
    "ARM_CLIENT_SECRET": "secret",
    "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
}
DELAYS = Delays(poll=0.001, retry=0.001, longest_retry=0.002)
MISSING = Answer(404, {"error": {"code": "ResourceNotFound", "message": "not here"}})


def found(**more: Any) -> Answer:
    """The answer that there is the account."""
    return Answer(200, {"id": ACCOUNT, "name": "a", **more})


@dataclass
class RecordingArm:
    """Keeps what is PUT and answers as told: `answers` maps "METHOD path" to the answers to give first."""

    login: Login | None = None
    resources: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    written: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, asked: str, *answers: Any) -> None:
        """Lets a request be answered so first: `PUT /path`."""
        self.answers[asked] = list(answers)

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        path = url.removeprefix("https://management.azure.com").split("?")[0]
        self.calls.append((method, path, copy.deepcopy(body)))
        self.urls.append(url)
        if method == "PUT":
            self.written.set()
        if told := self.answers.get(f"{method} {path}"):
            answer = told.pop(0)
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(answer, Answer)
            return answer
        key = path.lower()
        if method == "GET":
            return Answer(200, self.resources[key]) if key in self.resources else MISSING
        if method == "DELETE":
            return Answer(200 if self.resources.pop(key, None) else 404)
        if method in ("PUT", "PATCH"):
            self.resources[key] = {"id": path, "name": path.rsplit("/", 1)[1], "type": "t", **body}
            return Answer(200, self.resources[key])
        return Answer(200, {})

    async def token(self, scope: str) -> str:
        claims = {"appid": "client", "oid": OBJECT, "tid": TENANT, "aud": scope}
        return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."

    async def close(self) -> None:
        self.ended.set()

    def sent(self, *methods: str) -> list[Any]:
        return [body for verb, _, body in self.calls if verb in methods]

    @property
    def asks(self) -> list[str]:
        """What was asked, one `METHOD path` after another."""
        return [f"{verb} {path}" for verb, path, _ in self.calls]


@dataclass
class DoorAzure(RecordingArm):
    """The stand-in's way to Azure, ending at the front door of a cloud in this process."""

    case: Case = field(default_factory=Case)

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        self.calls.append((method, url, body))
        reply = self.case.ask(method, url, body)
        return Answer(reply.status, reply.body, reply.headers)


Got = dict[str, Any]
"""What the engine gets: of a resource its `id`, its `outputs` and its `inputs`."""


@dataclass
class Engine:
    """One provider instance as the engine drives it: its own connection, plain values in and out."""

    stub: Any
    opened: Sequence[RecordingArm] = ()

    @property
    def arm(self) -> RecordingArm:
        """The ARM of the instance that was configured first."""
        return self.opened[0]

    async def configure(self, **config: str) -> None:
        variables = {f"azure-native:config:{key}": value for key, value in config.items()}
        sends: Any = {"sends_old_inputs": True, "sends_old_inputs_to_delete": True}
        await self.stub.Configure(provider_pb2.ConfigureRequest(variables=variables, **sends))

    async def check(self, type: str, news: Got, olds: Any = None, **extra: Any) -> Got:
        got = await self._ask("Check", type, news=news, olds=olds or {}, name="thing", **extra)
        return {"inputs": from_struct(got.inputs), "failures": [item.reason for item in got.failures]}

    async def diff(self, type: str, old: Got, new: Got, outputs: Any = None) -> Got:
        """The kind of each change by its path, a replacing one with `!`, and whether the old resource must go
        first."""
        got = await self._ask("Diff", type, old_inputs=old, news=new, olds=outputs or {})
        kind = provider_pb2.PropertyDiff.Kind.Name
        changes = {path: kind(one.kind).replace("_REPLACE", "!") for path, one in got.detailedDiff.items()}
        assert got.replaces == [
            *dict.fromkeys(path.split(".")[0] for path in changes if changes[path][-1] == "!")
        ]
        return {"changes": changes, "first": got.deleteBeforeReplace}

    async def create(self, type: str, inputs: Got, *, preview: bool = False, within: float = 0.0) -> Got:
        got = await self._ask("Create", type, properties=inputs, preview=preview, timeout=within)
        return {"id": got.id, "outputs": from_struct(got.properties)}

    async def read(self, type: str, id: str, inputs: Any = None, outputs: Any = None) -> Got:
        got = await self._ask("Read", type, id=id, inputs=inputs or {}, properties=outputs or {})
        return {"id": got.id, "inputs": from_struct(got.inputs), "outputs": from_struct(got.properties)}

    async def update(
        self, type: str, id: str, old: Got, new: Got, outputs: Any = None, *, preview: bool = False
    ) -> Got:
        told = {"old_inputs": old, "news": new, "olds": outputs or {}, "preview": preview}
        return {"outputs": from_struct((await self._ask("Update", type, id=id, **told)).properties)}

    async def preview_update(self, type: str, id: str, old: Got, new: Got, outputs: Got) -> Got:
        return await self.update(type, id, old, new, outputs, preview=True)

    async def delete(self, type: str, id: str, old: Got) -> None:
        await self._ask("Delete", type, id=id, old_inputs=old)

    async def preview(self, type: str, inputs: Got) -> Got:
        return await self.create(type, inputs, preview=True)

    async def invoke(self, token: str, arguments: Got) -> Got:
        request = provider_pb2.InvokeRequest(tok=f"azure-native:{token}", args=to_struct(arguments))
        return from_struct(getattr(await self.stub.Invoke(request), "return"))

    async def _ask(self, method: str, type: str, **told: Any) -> Any:
        request = getattr(provider_pb2, f"{method}Request")
        said = {name: to_struct(value) if isinstance(value, dict) else value for name, value in told.items()}
        urn = f"urn:pulumi:dev::project::{type}::thing"
        return await getattr(self.stub, method)(request(type=type, urn=urn, **said))


@dataclass(frozen=True)
class Fact:
    """A row of facts.yaml: a method of the engine and its arguments, what ARM has and how it first answers,
    and what comes of it: values at dotted paths of what the engine gets, all that was asked, the bodies that
    were sent, or the refusal. An answer is a status, a body and headers, or the text of an error without."""

    call: Sequence[Any]
    tell: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    there: Mapping[str, Any] = field(default_factory=dict)
    has: Mapping[str, Any] = field(default_factory=dict)
    asks: Sequence[str] | None = None
    sent: Sequence[Any] | None = None
    refused: str = ""

    async def check(self, engine: Engine) -> None:
        """Raises AssertionError where something else comes of it, or an answer is left over."""
        arm, call, given = engine.arm, getattr(engine, self.call[0]), self.call[1:]
        arm.resources |= {id.lower(): {"id": id, **body} for id, body in self.there.items()}
        for asked, answers in self.tell.items():
            arm.tell(asked, *(NoAnswerError(a) if isinstance(a, str) else Answer(*a) for a in answers))
        if self.refused:
            assert await refused(call(*given)) == self.refused
        else:
            got = await call(*given)
            for path, expected in self.has.items():
                found = at(got, path)
                assert found == expected, f"{path!r}: found {found!r}, expected {expected!r}"
        assert not any(arm.answers.values()), arm.answers
        assert self.asks is None or arm.asks == self.asks
        assert self.sent is None or arm.sent("PUT", "PATCH") == self.sent


def facts() -> list[Any]:
    """The rows, as parameters of a test."""
    document = yaml.safe_load(FACTS.read_text())
    found = []
    for row in document["facts"]:
        for each in row.get("each", [{}]):
            names = {"unknown": UNKNOWN, **document["names"], **each}
            told = {word: filled(row[word], names) for word in row if word not in ("fact", "each")}
            found.append(
                pytest.param(Fact(**told), id=f"{row['fact']} {' '.join(map(str, each.values()))}".strip())
            )
    return found


async def refused(call: Awaitable[object]) -> str:
    """What the engine is told of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return str(caught.value.details())


async def kept(call: Awaitable[object]) -> Any:
    """The detail by which the engine keeps a resource whose operation failed; None where it keeps nothing."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    packed = dict(caught.value.trailing_metadata()).get("grpc-status-details-bin")
    if packed is None:
        return None
    failure = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(packed).details[0].Unpack(failure)
    return failure


@asynccontextmanager
async def stand_in(
    environ: Mapping[str, str] = ENVIRON,
    delays: Delays = DELAYS,
    arm: type[RecordingArm] = RecordingArm,
    *,
    pins_keys: bool = False,
) -> AsyncIterator[tuple[int, list[RecordingArm]]]:
    """A served stand-in, its port, and the ARM of each provider instance in order of Configure."""
    opened: list[RecordingArm] = []

    def open_arm(login: Login) -> RecordingArm:
        opened.append(arm(login))
        return opened[-1]

    server = await serve("127.0.0.1:0", environ, open_arm, delays, lambda: pins_keys)
    try:
        yield server.port, opened
    finally:
        await server.stop(None)


@asynccontextmanager
async def engine_at(port: int, opened: Sequence[RecordingArm] = ()) -> AsyncIterator[Engine]:
    """One attached provider instance, not yet configured."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield Engine(provider_pb2_grpc.ResourceProviderStub(channel), opened)


@asynccontextmanager
async def cloud() -> AsyncIterator[tuple[Engine, DoorAzure]]:
    """A configured provider instance at a cloud with the group `rg`."""
    environ = {**ENVIRON, "ARM_SUBSCRIPTION_ID": seed.SUBSCRIPTION_ID}
    async with stand_in(environ, arm=DoorAzure) as (port, opened), engine_at(port, opened) as instance:
        await instance.configure()
        assert isinstance(instance.arm, DoorAzure)
        yield instance, instance.arm
