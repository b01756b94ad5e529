"""Hundreds of lives of an account, generated: never unbound, never unreadable, and silent when nothing
changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.localazure.cognitive import case as cognitive_case
from tests.unbound.model import Engine, Run
from tests.unbound.operations import MODES, OPERATIONS, Operation, happens

REFRESHES = ("never", "always", "later")
Life = tuple[str, str, tuple[Operation, ...]]


def lives() -> Iterator[Life]:
    """Each operation alone in each mode, with and without refreshes; and each pair without any."""
    for mode, refresh, operation in itertools.product(MODES, REFRESHES, OPERATIONS):
        yield mode, refresh, (operation,)
    for pair in itertools.product(OPERATIONS, repeat=2):
        yield "service", "never", pair


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


def test_no_life_has_an_unbound_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation alone in every mode and with every habit of refreshing, and every pair of them without
    any refresh: each state that the account was in after its first binding is bound and readable, the program
    converges by one more update, and the next finds nothing to do."""
    cognitive_case.pool_keys(monkeypatch)
    found = {spelled(life): wrong for life in lives() if (wrong := lived(life))}
    assert len(list(lives())) >= 300
    assert found == {}
