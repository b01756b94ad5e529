"""kill -9 of the engine at the requests of an update, a rotation, a change and a destroy: all converge."""

from __future__ import annotations

import pytest

from tests.lifecycle.crashes import CHANGES, IN_HSM, IN_VAULT, Change, begin, interrupted, judge
from tests.lifecycle.life import Life
from tests.support.search import WIDE

pytestmark = [pytest.mark.engine, pytest.mark.timeout(7200), pytest.mark.long]
MOST_KILLS = 60 if WIDE else 6
in_each_place = pytest.mark.parametrize("place", [IN_VAULT, IN_HSM], indirect=True, ids=str)
each_change = pytest.mark.parametrize("change", CHANGES, ids=str)


@in_each_place
@each_change
def test_an_update_that_is_killed_again_and_again_converges(life: Life, change: Change) -> None:
    """Killed at one request after another, before it or after it, engine alone or machine, and each time
    repaired by the runbook; the run let be converges. SEARCH=wide kills ten times as often."""
    begin(life, change)
    stored = life.judge.ciphertext()
    killed = len([*interrupted(life, change, MOST_KILLS)])
    assert killed
    end = life.stack.pulumi(*change.words)
    assert end.ok, end.output
    judge(life, change, stored, killed=killed)


def test_the_state_is_one_file(life: Life) -> None:
    """The backend keeps nothing beside the state that a kill could leave half written."""
    # Another test's kill may have met the engine while it wrote a new state, to be renamed when it is whole.
    life.standing.restore()
    kept = (life.stack.folder / ".pulumi" / "backend").rglob("stacks/**/*")
    assert {path.suffix for path in kept if path.is_file()} <= {".json", ".bak"}
