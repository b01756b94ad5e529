"""Pulumi's engine in this process: the program, both providers and the cloud as they are, and no socket.

Owns: what Pulumi's engine does with a program's registrations, one after another (source: pulumi/pulumi
3.259, pkg/resource/deploy): ignored changes, Check, Diff, hooks, the write, the state, deletes in reverse, a
refresh. The components run under the real SDK; azure-native is the stand-in's servicer and azure-cmk the
provider's, both at a local Azure in this process. Does not own: previews, policies, aliases.
"""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NoReturn, TypeVar
from unittest.mock import patch

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime import settings as runtime
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import (
    callback_pb2,
    callback_pb2_grpc,
    engine_pb2,
    provider_pb2,
    resource_pb2,
    resource_pb2_grpc,
    status_pb2,
)
from pulumi.runtime.stack import run_pulumi_func
from pulumi.runtime.sync_await import _sync_await

from components import azure_failures
from components.guards import preflight
from core import arm_ids
from localazure.standin import arm as standin_arm
from localazure.standin.azure import MANAGEMENT, Answer, Login
from localazure.standin.connections import Connections
from localazure.standin.delays import Delays
from localazure.standin.servicer import AzureNative
from localazure.standin.wire import from_struct, to_struct
from provider.azure import Azure
from provider.host import Host
from tests.support.ignored_changes import reset
from tests.support.in_process import ENVIRON, Credential, Wire, WireClock, in_process_client

T = TypeVar("T")
PROJECT, STACK = "every-azure", "any"
AZURE_NATIVES_DELAYS = Delays(poll=10.0, retry=20.0, longest_retry=120.0)
"""azure-native's own, in seconds of the cloud's clock."""
MOST_TRIES = 100
"""How often the engine asks an error hook whether to try again."""


class UpdateError(Exception):
    """An update ended with errors; the text has all of them, as a person would read them."""


@dataclass
class Held:
    """A resource in the state."""

    type: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    failed: bool = False
    retained: bool = False
    deleted_with: str = ""


