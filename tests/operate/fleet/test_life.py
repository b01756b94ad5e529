"""A fleet's life on the real engine: rings, a halt, going on, a rotation, and access taken away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localazure import seed
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import QUIET, FleetCheckout
from tests.support.stack import Run

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
CANARY, OTHERS = "a", ("b", "c", "d")
RINGS = {"rings": [{"name": "canary", "match": {"stack": CANARY}}, {"name": "all"}]}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAzure]:
    """A local Azure of this module's own."""
    with running_azure(tmp_path_factory.mktemp("azure") / "home") as running:
        yield running


def ended(code: int, fleet: FleetCheckout, *words: str) -> Run:
    """A command of a fleet that has to end with this exit code."""
    run = fleet.run(*words)
    assert run.code == code, run.output
    return run


def test_a_fleet_is_rolled_out_halts_goes_on_rotates_and_is_cut_off(
    azure: RunningAzure, tmp_path: Path
) -> None:
    """Four stacks in two rings. One is refused: the rollout halts, and nothing of the rest is begun. Mended,
    the same command goes on, and what was updated stays as it is. Then a new version of each key, and access
    to one key taken and given back; each account was bound all the time, and no lock is left."""
    names = (CANARY, *OTHERS)
    # The second stack of the second ring wants the name of an account that another one has.
    fleet = FleetCheckout(
        tmp_path / "language-cmk",
        azure.env,
        names,
        {**RINGS, "parallel": {"stacks": 1}, "settings": {"tags": {"costs": "4711"}}},
        {
            # The proof that access is gone asks for data, which only a caller may.
            "a": {"language-cmk:callers": [{"principalId": "deployer"}]},
            "c": {"language-cmk:accountName": "lang-fleet-b"},
        },
    )
    halted = ended(1, fleet, "up", "--yes")
    assert {one: found["ok"] for one, found in fleet.outcomes("up").items()} == {
        "a": True,
        "b": True,
        "c": False,
    }
    assert "not begun: d" in halted.output
    assert {one["body"]["name"] for one in cloud.documents(azure, "account")} == {
        "lang-fleet-a",
        "lang-fleet-b",
    }

    fleet.configure("c", accountName="lang-fleet-c")
    fleet.write_fleet({**RINGS, **QUIET, "settings": {"tags": {"costs": "4711"}}})
    ended(0, fleet, "up", "--yes")
    assert {one: bool(found.get("changes")) for one, found in fleet.outcomes("up").items()} == {
        "a": False,
        "b": False,
        "c": True,
        "d": True,
    }
    outputs = {name: fleet.outputs(name) for name in names}
    accounts = cloud.documents(azure, "account")
    assert {one["body"]["tags"]["costs"] for one in accounts} == {"4711"}

    ended(0, fleet, "rotate", "--yes", "--stack", "a", "--stack", "b")
    for name in ("a", "b"):
        assert len(cloud.bound_keys(azure, outputs[name]["accountId"])) == 2
    assert len(cloud.bound_keys(azure, outputs["c"]["accountId"])) == 1

    key = "kv-fleet-a/cmk-fleet-a"
    fleet.configure("a", access="revoked")
    ended(0, fleet, "up", "--yes", "--keep-going", "--key", key)
    assert fleet.outputs("a")["access"] == "revoked"
    proof = fleet.stack.python("-m", "operate", "verify", "--stack", "a", "--revoked")
    assert proof.code == 0, proof.output
    fleet.configure("a", access="granted")
    ended(0, fleet, "up", "--yes", "--keep-going", "--key", key)
    assert set(fleet.outcomes("up")) == {"a"}
    assert fleet.outputs("a")["access"] == "granted"
    assert all(cloud.unbound_moments(azure, one["accountId"]) == [] for one in outputs.values())
    assert list((fleet.folder / ".pulumi" / "backend" / ".pulumi" / "locks").rglob("*.json")) == []


def test_two_tenants_never_see_each_others_credentials(azure: RunningAzure, tmp_path: Path) -> None:
    """Each stack logs in as its own client at its own tenant, though the environment has one's secret; a
    stack that lacks its secret fails, and sends nobody else's."""
    azure.control("/reset", {})
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
