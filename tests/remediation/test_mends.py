"""The lives find what they are there for: what was mended is taken out of the product, and a life goes wrong.

Each mend is of a refusal that led nowhere, or of something that was lost. What everyday tests notice is not
among them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import pytest

from components.preflight import planned
from components.preflight import run as preflight
from core.service import access, data_loss, drift, key_place, rules, soft_deleted, state
from core.service.state import ServiceState
from provider import key_access, key_version
from provider.deployment import checks
from provider.wire import Properties
from tests.remediation.machine import searched
from tests.support.engine import UpdateError

LIVES = 108
LIVES_OF_A_RUN = 9
"""Of ten and more, Hypothesis makes the first tenth simple."""


class Mend(NamedTuple):
    """`where` it is, by object and attribute, and what stands in its place without it."""

    where: tuple[Any, str]
    without: Any


def _nothing(*_: Any, **__: Any) -> Iterator[Any]:
    return iter(())


def _no(*_: Any, **__: Any) -> bool:
    return False


async def _does_nothing(*_: Any, **__: Any) -> None:
    """In the place of a method that does something."""


_RUN: Callable[..., Any] = preflight._Preflight.run


async def _run_without_revoking(self: Any, configured: Any) -> None:
    await _RUN(self, configured)
    if self.problems:
        self.revoked.clear()


def _without(rule: rules.Rule) -> tuple[rules.Rule, ...]:
    return tuple(one for one in rules.RULES if one is not rule)


def _rotates_a_number(old_inputs: Properties, news: Properties) -> bool:
    newer = key_version.generation(news) > key_version.generation(old_inputs)
    return "generation" in old_inputs.values and newer


async def _at_once(_: Any, act: Callable[[], Awaitable[Any]]) -> Any:
    return await act()


MENDS = {
    "a refusal does not hold up a revocation": Mend((preflight._Preflight, "run"), _run_without_revoking),
    "access that somebody took is not given back unasked": Mend(
        (rules, "RULES"), _without(access.removed_access)
    ),
    "a replacement's name is free": Mend((soft_deleted, "problems"), lambda *_: []),
    "a service leaves no access behind": Mend((key_access.KeyAccessCleanupHandler, "delete"), _does_nothing),
    "no older version is bound": Mend((key_version, "_not_older"), lambda versions, _: versions),
    "no account is written without access": Mend((ServiceState, "account_lacks_access"), False),
    "what is gone is told": Mend((rules, "RULES"), _without(drift.gone)),
    "a first generation rotates": Mend((key_version, "rotates"), _rotates_a_number),
    "a key is named as before": Mend((key_place, "_is_another_key"), _no),
    "guards judge the live account": Mend((state, "as_it_is"), lambda before, _: before),
    "a subnet is looked up": Mend((planned, "_references"), _nothing),
    "a wrong key is told first": Mend((checks, "_demands"), _nothing),
    "a rotation waits for its grant": Mend((key_version.Rotation, "_with_access"), _at_once),
    "what would be lost is refused": Mend((rules, "RULES"), _without(data_loss.losses)),
}


def hundred_lives() -> None:
    for first in range(0, LIVES, LIVES_OF_A_RUN):
        searched(first, LIVES_OF_A_RUN)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mend", MENDS.values(), ids=MENDS)
def test_a_life_goes_wrong_without_the_mend(mend: Mend) -> None:
    """In one of about a hundred that the machine draws."""
    with mock.patch.object(*mend.where, mend.without), pytest.raises((AssertionError, UpdateError)):
        hundred_lives()
