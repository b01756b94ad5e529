"""A fleet whose state is where teams keep it: blobs of a storage account, secrets under a key of Key Vault.

The storage is Azurite, Microsoft's own emulator, from npm; the vault is the local Azure's.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.clients.programs import STATE
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import QUIET, FleetCheckout
from tests.support.judge import Judge
from tests.support.stack import done

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]

ACCOUNT, CONTAINER = "devstoreaccount1", "pulumi-prod"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own account, which is the same everywhere and protects nothing. Source: Azure/Azurite, README,
"Default Storage Account"."""
VAULT = "kv-pulumi-prod"
PROVIDER = f"azurekeyvault://{VAULT}.vault.azure.net/keys/state"
LOCKS = ".pulumi/locks/"


@dataclass(frozen=True)
class Storage:
    """A running Azurite, reached at `authority`, and the folder of its client."""

    authority: str
    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """What leads Pulumi there. Source: gocloud.dev/blob/azureblob, `NewDefaultServiceURLOptions`."""
        return {
            "PULUMI_BACKEND_URL": f"azblob://{CONTAINER}",
            "AZURE_STORAGE_ACCOUNT": ACCOUNT,
            "AZURE_STORAGE_KEY": KEY,
            "AZURE_STORAGE_PROTOCOL": "http",
            "AZURE_STORAGE_DOMAIN": self.authority,
            "AZURE_STORAGE_IS_LOCAL_EMULATOR": "true",
        }

    def blobs(self, below: str = "") -> dict[str, str]:
        """What is in the container, by names."""
        found = json.loads(self.client("read"))
        return {name: content for name, content in found.items() if name.startswith(below)}

    def client(self, what: str) -> str:
        """What the client prints that makes the container, or reads it."""
        endpoint = f"http://{self.authority}/{ACCOUNT}"
        connection = (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"
        )
        command = ["node", str(self.folder / "containers.js"), connection, CONTAINER, what]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "home") as running:
        yield running


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A container in an Azurite of the test's own."""
    folder = STATE.ready()
    command = ["node", str(folder / "node_modules" / ".bin" / "azurite-blob"), "--blobPort", "0"]
    command += ["--location", str(tmp_path / "blobs"), "--skipApiVersionCheck", "--disableTelemetry"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            said = next(line for line in process.stdout if "successfully listen" in line)
            found = Storage(urlsplit(said[said.index("http") :].strip()).netloc, folder)
            found.client("make")
            yield found
        finally:
            process.terminate()


def test_a_fleet_with_its_state_in_blobs_is_cut_off_and_goes_on(
    azure: RunningAzure, storage: Storage, tmp_path: Path
) -> None:
    """Two stacks with `azblob://` and `azurekeyvault://`. All that a rollout has started is killed while it
    creates: its lock is a blob. The next run fails, and names the commands that lift the lock and take in
    what was made. Then every stack is proven, no lock is left, and no secret of a state can be read without
    the vault."""
    names = ("a", "b")
    fleet = FleetCheckout(tmp_path / "language-cmk", azure.env, names, QUIET)
    Judge(azure, fleet.stack, name=VAULT.removeprefix("kv-")).make_state_key()
    fleet.stack.env.update(storage.environ)
    secret = "nobody-reads-this"
    for name in names:
        done(fleet.stack.pulumi("stack", "init", name, "--secrets-provider", PROVIDER))
        done(fleet.stack.pulumi("config", "set", "--secret", "probe:value", secret, "--stack", name))

    running = fleet.start("up", "--yes")
    while running.poll() is None and not cloud.documents(azure, "account"):
        os.sched_yield()
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert storage.blobs(LOCKS), "nothing was cut off"

    resumed = fleet.run("up", "--yes")
    assert resumed.code == 1, resumed.output
    for _ in range(3):
        fleet.lead_on()
        if (resumed := fleet.run("up", "--yes")).code == 0:
            break
    assert resumed.code == 0, resumed.output
    assert all(found["ok"] for found in fleet.outcomes("up").values())
    assert storage.blobs(LOCKS) == {}
    blobs = storage.blobs()
    for name in names:
        state = json.loads(blobs[f".pulumi/stacks/language-cmk/{name}.json"])["checkpoint"]["latest"]
        assert state["secrets_providers"]["state"]["url"].startswith(PROVIDER)
        assert cloud.unbound_moments(azure, fleet.outputs(name)["accountId"]) == []
    assert not [name for name, content in blobs.items() if secret in content]
