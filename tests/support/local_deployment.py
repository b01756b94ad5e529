"""A preview and a first update of services in this process: the components, the provider and the local Azure.

Owns: how the three meet without an engine, sockets or sleeps: azure-native's resources are its stand-in's,
azure-cmk's are this project's own with Azure's official clients, and both end at the front door of one cloud.
Does not own: what an engine does besides: differences, refreshes, deletes, hooks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import pulumi
from pulumi.runtime import mocks

from components.guards.reader import ServiceRequest
from components.preflight import preflight
from components.service import EncryptedAIServicesAccount
from components.service_args import EncryptedAIServicesAccountArgs
from core.login import Login
from localazure import seed
from localazure.directory import Principal
from localazure.standin import functions
from localazure.standin.arm import Arm as StandinArm
from localazure.standin.arm import Delays
from localazure.standin.lifecycle import Lifecycle
from localazure.standin.servicer import LIFECYCLES
from localazure.standin.table import resource_type
from localazure.standin.wire import from_struct, to_struct
from provider.azure import Azure, patient
from provider.functions import FUNCTIONS
from provider.resource import Call, Change
from provider.served import Served
from provider.waiting import Waiter
from provider.wire import decode, encode
from tests.support.front import Door, Reply
from tests.support.in_process import Wire, WireClock, in_process_client
from tests.support.loop import finished
from tests.support.providers import StandInAzure
from tests.support.recording import RecordingMonitor, run, service_inputs

LOGIN = Login(settings={"subscriptionId": seed.SUBSCRIPTION_ID, "clientSecret": "not sent"})


class FailedError(grpc.RpcError):  # type: ignore[misc]
    """What a provider answers that cannot do what it is asked."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self.error)


class _Providers(mocks.Mocks):
    """Both providers, as the engine calls them."""

    def __init__(self, wire: Wire, state: Mapping[str, Any], said: list[str]) -> None:
        self._wire, self.state, self._said = wire, state, said
        self.planned: list[dict[str, Any]] = []
        self._clock = WireClock(wire)
        self._served = Served(Azure(in_process_client(LOGIN, wire)), self._clock, LOGIN)
        self._resources = self._served.resources

    def call(self, args: mocks.MockCallArgs) -> Any:
        if args.token == "pulumi:pulumi:readStackResourceOutputs":
            return {"outputs": dict(self.state)}, []
        return _finished(self._call(args)), []

    async def _call(self, args: mocks.MockCallArgs) -> Any:
        if args.token.startswith("azure-native:"):
            return await functions.call(args.token, args.args, self._arm())
        name = args.token.rpartition(":")[2]
        if name == "checkDeployment":
            self.planned = list(args.args["resources"])
        function = FUNCTIONS[f"azure-cmk:index:{name}"]
        return await function.answer(self._pulumi_call(60.0), decode(encode(args.args)))

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        for urn, known in self.state.items():
            if known["type"] == args.typ and urn.endswith(f"::{args.name}"):
                return str(known["outputs"]["id"]), dict(known["outputs"])
        if args.typ.startswith("azure-native:"):
            inputs, imported = from_struct(to_struct(args.inputs)), args.resource_id
            life = self._life(args.typ)
            made = _finished(life.read(imported, inputs, {}) if imported else life.create(inputs))
            return made.id, made.outputs
        if args.typ in self._resources:
            properties = decode(encode(args.inputs))
            handler, call = self._resources[args.typ], self._pulumi_call(1800.0)
            imported = args.resource_id
            found = handler.read(call, imported, properties, decode(encode({}))) if imported else None
            made = _finished(found or handler.create(call, properties))
            return made.id, dict(made.outputs)
        return f"{args.name}-id", dict(args.inputs)

    def read(self, one: Mapping[str, Any]) -> None:
        """Reads a resource of the state, as a refresh does."""
        outputs, inputs, id = one["outputs"], one["inputs"], str(one["outputs"]["id"])
        if one["type"].startswith("azure-native:"):
            _finished(self._life(one["type"]).read(id, inputs, outputs))
        elif handler := self._resources.get(one["type"]):
            known = decode(encode(inputs)), decode(encode(outputs))
            _finished(handler.read(self._pulumi_call(60.0), id, *known))

    def delete(self, one: Mapping[str, Any]) -> None:
        """Deletes a resource of azure-native or azure-cmk."""
        if handler := self._resources.get(one["type"]):
            olds = decode(encode({**one["inputs"], **one["outputs"]}))
            _finished(handler.delete(self._pulumi_call(60.0), str(one["outputs"]["id"]), olds))
            return
        life = self._life(one["type"])
        _finished(life.delete(str(one["outputs"]["id"]), old_inputs=from_struct(to_struct(one["inputs"]))))

    def rotate(self, one: Mapping[str, Any], *, preview: bool) -> None:
        """Previews, or makes, the next generation of a KeyVersion."""
        handler, id = self._resources[one["type"]], str(one["outputs"]["id"])
        news = {**one["inputs"], "generation": int(one["inputs"].get("generation") or 0) + 1}
        olds, inputs, wanted = (decode(encode(found)) for found in (one["outputs"], one["inputs"], news))
        step = handler.preview if preview else handler.update
        _finished(step(self._pulumi_call(60.0 if preview else 600.0), Change(wanted, id, inputs, olds)))

    def _life(self, token: str) -> Lifecycle:
        row = resource_type(token)
        return LIFECYCLES.get(row.token, Lifecycle)(row, self._arm())

    def _arm(self) -> StandinArm:
        return StandinArm(StandInAzure(self._wire), seed.SUBSCRIPTION_ID, Delays(0.0, 0.0, 0.0))

    def _pulumi_call(self, timeout: float) -> Call:
        async def say(message: str) -> None:
            self._said.append(message)

        waiter = Waiter(self._clock, timeout=timeout, stop=asyncio.Event(), progress=say)
        azure = patient(self._served.azure, waiter)
        return Call("urn:test", azure, LOGIN, waiter, warn=say, inform=say)


