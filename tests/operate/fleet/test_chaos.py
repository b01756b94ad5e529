"""A rollout in which engines and whole runs are killed at random, Azure fails one call of a hundred, and a
ring goes bad: of 5 stacks, and of 20 with SEARCH=wide."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import FleetCheckout
from tests.support.processes import command_line, descendants
from tests.support.search import SEED, WIDE
from tests.support.stack import Run

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600), pytest.mark.long]

STACKS = 20 if WIDE else 5
MOST_RUNS = 24 if WIDE else 8
"""Of the same command, until all is well: three are cut off, one is halted by the ring that goes bad."""
FAILURES = (
    {"status": 500},
    {"status": 503},
    {"status": 429, "retry_after": 1},
    {"wire": "drop"},
    {"wire": "drop", "after": True},
)
KINDS = ("group", "vault", "vault.key", "account")


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "home") as running:
        yield running


def fail_one_call_of_a_hundred(azure: RunningAzure, chance: random.Random) -> None:
    """The next calls, whichever they are: about 150 for each stack, several times."""
    azure.control("/faults", method="DELETE")
    for call in range(1, 600 * STACKS):
        if chance.random() < 0.01:
            azure.control("/faults", {"call": call, **chance.choice(FAILURES)})


class Rollout:
    """`fleet up --yes` in a process group of its own, and kills at moments that the cloud shows."""

    def __init__(self, azure: RunningAzure, fleet: FleetCheckout) -> None:
        self._azure, self._running = azure, fleet.start("up", "--yes")

    def reaches(self, kind: str, count: int) -> bool:
        """Waits until there are so many of a kind; False where the command ends before."""
        while self._running.poll() is None:
            if len(cloud.documents(self._azure, kind)) >= count:
                return True
        return False

    def kill_an_engine(self, chance: random.Random) -> bool:
        """`kill -9` of one engine that updates; False where none does."""
        engines = [pid for pid in descendants(self._running.pid) if "pulumi up" in command_line(pid)]
        if not engines:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(engines), signal.SIGKILL)
        return True

    def kill(self) -> bool:
        """`kill -9` of the command with its engines, as a CI ends a job."""
        os.killpg(self._running.pid, signal.SIGKILL)
        return True

    def ended(self) -> Run:
        output = self._running.communicate()[0]
        return Run(self._running.returncode, output)


def test_whatever_dies_the_rollout_halts_where_it_must_and_ends_well(
    azure: RunningAzure, tmp_path: Path
) -> None:
    """A canary, most stacks, and the last two. One of most is refused: every run halts there, and nothing of
    the last ring is begun, whatever else was killed. Mended, runs of the same
    command and of those that the report names end with every stack proven: nothing was ever unbound or made
    twice, and no lock or half-done operation is left."""
    chance = random.Random(SEED)
    names = [f"s{number:02}" for number in range(STACKS)]
    bad, last = names[-3], set(names[-2:])
    fleet = FleetCheckout(
        tmp_path / "language-cmk",
        azure.env,
        names,
        {
            "rings": [{"name": "canary", "take": 1}, {"name": "most", "take": STACKS - 3}],
            "parallel": {"stacks": 3},
        },
        {bad: {"language-cmk:accountName": f"lang-fleet-{names[0]}"}},
    )
    locks = fleet.folder / ".pulumi" / "backend" / ".pulumi" / "locks"

    said, kills, halted = [], 0, False
    for attempt in range(MOST_RUNS):
        fail_one_call_of_a_hundred(azure, chance)
        there = {kind: len(cloud.documents(azure, kind)) for kind in KINDS}
        rollout, kind = Rollout(azure, fleet), chance.choice(KINDS)
        kill = attempt < 3 or not kills
        if kill and rollout.reaches(kind, there[kind] + chance.randint(1, 2)):
            kills += rollout.kill() if attempt == 1 else rollout.kill_an_engine(chance)
        done = rollout.ended()
        said.append(done.output)
        fleet.lead_on()
        if not halted:
            there_now = {one["body"]["name"] for one in cloud.documents(azure, "account")}
            assert there_now & {f"lang-fleet-{name}" for name in last} == set(), done.output
            if halted := f"failed: {bad}" in done.output:
                fleet.configure(bad, accountName=f"lang-fleet-{bad}")
        if done.ok:
            break
    everything = "\n".join(said)
    assert halted, everything
    assert kills, everything
    assert done.ok, everything
    azure.control("/faults", method="DELETE")

    again = fleet.run("up", "--yes")
    assert again.code == 0, again.output
    changes = {stack: one["changes"] for stack, one in fleet.outcomes("up").items()}
    assert changes == {name: {} for name in names}, again.output
    accounts = {one["body"]["name"]: one["body"]["id"] for one in cloud.documents(azure, "account")}
    assert set(accounts) == {f"lang-fleet-{name}" for name in names}
    for id in accounts.values():
        assert cloud.unbound_moments(azure, id) == []
        assert len(cloud.bound_keys(azure, id)) == 1
    assert len(cloud.documents(azure, "vault")) == len(names)
    for name in names:
        assert "pending_operations" not in fleet.stack.pulumi("stack", "export", "--stack", name).output
    assert list(locks.rglob("*.json")) == []
