"""Hooks that the engine calls about a resource, if it supports hooks, and their reads.

The SDK (pulumi 3.259) makes each call to the engine in a thread of the loop's executor, which has 4 threads
for each `--parallel` operation in a program; in a package it has 4 threads and one for each processor. Each
registration holds a thread until the engine has made the resource, which waits for the resource's hooks. A
hook that waits for such a thread may wait for ever, so hooks read in separate threads.

Owns: those threads. Does not own: what a hook decides.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

import pulumi
from pulumi.output import Unknown
from pulumi.resource import DependencyProviderResource
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN
from pulumi.runtime.settings import get_monitor, monitor_supports_feature

from components.sdk.private import call_from_another_loop, serve_callbacks

Answer = TypeVar("Answer")
_THREADS = ThreadPoolExecutor(32, "hooks")
"""The threads of the hooks. No read waits for another read, so any number of threads is enough."""
KNOWN_LATER = "known after the update"
"""In the place of an input that is not known yet."""


def engine_has(feature: Any) -> bool:
    """Whether the engine has a kind of hooks. The SDK's mocks say so, and fail when one is registered."""
    return monitor_supports_feature(feature) and isinstance(
        get_monitor(), resource_pb2_grpc.ResourceMonitorStub
    )


def serve_hooks() -> None:
    """Starts the server on which the engine calls the hooks of this program."""
    if engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        serve_callbacks()


def error_hooks(name: str, callback: Any) -> list[pulumi.ErrorHook]:
    """A hook that is called with the errors of a resource, and says whether to try again; none in a preview,
    and none if the engine has no hooks."""
    known = engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS)
    return [pulumi.ErrorHook(name, callback)] if known and not pulumi.runtime.is_dry_run() else []


async def plain(value: Any) -> Any:
    """A hook's inputs without the SDK's wrappings of secrets and of what is not known yet."""
    if isinstance(value, pulumi.Output):
        return await plain(await value.future())
    if isinstance(value, Unknown):
        return KNOWN_LATER
    if isinstance(value, Mapping):
        return {name: await plain(one) for name, one in value.items()}
    return [await plain(one) for one in value] if isinstance(value, list) else value


async def read_in_hook(
    read: Callable[[pulumi.InvokeOptions], Coroutine[Any, Any, Answer]],
    token: str,
    opts: pulumi.InvokeOptions | None,
) -> Answer:
    """Runs `read` in a separate thread and event loop, and returns its answer. `read` calls the function
    `token` with options that name the same provider as `opts`. Raises what `read` raises.

    The provider must exist before the engine calls the hook; the provider of the hook's own resource does.
    """
    opts = opts or pulumi.InvokeOptions()
    provider = opts.provider or (opts.parent.get_provider(token) if opts.parent else None)
    # These are futures of the program's loop, which no other loop can wait for.
    reference = provider and f"{await provider.urn.future()}::{await provider.id.future() or UNKNOWN}"

    async def reading() -> Answer:
        call_from_another_loop()
        through = DependencyProviderResource(reference) if reference else None
        return await read(
            pulumi.InvokeOptions(
                provider=through, version=opts.version, plugin_download_url=opts.plugin_download_url
            )
        )

    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(_THREADS, context.run, asyncio.run, reading())
