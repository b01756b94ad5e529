"""kill -9 of the engine at the requests of an update, a rotation, a change and a destroy, and of azure-cmk
while it binds: all converge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lifecycle.crashes import CHANGES, Change, Life, begin, interrupted, judge
from tests.support.azure import running_azure
from tests.support.crash import Bookmark, Update, locked, moment
from tests.support.judge import Judge
from tests.support.search import WIDE
from tests.support.stack import Stack, done

pytestmark = [pytest.mark.engine, pytest.mark.timeout(7200)]
MOST_KILLS = 60 if WIDE else 6
ACCOUNT = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.CognitiveServices/accounts/{a}"


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Stack `dev` as the repository has it, deployed once, on a local Azure of its own."""
    folder = tmp_path_factory.mktemp("life")
    with running_azure(folder / "azure") as azure:
        stack = Stack(folder / "checkout", azure.environ, policy_pack=False)
        judge, nothing = Judge(azure, stack), Bookmark(azure, stack, folder / "nothing")
        done(stack.deploy())
        judge.write_data()
        yield Life(azure, stack, judge, nothing, Bookmark(azure, stack, folder / "standing"))


@pytest.mark.long
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_an_update_that_is_killed_again_and_again_converges(life: Life, change: Change) -> None:
    """Killed at one request after another, before it or after it, engine alone or machine, and each time
    repaired by the runbook; the run let be converges. SEARCH=wide kills ten times as often."""
    begin(life, change)
    stored = life.judge.ciphertext()
    killed = len([*interrupted(life, change, MOST_KILLS)])
    assert killed
    done(life.stack.pulumi(*change.words))
    judge(life, change, stored, killed=killed)


def test_the_plugin_dies_while_it_binds(life: Life) -> None:
    """kill -9 of azure-cmk after its PATCH fails the update in words; the next one converges, and the cloud
    tells of no lapse, no third version, and of data that is as it was."""
    begin(life, next(one for one in CHANGES if one.name == "rotation"))

    def is_reached() -> bool:
        (fault,) = life.azure.control("/faults")["value"]
        return bool(fault["calls"])

    life.azure.control("/faults", moment("PATCH", ACCOUNT))
    with Update(life.stack) as update:
        assert update.reaches(is_reached), update.output
        assert update.kill_those("/provider 127.0.0.1:")
        run = update.ended()
    life.azure.control("/faults", method="DELETE")
    assert not run.ok
    assert "contoso-dev-binding" in run.output
    assert not locked(life.stack)
    done(life.stack.deploy())
    assert life.judge.verdicts(versions=2) == []
    assert life.judge.refusals() == []
    assert life.judge.reads_data()
