"""The provider's own errors as gRPC's: which code, which message, what state is kept. Used by
`host` alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from core.arm_ids import MalformedError
from core.login import LoginError
from provider.failure import (
    PartialError,
    RefusedOperationError,
    ServiceError,
    UnfinishedError,
    UnknownTypeError,
)
from provider.waiting import DeadlineError, StoppedError
from provider.wire import encode, hiding

T = TypeVar("T")
Context = Any  # grpc.aio.ServicerContext has no types


def with_grpc_errors(method: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """Makes the provider's own errors into gRPC's, with a message that stands alone.

    The codes are ones that leave no doubt about the state: nothing was made, or the message says what was.
    """

    @wraps(method)
    async def translated(self: Any, request: Any, context: Context) -> T:
        try:
            return await method(self, request, context)
        except PartialError as error:
            await _abort_partially(context, error, hiding(request)(str(error)))
        except UnknownTypeError as error:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except (RefusedOperationError, UnfinishedError, MalformedError, LoginError) as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, hiding(request)(str(error)))
        except ServiceError as failure:
            from provider.errors import translate  # noqa: PLC0415 - the table is needed only here

            message = hiding(request)(translate(failure))
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        except DeadlineError as error:
            await context.abort(
                grpc.StatusCode.DEADLINE_EXCEEDED,
                f"{hiding(request)(str(error))}\n  fix: once that is over, run the same command again; or "
                "give more time with customTimeouts",
            )
        except StoppedError as error:
            await context.abort(grpc.StatusCode.CANCELLED, str(error))
        raise AssertionError("abort raises")

    return translated


async def _abort_partially(context: Context, error: PartialError, message: str) -> None:
    """Reports to the engine that the resource exists, and why its change is not finished."""
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
