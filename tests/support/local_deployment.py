"""A preview and a first update of services in this process: the components, the provider and the local Azure.

Owns: how the three meet without an engine, sockets or sleeps: azure-native's resources are its stand-in's,
azure-cmk's are this project's own with Azure's official clients, and both end at the front door of one cloud.
Does not own: what an engine does besides: differences, refreshes, deletes, hooks.
"""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import grpc
import pulumi
import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from pulumi.runtime import mocks

from components.guards.preflight import ServiceRequest, preflight
from components.service import EncryptedLanguageService
from components.service_args import EncryptedLanguageServiceArgs
from core.login import Login as ProviderLogin
from localazure import seed
from localazure.directory import Principal
from localazure.front import Raw
from localazure.standin import functions
from localazure.standin.arm import Arm as StandinArm
from localazure.standin.azure import Answer
from localazure.standin.delays import Delays
from localazure.standin.lifecycle import Lifecycle
from localazure.standin.schema import shape_of
from localazure.standin.servicer import LIFECYCLES
from localazure.standin.table import resource_type
from localazure.standin.wire import from_struct, to_struct
from provider.arm import Arm
from provider.binder import Binder
from provider.clients import Clients
from provider.customer_managed_key import CustomerManagedKeyHandler
from provider.functions import Functions
from provider.key_access_validation import KeyAccessValidationHandler
from provider.key_version import KeyVersionHandler
from provider.resource import Call
from provider.waiting import Waiter
from provider.wire import decode, encode
from tests.provider.rig import FakeClock
from tests.support.front import Door, Reply, token
from tests.support.recording import RecordingMonitor, run, service_inputs


class FailedError(grpc.RpcError):  # type: ignore[misc]
    """What a provider answers that cannot do what it is asked."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self.error)


@dataclass
class Gate:
    """The way to a cloud for clients of several threads; counts the requests to Resource Manager."""

    door: Door
    principal: Principal = seed.DEPLOYER
    sent: list[tuple[str, str]] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)

    def send(self, method: str, url: str, content: bytes = b"") -> Any:
        """One request with the principal's token."""
        parts = urlsplit(url)
        audience = "https://vault.azure.net" if ".vault." in parts.netloc else "https://management.azure.com/"
        with self.lock:
            self.sent.append((method, parts.path))
            headers = {
                "host": parts.netloc,
                "authorization": f"Bearer {token(self.principal, audience)}",
                "content-type": "application/json",
            }
            return self.door.front.answer(
                Raw(method, parts.netloc, parts.path, parts.query, headers, content)
            )


class _Adapter(requests.adapters.BaseAdapter):
    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else cast("bytes", body)
        answer = self._gate.send(str(request.method), str(request.url), content)
        response = requests.Response()
        response.status_code = answer.status
        response.raw = urllib3.HTTPResponse(
            io.BytesIO(answer.content), answer.headers, answer.status, preload_content=False
        )
        response.headers.update(answer.headers)
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        """There is no connection."""


class InProcess(Clients):
    """Azure's official clients, at a cloud in this process."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(ProviderLogin(settings={"subscriptionId": seed.SUBSCRIPTION_ID}))
        self._gate = gate

    def _options(self) -> dict[str, Any]:
        session = requests.Session()
        session.mount("https://", _Adapter(self._gate))
        return {**super()._options(), "transport": RequestsTransport(session=session, session_owner=False)}

    def _log_in(self) -> Any:
        gate = self._gate

        class Credential:
            def get_token(self, *scopes: str, **options: Any) -> AccessToken:
                return AccessToken(token(gate.principal), 2**31)

        return Credential()


class _DoorAzure:
    """The stand-in's way to Azure."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        got = await asyncio.to_thread(self._gate.send, method, url, content)
        return Answer(got.status, json.loads(got.content) if got.content else None, dict(got.headers))

    async def token(self, scope: str) -> str:
        return token(self._gate.principal, scope.removesuffix(".default"))

    async def close(self) -> None:
        """There is no connection."""


