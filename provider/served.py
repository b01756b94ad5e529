"""Answers the engine's requests about resources and functions, once the provider is configured.

Holds no rule. `host` imports it only when it configures the provider: most of the start is its imports.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2

from core.login import Login
from provider import (
    access_policy,
    customer_managed_key,
    deleted_account_purge,
    foundry_auto_upgrade,
    key_access,
    key_version,
)
from provider.account_changes import AccountChanges
from provider.azure import Azure, azure_time, retrying
from provider.engine_log import EngineLog
from provider.errors import ErrorContext
from provider.failure import RefusedOperationError, UnfinishedError, UnknownTypeError
from provider.functions import FUNCTIONS, wrong_arguments
from provider.resource import REPLACES, Call, Change, Resource, Run, secret_outputs
from provider.waiting import DEFAULT_TIMEOUT, PREVIEW_TIMEOUT, Clock, Log, SystemClock, Waiter
from provider.wire import Properties, ResourceState, decode, encode, hiding


class Served:
    """Serves all resource types with one login. Each answer may raise an error that `host` translates."""

    def __init__(
        self,
        azure: Azure,
        clock: Clock | None,
        login: Login,
        log: EngineLog | None = None,
        stop: asyncio.Event | None = None,
    ) -> None:
        self.azure, self.login, self._clock = azure, login, clock or SystemClock()
        self._log, self._stop = log or EngineLog(), stop or asyncio.Event()
        self._run = run = Run(azure_time(self._clock, azure), login)
        changes = AccountChanges()
        resources = (
            access_policy.AccessPolicyHandler(run),
            customer_managed_key.CustomerManagedKeyHandler(run, changes),
            deleted_account_purge.DeletedAccountPurgeHandler(run),
            foundry_auto_upgrade.FoundryAutoUpgradeHandler(run, changes),
            key_access.KeyAccessCleanupHandler(run),
            key_access.KeyAccessRevocationHandler(run),
            key_access.KeyAccessValidationHandler(run, changes),
            key_version.KeyVersionHandler(run),
            key_access.ManagedHsmRoleAssignmentHandler(run),
        )
        self.resources: Mapping[str, Resource] = {one.token: one for one in resources}

    async def check(self, request: Any) -> Any:
        resource, news, hide = self._resource(request), decode(request.news), hiding(request)
        failures = []
        for failure in resource.check(news):
            named, reason = failure.property, hide(failure.reason)
            if named in news.secrets:
                # The engine prints the value of a property that a failure names.
                named, reason = "", f"{named}: {reason}"
            failures.append(provider_pb2.CheckFailure(property=named, reason=reason))
        inputs = struct_pb2.Struct()
        inputs.CopyFrom(request.news)
        # The engine names no old inputs for a creation, also where a replacement begins with one.
        for name in resource.of_creation if request.olds.fields else ():
            inputs.fields.pop(name, None)
            if name in request.olds.fields:
                inputs.fields[name].CopyFrom(request.olds.fields[name])
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    async def diff(self, request: Any) -> Any:
        resource, kinds = self._resource(request), provider_pb2.PropertyDiff.Kind
        olds = decode(request.olds)
        response = provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True
        )
        found = resource.diff(olds, decode(request.old_inputs), decode(request.news))
        for name, change in found.items():
            if name in request.ignoreChanges:
                continue
            response.changes = provider_pb2.DiffResponse.DIFF_SOME
            response.diffs.append(name)
            if change.kind == REPLACES:
                response.replaces.append(name)
            response.detailedDiff[name].kind = kinds.Value(change.kind)
            response.detailedDiff[name].inputDiff = change.in_inputs
        return response

    async def create(self, request: Any) -> Any:
        resource, inputs = self._resource(request), decode(request.properties)
        state = await self._written(request, resource, Change(inputs))
        properties = _outputs(resource, state, inputs)
        return provider_pb2.CreateResponse(
            id=state.id, properties=properties, refresh_before_update=resource.refreshes
        )

    async def update(self, request: Any) -> Any:
        resource, news = self._resource(request), decode(request.news)
        change = Change(news, request.id, decode(request.old_inputs), decode(request.olds))
        properties = _outputs(resource, await self._written(request, resource, change), news)
        return provider_pb2.UpdateResponse(properties=properties, refresh_before_update=resource.refreshes)

    async def _written(self, request: Any, resource: Resource, change: Change) -> ResourceState:
        # The engine has checked the inputs; a test's, or another program's, may have left that out.
        if failures := resource.check(change.news):
            wrong = "; ".join(f"{failure.property}: {failure.reason}" for failure in failures)
            raise RefusedOperationError(f"the inputs of {request.type} are wrong: {wrong}")
        seconds = PREVIEW_TIMEOUT if request.preview else DEFAULT_TIMEOUT
        call = self._call(request, resource.context(change.id, change.news), seconds)
        with call.explained():
            if request.preview:
                return await resource.preview(call, change)
            try:
                if change.id:
                    state = await resource.update(call, change)
                else:
                    state = await resource.create(call, change.news)
            except UnfinishedError as error:
                error.secrets = secret_outputs(resource, change.news)
                raise
            await call.waiter.ended()
            return state

    async def read(self, request: Any) -> Any:
        resource = self._resource(request)
        inputs, olds = decode(request.inputs), decode(request.properties)
        call = self._call(request, resource.context(request.id, olds), PREVIEW_TIMEOUT)
        with call.explained():
            state = await resource.read(call, request.id, inputs, olds)
        if not state.id:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.id,
            properties=_outputs(resource, state, inputs, olds),
            inputs=encode(state.inputs or {}, inputs.secrets),
            refresh_before_update=resource.refreshes,
        )

    async def delete(self, request: Any) -> Any:
        resource = self._resource(request)
        # What is no output of a resource may still say what its deletion is about.
        inputs, outputs = decode(request.old_inputs), decode(request.properties)
        olds = Properties({**inputs.values, **outputs.values}, inputs.secrets | outputs.secrets)
        call = self._call(request, resource.context(request.id, olds), DEFAULT_TIMEOUT)
        with call.explained():
            await resource.delete(call, request.id, olds)
        return empty_pb2.Empty()

    async def invoke(self, request: Any) -> Any:
        function, args = FUNCTIONS.get(request.tok), decode(request.args)
        if function is None:
            raise UnknownTypeError(f"azure-cmk has no function {request.tok}")
        call = self._call(request, ErrorContext(), function.seconds)
        if failures := wrong_arguments(request.tok, call.login, args):
            hide = hiding(request)
            refused = [
                provider_pb2.CheckFailure(property=f.property, reason=hide(f.reason)) for f in failures
            ]
            return provider_pb2.InvokeResponse(failures=refused)
        response = provider_pb2.InvokeResponse()
        with call.explained():
            answer = await function.answer(call, args)
        getattr(response, "return").CopyFrom(encode(answer, answer if args.secrets else ()))
        return response

    def _call(self, request: Any, context: ErrorContext, seconds: float) -> Call:
        """A call that may wait for Azure for `seconds`, unless the engine gives it another time."""
        urn, hide = getattr(request, "urn", ""), hiding(request)
        timeout = getattr(request, "timeout", 0.0) or seconds

        def log(severity: Any, *, ephemeral: bool = False) -> Log:
            return lambda message: self._log.write(severity, hide(message), urn, ephemeral=ephemeral)

        progress = log(engine_pb2.INFO, ephemeral=True)
        waiter = Waiter(self._clock, timeout=timeout, stop=self._stop, progress=progress)
        azure = retrying(self.azure, waiter)
        warn, inform = log(engine_pb2.WARNING), log(engine_pb2.INFO)
        return Call(urn, azure, self._run.login, waiter, warn, inform, context)

    def _resource(self, request: Any) -> Resource:
        if request.type not in self.resources:
            raise UnknownTypeError(f"azure-cmk has no resource {request.type}")
        return self.resources[request.type]


def _outputs(resource: Resource, state: ResourceState, *secret_sources: Properties) -> Any:
    return encode(state.outputs, secret_outputs(resource, *secret_sources))
