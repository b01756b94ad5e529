"""azure-native's gRPC service: the engine's requests in the rules' terms, and back. No rule is here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, NoReturn, Protocol, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2

from localazure.standin import check, functions, schema
from localazure.standin.access_policy import AccessPolicy
from localazure.standin.arm import AzureError, OperationError, StoppedError
from localazure.standin.azure import LoginError, NoAnswerError
from localazure.standin.configuration import ConfigurationError, configuration
from localazure.standin.connections import Connections, NotConfiguredError
from localazure.standin.diff import difference, spelled
from localazure.standin.key import Key
from localazure.standin.lifecycle import InitError, Lifecycle, RefusedError
from localazure.standin.naming import Autonaming, Mode
from localazure.standin.paths import IdError
from localazure.standin.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from localazure.standin.row import ResourceType
from localazure.standin.schema import shape_of
from localazure.standin.shape import Shape
from localazure.standin.table import UnknownTokenError, resource_type
from localazure.standin.wire import from_struct, to_struct

LIFECYCLES: Mapping[str, type[Lifecycle]] = {
    "azure-native:keyvault:AccessPolicy": AccessPolicy,
    "azure-native:keyvault:Key": Key,
}
FOR_THE_USER = (
    AzureError,
    StoppedError,
    ConfigurationError,
    IdError,
    LoginError,
    NoAnswerError,
    NotConfiguredError,
    OperationError,
    RefusedError,
    UnknownTokenError,
    functions.FunctionError,
)
"""Errors whose text is written for the user; any other is a fault of ours and says so."""

log = logging.getLogger(__name__)
Answered = TypeVar("Answered")


class Context(Protocol):
    """What is used of grpc.aio's ServicerContext, which comes without types."""

    def peer(self) -> str:
        """The address of the connection that the request came on."""

    async def abort(self, code: Any, details: str = "", trailing_metadata: Any = ()) -> NoReturn:
        """Ends the request with a status."""


Method = Callable[[Any, Any, Context], Awaitable[Answered]]


def _answering(method: Method[Answered]) -> Method[Answered]:
    """Gives every failure to the engine as a status that its user can read."""

    @wraps(method)
    async def answer(self: Any, request: Any, context: Context) -> Answered:
        try:
            return await method(self, request, context)
        except InitError as error:
            await _partial(context, error)
        except FOR_THE_USER as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            log.exception("%s failed", method.__name__)
            name = type(error).__name__
            await context.abort(grpc.StatusCode.INTERNAL, f"fault in the local azure-native: {name}: {error}")

    return answer


