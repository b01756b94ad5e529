"""The same rollout on each engine: threads, Dask workers, and shards as a CI runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import trustme

from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import QUIET, FleetCheckout
from tests.support.search import WIDE

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900), pytest.mark.long]
NAMES = ("a", "b")
UPDATES = WIDE
"""Updates take a minute more, and use the executors as previews do."""
ACTION = ("up", "--yes") if UPDATES else ("preview",)
WORKERS = 3
PARTS = ("CERT", "KEY")


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "home") as running:
        yield running


def clone(fleet: FleetCheckout, folder: Path) -> Path:
    """The checkout again, as a clone of the same commit is: without what its commands left there."""
    shutil.copytree(fleet.folder, folder, symlinks=True, ignore=shutil.ignore_patterns(".pulumi", ".fleet"))
    return folder


def fleet_command(folder: Path, *words: str) -> list[str]:
    return [str(folder / ".venv" / "bin" / "python"), "-m", "operate", "fleet", *words]


def by_threads(fleet: FleetCheckout) -> None:
    done = fleet.run(*ACTION)
    assert done.code == 0, done.output
    assert fleet.run("report").code == 0


def by_dask(fleet: FleetCheckout) -> None:
    """Worker processes with a checkout each, and one task at a time; all know each other by certificates."""
    with dask_workers(fleet) as scheduler:
        done = fleet.run(*ACTION, "--scheduler", scheduler)
    assert done.code == 0, done.output
    assert fleet.run("report").code == 0


@contextmanager
def dask_workers(fleet: FleetCheckout) -> Iterator[str]:
    # Where it is used: it takes a second to import, and every run collects this file.
    import dask
    from distributed import Client, LocalCluster
    from distributed.security import Security

    authority, own = trustme.CA(), fleet.folder.parent / "own.pem"
    authority.cert_pem.write_to_path(str(fleet.folder.parent / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(own))
    tls = {"REQUIRE_ENCRYPTION": "true", "TLS__CA_FILE": str(fleet.folder.parent / "ca.pem")}
    tls |= {f"TLS__{role}__{part}": str(own) for role in ("CLIENT", "WORKER", "SCHEDULER") for part in PARTS}
    environ = {f"DASK_DISTRIBUTED__COMM__{name}": value for name, value in tls.items()}
    # As a process reads them that is started with these variables.
    names = {name: name.lower().replace("__", ".").replace("_", "-") for name in tls}
    own_settings = {f"distributed.comm.{names[name]}": value for name, value in tls.items()}
    with (
        mock.patch.dict(os.environ, environ),
        dask.config.set(own_settings),
        LocalCluster(  # type: ignore[no-untyped-call, unused-ignore]
            n_workers=0, processes=False, protocol="tls://", security=Security(), dashboard_address=None
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call, unused-ignore]
        ExitStack() as processes,
    ):
        for number in range(WORKERS):
            folder = clone(fleet, fleet.folder.parent / f"worker-{number}")
            words = ("-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")
            worker = subprocess.Popen(
                [sys.executable, *words, cluster.scheduler_address],
                cwd=folder,
                env={**fleet.stack.env, **environ, "PYTHONPATH": str(folder)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            processes.enter_context(worker)
            processes.callback(worker.terminate)
        client.wait_for_workers(WORKERS, timeout=300)
        yield cluster.scheduler_address


def by_shards(fleet: FleetCheckout) -> None:
    """A process for each shard, from a clean clone; then one report of the journals that they leave."""
    matrix = fleet.stack.python("-m", "operate", "fleet", "matrix", "--shards", "2")
    journals, running = [], []
    for shard in json.loads(matrix.output)["include"]:
        folder = clone(fleet, fleet.folder.parent / f"shard-{shard['shard']}")
        stacks = [word for stack in shard["stacks"].split() for word in ("--stack", stack)]
        command = fleet_command(folder, *ACTION, *stacks)
        running.append(subprocess.Popen(command, cwd=folder, env=fleet.stack.env))
        journals.append(folder / ".fleet" / "journal.jsonl")
    assert [one.wait() for one in running] == [0, 0]
    merged = [word for journal in journals for word in ("--from", str(journal))]
    assert fleet.run("report", *merged).code == 0


def left(azure: RunningAzure, fleet: FleetCheckout) -> dict[str, Any]:
    """What a rollout leaves: its report, the settings of every account, and locks."""
    accounts = {
        one["body"]["name"]: (one["body"]["tags"], len(cloud.bound_keys(azure, one["body"]["id"])))
        for one in cloud.documents(azure, "account")
    }
    report = fleet.folder / ".fleet" / "report"
    locks = fleet.folder / ".pulumi" / "backend" / ".pulumi" / "locks"
    return {
        "accounts": accounts,
        "reports": [(report / name).read_text() for name in ("report.json", "report.md")],
        "locks": [os.fspath(one) for one in locks.rglob("*.json")],
    }


def test_a_rollout_is_the_same_on_every_engine(azure: RunningAzure, tmp_path: Path) -> None:
    """The same accounts, each bound once and proven, the same reports to the letter, and no lock is left; of
    previews, the same reports."""
    found = {}
    for engine in (by_threads, by_dask, by_shards):
        azure.control("/reset", {})
        fleet = FleetCheckout(tmp_path / engine.__name__ / "language-cmk", azure.env, NAMES, QUIET)
        engine(fleet)
        found[engine.__name__] = left(azure, fleet)
    assert found["by_dask"] == found["by_threads"] == found["by_shards"]
    accounts = found["by_threads"]["accounts"]
    assert set(accounts) == {f"lang-fleet-{name}" for name in NAMES if UPDATES}
    assert {bound for _, bound in accounts.values()} == ({1} if UPDATES else set())
    assert found["by_threads"]["locks"] == []
    assert "13 create" in found["by_threads"]["reports"][0]
