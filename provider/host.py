"""The provider as the engine sees it: gRPC in, resources and functions out. Holds no rule.

Subclasses the generated servicer: `pulumi.provider.experimental` drops `old_inputs` (so drift and a changed
input look the same), has no Attach (so nothing can be debugged or tested attached), no partial failures (so a
change that was taken but not seen to end leaves no state) and no way to the engine's log.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from core.arm_ids import MalformedError
from core.login import SECRETS, Login, LoginError, login, unknown_settings
from provider import VERSION, schema
from provider.credential import complete
from provider.engine_log import EngineLog
from provider.failure import RefusedOperationError, UnfinishedError, UnknownTypeError
from provider.waiting import DeadlineError, StoppedError
from provider.wire import decode, encode, hiding

if TYPE_CHECKING:
    from provider.azure import Azure
    from provider.served import Served
    from provider.waiting import Clock


T = TypeVar("T")
Context = Any  # grpc.aio.ServicerContext has no types


def with_grpc_errors(method: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """Turns the provider's own errors into gRPC's, with a message that stands alone. The code leaves no doubt
    about the state: nothing was made, or the message says what was made."""

    @wraps(method)
    async def translated(self: Any, request: Any, context: Context) -> T:
        try:
            return await method(self, request, context)
        except UnfinishedError as error:
            await _abort_partially(context, error, hiding(request)(str(error)))
        except _REFUSALS as error:
            code = _CODES.get(type(error), grpc.StatusCode.FAILED_PRECONDITION)
            more = _MORE_TIME if isinstance(error, DeadlineError) else ""
            await context.abort(code, hiding(request)(str(error)) + more)
        raise AssertionError("abort raises")

    return translated


_CODES: Mapping[type, grpc.StatusCode] = {
    UnknownTypeError: grpc.StatusCode.UNIMPLEMENTED,
    DeadlineError: grpc.StatusCode.DEADLINE_EXCEEDED,
    StoppedError: grpc.StatusCode.CANCELLED,
}
_REFUSALS = (RefusedOperationError, MalformedError, LoginError, UnknownTypeError, DeadlineError, StoppedError)
_MORE_TIME = "\n  fix: once that is over, run the same command again; or give more time with customTimeouts"


async def _abort_partially(context: Context, error: UnfinishedError, message: str) -> None:
    """Reports to the engine that the resource exists, if it does, and why its change is not finished."""
    if error.state is None:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        return
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.state.id,
            properties=encode(error.state.outputs, error.secrets),
            reasons=[message],
            refresh_before_update=True,
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNKNOWN, message)


def _answered(name: str) -> Any:
    """A method of the servicer that passes the request to `Served`'s method of the same name."""

    @with_grpc_errors
    async def answer(self: Host, request: Any, context: Context) -> Any:
        if self.served is None:
            raise RefusedOperationError("azure-cmk is not configured yet")
        return await getattr(self.served, name)(request)

    return answer


class Host(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one engine; `served` is there once the engine has configured the provider. `connect` makes the
    Azure client for a login, and `complete` asks the Azure CLI; a test gives its own, and its own clock."""

    Check, Diff, Create = _answered("check"), _answered("diff"), _answered("create")
    Read, Update, Delete = _answered("read"), _answered("update"), _answered("delete")
    Invoke = _answered("invoke")

    def __init__(
        self,
        connect: Callable[[Login], Azure] | None = None,
        *,
        engine_address: str = "",
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
        complete: Callable[[Login], Login] = complete,
    ) -> None:
        self._connect = connect
        self._complete = complete
        self._clock = clock
        self._environ = os.environ if environ is None else environ
        self._log = EngineLog(engine_address)
        self._stop = asyncio.Event()
        self.served: Served | None = None

    async def Handshake(self, request: Any, context: Context) -> Any:
        self._log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def Attach(self, request: Any, context: Context) -> Any:
        self._log.connect(request.address)
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Context) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    async def GetSchema(self, request: Any, context: Context) -> Any:
        return provider_pb2.GetSchemaResponse(schema=await asyncio.to_thread(schema))

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
        """Answers that it does not know, so that the engine compares the settings and configures the provider
        anew if they differ. Another login never replaces a resource."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    @with_grpc_errors
    async def Configure(self, request: Any, context: Context) -> Any:
        # What only says who it is starts without these.
        from provider.azure import Azure  # noqa: PLC0415
        from provider.azure_client import AzureClient  # noqa: PLC0415
        from provider.served import Served  # noqa: PLC0415

        given = decode(request.args).values.items()
        config = {
            name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given
        }
        wanted = await asyncio.to_thread(self._complete, login(config, self._environ))
        for ignored in wanted.ignored_switches:
            await self._log.write(engine_pb2.WARNING, f"azure-cmk: {ignored}", "")
        former = self.served
        if former is None or former.login != wanted:
            azure = self._connect(wanted) if self._connect else Azure(AzureClient(wanted))
            self.served = Served(azure, self._clock, wanted, self._log, self._stop)
            if former:
                former.azure.close()
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Cancel(self, request: Any, context: Context) -> Any:
        self._stop.set()
        return empty_pb2.Empty()
