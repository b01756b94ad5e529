"""The actions on one stack of a fleet. Each raises OperateError, LoginError or AzureError."""

from __future__ import annotations

import json
import re
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from core import clouds, resource_types
from core.refusals import RefusalKind, kind_of_text
from operate import login, verify
from operate.fleet import files
from operate.fleet.language_host import ATTACH
from operate.fleet.planning import Outcome
from operate.stack import EngineStack, Outputs, UpdateError, outputs, services, told
from operate.stack_file import path_of, stack_file

T = TypeVar("T")
_OVERLOADED: Final = (RefusalKind.THROTTLED, RefusalKind.TRANSIENT)
_PAUSE: Final = re.compile(r"try again after '(\d+)' seconds", re.IGNORECASE)
"""What Azure says of the pause."""
_MOST_TRIES, _PAUSE_SECONDS = 4, 30
_one_at_a_time = threading.Lock()


def preview(stack: str) -> Outcome:
    """What an update would change."""
    return Outcome(stack, changes=until_served(_engine(stack).planned))


def up(stack: str, *, plan: str = "", minutes: float = 15) -> Outcome:
    """An update by a reviewed plan, or by a plan made now, and the proof."""
    engine = _engine(stack)
    try:
        if plan:
            changes, made = _updated(engine, plan)
        else:
            changes, made = until_served(lambda: _updated(engine, ""))
    except UpdateError as error:
        if not engine.was_cut_off:
            raise
        raise UpdateError(f"an update was cut off: {engine.way_on}\n{error}") from error
    found = outputs(stack) if made is None else made
    return Outcome(stack, changes=changes, unproven=_unproven(stack, found, minutes))


def drift(stack: str) -> Outcome:
    """Changes made outside Pulumi, and changes that an update would make; the reason names them."""
    engine = _engine(stack)
    drifted, planned = until_served(engine.drifted), until_served(engine.planned)
    reason = "the cloud differs from the state" if drifted else ""
    if planned and not drifted:
        reason = "an update would change something: a newer key version, or settings not rolled out"
    return Outcome(stack, reason, changes={**planned, **drifted})


def recorded_keys(stack: str) -> dict[str, tuple[str, int]]:
    """For each key, `vault/key`: the creation time (ISO 8601) of the version that the stack's last update
    found, and the key's generation. Raises StackError."""
    state = json.loads(told(stack, f"the state of stack {stack} could not be read", "stack", "export"))
    found: dict[str, tuple[str, int]] = {}
    for one in (state.get("deployment") or {}).get("resources") or []:
        if one["type"] == resource_types.KEY_VERSION and (outputs := one.get("outputs")):
            key = files.key_named(outputs["keyId"])
            now = (str(outputs.get("createdAt") or ""), int(outputs.get("generation") or 0))
            # If services share a key, the one that is behind counts.
            found[key] = min(now, found.get(key, now))
    return found


def until_served(do: Callable[[], T], wait: Callable[[float], None] = time.sleep) -> T:
    """Does something with a stack, and again where Azure had too much to do: after the pause in seconds that
    Azure named, or half a minute if that is longer, and one stack of this process at a time, because the
    others are what Azure had to do. A reviewed plan is not for this: what is done of it, it does not fit any
    more. Raises UpdateError."""
    try:
        return do()
    except UpdateError as error:
        refusal = str(error)
        if kind_of_text(refusal) not in _OVERLOADED:
            raise
    with _one_at_a_time:
        tries = 1
        while kind_of_text(refusal) in _OVERLOADED and tries < _MOST_TRIES:
            tries += 1
            named = _PAUSE.search(refusal)
            wait(max(float(named[1]) if named else 0.0, _PAUSE_SECONDS))
            try:
                return do()
            except UpdateError as error:
                refusal = str(error)
    raise UpdateError(refusal)


def _updated(engine: EngineStack, plan: str) -> tuple[dict[str, int], Outputs | None]:
    """The changes, and the outputs afterwards, None if there was nothing to change."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(plan) if plan else Path(folder, "plan.json")
        # Rules over a whole stack report too late to stop an update, so they have to stop this preview.
        changes = engine.planned(None if plan else file)
        return changes, engine.updated(file) if changes else None


def _engine(stack: str) -> EngineStack:
    emptied = login.emptied(stack, stack_file(path_of(stack)).config)
    # The programs of a shared host would have these variables.
    return EngineStack(stack, {**emptied, ATTACH: ""} if emptied else emptied)


def _unproven(stack: str, found: Outputs, minutes: float) -> tuple[str, ...]:
    """The checks that failed, for each service of the stack."""
    failed: list[str] = []
    for name, service in services(found).items():
        cloud = clouds.of_endpoint(service.endpoint) if service.endpoint else None
        wanted = login.of_stack(stack, cloud, alone=True)
        checks = verify.verify(service, wanted, seconds=60 * minutes)
        failed += [f"{name} {one}".strip() for one in checks if not one.holds]
    return tuple(failed)
