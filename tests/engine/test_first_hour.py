"""The first hour, in the README's own words: what it says is run as it stands, in a clone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environments import give_environment
from tests.support.readme import clone, commands

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A clone in which the packages are installed already; its local Azure is stopped at the end."""
    folder = clone(tmp_path / "a clone")
    give_environment(folder)
    yield folder
    run(folder, "python3 -m localazure stop")


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as a shell would, without make, with a login of somebody's own in the environment."""
    foreign = {"ARM_CLIENT_ID": "mine", "PULUMI_BACKEND_URL": "s3://mine", "PULUMI_ACCESS_TOKEN": "mine"}
    python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCALAZURE_")}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**kept, **foreign, "PATH": python},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_start_here(checkout: Path) -> None:
    """Deploy, preview and destroy: the proof holds without an advisory, a second look finds nothing, no
    command lists the stack's outputs, nothing but caches stays, and no tracked file was written."""
    up, preview, down = commands("Start here")
    before = {path: path.read_bytes() for path in checkout.glob("*.yaml")}
    first = run(checkout, up)
    assert first.returncode == 0, first.stdout
    assert "ok      keySource: Microsoft.KeyVault" in first.stdout
    assert "[advisory]" not in first.stdout
    assert "To end all of it:         python3 -m localazure down" in first.stdout
    looked = run(checkout, preview)
    assert looked.returncode == 0, looked.stdout
    assert "14 unchanged" in looked.stdout
    ended = run(checkout, down)
    assert ended.returncode == 0, ended.stdout
    assert "Outputs:" not in first.stdout + looked.stdout + ended.stdout
    assert not (checkout / ".localazure").exists()
    assert {path: path.read_bytes() for path in checkout.glob("*.yaml")} == before


@pytest.mark.long
def test_on_your_subscription(checkout: Path) -> None:
    """The blocks for a subscription of one's own deploy a closed, protected service under the policy pack,
    and the proof holds. In the test the subscription is the local Azure's, and so are login and backend."""
    started = run(checkout, "python3 -m localazure setup && python3 -m localazure start")
    assert started.returncode == 0, started.stdout
    words = commands("On your subscription")
    assert words[:3] == [words[0], words[1], "pulumi install"]
    assert words[0] == "az login"
    assert words[1].startswith("pulumi login 'azblob://")
    for word in words[2:]:
        command = word.partition(" --secrets-provider")[0] + (
            " --yes" if word.startswith("pulumi up") else ""
        )
        done = run(checkout, f"python3 -m localazure exec -- bash -c '{command}'")
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        if command.startswith("cp "):
            name_the_subscription(checkout)
    assert "ok      keySource: Microsoft.KeyVault" in done.stdout


def name_the_subscription(checkout: Path) -> None:
    """Puts the local Azure's own subscription and tenant where the example leaves a place for them."""
    file = checkout / "Pulumi.prod.yaml"
    text = file.read_text()
    for setting, name in (("subscriptionId", "SUBSCRIPTION_ID"), ("tenantId", "TENANT_ID")):
        own = run(checkout, f"python3 -m localazure exec -- printenv AZURE_{name}").stdout.strip()
        text = text.replace(f"{setting}: 00000000-0000-0000-0000-000000000000", f"{setting}: {own}")
    file.write_text(text)
