"""A fleet's life on the real engine: a rollout in which engines and whole runs are killed at random, Azure
fails one call of a hundred, and a ring goes bad (5 stacks, and 20 with SEARCH=wide); and two tenants. What a
rotation and a revocation of a fleet write and begin: test_files.py."""

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from localazure import seed
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.crash import below
from tests.support.fleets import QUIET, FleetCheckout
from tests.support.search import SEED, WIDE

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


def reaches(azure: RunningAzure, rollout: subprocess.Popen[str], kind: str, count: int) -> bool:
    """Waits until there are so many of a kind; False where the command ends before."""
    while rollout.poll() is None:
        if len(cloud.documents(azure, kind)) >= count:
            return True
    return False


def killed(rollout: subprocess.Popen[str], chance: random.Random, *, whole: bool) -> bool:
    """`kill -9` of the command with its engines, as a CI ends a job, or of one engine that updates; False
    where none does."""
    if whole:
        os.killpg(rollout.pid, signal.SIGKILL)
        return True
    engines = below(rollout.pid, "pulumi up")
    with suppress(psutil.NoSuchProcess):
        if engines:
            chance.choice(engines).kill()
    return bool(engines)


def test_whatever_dies_the_rollout_halts_where_it_must_and_ends_well(
    azure: RunningAzure, tmp_path: Path
) -> None:
    """A canary, most stacks, and the last two. One of most is refused: every run halts there, and nothing of
    the last ring is begun, whatever else was killed. Mended, runs of the same command and of those that the
    report names end with every stack proven: nothing was ever unbound or made twice, and no lock or half-done
    operation is left."""
    names = [f"s{number:02}" for number in range(STACKS)]
    fleet = FleetCheckout(
        tmp_path / "language-cmk",
        azure.env,
        names,
        {
            "rings": [{"name": "canary", "take": 1}, {"name": "most", "take": STACKS - 3}],
            "parallel": {"stacks": 3},
        },
        {names[-3]: {"language-cmk:accountName": f"lang-fleet-{names[0]}"}},
    )
    roll_out(azure, fleet, names[-3], names[-2:])
    azure.control("/faults", method="DELETE")

    assert fleet.run("up", "--yes").code == 0
    changes = {stack: one["changes"] for stack, one in fleet.outcomes("up").items()}
    assert changes == {name: {} for name in names}
    assert len(cloud.documents(azure, "vault")) == len(names)
    accounts = {one["body"]["name"]: one["body"]["id"] for one in cloud.documents(azure, "account")}
    assert set(accounts) == {f"lang-fleet-{name}" for name in names}
    assert [cloud.unbound_moments(azure, id) for id in accounts.values()] == [[]] * len(names)
    for name in names:
        assert "pending_operations" not in fleet.stack.pulumi("stack", "export", "--stack", name).output
    assert list((fleet.folder / ".pulumi" / "backend" / ".pulumi" / "locks").rglob("*.json")) == []


def roll_out(azure: RunningAzure, fleet: FleetCheckout, bad: str, last: list[str]) -> None:
    """Runs `up` until all is well. Until `bad` is mended every run halts, and none of `last` is begun."""
    chance = random.Random(SEED)
    said, kills, halted = list[str](), 0, False
    for attempt in range(MOST_RUNS):
        fail_one_call_of_a_hundred(azure, chance)
        there = {kind: len(cloud.documents(azure, kind)) for kind in KINDS}
        rollout, kind = fleet.start("up", "--yes"), chance.choice(KINDS)
        kill = attempt < 3 or not kills
        if kill and reaches(azure, rollout, kind, there[kind] + chance.randint(1, 2)):
            kills += killed(rollout, chance, whole=attempt == 1)
        said.append(rollout.communicate()[0])
        fleet.lead_on()
        if not halted:
            there_now = {one["body"]["name"] for one in cloud.documents(azure, "account")}
            assert there_now & {f"lang-fleet-{name}" for name in last} == set(), said[-1]
            if halted := f"failed: {bad}" in said[-1]:
                fleet.configure(bad, accountName=f"lang-fleet-{bad}")
        if rollout.returncode == 0:
            break
    everything = "\n".join(said)
    assert halted, everything
    assert kills, everything
    assert rollout.returncode == 0, everything


def test_two_tenants_never_see_each_others_credentials(azure: RunningAzure, tmp_path: Path) -> None:
    """Each stack logs in as its own client at its own tenant, though the environment has one's secret; a
    stack that lacks its secret fails, and sends nobody else's."""
    foreign = {
        "azure-native:tenantId": seed.OTHER_TENANT_ID,
        "azure-native:clientId": seed.FOREIGNER.client_id,
        "azure-native:subscriptionId": seed.FOREIGN_SUBSCRIPTION_ID,
    }
    names = ("own", "other", "without")
    fleet = FleetCheckout(
        tmp_path / "language-cmk",
        azure.env,
        names,
        {**QUIET, "stop": {"failures": 3}},
        {"other": foreign, "without": foreign},
    )
    secret = azure.home.secrets()[seed.FOREIGNER.name]
    assert fleet.stack.pulumi(
        "config", "set", "--stack", "other", "--secret", "azure-native:clientSecret", secret
    ).ok
    done = fleet.run("up", "--yes")
    assert {one: found["ok"] for one, found in fleet.outcomes("up").items()} == {
        "own": True,
        "other": True,
        "without": False,
    }, done.output
    signed_in = {
        (one["tenantId"], one["clientId"], one["accepted"]) for one in azure.control("/signins")["value"]
    }
    assert signed_in == {
        (seed.TENANT_ID, seed.DEPLOYER.client_id, True),
        (seed.OTHER_TENANT_ID, seed.FOREIGNER.client_id, True),
    }
    assert secret not in done.output + (fleet.folder / ".fleet" / "up" / "report.json").read_text()
