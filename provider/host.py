"""The provider as the engine sees it: gRPC in, resources and functions out. Holds no rule.

Subclasses the generated servicer: `pulumi.provider.experimental` drops `old_inputs` (so drift and a changed
input look the same), has no Attach (so nothing can be debugged or tested attached), no partial failures (so a
change that was taken but not seen to end leaves no state) and no way to the engine's log.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, plugin_pb2, provider_pb2, provider_pb2_grpc

from core import resource_types
from core.login import SECRETS, Login, login, unknown_settings
from provider import VERSION
from provider.access_policy import AccessPolicyHandler
from provider.azure import Azure, AzureClock
from provider.binder import Binder
from provider.checks import SCHEMA
from provider.credential import complete
from provider.customer_managed_key import CustomerManagedKeyHandler
from provider.difference import Change, Difference
from provider.enginelog import EngineLog
from provider.functions import FUNCTIONS, wrong_arguments
from provider.grpc_errors import Context, with_grpc_errors
from provider.hsm_role_assignment import ManagedHsmRoleAssignmentHandler
from provider.key_access_cleanup import KeyAccessCleanupHandler
from provider.key_access_revocation import KeyAccessRevocationHandler
from provider.key_access_validation import KeyAccessValidationHandler
from provider.key_version import KeyVersionHandler
from provider.preflight import refused_as
from provider.resource import Call, Resource, Run, State, secret_outputs
from provider.retrying import patient
from provider.waiting import DEFAULT_TIMEOUT, Clock, Log, SystemClock, Waiter
from provider.wire import Properties, decode, encode, hiding

PREVIEW_TIMEOUT = 60.0
"""Seconds a preview or read may wait for Azure before it gives up."""


@dataclass(frozen=True)
class Served:
    """What a configured provider serves by one login."""

    azure: Azure
    run: Run
    resources: Mapping[str, Resource]


def served(azure: Azure, clock: Clock, login: Login) -> Served:
    """All resources by their types; one binder, which changes one account at a time."""
    run = Run(AzureClock(clock, azure), login)
    binder = Binder(run.clock)
    return Served(
        azure,
        run,
        {
            one.token: one
            for one in (
                AccessPolicyHandler(run),
                CustomerManagedKeyHandler(run, binder),
                KeyAccessCleanupHandler(run),
                KeyAccessRevocationHandler(run),
                KeyAccessValidationHandler(run, binder),
                KeyVersionHandler(run),
                ManagedHsmRoleAssignmentHandler(run),
            )
        },
    )


class Host(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one engine. `connect` makes Azure of a login, and `complete` asks the Azure CLI;
    a test gives its own, and its own clock."""

    def __init__(
        self,
        connect: Callable[[Login], Azure],
        *,
        engine_address: str = "",
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
        complete: Callable[[Login], Login] = complete,
    ) -> None:
        self._connect = connect
        self._complete = complete
        self._clock = clock or SystemClock()
        self._environ = os.environ if environ is None else environ
        self._log = EngineLog()
        self._log.connect(engine_address)
        self._stop = asyncio.Event()
        self._served: Served | None = None

    async def Handshake(self, request: Any, context: Context) -> Any:
        self._log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def Attach(self, request: Any, context: Context) -> Any:
        self._log.connect(request.address)
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Context) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    async def GetSchema(self, request: Any, context: Context) -> Any:
        schema = await asyncio.to_thread(SCHEMA.read_text, encoding="utf-8")
        return provider_pb2.GetSchemaResponse(schema=schema)

    async def CheckConfig(self, request: Any, context: Context) -> Any:
        config = decode(request.news)
        # The failure names no property, because the engine would print the property's value.
        failures = [
            provider_pb2.CheckFailure(reason=f"unknown setting azure-cmk:{name}")
            for name in unknown_settings(config.values)
        ]
        # A program may hand over a secret as plain text; the state keeps it as a secret all the same.
        inputs = encode(config.values, config.secrets.union(SECRETS))
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    async def DiffConfig(self, request: Any, context: Context) -> Any:
        """Unknown, so the engine compares the settings, and configures the provider anew where they differ.
        Another login is never another resource: nothing is replaced."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    @with_grpc_errors
    async def Configure(self, request: Any, context: Context) -> Any:
        config = {name: _as_text(value) for name, value in decode(request.args).values.items()}
        wanted = await asyncio.to_thread(self._complete, login(config, self._environ))
        for ignored in wanted.ignored_switches:
            await self._log.write(engine_pb2.WARNING, f"azure-cmk: {ignored}", "")
        self._served = served(self._connect(wanted), self._clock, wanted)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Check(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request, context)
        news, hide = decode(request.news), hiding(request)
        failures = [
            # A failure that names a property makes the engine print its value, so one about a secret names
            # none.
            provider_pb2.CheckFailure(reason=f"{failure.property}: {hide(failure.reason)}")
            if failure.property in news.secrets
            else provider_pb2.CheckFailure(property=failure.property, reason=hide(failure.reason))
            for failure in resource.check(news)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    async def Diff(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request, context)
        olds = decode(request.olds)
        found = resource.diff(olds, _old_inputs(request), decode(request.news))
        found = {name: d for name, d in found.items() if name not in set(request.ignoreChanges)}
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=list(found),
            replaces=[n for n, d in found.items() if d.change is Change.UPDATE_REPLACE],
            detailedDiff={name: _property_diff(d) for name, d in found.items()},
            hasDetailedDiff=True,
        )

    @with_grpc_errors
    async def Create(self, request: Any, context: Context) -> Any:
        resource, inputs = await self._resource(request, context), decode(request.properties)
        make = resource.preview_create if request.preview else resource.create
        with refused_as(resource.context("", inputs)):
            state = await make(await self._call(request, context, preview=request.preview), inputs)
        return provider_pb2.CreateResponse(
            id=state.id, properties=_outputs(resource, state, inputs), refresh_before_update=True
        )

    @with_grpc_errors
    async def Read(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request, context)
        inputs, olds = decode(request.inputs), decode(request.properties)
        call = await self._call(request, context, preview=True)
        with refused_as(resource.context(request.id, olds)):
            state = await resource.read(call, request.id, inputs, olds)
        if not state.id:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.id,
            properties=_outputs(resource, state, inputs, olds),
            inputs=encode(state.inputs or {}, inputs.secrets),
            # Drift shows in every preview, also where the project does not ask for refreshes.
            refresh_before_update=True,
        )

    @with_grpc_errors
    async def Update(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request, context)
        news, olds, old_inputs = decode(request.news), decode(request.olds), _old_inputs(request)
        change = resource.preview_update if request.preview else resource.update
        call = await self._call(request, context, preview=request.preview)
        with refused_as(resource.context(request.id, news)):
            state = await change(call, request.id, olds, old_inputs, news)
        return provider_pb2.UpdateResponse(
            properties=_outputs(resource, state, news), refresh_before_update=True
        )

    @with_grpc_errors
    async def Delete(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request, context)
        # What is no output of a resource may still say what its deletion is about.
        inputs, outputs = decode(request.old_inputs), decode(request.properties)
        olds = Properties({**inputs.values, **outputs.values}, inputs.secrets | outputs.secrets)
        with refused_as(resource.context(request.id, olds)):
            await resource.delete(await self._call(request, context), request.id, olds)
        return empty_pb2.Empty()

    @with_grpc_errors
    async def Invoke(self, request: Any, context: Context) -> Any:
        call, args = await self._call(request, context, preview=True), decode(request.args)
        function = FUNCTIONS.get(request.tok)
        if function is None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"azure-cmk has no function {request.tok}")
            raise AssertionError("abort raises")
        if failures := wrong_arguments(request.tok, call.login, args):
            hide = hiding(request)
            refused = [
                provider_pb2.CheckFailure(property=f.property, reason=hide(f.reason)) for f in failures
            ]
            return provider_pb2.InvokeResponse(failures=refused)
        response = provider_pb2.InvokeResponse()
        answer = await function.answer(call, args)
        getattr(response, "return").CopyFrom(encode(answer, answer if args.secrets else ()))
        return response

    async def Cancel(self, request: Any, context: Context) -> Any:
        self._stop.set()
        return empty_pb2.Empty()

    async def _call(self, request: Any, context: Context, *, preview: bool = False) -> Call:
        found = await self._configured(context)
        urn, hide = getattr(request, "urn", ""), hiding(request)
        timeout = getattr(request, "timeout", 0.0) or (PREVIEW_TIMEOUT if preview else DEFAULT_TIMEOUT)

        def log(severity: Any, *, ephemeral: bool = False) -> Log:
            return lambda message: self._log.write(severity, hide(message), urn, ephemeral=ephemeral)

        progress = log(engine_pb2.INFO, ephemeral=True)
        waiter = Waiter(self._clock, timeout=timeout, stop=self._stop, progress=progress)
        azure = patient(found.azure, waiter)
        warn, inform = log(engine_pb2.WARNING), log(engine_pb2.INFO)
        return Call(urn, azure, found.run.login, waiter, warn=warn, inform=inform)

    async def _configured(self, context: Context) -> Served:
        if self._served is None:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "azure-cmk is not configured yet")
            raise AssertionError("abort raises")
        return self._served

    async def _resource(self, request: Any, context: Context) -> Resource:
        served = await self._configured(context)
        # Older engines send the URN alone.
        type = request.type or resource_types.parse_urn(request.urn).type
        found = served.resources.get(type)
        if found is None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"azure-cmk has no resource {type}")
            raise AssertionError("abort raises")
        return found


def _outputs(resource: Resource, state: State, *secret_sources: Properties) -> Any:
    return encode(state.outputs, secret_outputs(resource, *secret_sources))


def _old_inputs(request: Any) -> Properties:
    """The inputs of the state; older engines send the outputs alone."""
    return decode(request.old_inputs if request.HasField("old_inputs") else request.olds)


def _property_diff(difference: Difference) -> Any:
    kind = provider_pb2.PropertyDiff.Kind.Value(difference.change.value)
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=difference.in_inputs)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