@dataclass
class Engine:
    """A stack. `operations` are what the last update did: `create TYPE`, `update TYPE`, and so on; `warnings`
    are what it warned of, `declared` the resources that programs declared. Where
    nothing may be replaced, `replaces` is off. `replaced` are resources whose successors are made. A program
    that asks for the state gets the one from `before_refresh`, or the one after it."""

    wire: Wire
    replaces: bool = False
    before_refresh: bool = False
    state: dict[str, Held] = field(default_factory=dict)
    replaced: list[tuple[str, Held]] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._providers = _Providers(self.wire)

    def close(self) -> None:
        self._providers.close()

    def up(self, program: Callable[[], Any], *, refresh: bool) -> list[str]:
        """An update; what it did. Raises UpdateError."""
        with _waiting_on(self.wire):
            return self._up(program, refresh=refresh)

    def _up(self, program: Callable[[], Any], *, refresh: bool) -> list[str]:
        self._providers.start()
        self.operations = []
        before = self.shown()
        if refresh:
            for urn in list(self.state):
                self._refresh(urn)
        else:
            self._refresh_own()
        monitor = _Monitor(self, before if self.before_refresh else None)
        monitor.run(program)
        self.warnings = monitor.warnings
        self.declared |= {*monitor.urns}
        if not monitor.errors:
            try:
                self._delete_undeclared(monitor.urns)
            except ProviderError as error:
                monitor.errors.append(str(error))
        # What comes after something else is declared after it, wherever the state had it (snapshot.go).
        declared = {urn: self.state[urn] for urn in monitor.urns if urn in self.state}
        self.state = {**declared, **{urn: one for urn, one in self.state.items() if urn not in declared}}
        if monitor.errors:
            raise UpdateError("\n".join(dict.fromkeys([*monitor.errors, *monitor.warnings])))
        return self.operations

    def refresh(self) -> None:
        """Reads everything anew."""
        self._providers.start()
        with _waiting_on(self.wire):
            for urn in list(self.state):
                self._refresh(urn)

    def take_over(self, type: str, name: str, id: str) -> None:
        """Puts a resource that the last program declared into the state, as `operate recover` does: what only
        Azure knows of it is not in its outputs."""
        (urn,) = [urn for urn in self.declared if urn.endswith(f"{type}::{name}")]
        type = urn.split("::")[2].rpartition("$")[2]
        with _waiting_on(self.wire):
            asked = provider_pb2.ReadRequest(id=id, urn=urn, name=name, type=type)
            read = self.call("Read", type, asked)
        assert read.id, f"{id} does not exist"
        inputs = from_struct(read.inputs)
        outputs = {**copy.deepcopy(inputs), "id": read.id, "name": arm_ids.name_of(read.id)}
        self.state[urn] = Held(type, read.id, inputs, outputs)

    def destroy(self) -> None:
        """Deletes everything. Raises UpdateError."""
        self._providers.start()
        self.operations = []
        try:
            with _waiting_on(self.wire):
                self._refresh_own()
                self._delete_undeclared(set())
        except ProviderError as error:
            raise UpdateError(str(error)) from error

    def shown(self) -> dict[str, Any]:
        """The state as a program reads it."""
        return copy.deepcopy({urn: {"outputs": held.outputs} for urn, held in self.state.items()})

    def outputs_of(self, type: str) -> dict[str, Any]:
        """The outputs of the only resource of a type."""
        (found,) = [held.outputs for held in self.state.values() if held.type == type]
        return found

    def call(self, method: str, type: str, request: Any) -> Any:
        return self._providers.call(method, type, request)

    def _refresh_own(self) -> None:
        """azure-cmk asks for it with each of its resources (`refresh_before_update`)."""
        for urn in [urn for urn, held in self.state.items() if held.type.startswith("azure-cmk:")]:
            self._refresh(urn)

    def _refresh(self, urn: str) -> None:
        held = self.state[urn]
        if not _is_custom(held.type):
            return
        request = provider_pb2.ReadRequest(
            id=held.id,
            urn=urn,
            name=_name(urn),
            type=held.type,
            properties=to_struct(held.outputs),
            inputs=to_struct(held.inputs),
        )
        read = self.call("Read", held.type, request)
        if not read.id:
            del self.state[urn]
            return
        outputs, inputs = from_struct(read.properties), from_struct(read.inputs)
        if (outputs, inputs) != (held.outputs, held.inputs):
            self.state[urn] = Held(
                held.type, read.id, inputs, outputs, held.failed, held.retained, held.deleted_with
            )

    def _delete_undeclared(self, declared: Collection[str]) -> None:
        """What was replaced, and what is not declared, the last made first. Raises ProviderError."""
        undeclared = [urn for urn in reversed(self.state) if urn not in declared]
        gone = {*undeclared, *(urn for urn, _ in self.replaced)}
        while self.replaced:
            self._delete(*self.replaced[-1], gone)
            self.replaced.pop()
        for urn in undeclared:
            self._delete(urn, self.state[urn], gone)
            del self.state[urn]

    def _delete(self, urn: str, held: Held, gone: Collection[str]) -> None:
        """Deletes one, unless it goes with one of those that are `gone` in the same run."""
        if not _is_custom(held.type) or held.retained or held.deleted_with in gone:
            return
        request = provider_pb2.DeleteRequest(
            id=held.id,
            urn=urn,
            name=_name(urn),
            type=held.type,
            properties=to_struct(held.outputs),
            old_inputs=to_struct(held.inputs),
        )
        self.call("Delete", held.type, request)
        self.operations.append(f"delete {held.type}")


class ProviderError(Exception):
    """What a provider answered instead of a result; `partial` is what it says is there all the same."""

    def __init__(self, text: str, partial: Any = None) -> None:
        super().__init__(text)
        self.partial = partial


