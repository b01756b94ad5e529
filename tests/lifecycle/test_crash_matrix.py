"""kill -9 of the engine at every request of an update, a rotation, a change and a destroy: all converge."""

from __future__ import annotations

import random
import sys
import time

import pytest

from tests.lifecycle.crashes import (
    AGAIN_AND_AGAIN,
    AGAIN_IN_HSM,
    IN_HSM,
    IN_VAULT,
    MATRICES,
    Again,
    Matrix,
    begin,
    cases,
    judge,
    run,
    unnamed,
)
from tests.lifecycle.life import Life
from tests.support.crash import killed_at, repair
from tests.support.search import SEED, WIDE

pytestmark = [pytest.mark.engine, pytest.mark.timeout(7200), pytest.mark.long]
DRAWN = 4
each_place = pytest.mark.parametrize("matrix", MATRICES, indirect=True, ids=str)


@pytest.mark.parametrize("matrix", [IN_VAULT], indirect=True, ids=str)
@pytest.mark.parametrize("again", AGAIN_AND_AGAIN, ids=lambda again: again.change.name)
def test_an_update_that_is_killed_again_and_again_converges(
    life: Life, again: Again, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed at one request after another, each time repaired by the runbook; the run let be converges."""
    _goes_through(life, again, capsys)


@pytest.mark.parametrize("matrix", [IN_HSM], indirect=True, ids=str)
@pytest.mark.parametrize("again", AGAIN_IN_HSM, ids=lambda again: again.change.name)
def test_it_converges_where_the_key_is_in_a_managed_hsm(
    life: Life, again: Again, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed at the HSM's own roles and keys."""
    _goes_through(life, again, capsys)


def _goes_through(life: Life, again: Again, capsys: pytest.CaptureFixture[str]) -> None:
    change = again.change
    begin(life, change)
    stored, repairs = life.judge.ciphertext(), []
    for number, moment in enumerate(again.moments):
        whole = number % 2 == 0
        assert killed_at(life.azure, life.stack, [moment], *change.words, whole=whole), f"{moment} never came"
        repairs.append((*repair(life.stack), f"pulumi {change.words[0]}"))
    end = life.stack.pulumi(*change.words)
    assert end.ok, end.output
    judge(life, change, stored, change.name)
    worst = max(repairs, key=len)
    with capsys.disabled():
        sys.stdout.write(f"\n{change.name}: {len(repairs)} kills, worst repair: {', '.join(worst)}\n")


@each_place
def test_the_matrix_knows_every_write_of_an_up(matrix: Matrix, life: Life) -> None:
    """A resource that is added to the stack is added to the crash matrix, too."""
    assert unnamed(life) == []
    # Each is counted twice: among all that are like it, and by its own path.
    assert sum(life.made_with.values()) > len(matrix.changes[0].moments)


def test_the_state_is_one_file(life: Life) -> None:
    """The backend keeps nothing beside the state that a kill could leave half written."""
    # Another test's kill may have met the engine while it wrote a new state, to be renamed when it is whole.
    life.standing.restore()
    kept = (life.stack.folder / ".pulumi" / "backend").rglob("stacks/**/*")
    assert {path.suffix for path in kept if path.is_file()} <= {".json", ".bak"}


@each_place
def test_every_kill_converges(matrix: Matrix, life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    """Each request, before and after it, engine alone or machine: the runbook's repair and one run converge.
    All of them take an hour, with SEARCH=wide; else a few are drawn."""
    every = list(cases(matrix))
    chosen = every if WIDE else random.Random(SEED).sample(every, DRAWN)
    began, repairs, failures = time.monotonic(), [], []
    for case in chosen:
        try:
            repairs.append(run(life, case))
            said = f"ok      {case}: {', '.join(repairs[-1])}"
        except AssertionError as error:
            failures.append(f"{case}: {error}")
            said = f"FAILED  {case}: {error}"
        with capsys.disabled():
            sys.stdout.write(f"\n{said}")
    worst = max(repairs, key=len, default=())
    with capsys.disabled():
        seconds = time.monotonic() - began
        sys.stdout.write(f"\n{len(chosen)} kills in {seconds:.0f} s, {len(failures)} did not converge; ")
        sys.stdout.write(f"worst repair: {len(worst)} commands, {', '.join(worst)}\n")
    assert chosen
    assert failures == []
