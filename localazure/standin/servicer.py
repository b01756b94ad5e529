"""azure-native's gRPC service: the engine's requests in the rules' terms, and their results or failures back.

No rule is here.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, NoReturn, Protocol, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2

from localazure.standin import check, functions, schema
from localazure.standin.access_policy import AccessPolicy
from localazure.standin.connections import Connections
from localazure.standin.diff import difference
from localazure.standin.key import Key, Secret
from localazure.standin.lifecycle import InitError, Lifecycle
from localazure.standin.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from localazure.standin.table import ResourceType, resource_type
from localazure.standin.values import API_VERSION, RefusedError
from localazure.standin.wire import from_struct, to_struct

LIFECYCLES: Mapping[str, type[Lifecycle]] = {
    "azure-native:keyvault:AccessPolicy": AccessPolicy,
    "azure-native:keyvault:Key": Key,
    "azure-native:keyvault:Secret": Secret,
}
log = logging.getLogger(__name__)
Answered = TypeVar("Answered")


class Context(Protocol):
    """The used part of grpc.aio's ServicerContext, which comes without types."""

    def peer(self) -> str:
        """The address of the connection that the request came on."""

    async def abort(self, code: Any, details: str = "", trailing_metadata: Any = ()) -> NoReturn:
        """Ends the request with a status."""


def answering(
    method: Callable[[Any, Any, Context], Awaitable[Answered]],
) -> Callable[[Any, Any, Context], Awaitable[Answered]]:
    """Gives every failure to the engine as a status that its user can read."""

    @wraps(method)
    async def answer(self: Any, request: Any, context: Context) -> Answered:
        try:
            return await method(self, request, context)
        except InitError as error:
            await _partial(context, error)
        except RefusedError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:  # a defect of the stand-in: reported as one, and it goes on
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
        return provider_pb2.ProviderHandshakeResponse()

    async def Attach(self, request: Any, context: Context) -> empty_pb2.Empty:
        await self._connections.forget(context.peer())
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=schema.version())

    @answering
    async def GetSchema(self, request: Any, context: Context) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=schema.text())

    async def CheckConfig(self, request: Any, context: Context) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: Any, context: Context) -> provider_pb2.DiffResponse:
        """Unknown, as azure-native answers (provider.go, DiffConfig): the engine compares the settings, and
        configures an instance anew where they differ."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    @answering
    async def Configure(self, request: Any, context: Context) -> provider_pb2.ConfigureResponse:
        if not (request.sends_old_inputs and request.sends_old_inputs_to_delete):
            raise RefusedError("azure-native 3 needs a Pulumi CLI of 3.74 or newer, which sends old inputs")
        await self._connections.configure(context.peer(), request.variables, self._environ)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    @answering
    async def Check(self, request: Any, context: Context) -> provider_pb2.CheckResponse:
        row = _known(request)
        olds, news = from_struct(request.olds), from_struct(request.news)
        inputs = check.named(
            row,
            olds=olds,
            news=news,
            logical=str(request.name or request.urn.split("::", 3)[3]),
            seed=request.randomSeed,
        )
        if "location" in row.shape.inputs.properties and "location" not in inputs:
            location = olds.get("location")
            if location is None:
                location = await self._connections[context.peer()].location_for(
                    inputs.get("resourceGroupName")
                )
            inputs |= {} if location is None else {"location": location}
        if row.api_version:
            inputs.setdefault(API_VERSION, row.api_version)
        failures = [provider_pb2.CheckFailure(reason=text) for text in check.failures(row, inputs)]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    @answering
    async def Diff(self, request: Any, context: Context) -> provider_pb2.DiffResponse:
        row = _known(request)
        olds = from_struct(request.olds)
        if olds.get(API_VERSION, row.api_version) != row.api_version:
            log.warning("%s was written at API version %s", request.urn, olds[API_VERSION])
        return difference(
            row,
            old_inputs=from_struct(request.old_inputs),
            new_inputs=from_struct(request.news),
            old_outputs=olds,
        )

    @answering
    async def Create(self, request: Any, context: Context) -> provider_pb2.CreateResponse:
        life, inputs = self._life(request, context), from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=to_struct(life.preview_create(inputs)))
        state = await life.create(inputs, request.timeout)
        return provider_pb2.CreateResponse(id=state.id, properties=to_struct(state.outputs))

    @answering
    async def Read(self, request: Any, context: Context) -> provider_pb2.ReadResponse:
        life = self._life(request, context)
        state = await life.read(request.id, from_struct(request.inputs), from_struct(request.properties))
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.id, properties=to_struct(state.outputs), inputs=to_struct(state.inputs)
        )

    @answering
    async def Update(self, request: Any, context: Context) -> provider_pb2.UpdateResponse:
        life, inputs = self._life(request, context), from_struct(request.news)
        if request.preview:
            outputs = life.preview_update(inputs, from_struct(request.olds))
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))
        state = await life.update(request.id, inputs, from_struct(request.old_inputs), request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(state.outputs))

    @answering
    async def Delete(self, request: Any, context: Context) -> empty_pb2.Empty:
        life = self._life(request, context)
        await life.delete(request.id, request.timeout, from_struct(request.old_inputs))
        return empty_pb2.Empty()

    @answering
    async def Invoke(self, request: Any, context: Context) -> provider_pb2.InvokeResponse:
        arm = self._connections[context.peer()]
        found = await functions.call(request.tok, from_struct(request.args), arm)
        return provider_pb2.InvokeResponse(**{"return": to_struct(found)})

    async def Cancel(self, request: Any, context: Context) -> empty_pb2.Empty:
        self._connections.stop(context.peer())
        return empty_pb2.Empty()

    def _life(self, request: Any, context: Context) -> Lifecycle:
        row = _known(request)
        make = LIFECYCLES.get(row.token, Lifecycle)
        return make(row, self._connections[context.peer()])


def _known(request: Any) -> ResourceType:
    """The row of the type that a request is about."""
    token = request.type or request.urn.split("::")[2]
    return resource_type(token.rsplit("$", 1)[-1])