class _Monitor(resource_pb2_grpc.ResourceMonitorStub):
    """The program's side of the engine: what the SDK asks, answered in the thread that asks."""

    def __init__(self, engine: Engine, state: dict[str, Any] | None) -> None:
        self._state = state
        # The stub's own __init__ would need a channel; hooks are registered only with a stub.
        self.engine, self.mocks = engine, None
        self.urns: dict[str, None] = {}
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._hooks: dict[str, callback_pb2.Callback] = {}
        self._lock = threading.RLock()

    def run(self, program: Callable[[], Any]) -> None:
        """Runs the program to its end; what failed is in `errors`."""
        saved, root = runtime.SETTINGS, runtime.get_root_resource()
        try:
            runtime.set_root_resource(None)  # type: ignore[arg-type]
            mocks.set_mocks(self.mocks, project=PROJECT, stack=STACK, preview=False, monitor=self)  # type: ignore[arg-type]
            runtime.SETTINGS.engine = self
            runtime.SETTINGS.callbacks = None
            runtime.SETTINGS.rpc_manager.clear()
            runtime.SETTINGS.outputs.clear()

            async def whole() -> None:
                program()

            try:
                _sync_await(run_pulumi_func(whole))
            except Exception as error:  # noqa: BLE001 - a program may fail in any way
                self.errors.append(str(error))
        finally:
            _sync_await(_CallbackServicer.shutdown())  # type: ignore[no-untyped-call]
            _CallbackServicer._servicers.clear()
            runtime.configure(saved)
            runtime.set_root_resource(root)  # type: ignore[arg-type]

    def Log(self, request: Any) -> Any:
        """What the program says; the errors are shown with those of its resources, and warnings besides."""
        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        if request.severity == engine_pb2.WARNING:
            self.warnings.append(request.message)
        return empty_pb2.Empty()

    def GetDeploymentInfo(self, _: Any) -> Any:
        return resource_pb2.DeploymentInfo(
            supportedFeatures=[
                resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
                resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
            ]
        )

    def SignalAndWaitForShutdown(self, _: Any) -> Any:
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: Any) -> Any:
        self._hooks[request.name] = request.callback
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any) -> Any:
        self._hooks[request.name] = request.callback
        return empty_pb2.Empty()

    def RegisterResourceOutputs(self, request: Any) -> Any:
        with self._lock:
            if request.urn in self.engine.state:
                self.engine.state[request.urn].outputs = from_struct(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:
        if request.tok == "pulumi:pulumi:readStackResourceOutputs":
            with self._lock:
                answer = to_struct({"outputs": self._state or self.engine.shown()})
            return resource_pb2.ResourceInvokeResponse(**{"return": answer})
        try:
            asked = provider_pb2.InvokeRequest(tok=request.tok, args=request.args)
            found = self.engine.call("Invoke", request.tok, asked)
        except ProviderError as error:
            raise _RefusedCallError(str(error)) from error
        return resource_pb2.ResourceInvokeResponse(
            **{"return": getattr(found, "return"), "failures": list(found.failures)}
        )

    def RegisterResource(self, request: Any) -> Any:
        qualified = request.type
        if request.parent and "pulumi:pulumi:Stack" not in request.parent:
            qualified = f"{request.parent.split('::')[2]}${request.type}"
        urn = f"urn:pulumi:{STACK}::{PROJECT}::{qualified}::{request.name}"
        self.urns[urn] = None
        if not request.custom or request.type.startswith("pulumi:"):
            inputs = from_struct(request.object)
            with self._lock:
                before = self.engine.state.get(urn)
                outputs = inputs if before is None else before.outputs
                self._keep(urn, Held(request.type, f"id-{request.name}", inputs, outputs))
            # An explicit provider is known by an id; a component has none.
            id = f"id-{request.name}" if request.custom else ""
            return resource_pb2.RegisterResourceResponse(urn=urn, id=id, object=to_struct(inputs))
        try:
            held = self._step(urn, request)
        except ProviderError as error:
            self.errors.append(f"{request.type} {request.name}: {error}")
            raise _RefusedCallError(str(error)) from error
        return resource_pb2.RegisterResourceResponse(urn=urn, id=held.id, object=to_struct(held.outputs))

    def _step(self, urn: str, request: Any) -> Held:
        with self._lock:
            held = self.engine.state.get(urn)
        inputs = from_struct(request.object)
        for path in request.ignoreChanges if held else ():
            reset(path, held.inputs if held else {}, inputs)
        olds = to_struct(held.inputs if held else {})
        check = provider_pb2.CheckRequest(
            urn=urn, name=request.name, type=request.type, olds=olds, news=to_struct(inputs)
        )
        checked = self.engine.call("Check", request.type, check)
        if checked.failures:
            raise ProviderError("; ".join(f"{f.property}: {f.reason}" for f in checked.failures))
        inputs = from_struct(checked.inputs)
        if request.importId and (held is None or held.id != request.importId):
            made = self._import(urn, request, from_struct(request.object) if held else inputs)
            if held is not None:  # an import takes the place of what the state has (step_generator.go)
                self.engine.replaced.append((urn, held))
            return made
        if held is None:
            return self._create(urn, request, inputs)
        diff = self._diff(urn, request, held, inputs)
        replaces = {*diff.replaces, *_declared_replaces(request, held.inputs, inputs)}
        if replaces and not self.engine.replaces:
            raise ProviderError(f"would be replaced for {sorted(replaces)}")
        if replaces:
            # A successor begins with what is declared: nothing of the old one is kept (step_generator.go).
            check = provider_pb2.CheckRequest(
                urn=urn, name=request.name, type=request.type, news=request.object
            )
            inputs = from_struct(self.engine.call("Check", request.type, check).inputs)
            return self._replace(urn, request, held, inputs, first=diff.deleteBeforeReplace)
        if diff.changes != provider_pb2.DiffResponse.DIFF_SOME and not held.failed:
            return self._keep(
                urn,
                Held(
                    held.type,
                    held.id,
                    inputs,
                    held.outputs,
                    retained=request.retainOnDelete,
                    deleted_with=request.deletedWith,
                ),
            )
        return self._update(urn, request, held, inputs, sorted(diff.detailedDiff))

    def _replace(self, urn: str, request: Any, held: Held, inputs: dict[str, Any], *, first: bool) -> Held:
        """The old one goes first, with what is inside it, where the program says so; where it says nothing,
        as the provider says."""
        if request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else first:
            for inside, one in [*self.engine.state.items()]:
                if one.id.startswith(f"{held.id}/"):
                    self.engine._delete(inside, one, ())
                    del self.engine.state[inside]
            self.engine._delete(urn, held, ())
            del self.engine.state[urn]
            return self._create(urn, request, inputs)
        made = self._create(urn, request, inputs)
        self.engine.replaced.append((urn, held))
        return made

    def _diff(self, urn: str, request: Any, held: Held, inputs: dict[str, Any]) -> Any:
        return self.engine.call(
            "Diff",
            request.type,
            provider_pb2.DiffRequest(
                id=held.id,
                urn=urn,
                name=request.name,
                type=request.type,
                olds=to_struct(held.outputs),
                old_inputs=to_struct(held.inputs),
                news=to_struct(inputs),
                ignoreChanges=list(request.ignoreChanges),
            ),
        )

    def _import(self, urn: str, request: Any, inputs: dict[str, Any]) -> Held:
        asked = provider_pb2.ReadRequest(id=request.importId, urn=urn, name=request.name, type=request.type)
        read = self.engine.call("Read", request.type, asked)
        if not read.id:
            raise ProviderError(f"resource '{request.importId}' does not exist")
        found = Held(request.type, read.id, from_struct(read.inputs), from_struct(read.properties))
        for path in request.ignoreChanges:
            reset(path, found.inputs, inputs)
        diff = self._diff(urn, request, found, inputs)
        if diff.changes == provider_pb2.DiffResponse.DIFF_SOME:
            raise ProviderError(
                f"inputs to import do not match the existing resource: {sorted(diff.detailedDiff)}"
            )
        self.engine.operations.append(f"import {request.type}")
        return self._kept(urn, request, found.id, inputs, found.outputs)

    def _create(self, urn: str, request: Any, inputs: dict[str, Any]) -> Held:
        self._hook(request.hooks.before_create, urn, request, inputs, None)
        made = self._tried(
            urn,
            request,
            inputs,
            None,
            lambda: self.engine.call(
                "Create",
                request.type,
                provider_pb2.CreateRequest(
                    urn=urn, name=request.name, type=request.type, properties=to_struct(inputs)
                ),
            ),
        )
        self.engine.operations.append(f"create {request.type}")
        return self._kept(urn, request, made.id, inputs, from_struct(made.properties))

    def _update(self, urn: str, request: Any, held: Held, inputs: dict[str, Any], changed: list[str]) -> Held:
        self._hook(request.hooks.before_update, urn, request, inputs, held)
        made = self._tried(
            urn,
            request,
            inputs,
            held,
            lambda: self.engine.call(
                "Update",
                request.type,
                provider_pb2.UpdateRequest(
                    id=held.id,
                    urn=urn,
                    name=request.name,
                    type=request.type,
                    olds=to_struct(held.outputs),
                    old_inputs=to_struct(held.inputs),
                    news=to_struct(inputs),
                    ignoreChanges=list(request.ignoreChanges),
                ),
            ),
        )
        self.engine.operations.append(f"update {request.type} ({', '.join(changed) or 'failed before'})")
        return self._kept(urn, request, held.id, inputs, from_struct(made.properties))

    def _tried(
        self,
        urn: str,
        request: Any,
        inputs: dict[str, Any],
        held: Held | None,
        attempt: Callable[[], T],
    ) -> T:
        """An attempt, repeated as the error hooks say."""
        for _ in range(MOST_TRIES):
            try:
                return attempt()
            except ProviderError as error:
                if self._wants_another_try(urn, request, inputs, held, str(error)):
                    continue
                if (partial := error.partial) is not None:
                    own = from_struct(partial.inputs) or inputs
                    failed = Held(request.type, partial.id, own, from_struct(partial.properties), failed=True)
                    failed.deleted_with = request.deletedWith
                    self._keep(urn, failed)
                raise
        raise ProviderError("tried too often")

    def _hook(self, names: Any, urn: str, request: Any, inputs: dict[str, Any], held: Held | None) -> None:
        for name in names:
            asked = resource_pb2.ResourceHookRequest(
                urn=urn,
                id=held.id if held else "",
                name=request.name,
                type=request.type,
                new_inputs=to_struct(inputs),
                old_inputs=to_struct(held.inputs) if held else None,
                old_outputs=to_struct(held.outputs) if held else None,
            )
            answer = resource_pb2.ResourceHookResponse.FromString(self._called(name, asked))
            if answer.error:
                raise ProviderError(answer.error)

    def _wants_another_try(
        self, urn: str, request: Any, inputs: dict[str, Any], held: Held | None, text: str
    ) -> bool:
        for name in request.hooks.on_error:
            asked = resource_pb2.ErrorHookRequest(
                urn=urn,
                id=held.id if held else "",
                name=request.name,
                type=request.type,
                new_inputs=to_struct(inputs),
                failed_operation="update" if held else "create",
                errors=[text],
            )
            answer = resource_pb2.ErrorHookResponse.FromString(self._called(name, asked))
            if answer.error:
                raise ProviderError(f"{text}\n{answer.error}")
            if answer.retry:
                return True
        return False

    def _called(self, name: str, asked: Any) -> bytes:
        callback = self._hooks[name]
        options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(callback.target, options=options) as channel:
            request = callback_pb2.CallbackInvokeRequest(
                token=callback.token, request=asked.SerializeToString()
            )
            answer: bytes = callback_pb2_grpc.CallbacksStub(channel).Invoke(request).response
            return answer

    def _kept(self, urn: str, request: Any, id: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> Held:
        held = Held(request.type, id, inputs, outputs)
        held.retained, held.deleted_with = request.retainOnDelete, request.deletedWith
        return self._keep(urn, held)

    def _keep(self, urn: str, held: Held) -> Held:
        with self._lock:
            self.engine.state[urn] = held
        return held


class _RefusedCallError(grpc.RpcError):  # type: ignore[misc]
    """What the SDK gets where a call fails."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._text


class _AbortError(Exception):
    def __init__(self, text: str, partial: Any) -> None:
        super().__init__(text)
        self.partial = partial


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
        raise _AbortError(details, partial)


class _Providers:
    """Both providers, configured, in an event loop of their own."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start()

    def start(self) -> None:
        """Starts them anew, as the engine does for each of its commands."""
        wire = self._wire
        native = AzureNative(
            Connections(lambda login: _StandInAzure(login, wire), AZURE_NATIVES_DELAYS), ENVIRON
        )
        own = Host(
            lambda login: Azure(in_process_client(login, wire)),
            clock=WireClock(wire),
            environ=ENVIRON,
            complete=lambda login: login,
        )
        self._servicers = {"azure-native": native, "azure-cmk": own}
        for name in self._servicers:
            request = provider_pb2.ConfigureRequest(
                variables={}, sends_old_inputs=True, sends_old_inputs_to_delete=True
            )
            self.call("Configure", f"{name}:", request)

    def call(self, method: str, type: str, request: Any) -> Any:
        """A provider's answer. Raises ProviderError."""
        servicer = self._servicers[type.partition(":")[0]]
        try:
            return self._await(getattr(servicer, method)(request, _Context()))
        except _AbortError as error:
            raise ProviderError(str(error), error.partial) from error

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)


class _StandInAzure:
    """The stand-in's way to Azure, at the front door of the cloud in this process."""

    def __init__(self, login: Login, wire: Wire) -> None:
        del login
        self._transport = InProcessSession(wire)

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        return await asyncio.to_thread(self._transport.send, method, url, body)

    async def token(self, scope: str) -> str:
        return Credential().get_token(scope).token

    async def close(self) -> None:
        """There is no connection."""


class InProcessSession:
    """Requests of the deployer, JSON in and out."""

    def __init__(self, wire: Wire) -> None:
        from tests.support.in_process import Transport

        session = Transport(wire).session
        assert session is not None
        self._session, self._wire = session, wire

    def exists(self, url: str) -> bool:
        """Whether there is an account at a URL, whatever reads show."""
        path = url.partition("?")[0].removeprefix(MANAGEMENT)
        return self._wire.door.cloud.store.get("account", path) is not None

    def send(self, method: str, url: str, body: Any = None) -> Answer:
        host = url.split("/")[2]
        scope = MANAGEMENT if ".vault." not in host else "https://vault.azure.net"
        headers = {"authorization": f"Bearer {Credential().get_token(f'{scope}/.default').token}"}
        response = self._session.request(method, url, json=body, headers=headers)
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, response.json() if response.content else None, names)


@contextmanager
def _waiting_on(wire: Wire) -> Iterator[None]:
    """Whoever waits in the program or in azure-native waits on the cloud's clock."""

    async def wait(self: standin_arm.Arm, seconds: float) -> None:
        wire.sleep(seconds)

    async def sleep(seconds: float) -> None:
        wire.sleep(seconds)

    with (
        patch.object(standin_arm.Arm, "wait", wait),
        patch.object(azure_failures, "asyncio", SimpleNamespace(sleep=sleep)),
        patch.object(azure_failures, "time", SimpleNamespace(monotonic=wire.now)),
        patch.object(preflight, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep})),
    ):
        yield


def _declared_replaces(request: Any, old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """The changed properties for which the program declares a replacement; "*" is any of them."""
    declared = [*request.replaceOnChanges]
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    return changed if "*" in declared else changed & {*declared}


def _is_custom(type: str) -> bool:
    return type.startswith(("azure-native:", "azure-cmk:"))


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


__all__ = ["Engine", "UpdateError", "pulumi"]
