"""What was mended because a refusal led nowhere or something was lost, and what the product does without.

Owns: which mends, and taking one out of a process: in the forks of a stack's warm Python, which import this,
and before a command, with `python -m tests.remediation.mends MODULE`. WITHOUT names it. Does not own: how
it is noticed (undo.py).
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import pulumi

from components import audit, planned, preflight, service_parts
from components.declared import Registering
from components.guards import (
    access,
    data_loss,
    drift,
    key_place,
    reader,
    rules,
    soft_deleted,
)
from components.guards.situation import Situation
from operate import recover
from policies.rules import binding_protected
from provider import errors, key_access, key_version, rotation
from provider.deployment import references
from provider.wire import Properties

WITHOUT = "WAYS_OUT_WITHOUT"
"""The variable that has the mend to take out, by `what`."""


class Mend(NamedTuple):
    """`where` it is, by object and attribute, and what stands in its place without it. `points` are those of
    the list of dead ends that began this. `engine` is the mode of the lives on the real engine that notice
    it; the machine in this process does where there is none."""

    what: str
    points: str
    where: tuple[Any, str]
    without: Any
    engine: str = ""


def _nothing(*_: Any, **__: Any) -> Iterator[Any]:
    return iter(())


def _no(*_: Any, **__: Any) -> bool:
    return False


async def _does_nothing(*_: Any, **__: Any) -> None:
    """In the place of a method that does something."""


_RUN: Callable[..., Any] = preflight._Preflight.run
_AUDIT: Callable[..., Any] = audit.make_audit_trail
_ROW: Callable[..., Any] = errors._row
_SECRET = "AADSTS7000215"


async def _run_without_revoking(self: Any, configured: Any) -> None:
    await _RUN(self, configured)
    if self.problems:
        self.revoked.clear()


def _without(rule: rules.Rule) -> tuple[rules.Rule, ...]:
    return tuple(one for one in rules.RULES if one is not rule)


def _rotates_a_number(old_inputs: Properties, news: Properties) -> bool:
    return "generation" in old_inputs.values and rotation.generation(news) > rotation.generation(old_inputs)


async def _at_once(_: Any, act: Callable[[], Awaitable[Any]]) -> Any:
    return await act()


def _unprotected(inputs: Any, declare: Any, logs: Any, **more: Any) -> Any:
    def options(**given: Any) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(logs.options(**given), pulumi.ResourceOptions(protect=False))

    return _AUDIT(inputs, declare, Registering(options) if isinstance(logs, Registering) else logs, **more)


POLICIES, ROLES = "access policies", "Azure RBAC"
MENDS = (
    Mend(
        "a refusal does not hold up a revocation", "1", (preflight._Preflight, "run"), _run_without_revoking
    ),
    Mend(
        "access that somebody took is not given back unasked",
        "2",
        (rules, "RULES"),
        _without(access.removed_access),
    ),
    Mend("a replacement's name is free", "3", (soft_deleted, "problems"), lambda *_: []),
    Mend(
        "no service goes unnamed", "4", (preflight._Preflight, "_refuse_left_out"), lambda *_: None, POLICIES
    ),
    Mend(
        "a service leaves no access behind",
        "6",
        (key_access.KeyAccessCleanupHandler, "delete"),
        _does_nothing,
    ),
    Mend("what is audited stays so", "6", (service_parts, "make_audit_trail"), _unprotected, POLICIES),
    Mend("no older version is bound", "7", (key_version, "_not_older"), lambda versions, _: versions),
    Mend("no account is written without access", "8", (Situation, "account_lacks_access"), False),
    Mend("what is gone is told", "8", (rules, "RULES"), _without(drift.gone)),
    Mend("the pack knows the settings", "9", (binding_protected, "_asks_for_it"), _no, POLICIES),
    Mend("a first generation rotates", "10", (key_version, "rotates"), _rotates_a_number),
    Mend("a key is named as before", "11", (key_place, "_is_another_key"), _no),
    Mend("what exists is taken over", "12", (recover, "missing"), lambda *_: ([], []), POLICIES),
    Mend("guards judge the live account", "13", (reader, "as_it_is"), lambda before, _: before),
    Mend(
        "a changed secret is told with its command",
        "14",
        (errors, "_row"),
        lambda failure, rows: _ROW(failure, [row for row in rows if row.pattern != _SECRET]),
        POLICIES,
    ),
    Mend("a subnet is looked up", "15", (planned, "_references"), _nothing),
    Mend("a wrong key is told first", "16", (references, "_demands"), _nothing),
    Mend("a rotation waits for its grant", "17", (rotation.Rotation, "_with_access"), _at_once),
    Mend("what would be lost is refused", "", (data_loss, "losses"), lambda *_, **__: []),
    Mend("no account is recovered that could not be bound", "", (soft_deleted, "_unfit"), lambda *_: None),
)


def take_out(what: str) -> None:
    """Takes a mend out of this process. Raises KeyError."""
    mend = {one.what: one for one in MENDS}[what]
    mock.patch.object(*mend.where, mend.without).start()


if named := os.environ.get(WITHOUT):
    take_out(named)

if __name__ == "__main__":
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
