"""The first hour, in the words of README and docs: what they say is typed as it stands into a shell, in a
clone and beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.environments import give_environment
from tests.support.readme import clone, commands
from tests.support.shell import Shell

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """In a clone in which the packages are installed already; its local Azure is stopped at the end."""
    folder = clone(tmp_path / "language-cmk")
    give_environment(folder)
    made = Shell(folder)
    yield made
    made.type(f"cd '{folder}' && python3 -m localazure stop")
    made.close()


def test_start_here(shell: Shell) -> None:
    """Deploy, preview and destroy: the proof holds without an advisory, a second look finds nothing, no
    command lists the stack's outputs, nothing but caches stays, and no tracked file was written."""
    before = {path: path.read_bytes() for path in shell.folder.glob("*.yaml")}
    first, looked, ended = (shell.type(command) for command in commands("Start here"))
    assert "ok      keySource: Microsoft.KeyVault" in first
    assert "[advisory]" not in first
    assert "To end all of it:         python3 -m localazure down" in first
    assert "14 unchanged" in looked
    assert "Outputs:" not in first + looked + ended
    assert not (shell.folder / ".localazure").exists()
    assert {path: path.read_bytes() for path in shell.folder.glob("*.yaml")} == before


@pytest.mark.long
def test_on_your_subscription(shell: Shell) -> None:
    """The blocks for a subscription of one's own deploy a closed, protected service under the policy pack,
    and the proof holds. In the test the subscription is the local Azure's, and so are login and backend."""
    shell.type("python3 -m localazure setup && python3 -m localazure start")
    words = commands("On your subscription")
    assert words[:3] == [words[0], words[1], "pulumi install"]
    assert words[0] == "az login"
    assert words[1].startswith("pulumi login 'azblob://")
    for word in words[2:]:
        command = word.partition(" --secrets-provider")[0] + (
            " --yes" if word.startswith("pulumi up") else ""
        )
        said = shell.type(f"python3 -m localazure exec -- bash -c '{command}'")
        if command.startswith("cp "):
            name_the_subscription(shell)
    assert "ok      keySource: Microsoft.KeyVault" in said


def name_the_subscription(shell: Shell) -> None:
    """Puts the local Azure's own subscription and tenant where the example leaves a place for them."""
    file = shell.folder / "Pulumi.prod.yaml"
    text = file.read_text()
    for setting, name in (("subscriptionId", "SUBSCRIPTION_ID"), ("tenantId", "TENANT_ID")):
        own = shell.type(f"python3 -m localazure exec -- printenv AZURE_{name}").strip()
        text = text.replace(f"{setting}: 00000000-0000-0000-0000-000000000000", f"{setting}: {own}")
    file.write_text(text)


@pytest.mark.long
def test_a_project_of_ones_own_is_made_tested_deployed_and_proved(shell: Shell) -> None:
    """In the words of docs/on-azure.md, beside a clone that built the package, with the answers to what
    pulumi would ask: the project's environment has the package from its wheel and everything else from the
    index. No advisory of the pack, and the command of the package proves the service. The stack's file has
    the answers alone."""
    folder = shell.folder
    page = (folder / "docs" / "on-azure.md").read_text()
    block = page[page.index("$ make -C language-cmk dist") :].partition("```")[0]
    build, new, enter, test, preview = re.findall(r"^\$ (.+)$", block, re.MULTILINE)
    shell.type("python3 -m localazure setup && python3 -m localazure start")
    shell.type(f"cd .. && {build}")
    shell.type('cd language-cmk && eval "$(python3 -m localazure env)" && cd ..')
    shell.type(f"{new} --stack own --yes -c name=acme-own -c location=northeurope && {enter}")
    assert "2 passed" in shell.type(test)
    config = yaml.safe_load((folder.parent / "claims" / "Pulumi.own.yaml").read_text())["config"]
    assert config == {"claims:name": "acme-own", "claims:location": "northeurope"}
    previewed = shell.type(preview)
    made = shell.type(preview.replace("preview", "up --yes"))
    assert "advisory" not in previewed + made
    assert "encryption of lang-acme-own: will be bound to kv-acme-own/cmk-acme-own" in previewed
    assert "azure-cmk:index:CustomerManagedKey" in made
    shell.type("export PATH=$PWD/.venv/bin:$PATH && language-cmk verify --stack own")
    shell.type("pulumi config set protect false && pulumi up --yes --skip-preview")
    shell.type("pulumi preview --expect-no-changes")
    shell.type("pulumi destroy --yes")
    written = {file.name for file in (folder.parent / "claims").iterdir()} - {".pytest_cache", "__pycache__"}
    template = {file.name for file in (folder / "template").iterdir()} - {"__pycache__"}
    assert written - template <= {"Pulumi.own.yaml", ".gitignore", ".venv"}


@pytest.mark.long
def test_both_packages_are_added_to_a_program_in_yaml(shell: Shell) -> None:
    """In the words of docs/packages.md, and nothing of the clone's environment is written."""
    folder = shell.folder.parent / "claims-yaml"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: claims\nruntime: yaml\n")
    shell.type("python3 -m localazure setup && python3 -m localazure start")
    before = {path: path.stat().st_mtime_ns for path in (shell.folder / ".venv").glob("*")}
    shell.type('eval "$(python3 -m localazure env)"')
    shell.type(f".venv/bin/python -m hosts.yaml_host .pulumi/bin && cd '{folder}'")
    for package in ("components", "provider"):
        shell.type(f"pulumi package add ../language-cmk/{package}")
    added = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    assert added["packages"] == {
        "language-cmk": "../language-cmk/components",
        "azure-cmk": "../language-cmk/provider",
    }
    assert {path: path.stat().st_mtime_ns for path in before} == before
    claims = {
        "type": "language-cmk:EncryptedAIServicesAccount",
        "properties": {"location": "westeurope", "network": {"access": "closed"}},
    }
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({**added, "resources": {"claims": claims}}))
    shell.type("pulumi stack init claims")
    previewed = shell.type("pulumi preview --color never")
    assert "azure-cmk:index:CustomerManagedKey" in previewed
    assert "encryption of lang-claims: will be bound to kv-claims/cmk-claims" in previewed
