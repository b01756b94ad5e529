"""Hooks that the engine calls about a resource, where it has them, and what they read.

The SDK (pulumi 3.259) makes each call to the engine in a thread of the loop's executor: 4 for each of
`--parallel` in a program, one for each processor and 4 in a package. Registrations hold them until their
resources are made, which the engine does when their hooks have answered. A hook that waits for such a thread
may wait for ever.

Owns: that. Does not own: what a hook decides.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

import pulumi
from pulumi.resource import DependencyProviderResource
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN
from pulumi.runtime.rpc_manager import RPCManager
from pulumi.runtime.settings import SETTINGS, get_monitor, monitor_supports_feature

Answer = TypeVar("Answer")
_THREADS = ThreadPoolExecutor(32, "hooks")
"""Of the hooks alone. No read waits for another one, so that any number is enough."""


def engine_has(feature: Any) -> bool:
    """Whether the engine has a kind of hooks. The SDK's mocks say so, and fail when one is registered."""
    return monitor_supports_feature(feature) and isinstance(
        get_monitor(), resource_pb2_grpc.ResourceMonitorStub
    )


def error_hooks(name: str, callback: Any) -> list[pulumi.ErrorHook]:
    """A hook that is called with the errors of a resource, and says whether to try again; none in a preview,
    and none where the engine has no hooks."""
    known = engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS)
    return [pulumi.ErrorHook(name, callback)] if known and not pulumi.runtime.is_dry_run() else []


async def read_in_hook(
    read: Callable[[pulumi.InvokeOptions], Coroutine[Any, Any, Answer]],
    token: str,
    opts: pulumi.InvokeOptions | None,
) -> Answer:
    """What `read` gets by calls of the function `token` with options that stand for `opts`, in a thread and a
    loop of its own. Raises what `read` raises.

    The provider has to be made before the engine calls the hook, such as the one of the hook's resource.
    """
    opts = opts or pulumi.InvokeOptions()
    provider = opts.provider or (opts.parent.get_provider(token) if opts.parent else None)
    # These are futures of the program's loop, which no other loop can wait for.
    reference = provider and f"{await provider.urn.future()}::{await provider.id.future() or UNKNOWN}"

    async def reading() -> Answer:
        # The program's has the tasks that it waits for before it ends, which are those of its own loop.
        SETTINGS.rpc_manager = RPCManager()  # type: ignore[no-untyped-call]
        through = DependencyProviderResource(reference) if reference else None
        return await read(
            pulumi.InvokeOptions(
                provider=through, version=opts.version, plugin_download_url=opts.plugin_download_url
            )
        )

    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(_THREADS, context.run, asyncio.run, reading())
