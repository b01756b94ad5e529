"""What was mended because a refusal led nowhere or something was lost, and what the product does without.

Owns: which mends, and a process without one: `python -m tests.remediation.mends MEND MODULE ...` runs the
module. Does not own: how it is noticed (undo.py).
"""

from __future__ import annotations

import dataclasses
import runpy
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import pulumi

from components import planned, preflight
from components.after_account import AfterAccount
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
from policies.rules import bindings as binding_rules
from provider import errors, key_access, key_version
from provider.deployment import checks
from provider.wire import Properties


class Mend(NamedTuple):
    """`where` it is, by object and attribute, and what stands in its place without it. `test` is the everyday
    test that notices; the machine does where there is none."""

    what: str
    where: tuple[Any, str]
    without: Any
    test: str = ""


def _nothing(*_: Any, **__: Any) -> Iterator[Any]:
    return iter(())


def _no(*_: Any, **__: Any) -> bool:
    return False


async def _does_nothing(*_: Any, **__: Any) -> None:
    """In the place of a method that does something."""


_RUN: Callable[..., Any] = preflight._Preflight.run
_AUDIT: Callable[..., Any] = AfterAccount._audit_trail
_ROW: Callable[..., Any] = errors._row
_SECRET = "AADSTS7000215"


async def _run_without_revoking(self: Any, configured: Any) -> None:
    await _RUN(self, configured)
    if self.problems:
        self.revoked.clear()


def _without(rule: rules.Rule) -> tuple[rules.Rule, ...]:
    return tuple(one for one in rules.RULES if one is not rule)


def _rotates_a_number(old_inputs: Properties, news: Properties) -> bool:
    return "generation" in old_inputs.values and key_version.generation(news) > key_version.generation(
        old_inputs
    )


async def _at_once(_: Any, act: Callable[[], Awaitable[Any]]) -> Any:
    return await act()


def _unprotected(parts: AfterAccount) -> Any:
    def options(**given: Any) -> pulumi.ResourceOptions:
        declared: Any = parts.protected
        return pulumi.ResourceOptions.merge(declared.options(**given), pulumi.ResourceOptions(protect=False))

    asks = not isinstance(parts.protected, Registering)
    return _AUDIT(parts if asks else dataclasses.replace(parts, protected=Registering(options)))


MENDS = (
    Mend("a refusal does not hold up a revocation", (preflight._Preflight, "run"), _run_without_revoking),
    Mend(
        "access that somebody took is not given back unasked",
        (rules, "RULES"),
        _without(access.removed_access),
    ),
    Mend("a replacement's name is free", (soft_deleted, "problems"), lambda *_: []),
    Mend(
        "no service goes unnamed",
        (preflight._Preflight, "_refuse_left_out"),
        lambda *_: None,
        "tests/components/guards/test_data_loss.py",
    ),
    Mend(
        "a service leaves no access behind",
        (key_access.KeyAccessCleanupHandler, "delete"),
        _does_nothing,
    ),
    Mend(
        "what is audited stays so",
        (AfterAccount, "_audit_trail"),
        _unprotected,
        "tests/components/test_two_phases.py",
    ),
    Mend("no older version is bound", (key_version, "_not_older"), lambda versions, _: versions),
    Mend("no account is written without access", (Situation, "account_lacks_access"), False),
    Mend("what is gone is told", (rules, "RULES"), _without(drift.gone)),
    Mend(
        "the pack knows the settings",
        (binding_rules, "_asks_for_it"),
        _no,
        "tests/policies/rules/test_rules.py",
    ),
    Mend("a first generation rotates", (key_version, "rotates"), _rotates_a_number),
    Mend("a key is named as before", (key_place, "_is_another_key"), _no),
    Mend(
        "what exists is taken over",
        (recover, "missing"),
        lambda *_: ([], []),
        "tests/operate/test_recover.py",
    ),
    Mend("guards judge the live account", (reader, "as_it_is"), lambda before, _: before),
    Mend(
        "a changed secret is told with its command",
        (errors, "_row"),
        lambda failure, rows: _ROW(failure, [row for row in rows if row.pattern != _SECRET]),
        "tests/provider/test_functions.py",
    ),
    Mend("a subnet is looked up", (planned, "_references"), _nothing),
    Mend("a wrong key is told first", (checks, "_demands"), _nothing),
    Mend("a rotation waits for its grant", (key_version.Rotation, "_with_access"), _at_once),
    Mend("what would be lost is refused", (data_loss, "losses"), _nothing),
)


if __name__ == "__main__":
    what, module = sys.argv[1:3]
    del sys.argv[1:3]
    (mend,) = (one for one in MENDS if one.what == what)
    mock.patch.object(*mend.where, mend.without).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
