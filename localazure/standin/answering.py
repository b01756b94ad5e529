"""Failures as the engine gets them: a status whose text its user can read.

Owns: which errors are for the user, and the detail that keeps a half-made resource in state.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, NoReturn, Protocol, TypeVar

import grpc
from google.protobuf import any_pb2

from localazure.standin import functions
from localazure.standin.arm import AzureError, OperationError, StoppedError
from localazure.standin.azure import LoginError, NoAnswerError
from localazure.standin.configuration import ConfigurationError
from localazure.standin.connections import NotConfiguredError
from localazure.standin.lifecycle import InitError, RefusedError
from localazure.standin.paths import IdError
from localazure.standin.protocol import provider_pb2, status_pb2
from localazure.standin.table import UnknownTokenError
from localazure.standin.wire import to_struct

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


def answering(method: Method[Answered]) -> Method[Answered]:
    """Gives every failure to the engine as a status that its user can read."""

    @wraps(method)
    async def answer(self: Any, request: Any, context: Context) -> Answered:
        try:
            return await method(self, request, context)
        except InitError as error:
            await _partial(context, error)
        except FOR_THE_USER as error:
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
