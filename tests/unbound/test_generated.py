"""Hundreds of lives of an account, generated: never unbound, never unreadable, and silent when nothing
changed."""

from __future__ import annotations

import itertools

import pytest

from tests.localazure.cognitive import case as cognitive_case
from tests.unbound.consumers import whole
from tests.unbound.model import Engine, Run
from tests.unbound.operations import MODES, OPERATIONS, Operation, happens

PARTS = 4
"""The lives are lived in this many tests, which may run at the same time."""
REFRESHES = ("never", "always", "later")
Life = tuple[str, str, tuple[Operation, ...]]


def lives() -> list[Life]:
    """Each operation alone in each mode, with and without refreshes; and pairs of them without any: some by
    default, and all of them where the whole matrix is asked for."""
    alone = [
        (mode, refresh, (one,)) for mode, refresh, one in itertools.product(MODES, REFRESHES, OPERATIONS)
    ]
    pairs = [("service", "never", pair) for pair in itertools.product(OPERATIONS, repeat=2)]
    return [*alone, *(pairs if whole() else pairs[:: len(OPERATIONS) // 4 - 1])]


def spelled(life: Life) -> str:
    mode, refresh, operations = life
    return f"{mode}, refresh {refresh}: {', then '.join(map(str, operations))}"


def lived(life: Life) -> list[str]:
    """What went wrong in a life, in words."""
    mode, refresh, operations = life
    engine, program = Engine(cognitive_case.Case()), MODES[mode]()
    wrong = []
    engine.up(program)
    if writes := engine.up(program, Run(refresh=refresh == "always")):
        wrong.append(f"nothing changed after the first update, and it made {writes}")
    for number, operation in enumerate(operations):
        happens(
            engine, program, operation, refresh=refresh == "always" or (refresh == "later" and number > 0)
        )
    last = Run(refresh=refresh != "never")
    engine.up(program, last)
    if writes := engine.up(program, last):
        wrong.append(f"nothing changed in the end, and it made {writes}")
    if engine.bound_version != engine.newest_version():
        wrong.append(f"bound to {engine.bound_version}, newest is {engine.newest_version()}")
    return wrong + engine.lapses()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_life_has_an_unbound_moment(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    """Every operation alone in every mode and with every habit of refreshing, and pairs of them without any:
    each state that the account was in after its first binding is bound and readable, the program converges by
    one more update, and the next finds nothing to do."""
    cognitive_case.pool_keys(monkeypatch)
    assert len(lives()) >= 300
    assert {spelled(life): wrong for life in lives()[part::PARTS] if (wrong := lived(life))} == {}
