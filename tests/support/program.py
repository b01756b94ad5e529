"""A program under the real SDK, whose engine is an object of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pulumi.runtime import mocks
from pulumi.runtime import settings as runtime
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.stack import run_pulumi_func
from pulumi.runtime.sync_await import _sync_await


def run_program(
    program: Callable[[], Any], monitor: Any, *, project: str, stack: str, preview: bool, log: Any = None
) -> None:
    """Runs a program to its end as a stack of its own. `monitor` answers what it registers and asks; `log`
    hears what it says, where somebody listens. Raises what the program raises."""
    saved, root = runtime.SETTINGS, runtime.get_root_resource()
    try:
        runtime.set_root_resource(None)  # type: ignore[arg-type]
        mocks.set_mocks(monitor.mocks, project=project, stack=stack, preview=preview, monitor=monitor)
        if log is not None:
            runtime.SETTINGS.engine = log
            runtime.SETTINGS.callbacks = None
        runtime.SETTINGS.rpc_manager.clear()
        runtime.SETTINGS.outputs.clear()

        async def whole() -> None:
            asyncio.get_running_loop().set_exception_handler(_told_already)
            program()

        _sync_await(run_pulumi_func(whole))
    finally:
        _sync_await(_CallbackServicer.shutdown())  # type: ignore[no-untyped-call]
        _CallbackServicer._servicers.clear()
        runtime.configure(saved)
        runtime.set_root_resource(root)  # type: ignore[arg-type]


def _told_already(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a registration failed with is known to the monitor, so that nobody asks its futures."""
    if "never retrieved" not in context["message"]:
        loop.default_exception_handler(context)
