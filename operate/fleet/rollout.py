"""Carries an action out on many stacks, ring by ring. Threads are enough, because the engine's processes do
all the work."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from azure.core.exceptions import AzureError

from core.login import LoginError
from operate.errors import OperateError
from operate.fleet.planning import Outcome, Rings, halts

Work = Callable[[str], Outcome]


def carried_out(
    rings: Rings,
    work: Work,
    tell: Callable[[Outcome], None],
    *,
    at_once: int,
    allowed: int | None,
    begins: Callable[[str], object] = str,
) -> tuple[list[Outcome], str]:
    """The outcome of each stack that was begun, and why the rollout halts; "" if it went to its end.

    Once more than `allowed` stacks of a ring fail, it begins no further stack, and waits for those that run.
    None: nothing halts it. `begins` is called before each stack, which may take minutes.
    """
    done: list[Outcome] = []
    for stacks in rings.values():
        own: list[Outcome] = []

        def begin(stack: str, ended: list[Outcome] = own) -> None:
            if allowed is None or not halts(ended, allowed):
                begins(stack)
                ended.append(outcome := ended_well_or_not(stack, work))
                tell(outcome)

        with ThreadPoolExecutor(at_once, "fleet") as threads:
            list(threads.map(begin, stacks))
        done += own
        if allowed is not None and (reason := halts(own, allowed)):
            return done, reason
    return done, ""


def ended_well_or_not(stack: str, work: Work) -> Outcome:
    """The outcome of one stack; its reason names anything that went wrong."""
    started = time.monotonic()
    try:
        found = work(stack)
    except (OperateError, LoginError, AzureError) as error:
        found = Outcome(stack, reason=str(error))
    except Exception as error:  # noqa: BLE001 - one stack's trouble is never another's
        found = Outcome(stack, reason=f"{type(error).__name__}: {error}")
    return replace(found, seconds=round(time.monotonic() - started, 1))
