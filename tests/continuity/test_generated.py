"""Hundreds of lives of an account, generated: never unbound, never unreadable, and silent when nothing
changed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.continuity.model import Engine, Program, Run
from tests.continuity.operations import MODES, OPERATIONS, Operation, happens
from tests.localazure import driver
from tests.support.search import SEED, WIDE

MODES_ALONE = ("service", "parts", "user-assigned")
"""The modes in which each operation is tried alone; long lives are in all of them."""
LONG_LIVES = 200 if WIDE else 24
PARTS = 4
"""The lives are lived in this many tests, which may run at the same time."""
REFRESHES = ("never", "always", "later")
SPELLINGS: tuple[dict[str, Any], ...] = (
    *({"ids_casing": casing} for casing in ("lower_segments", "upper_group", "lower")),
    *({"location_spelling": spelling} for spelling in ("name", "display_name")),
    *({"empty_tags": tags} for tags in ("null", "object", "absent")),
    *({"key_vault_uri": uri} for uri in ("with_slash", "without_slash")),
    {"defaults_added": True},
)
"""How Azure may answer what it was sent (docs/assumptions.md)."""


@dataclass(frozen=True)
class Life:
    """What happens to a stack of a mode, with a habit of refreshing."""

    mode: str
    refresh: str
    operations: tuple[Operation, ...]
    behaviour: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        happens = ", then ".join(map(str, self.operations))
        return f"{self.mode}, refresh {self.refresh}: {happens} {self.behaviour or ''}"


def lives() -> list[Life]:
    """Each operation alone in each mode, with and without refreshes; a change of everything under each
    spelling of Azure's answers; and pairs of operations without any refresh: some by default, and all of them
    where the whole matrix is asked for."""
    alone = [
        Life(mode, refresh, (one,))
        for mode, refresh, one in itertools.product(MODES_ALONE, REFRESHES, OPERATIONS)
    ]
    every = next(one for one in OPERATIONS if one.name == "tags and rotation")
    spelled = [
        Life(mode, "never", (every,), behaviour) for mode, behaviour in itertools.product(MODES, SPELLINGS)
    ]
    pairs = [Life("service", "never", pair) for pair in itertools.product(OPERATIONS, repeat=2)]
    return [*alone, *spelled, *(pairs if WIDE else pairs[:: len(OPERATIONS) // 4 - 1])]


def long_lives() -> list[Life]:
    """Several operations after each other, in any mode and with any habit."""
    rng = random.Random(SEED)
    return [
        Life(
            rng.choice(list(MODES)),
            rng.choice(REFRESHES),
            tuple(rng.choices(OPERATIONS, k=rng.randint(3, 7))),
            rng.choice(({}, *SPELLINGS)),
        )
        for _ in range(LONG_LIVES)
    ]


def unsettled(engine: Engine, program: Program, told: Run) -> list[str]:
    """The writes of an update in which nothing changed. Without a refresh, one PUT may bring the key of the
    account into the state, once; it changes nothing."""
    if (writes := engine.up(program, told)) == ["PUT"] and not told.refresh:
        return engine.up(program, told)
    return writes


def lived(life: Life) -> list[str]:
    """What went wrong in a life, in words."""
    refresh, operations = life.refresh, life.operations
    engine, program = Engine(driver.Case()), MODES[life.mode]()
    engine.case.cloud.behave(**life.behaviour)
    wrong = []
    engine.up(program)
    if writes := unsettled(engine, program, Run(refresh=refresh == "always")):
        wrong.append(f"nothing changed after the first update, and it made {writes}")
    for number, operation in enumerate(operations):
        happens(
            engine, program, operation, refresh=refresh == "always" or (refresh == "later" and number > 0)
        )
    last = Run(refresh=refresh != "never" or program.meddles)
    engine.up(program, last)
    if writes := unsettled(engine, program, last):
        wrong.append(f"nothing changed in the end, and it made {writes}")
    # Where the account states its key itself, who ignores that stays on the version.
    stays = program.binds_inline and bool(program.ignores)
    if engine.bound_version != engine.newest_version() and not stays:
        wrong.append(f"bound to {engine.bound_version}, newest is {engine.newest_version()}")
    return wrong + engine.lapses()


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_no_life_has_an_unbound_moment(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    """Every operation alone in every mode and with every habit of refreshing, and pairs of them without any:
    each state that the account was in after its first binding is bound and readable, the program converges by
    one more update, and the next finds nothing to do, but for one PUT where no refresh records the key."""
    assert len(lives()) >= 300
    every = [*lives(), *long_lives()]
    assert {str(life): wrong for life in every[part::PARTS] if (wrong := lived(life))} == {}