def _finished(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of work, whatever loop the caller is in. Raises FailedError."""
    try:
        return finished(work)
    except Exception as error:
        raise FailedError(error) from error


Services = Mapping[str, Mapping[str, Any]]
"""The arguments of each service by its name, in westeurope unless they say otherwise."""


@dataclass
class Deployment:
    """A stack that does not exist yet, its Azure, and who deploys it.

    `sent` are the requests so far; `warnings`, `notes` and `planned` are what the last run said, and what it
    asked `checkDeployment` about; `said` is what `azure-cmk` said so far.
    """

    wire: Wire = field(default_factory=Wire)
    state: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    planned: list[dict[str, Any]] = field(default_factory=list)

    def preview(self, services: Services) -> None:
        """Raises RefusedError for what the preview refuses."""
        self._run(services, preview=True)

    def up(self, services: Services) -> None:
        """Raises what the update raises. What was made is in the state then, and is left as it is."""
        self._run(services, preview=False)

    def up_program(self, program: Callable[[], object]) -> None:
        """Runs a program of another kind. Raises what the update raises."""
        monitor = RecordingMonitor(cast("Any", self.providers()))
        try:
            run(program, monitor=monitor)
        finally:
            self._record(monitor)

    def refresh(self) -> None:
        """Reads all that the state has. Raises FailedError."""
        providers = self.providers()
        for one in self.state.values():
            providers.read(one)

    def rotate(self, *, preview: bool) -> None:
        """Previews, or makes, a new version of each key. Raises FailedError."""
        providers = self.providers()
        for one in self.state.values():
            if one["type"].endswith(":KeyVersion"):
                providers.rotate(one, preview=preview)

    def take_out(self, chosen: Callable[[str], bool]) -> None:
        """Deletes the resources of azure-native whose ids are chosen, last made first. Raises FailedError."""
        providers = self.providers()
        for urn, one in reversed(list(self.state.items())):
            if one["type"].startswith("azure-native:") and chosen(str(one["outputs"]["id"])):
                providers.delete(one)
                del self.state[urn]

    def providers(self) -> _Providers:
        """Both providers, with what the stack's state has."""
        return _Providers(self.wire, self.state, self.said)

    def _record(self, monitor: RecordingMonitor) -> None:
        for made in monitor.registered:
            kept: dict[str, Any] = {
                "type": made.type,
                "inputs": dict(made.inputs),
                "outputs": dict(made.outputs),
            }
            self.state[made.urn] = kept | {"dependencies": sorted(made.needs)}

    @property
    def door(self) -> Door:
        return self.wire.door

    @property
    def principal(self) -> Principal:
        return self.wire.principal

    @principal.setter
    def principal(self, deployer: Principal) -> None:
        self.wire.principal = deployer

    @property
    def sent(self) -> list[tuple[str, str]]:
        return self.wire.seen

    @property
    def azure(self) -> Azure:
        """The provider's Azure, as its deployer."""
        return Azure(in_process_client(LOGIN, self.wire))

    @property
    def subscription(self) -> str:
        """The scope of the subscription that it deploys to."""
        return f"/subscriptions/{seed.SUBSCRIPTION_ID}"

    def arm(self, method: str, path: str, body: Any = None, *, api: str = "2024-03-01") -> Reply:
        """A request to the cloud by the deployer that the seeds have, who may do everything."""
        return self.door.send(method, f"{path}?api-version={api}", body)

    def writes(self) -> list[tuple[str, str]]:
        """The requests so far that could have written something."""
        asks = ("checkname", "checkdomain", "checkpolicy", "validate")
        return [
            (method, path)
            for method, path in self.sent
            if method != "GET" and not path.rpartition("/")[2].lower().startswith(asks)
        ]

    def _run(self, services: Services, *, preview: bool) -> None:
        providers = self.providers()
        monitor = RecordingMonitor(cast("Any", providers))

        def program() -> None:
            inputs = {name: service_inputs(name, **args).completed() for name, args in services.items()}
            requests = {name: ServiceRequest(one) for name, one in inputs.items()}
            results = preflight(requests)
            if preview:
                return
            for name, args in services.items():
                EncryptedAIServicesAccount(
                    name,
                    cast("EncryptedAIServicesAccountArgs", {"location": "westeurope", **args}),
                    preflight_result=results[name],
                )

        said: list[str] = []
        noted: list[str] = []
        before, pulumi.log.warn = pulumi.log.warn, lambda text, *_: said.append(str(text))
        informs, pulumi.log.info = pulumi.log.info, lambda text, *_: noted.append(str(text))
        try:
            run(program, preview=preview, monitor=monitor)
        finally:
            if not preview:
                self._record(monitor)
            pulumi.log.warn, pulumi.log.info = before, informs
            self.warnings, self.notes, self.planned = said, noted, providers.planned
