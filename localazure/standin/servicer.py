"""azure-native's gRPC service: the engine's requests in the rules' terms, and back. No rule is here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from google.protobuf import empty_pb2

from localazure.standin import check, functions, schema
from localazure.standin.access_policy import AccessPolicy
from localazure.standin.answering import Context, answering
from localazure.standin.check import Autonaming, Mode
from localazure.standin.configuration import ConfigurationError, configuration
from localazure.standin.connections import Connections
from localazure.standin.diff import difference, spelled
from localazure.standin.key import Key
from localazure.standin.lifecycle import Lifecycle
from localazure.standin.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from localazure.standin.schema import Shape, shape_of
from localazure.standin.table import ResourceType, resource_type
from localazure.standin.values import API_VERSION
from localazure.standin.wire import from_struct, to_struct

LIFECYCLES: Mapping[str, type[Lifecycle]] = {
    "azure-native:keyvault:AccessPolicy": AccessPolicy,
    "azure-native:keyvault:Key": Key,
}
log = logging.getLogger(__name__)


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
            raise ConfigurationError(
                "azure-native 3 needs a Pulumi CLI of 3.74 or newer, which sends old inputs"
            )
        await self._connections.configure(context.peer(), configuration(request.variables, self._environ))
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @answering
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

    @answering
    async def Diff(self, request: Any, context: Context) -> provider_pb2.DiffResponse:
        row, shape = _known(request)
        olds = from_struct(request.olds)
        if olds.get(API_VERSION, row.api_version) != row.api_version:
            log.warning("%s was written at API version %s", request.urn, olds[API_VERSION])
        found = difference(
            row,
            shape,
            old_inputs=from_struct(request.old_inputs),
            new_inputs=from_struct(request.news),
            old_outputs=olds,
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
