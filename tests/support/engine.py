"""Pulumi's engine in this process: the program, both providers and the cloud as they are, and no socket.

Owns: what Pulumi's engine does with a program's registrations, one after another (source: pulumi/pulumi
3.259, pkg/resource/deploy): ignored changes, Check, Diff, hooks, the write, the state, deletes in reverse, a
refresh, targets, a preview, aliases by name and type, and those that a parent's name gives. The components
run under the real SDK. Does not own: policies, imports, replacements that a program declares, aliases by
another parent."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
from google.protobuf import empty_pb2
from grpc.aio import AioRpcError, Metadata
from pulumi.runtime.proto import (
    callback_pb2,
    callback_pb2_grpc,
    engine_pb2,
    provider_pb2,
    resource_pb2,
    resource_pb2_grpc,
)

from core import arm_ids
from core.resource_types import ACCESS_POLICY, KEY_VERSION
from localazure.standin.wire import from_struct, to_struct
from tests.support.ignored_changes import reset
from tests.support.in_process import Wire
from tests.support.program import run_program
from tests.support.providers import ProviderError, Providers, waiting_on

PROJECT, STACK = "every-azure", "any"
MOST_TRIES = 100
"""How often the engine asks an error hook whether to try again."""


class UpdateError(Exception):
    """An update ended with errors; the text has all of them, as a person would read them."""


@dataclass(frozen=True)
class Flags:
    """What an update is told by --target, --exclude and --replace: resources by the ends of their logical
    names, so that `account` is `claims-account`. Without targets, all are."""

    targets: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()
    replaces: frozenset[str] = frozenset()

    def chooses(self, urn: str) -> bool:
        """Whether the update is about a resource."""
        return (not self.targets or _is_among(urn, self.targets)) and not _is_among(urn, self.excludes)


ALL = Flags()


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
    hooks: tuple[str, ...] = ()


@dataclass
class Engine:
    """A stack. `operations` are what the last update did: `create TYPE`, `update TYPE`, and so on; `warnings`
    are what it warned of, `notes` what else it said, `said` what azure-cmk has said so far; `declared` the
    resources that programs declared. Where nothing may be replaced, `replaces` is off. `replaced` are
    resources whose successors are made. A program that asks for the state gets the one from `before_refresh`,
    or the one after it."""

    wire: Wire
    replaces: bool = False
    before_refresh: bool = False
    state: dict[str, Held] = field(default_factory=dict)
    replaced: list[tuple[str, Held]] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.log_in()

    def log_in(self) -> None:
        """Has the providers ask anew who deploys."""
        self._providers = Providers(self.wire, self.said)

    @contextmanager
    def _command(self) -> Iterator[None]:
        """One command of the engine, which starts the providers. Raises UpdateError for what they refuse."""
        self._providers.start()
        self.operations = []
        with waiting_on(self.wire):
            try:
                yield
            except ProviderError as error:
                raise UpdateError(str(error)) from error

    def preview(self, program: Callable[[], Any], *, refresh: bool = False) -> list[str]:
        """What an update would do; the state stays as it is. Raises UpdateError."""
        state = copy.deepcopy(self.state)
        try:
            return Engine.up(self, program, refresh=refresh, previews=True)
        finally:
            self.state = state

    def up(
        self, program: Callable[[], Any], *, refresh: bool, flags: Flags = ALL, previews: bool = False
    ) -> list[str]:
        """An update; what it did. Raises UpdateError."""
        before = self.shown()
        with self._command():
            # azure-cmk asks for it with each of its resources but one (`refresh_before_update`).
            self._refresh_all(lambda urn, held: flags.chooses(urn) and (refresh or _is_own(held)))
            monitor = _Monitor(self, flags, before if self.before_refresh else None, previews=previews)
            try:
                monitor.run(program)
                if not monitor.errors and not previews:
                    self._delete_undeclared({*monitor.urns}, flags)
            except Exception as error:  # noqa: BLE001 - a program may fail in any way
                monitor.errors.append(str(error))
            self.warnings, self.notes = monitor.warnings, monitor.notes
            self.declared |= {*monitor.urns}
        # What comes after something else is declared after it, wherever the state had it (snapshot.go).
        declared = {urn: self.state[urn] for urn in monitor.urns if urn in self.state}
        self.state = {**declared, **{urn: one for urn, one in self.state.items() if urn not in declared}}
        if monitor.errors:
            raise UpdateError("\n".join(dict.fromkeys([*monitor.errors, *monitor.warnings])))
        return self.operations

    def run(self, program: Callable[[], Any], *, previews: bool) -> None:
        """Runs a program by itself: no refresh before it, and nothing is deleted after it. Raises what the
        program raises. What was made is in the state then; a preview leaves that as it is."""
        before = copy.deepcopy(self.state) if previews else self.state
        with self._command():
            monitor = _Monitor(self, ALL, None, previews=previews)
            try:
                monitor.run(program)
            finally:
                self.state = before
                self.warnings, self.notes = monitor.warnings, monitor.notes

    def refresh(self) -> None:
        """Reads everything anew. Raises UpdateError."""
        with self._command():
            self._refresh_all(lambda *_: True)

    def take_over(self, type: str, name: str, id: str) -> bool:
        """Puts a resource that the last program declared into the state, as `operate recover` does: what only
        Azure knows of it is not in its outputs. Whether it exists."""
        (urn,) = [urn for urn in self.declared if urn.endswith(f"{type}::{name}")]
        type = urn.split("::")[2].rpartition("$")[2]
        with waiting_on(self.wire):
            asked = provider_pb2.ReadRequest(id=id, urn=urn, name=name, type=type)
            read = self.call("Read", type, asked)
        if not read.id:
            return False
        inputs = from_struct(read.inputs)
        outputs = {**copy.deepcopy(inputs), "id": read.id, "name": arm_ids.name_of(read.id)}
        if (predecessor := self.state.get(urn)) is not None:
            self.replaced.append((urn, predecessor))
        self.state[urn] = Held(type, read.id, inputs, outputs)
        return True

    def rotate(self, *, preview: bool) -> None:
        """Previews, or makes, the next generation of each KeyVersion. Raises ProviderError."""
        self.log_in()
        for urn, held in [(urn, held) for urn, held in self.state.items() if held.type == KEY_VERSION]:
            news = {**held.inputs, "generation": int(held.inputs.get("generation") or 0) + 1}
            asked = provider_pb2.UpdateRequest(
                **_about(urn, held),
                **_change(held, news),
                preview=preview,
                timeout=60.0 if preview else 600.0,
            )
            with waiting_on(self.wire):
                made = self.call("Update", held.type, asked)
            if not preview:
                self.state[urn] = Held(held.type, held.id, news, from_struct(made.properties))

    def take_out(self, chosen: Callable[[str], bool]) -> None:
        """Deletes the resources of azure-native whose ids are chosen, last made first. Raises
        ProviderError."""
        for urn, held in reversed([*self.state.items()]):
            if held.type.startswith("azure-native:") and chosen(held.id):
                with waiting_on(self.wire):
                    self._delete(urn, held, ())
                del self.state[urn]

    def destroy(self) -> None:
        """Deletes everything. Raises UpdateError."""
        with self._command():
            self._refresh_all(lambda _, held: _is_own(held))
            self._delete_undeclared(set(), ALL)

    def shown(self) -> dict[str, Any]:
        """The state as a program reads it."""
        return copy.deepcopy({urn: {"outputs": held.outputs} for urn, held in self.state.items()})

    def call(self, method: str, type: str, request: Any) -> Any:
        return self._providers.call(method, type, request)

    def _refresh_all(self, chosen: Callable[[str, Held], bool]) -> None:
        for urn, held in [*self.state.items()]:
            if not _is_custom(held.type) or not chosen(urn, held):
                continue
            request = provider_pb2.ReadRequest(
                **_about(urn, held),
                id=held.id,
                properties=to_struct(held.outputs),
                inputs=to_struct(held.inputs),
            )
            read = self.call("Read", held.type, request)
            if not read.id:
                del self.state[urn]
                continue
            outputs, inputs = from_struct(read.properties), from_struct(read.inputs)
            if held.failed or (outputs, inputs) != (held.outputs, held.inputs):
                # The errors of a write go with the read (deploy/step.go:1642).
                self.state[urn] = replace(held, id=read.id, inputs=inputs, outputs=outputs, failed=False)

    def _delete_undeclared(self, declared: Collection[str], flags: Flags) -> None:
        """What was replaced, and what is not declared, the last made first. Raises ProviderError."""
        undeclared = [urn for urn in reversed(self.state) if urn not in declared and flags.chooses(urn)]
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
            **_about(urn, held),
            id=held.id,
            properties=to_struct(held.outputs),
            old_inputs=to_struct(held.inputs),
        )
        self.call("Delete", held.type, request)
        self.operations.append(f"delete {held.type}")


class _Monitor(resource_pb2_grpc.ResourceMonitorStub):
    """The program's side of the engine: what the SDK asks, answered in the thread that asks."""

    def __init__(self, engine: Engine, flags: Flags, state: dict[str, Any] | None, *, previews: bool) -> None:
        # The stub's own __init__ would need a channel; hooks are registered only with a stub.
        self.engine, self.mocks = engine, None
        self._flags, self._state, self._previews = flags, state, previews
        self.urns: dict[str, None] = {}
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self._hooks: dict[str, callback_pb2.Callback] = {}
        self._on_dry_run: set[str] = set()
        self._renamed: dict[str, tuple[str, str]] = {}
        self._lock = threading.RLock()
        self._steps, self._has_ended = threading.Condition(), False
        self._under_way = 0

    def run(self, program: Callable[[], Any]) -> None:
        """Runs the program to its end, and then the steps that are under way; what failed of those is in
        `errors`. Raises what the program raises."""
        try:
            run_program(program, self, project=PROJECT, stack=STACK, preview=self._previews, log=self)
        finally:
            with self._steps:
                self._has_ended = True
                assert self._steps.wait_for(lambda: not self._under_way, timeout=60), "a step does not end"

    def Log(self, request: Any) -> Any:
        """What the program says; the errors are shown with those of its resources, and warnings besides."""
        said = {engine_pb2.ERROR: self.errors, engine_pb2.WARNING: self.warnings, engine_pb2.INFO: self.notes}
        said.get(request.severity, []).append(request.message)
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
        self._keep_hook(request)
        if request.on_dry_run:
            self._on_dry_run.add(request.name)
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any) -> Any:
        self._keep_hook(request)
        return empty_pb2.Empty()

    def _keep_hook(self, request: Any) -> None:
        if request.name in self._hooks:
            # In the words of the engine (pulumi/pulumi pkg/resource/deploy/resource_hooks.go).
            self.errors.append(f'resource hook already registered for name "{request.name}"')
            raise _refused_call(self.errors[-1])
        self._hooks[request.name] = request.callback

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
            raise _refused_call(str(error)) from error
        return resource_pb2.ResourceInvokeResponse(
            **{"return": getattr(found, "return"), "failures": list(found.failures)}
        )

    def RegisterResource(self, request: Any) -> Any:
        qualified = request.type
        if request.parent and "pulumi:pulumi:Stack" not in request.parent:
            qualified = f"{request.parent.split('::')[2]}${request.type}"
        urn = f"urn:pulumi:{STACK}::{PROJECT}::{qualified}::{request.name}"
        if urn in self.urns:
            # In the words of the engine (pulumi/pulumi pkg/resource/deploy/step_generator.go).
            self.errors.append(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            raise _refused_call(self.errors[-1])
        self.urns[urn] = None
        self._take_former(urn, request)
        if not request.custom or request.type.startswith("pulumi:"):
            inputs = from_struct(request.object)
            with self._lock:
                before = self.engine.state.get(urn)
                outputs = inputs if before is None else before.outputs
                self._keep(urn, Held(request.type, f"id-{request.name}", inputs, outputs))
            # An explicit provider is known by an id; a component has none.
            id = f"id-{request.name}" if request.custom else ""
            return resource_pb2.RegisterResourceResponse(urn=urn, id=id, object=to_struct(inputs))
        if not self._flags.chooses(urn):
            left = self.engine.state.get(urn) or Held(request.type, "", from_struct(request.object), {})
            outputs = to_struct(left.outputs or left.inputs)
            return resource_pb2.RegisterResourceResponse(urn=urn, id=left.id, object=outputs)
        try:
            with self._counted():
                held = self._step(urn, request)
                named = request.hooks
                held.hooks = (
                    *(*named.before_create, *named.before_update, *named.after_update, *named.on_error),
                )
        except ProviderError as error:
            self.errors.append(f"{request.type} {request.name}: {error}")
            raise _refused_call(str(error)) from error
        return resource_pb2.RegisterResourceResponse(urn=urn, id=held.id, object=to_struct(held.outputs))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """A step of the engine, which ends although another one has failed; none begins after the end."""
        with self._steps:
            if self._has_ended:
                raise _refused_call("the program has ended")
            self._under_way += 1
        try:
            yield
        finally:
            with self._steps:
                self._under_way -= 1
                self._steps.notify_all()

    def _take_former(self, urn: str, request: Any) -> None:
        """Gives what the state has of a resource by a former name or type, or by its parent's former name,
        its new URN."""
        place = urn.removesuffix(f"{request.type}::{request.name}")
        spelled = [(one.spec.type or request.type, one.spec.name or request.name) for one in request.aliases]
        new, old = self._renamed.get(request.parent, ("", ""))
        if new and request.name.startswith(new):
            spelled.append((request.type, f"{old}{request.name.removeprefix(new)}"))
        for type, name in spelled:
            if name != request.name:
                self._renamed[urn] = (request.name, name)
            former = f"{place}{type}::{name}"
            with self._lock:
                state = self.engine.state
                if urn not in state and former in state and former not in self.urns:
                    state[urn] = replace(state.pop(former), type=request.type)

    def _step(self, urn: str, request: Any) -> Held:
        with self._lock:
            held = self.engine.state.get(urn)
        inputs = from_struct(request.object)
        for path in request.ignoreChanges if held else ():
            reset(path, held.inputs if held else {}, inputs)
        inputs = self._checked(urn, request, held.inputs if held else {}, inputs)
        assert not request.importId, "imports are not known here"
        if held is None:
            return self._create(urn, request, inputs)
        change = _change(held, inputs, request.ignoreChanges)
        diff = self.engine.call(
            "Diff", request.type, provider_pb2.DiffRequest(**_about(urn, request), **change)
        )
        asked = _is_among(urn, self._flags.replaces)
        if diff.replaces and not (self.engine.replaces or asked):
            raise ProviderError(f"would be replaced for {sorted(diff.replaces)}")
        if diff.replaces or asked:
            # A successor begins with what is declared: nothing of the old one is kept (step_generator.go).
            inputs = self._checked(urn, request, {}, from_struct(request.object))
            return self._replace(urn, request, held, inputs, first=diff.deleteBeforeReplace)
        if diff.changes != provider_pb2.DiffResponse.DIFF_SOME and not held.failed:
            return self._kept(urn, request, held.id, inputs, held.outputs)
        return self._update(urn, request, held, inputs, sorted(diff.detailedDiff))

    def _checked(
        self, urn: str, request: Any, olds: Mapping[str, Any], news: Mapping[str, Any]
    ) -> dict[str, Any]:
        asked = provider_pb2.CheckRequest(**_about(urn, request), olds=to_struct(olds), news=to_struct(news))
        checked = self.engine.call("Check", request.type, asked)
        if checked.failures:
            raise ProviderError("; ".join(f"{f.property}: {f.reason}" for f in checked.failures))
        return dict(from_struct(checked.inputs))

    def _replace(self, urn: str, request: Any, held: Held, inputs: dict[str, Any], *, first: bool) -> Held:
        """The old one goes first, with what is inside it, where the program says so; where it says nothing,
        as the provider says."""
        first = request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else first
        if first and not self._previews:
            for inside, one in [*self.engine.state.items()]:
                if one.id.startswith(f"{held.id}/"):
                    self.engine._delete(inside, one, ())
                    del self.engine.state[inside]
            self.engine._delete(urn, held, ())
            del self.engine.state[urn]
            return self._create(urn, request, inputs)
        made = self._create(urn, request, inputs)
        if not self._previews:
            self.engine.replaced.append((urn, held))
        return made

    def _create(self, urn: str, request: Any, inputs: dict[str, Any]) -> Held:
        asked = provider_pb2.CreateRequest(
            **_about(urn, request), properties=to_struct(inputs), preview=self._previews
        )
        made, has_init_errors = self._written(asked, request, inputs, None)
        self.engine.operations.append(f"create {request.type}")
        kept = self._kept(urn, request, made.id, inputs, from_struct(made.properties))
        kept.failed = has_init_errors
        return kept

    def _update(self, urn: str, request: Any, held: Held, inputs: dict[str, Any], changed: list[str]) -> Held:
        """What a hook after it refuses stays in the state (deploy/step.go, UpdateStep.Apply)."""
        asked = provider_pb2.UpdateRequest(
            **_about(urn, request),
            **_change(held, inputs, request.ignoreChanges),
            preview=self._previews,
        )
        made, has_init_errors = self._written(asked, request, inputs, held)
        self.engine.operations.append(f"update {request.type} ({', '.join(changed) or 'failed before'})")
        kept = self._kept(urn, request, held.id, inputs, from_struct(made.properties))
        kept.failed = has_init_errors
        for name in () if self._previews else request.hooks.after_update:
            self._hook(name, urn, request, inputs, held)
        return kept

    def _written(
        self, asked: Any, request: Any, inputs: dict[str, Any], held: Held | None
    ) -> tuple[Any, bool]:
        """What the provider made, after the hooks, of which a preview runs those that ask for it; tried again
        as the error hooks say. And whether a try failed that left something behind: the engine keeps that
        try's errors in the state (`InitErrors`, deploy/step.go:391 and :1038) when a later one succeeds, and
        the next update then writes the resource again (deploy/step_generator.go:2180)."""
        hooks = request.hooks.before_update if held else request.hooks.before_create
        for name in hooks:
            if not self._previews or name in self._on_dry_run:
                self._hook(name, asked.urn, request, inputs, held)
        errors: list[str] = []
        has_init_errors = False
        for _ in range(MOST_TRIES):
            try:
                made = self.engine.call("Update" if held else "Create", request.type, asked)
            except ProviderError as error:
                partial, text = error.partial, str(error)
                if partial is not None:
                    has_init_errors = True
                    # In the words of the engine (resource/plugin/provider_plugin.go, InitError).
                    text = f"1 error occurred:\n\t* {error}\n\n"
                errors.insert(0, text)  # the newest first (resource/deploy/retries.go)
                if self._wants_another_try(asked.urn, request, inputs, held, errors):
                    continue
                if partial is not None:
                    own = from_struct(partial.inputs) or inputs
                    # A failed update keeps the id of the state (resource/plugin/provider_plugin.go, Update).
                    id = held.id if held else partial.id
                    failed = Held(request.type, id, own, from_struct(partial.properties), failed=True)
                    failed.deleted_with = request.deletedWith
                    self._keep(asked.urn, failed)
                raise ProviderError(text, partial) from error
            else:
                return made, has_init_errors
        raise ProviderError("tried too often")

    def _hook(self, name: str, urn: str, request: Any, inputs: dict[str, Any], held: Held | None) -> None:
        asked = resource_pb2.ResourceHookRequest(
            **_about(urn, request),
            id=held.id if held else "",
            new_inputs=to_struct(inputs),
            old_inputs=to_struct(held.inputs) if held else None,
            old_outputs=to_struct(held.outputs) if held else None,
        )
        answer = resource_pb2.ResourceHookResponse.FromString(self._called(name, asked))
        if answer.error:
            raise ProviderError(answer.error)

    def _wants_another_try(
        self, urn: str, request: Any, inputs: dict[str, Any], held: Held | None, errors: list[str]
    ) -> bool:
        for name in request.hooks.on_error:
            asked = resource_pb2.ErrorHookRequest(
                **_about(urn, request),
                id=held.id if held else "",
                new_inputs=to_struct(inputs),
                failed_operation="update" if held else "create",
                errors=errors,
            )
            answer = resource_pb2.ErrorHookResponse.FromString(self._called(name, asked))
            if answer.error:
                raise ProviderError(f"{errors[0]}\n{answer.error}")
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


def _refused_call(text: str) -> grpc.RpcError:
    """What the SDK gets where a call fails."""
    return AioRpcError(grpc.StatusCode.UNKNOWN, Metadata(), Metadata(), details=text)


def _is_custom(type: str) -> bool:
    return type.startswith(("azure-native:", "azure-cmk:"))


def _is_own(held: Held) -> bool:
    return held.type.startswith("azure-cmk:") and held.type != ACCESS_POLICY


def _about(urn: str, one: Any) -> dict[str, Any]:
    """What every request of the engine says of a resource."""
    return {"urn": urn, "name": urn.split("::", 3)[3], "type": one.type}


def _change(held: Held, inputs: dict[str, Any], ignored: Iterable[str] = ()) -> dict[str, Any]:
    """What a Diff and an Update say besides."""
    return {
        "id": held.id,
        "olds": to_struct(held.outputs),
        "old_inputs": to_struct(held.inputs),
        "news": to_struct(inputs),
        "ignoreChanges": list(ignored),
    }


def _is_among(urn: str, names: Iterable[str]) -> bool:
    return urn.endswith(tuple(f"-{name}" for name in names))
