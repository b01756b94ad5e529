"""The calls to Azure of one preview, each with its reason, on the engine in this process.

A test keeps their number from growing (tests/engine/test_in_process.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from tests.engine.test_in_process import run_program
from tests.support.engine import Engine
from tests.support.in_process import Wire

NEW, UNCHANGED, REFRESHED = "first", "unchanged", "unchanged, --refresh"
_SEEN: Final = {
    "GET resourcegroups": ["refresh of the group"],
    "GET vaults": [
        "whether it can hold the key, and who has access",
        "refresh of the vault",
        "refresh of the access policy, which is in the vault",
    ],
    "GET vaults/keys": [
        "whether the key exists",
        "refresh of the key version: which is the newest",
        "refresh of the key",
    ],
    "GET accounts": [
        "whether it exists, and which key it has",
        "refresh of the binding, which is in the account",
        "refresh of the account",
    ],
    "GET workspaces": ["refresh of the workspace"],
    "GET diagnosticsettings": [
        "whether the uses of the vault's keys are still logged",
        "refresh of the vault's setting",
        "refresh of the account's setting",
    ],
}
_NEW: Final = {
    "GET resourcegroups": ["whether the group exists, which may hold a resource of the same name"],
    "POST checknameavailability": ["whether the vault's name is free in the world"],
    "POST checkdomainavailability": ["whether the account's name is free in the world"],
    "GET deletedvaults": ["whether a deleted vault holds a name"],
    "GET deletedaccounts": ["whether a deleted account holds a name"],
    "POST validate": ["what Azure itself would refuse"],
    "GET locks": ["whether a lock of the subscription forbids it"],
    "GET accounts": ["whether the kind's terms are accepted in the subscription"],
}
REASONS: Final[Mapping[str, Mapping[str, list[str]]]] = {NEW: _NEW, UNCHANGED: _SEEN, REFRESHED: _SEEN}
"""Why a preview makes each call of a kind: for each service, or once for the stack."""


def measure(services: int) -> Iterator[dict[str, Any]]:
    """The calls of each preview of that many services."""
    engine = Engine(Wire())
    program = partial(run_program, services=[{"name": f"bench-{number}"} for number in range(services)])
    runs: Mapping[str, Callable[..., Any]] = {
        NEW: engine.preview,
        UNCHANGED: engine.preview,
        REFRESHED: partial(engine.preview, refresh=True),
    }
    for what, run in runs.items():
        engine.wire.seen.clear()
        program(run)
        calls = Counter(f"{method} {_kind(path)}" for method, path in engine.wire.seen)
        why = REASONS[what]
        yield {
            "what": "calls to Azure",
            "preview": what,
            "services": services,
            "all": sum(calls.values()),
            "calls": {
                call: {"times": times, "why": why[call][: times // services or 1]}
                for call, times in sorted(calls.items())
            },
        }
        if what == NEW:
            program(partial(engine.up, refresh=False))


def _kind(path: str) -> str:
    """The type of the resource that a path names, or its last word."""
    words = path.lower().rpartition("/providers/")[2].strip("/").split("/")
    if path.lower().startswith("/subscriptions/") and "/providers/" not in path:
        return words[2]
    return words[-1] if len(words) % 2 == 0 else "/".join(words[1::2])
