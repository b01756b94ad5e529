"""A fleet's life on the real engine: a rollout that is killed and halts at a bad ring; and two tenants."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from localazure import seed
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import QUIET, FleetCheckout

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600), pytest.mark.long]

NAMES = ("s1", "s2", "bad", "last1", "last2")
MOST_RUNS = 6
"""Of the same command, until all is well: one is killed, one is halted by the ring that goes bad."""


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "home") as running:
        yield running


def test_a_killed_rollout_halts_where_it_must_and_ends_well(azure: RunningAzure, tmp_path: Path) -> None:
    """A canary, two stacks, and the last two. The whole run is killed while it makes an account. One of the
    second ring is refused: the next run halts there, and nothing of the last ring is begun. Mended, runs of
    the same command and of those that the report names end with every stack proven: nothing was ever unbound
    or made twice, and no lock or half-done operation is left."""
    fleet = FleetCheckout(
        tmp_path / "language-cmk",
        azure.env,
        NAMES,
        {
            "rings": [
                {"name": "canary", "match": {"stack": "s1"}},
                {"name": "most", "match": {"stack": ["s2", "bad"]}},
            ],
            "parallel": {"stacks": 3},
        },
        {"bad": {"language-cmk:accountName": "lang-fleet-s1"}},
    )
    roll_out(azure, fleet)
    assert fleet.run("up", "--yes").code == 0
    changes = {stack: one["changes"] for stack, one in fleet.outcomes("up").items()}
    assert changes == {name: {} for name in NAMES}
    assert len(cloud.documents(azure, "vault")) == len(NAMES)
    accounts = {one["body"]["name"]: one["body"]["id"] for one in cloud.documents(azure, "account")}
    assert set(accounts) == {f"lang-fleet-{name}" for name in NAMES}
    assert [cloud.unbound_moments(azure, id) for id in accounts.values()] == [[]] * len(NAMES)
    for name in NAMES:
        assert "pending_operations" not in fleet.stack.pulumi("stack", "export", "--stack", name).output
    assert list((fleet.folder / ".pulumi" / "backend" / ".pulumi" / "locks").rglob("*.json")) == []


def roll_out(azure: RunningAzure, fleet: FleetCheckout) -> None:
    """Runs `up` until all is well. Until `bad` is mended no run ends well, and none of the last is begun."""

    def accounts() -> set[str]:
        return {one["body"]["name"].removeprefix("lang-fleet-") for one in cloud.documents(azure, "account")}

    rollout = fleet.start("up", "--yes")
    while rollout.poll() is None and not accounts():
        os.sched_yield()
    os.killpg(rollout.pid, signal.SIGKILL)
    rollout.communicate()
    halted = False
    for _ in range(MOST_RUNS):
        fleet.lead_on()
        run = fleet.run("up", "--yes")
        if run.code == 0:
            break
        if not halted:
            assert not accounts() & {"last1", "last2"}, run.output
        if "failed: bad" in run.output:
            halted = True
            fleet.configure("bad", accountName="lang-fleet-bad")
    assert (halted, run.code) == (True, 0), run.output


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