class _Providers(mocks.Mocks):
    """Both providers, as the engine calls them."""

    def __init__(self, gate: Gate, state: Mapping[str, Any]) -> None:
        self._gate, self.state = gate, state
        self.planned: list[dict[str, Any]] = []
        self._azure = Arm(InProcess(gate))
        clock = FakeClock()
        cloud = ProviderLogin().cloud
        binder = Binder(self._azure, clock)
        self._resources: dict[str, Any] = {
            "azure-cmk:index:CustomerManagedKey": CustomerManagedKeyHandler(
                self._azure, clock, cloud, binder
            ),
            "azure-cmk:index:KeyAccessValidation": KeyAccessValidationHandler(self._azure, clock, binder),
            "azure-cmk:index:KeyVersion": KeyVersionHandler(self._azure, clock, cloud),
        }
        self._functions = Functions(self._azure, lambda: seed.SUBSCRIPTION_ID)
        self._clock = clock

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
        ask = {
            "checkDeployment": self._functions.check_deployment,
            "getClientConfig": self._functions.get_client_config,
            "getDeleted": self._functions.get_deleted,
        }[name]
        return await ask(self._pulumi_call(60.0), decode(encode(args.args)))

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ.startswith("azure-native:"):
            row = resource_type(args.typ)
            life = LIFECYCLES.get(args.typ, Lifecycle)(row, shape_of(args.typ), self._arm())
            made = _finished(life.create(from_struct(to_struct(args.inputs))))
            return made.id, made.outputs
        if args.typ in self._resources:
            properties = decode(encode(args.inputs))
            made = _finished(self._resources[args.typ].create(self._pulumi_call(1800.0), properties))
            return made.id, dict(made.outputs)
        return f"{args.name}-id", dict(args.inputs)

    def _arm(self) -> StandinArm:
        return StandinArm(_DoorAzure(self._gate), seed.SUBSCRIPTION_ID, Delays(0.0, 0.0, 0.0))

    def _pulumi_call(self, timeout: float) -> Call:
        async def silent(message: str) -> None:
            del message

        waiter = Waiter(self._clock, timeout=timeout, stop=asyncio.Event(), progress=silent)
        return Call("urn:test", waiter, warn=silent, inform=silent)


def _finished(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of work that needs an event loop of its own. Raises FailedError."""
    with ThreadPoolExecutor(1) as alone:
        try:
            return alone.submit(asyncio.run, work).result()
        except Exception as error:
            raise FailedError(error) from error


Services = Mapping[str, Mapping[str, Any]]
"""The arguments of each service by its name, in westeurope unless they say otherwise."""


@dataclass
class Deployment:
    """A stack that does not exist yet, its Azure, and who deploys it.

    `sent` are the requests so far; `warnings` and `planned` are what the last run said, and what it asked
    `checkDeployment` about.
    """

    door: Door = field(default_factory=Door)
    principal: Principal = seed.DEPLOYER
    state: dict[str, Any] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    planned: list[dict[str, Any]] = field(default_factory=list)

    def preview(self, services: Services) -> None:
        """Raises RefusedError for what the preview refuses."""
        self._run(services, preview=True)

    def up(self, services: Services) -> None:
        """Raises what the update raises."""
        monitor = self._run(services, preview=False)
        for made in monitor.registered:
            self.state[made.urn] = {"type": made.type, "outputs": dict(made.outputs)}

    @property
    def subscription(self) -> str:
        """The scope of the subscription that it deploys to."""
        return f"/subscriptions/{seed.SUBSCRIPTION_ID}"

    def arm(self, method: str, path: str, body: Any = None, *, api: str = "2024-03-01") -> Reply:
        """A request to the cloud by the deployer that the seeds have, who may do everything."""
        return self.door.send(method, f"{path}?api-version={api}", body)

    def writes(self) -> list[tuple[str, str]]:
        """The requests so far that could have written something."""
        asks = ("checkname", "checkdomain", "checksku", "checkpolicy")
        return [
            (method, path)
            for method, path in self.sent
            if method != "GET" and not path.rpartition("/")[2].lower().startswith(asks)
        ]

    def _run(self, services: Services, *, preview: bool) -> RecordingMonitor:
        gate = gate_of(self)
        providers = _Providers(gate, self.state)

        def program() -> None:
            inputs = {name: service_inputs(name, **args).completed() for name, args in services.items()}
            requests = {name: ServiceRequest(one) for name, one in inputs.items()}
            results = preflight(requests)
            if preview:
                return
            for name, args in services.items():
                EncryptedLanguageService(
                    name,
                    cast("EncryptedLanguageServiceArgs", {"location": "westeurope", **args}),
                    preflight_result=results[name],
                )

        said: list[str] = []
        before, pulumi.log.warn = pulumi.log.warn, lambda text, *_: said.append(str(text))
        try:
            return run(
                program,
                preview=preview,
                monitor=RecordingMonitor(cast("Any", providers)),
            )
        finally:
            pulumi.log.warn = before
            self.warnings, self.planned = said, providers.planned


def gate_of(deployment: Deployment) -> Gate:
    """The way to a deployment's cloud, as its deployer."""
    return Gate(deployment.door, deployment.principal, deployment.sent)