async def _partial(context: Context, error: InitError) -> NoReturn:
    """The status that makes the engine keep the resource, with its inputs and what is known of it."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.state.id,
            properties=to_struct(error.state.outputs),
            reasons=[error.reason],
            inputs=to_struct(error.state.inputs),
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=error.reason, details=[detail])
    metadata = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(grpc.StatusCode.UNKNOWN, error.reason, metadata)


class AzureNative(provider_pb2_grpc.ResourceProviderServicer):
    """The service; everything it remembers is in `connections`."""

    def __init__(self, connections: Connections, environ: Mapping[str, str]) -> None:
        self._connections, self._environ = connections, environ

    async def Handshake(self, request: Any, context: Context) -> provider_pb2.ProviderHandshakeResponse:
        await self._connections.forget(context.peer())
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    async def Attach(self, request: Any, context: Context) -> empty_pb2.Empty:
        await self._connections.forget(context.peer())
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=schema.version())

    @_answering
    async def GetSchema(self, request: Any, context: Context) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=schema.text())

    async def CheckConfig(self, request: Any, context: Context) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: Any, context: Context) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    @_answering
    async def Configure(self, request: Any, context: Context) -> provider_pb2.ConfigureResponse:
        if not (request.sends_old_inputs and request.sends_old_inputs_to_delete):
            raise ConfigurationError(
                "azure-native 3 needs a Pulumi CLI of 3.74 or newer, which sends old inputs"
            )
        await self._connections.configure(context.peer(), configuration(request.variables, self._environ))
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @_answering
    async def Check(self, request: Any, context: Context) -> provider_pb2.CheckResponse:
        row, shape = _known(request)
        olds, news = from_struct(request.olds), from_struct(request.news)
        inputs = check.named(
            row,
            olds=olds,
            news=news,
            logical=_logical_name(request),
            seed=request.randomSeed,
            option=_autonaming(request),
        )
        found = None
        if check.lacks_location(shape, olds, inputs):
            found = await self._connections[context.peer()].location_for(inputs.get("resourceGroupName"))
        inputs = check.versioned(row, check.located(shape, olds, inputs, found))
        failures = [provider_pb2.CheckFailure(reason=text) for text in check.failures(row, shape, inputs)]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    @_answering
    async def Diff(self, request: Any, context: Context) -> provider_pb2.DiffResponse:
        row, shape = _known(request)
        found = difference(
            row,
            shape,
            old_inputs=from_struct(request.old_inputs),
            new_inputs=from_struct(request.news),
            old_outputs=from_struct(request.olds),
        )
        detailed = {
            spelled(item.path): provider_pb2.PropertyDiff(
                kind=provider_pb2.PropertyDiff.Kind.Value(
                    f"{item.change}_REPLACE" if item.replaces else item.change
                ),
                inputDiff=True,
            )
            for item in found.changes
        }
        some = provider_pb2.DiffResponse.DIFF_SOME if found.changes else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some,
            replaces=found.replaces,
            diffs=found.names,
            deleteBeforeReplace=found.delete_first,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    @_answering
    async def Create(self, request: Any, context: Context) -> provider_pb2.CreateResponse:
        life, inputs = self._life(request, context), from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=to_struct(life.preview_create(inputs)))
        state = await life.create(inputs, request.timeout)
        return provider_pb2.CreateResponse(id=state.id, properties=to_struct(state.outputs))

    @_answering
    async def Read(self, request: Any, context: Context) -> provider_pb2.ReadResponse:
        life = self._life(request, context)
        state = await life.read(request.id, from_struct(request.inputs), from_struct(request.properties))
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.id, properties=to_struct(state.outputs), inputs=to_struct(state.inputs)
        )

    @_answering
    async def Update(self, request: Any, context: Context) -> provider_pb2.UpdateResponse:
        life, inputs = self._life(request, context), from_struct(request.news)
        if request.preview:
            outputs = life.preview_update(inputs, from_struct(request.olds))
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))
        state = await life.update(request.id, inputs, from_struct(request.old_inputs), request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(state.outputs))

    @_answering
    async def Delete(self, request: Any, context: Context) -> empty_pb2.Empty:
        life = self._life(request, context)
        await life.delete(request.id, request.timeout, from_struct(request.old_inputs))
        return empty_pb2.Empty()

    @_answering
    async def Invoke(self, request: Any, context: Context) -> provider_pb2.InvokeResponse:
        arm = self._connections[context.peer()].arm
        found = await functions.call(request.tok, from_struct(request.args), arm)
        return provider_pb2.InvokeResponse(**{"return": to_struct(found)})

    async def Cancel(self, request: Any, context: Context) -> empty_pb2.Empty:
        self._connections.stop(context.peer())
        return empty_pb2.Empty()

    def _life(self, request: Any, context: Context) -> Lifecycle:
        row, shape = _known(request)
        make = LIFECYCLES.get(row.token, Lifecycle)
        return make(row, shape, self._connections[context.peer()].arm)


def _known(request: Any) -> tuple[ResourceType, Shape]:
    """The row and shape of the type that a request is about."""
    token = request.type or request.urn.split("::")[2]
    row = resource_type(token.rsplit("$", 1)[-1])
    return row, shape_of(row.token)


def _logical_name(request: Any) -> str:
    return str(request.name or request.urn.split("::", 3)[3])


def _autonaming(request: Any) -> Autonaming | None:
    if not request.HasField("autonaming"):
        return None
    return Autonaming(request.autonaming.proposed_name, Mode(request.autonaming.mode))
