"""kill -9 of the engine at the requests of an update, a rotation, a change and a destroy, and of azure-cmk
while it binds: all converge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.commands import refreshed
from tests.support.azure import RunningAzure, running_azure
from tests.support.cloud import documents
from tests.support.crash import Bookmark, Update, killed_at, locked, moment, repair
from tests.support.judge import Judge
from tests.support.search import WIDE
from tests.support.stack import Stack, done

pytestmark = [pytest.mark.engine, pytest.mark.timeout(7200)]
MOST_KILLS = 60 if WIDE else 6
ACCOUNT = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.CognitiveServices/accounts/{a}"
WRITES = (
    *(("arm", method) for method in ("PUT", "PATCH", "DELETE")),
    *(("vault", method) for method in ("PUT", "PATCH", "POST", "DELETE")),
)


@dataclass(frozen=True)
class Change:
    """What is killed: what an update before it has set, what it sets, the command, how many versions the key
    has afterwards where nobody kills it, and whether access is revoked then."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    command: str = "up"
    versions: int = 1
    revoked: bool = False


FIRST, DESTROY, ROTATION = Change(), Change(command="destroy"), Change({"key": {"generation": 2}}, versions=2)
CHANGES = {
    "up": FIRST,
    "rotation": ROTATION,
    "tags": Change({"tags": {"environment": "dev", "owner": "another"}}),
    "revocation": Change({"access": "revoked"}, revoked=True),
    "restoration": Change({"access": "granted"}, {"access": "revoked"}),
    "destroy": DESTROY,
}


class Life:
    """A stack that stands, with data in its account, its cloud, and two points to go back to: before anything
    was made, and once all stood."""

    def __init__(self, azure: RunningAzure, stack: Stack, folder: Path) -> None:
        self.azure, self.stack, self.judge = azure, stack, Judge(azure, stack)
        self.nothing = Bookmark(azure, stack, folder / "nothing")
        done(stack.deploy())
        self.judge.write_data()
        self.standing = Bookmark(azure, stack, folder / "standing")

    def begin(self, change: Change) -> None:
        """Goes back to where a change begins, and sets what it changes."""
        (self.nothing if change is FIRST else self.standing).restore()
        if change.before:
            self.stack.configure(**change.before)
            done(self.stack.deploy())
        self.stack.configure(**change.settings)

    def killed(self, *words: str, repair: Callable[[Stack], None] = repair) -> int:
        """How often a command was killed, at the next write that the cloud has not begun with, or has
        answered, and repaired. Ends where the command ends first."""
        for number in range(MOST_KILLS):
            moments = [moment(how, host=host, answered=number % 3 > 0) for host, how in WRITES]
            if not killed_at(self.azure, self.stack, moments, *words, whole=number % 2 == 0):
                return number
            repair(self.stack)
        return MOST_KILLS

    def converged(self, change: Change, stored: list[Any], killed: int) -> None:
        """By the cloud's records; `stored` is the ciphertext from before the change. Each time that a
        rotation was killed before its state was kept, the key may have got one version more."""
        calm = self.stack.deploy("--expect-no-changes")
        assert calm.ok, f"the next up changes something\n{calm.output}"
        most = change.versions + (killed if change.versions > 1 else 0)
        versions = min(max(len(self.judge.versions()), change.versions), most)
        assert self.judge.verdicts(versions=versions, granted=not change.revoked) == []
        assert self.judge.refusals() == []
        if stored:
            assert self.judge.ciphertext() == stored, "the data was encrypted anew"
            assert self.judge.reads_data() is not change.revoked, "whether the data can be read"


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Stack `dev` as the repository has it, deployed once, on a local Azure of its own."""
    folder = tmp_path_factory.mktemp("life")
    with running_azure(folder / "azure") as azure:
        yield Life(azure, Stack(folder / "checkout", azure.environ, policy_pack=False), folder)


@pytest.mark.long
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_update_that_is_killed_again_and_again_converges(life: Life, change: Change) -> None:
    """Killed at one request after another, before it or after it, engine alone or machine, and each time
    repaired by the runbook; the run let be converges. SEARCH=wide kills ten times as often."""
    life.begin(change)
    stored, words = life.judge.ciphertext(), (change.command, "--yes", "--skip-preview", "--refresh")
    killed = life.killed(*words)
    assert killed
    done(life.stack.pulumi(*words))
    if change is not DESTROY:
        life.converged(change, stored, killed)
        return
    recorded = [resource["urn"] for resource in life.stack.resources()]
    left = [kind for kind in ("account", "vault", "workspace") if documents(life.azure, kind)]
    assert [*recorded, *left, *life.judge.groups(), *life.judge.lapses()] == []


@pytest.mark.long
@pytest.mark.parametrize("word", ["up", "rotation", "revocation", "restoration"])
def test_an_update_that_keeps_its_state_at_the_end_is_recovered(
    life: Life, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine was told to write the state once, at the end of an update, so that a killed one has recorded
    nothing of what it made. `operate recover --yes` takes all of it in."""
    change = CHANGES[word]
    life.begin(change)
    for name in ("PULUMI_EXPERIMENTAL", "PULUMI_SKIP_CHECKPOINTS"):
        monkeypatch.setitem(life.stack.env, name, "true")
    stored, words = life.judge.ciphertext(), ("up", "--yes", "--skip-preview", "--refresh")
    killed = life.killed(*words, repair=take_in)
    assert killed
    done(life.stack.pulumi(*words, "--run-program"))
    life.converged(change, stored, killed)


def take_in(stack: Stack) -> None:
    """What docs/runbooks/crash-recovery.md has a person do where the state lacks what exists."""
    repair(stack)
    run = stack.python("-m", "operate", "recover", "--stack", stack.name, "--yes")
    # Without its group nothing exists, and that of nothing in the group is known.
    assert f"run `{refreshed(stack.name)}`" in run.output, run.output


def test_the_plugin_dies_while_it_binds(life: Life) -> None:
    """kill -9 of azure-cmk after its PATCH fails the update in words; the next one converges, and the cloud
    tells of no lapse, no third version, and of data that is as it was."""
    life.begin(ROTATION)

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
