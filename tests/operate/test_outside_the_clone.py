"""The commands in the folder of a program of somebody's own, beside the clone, as docs/packages.md says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from core import resource_types
from engine import yaml_host
from tests.engine.shared import done
from tests.operate.test_recover_on_the_engine import forget
from tests.support.azure import RunningAzure, running_azure
from tests.support.judge import Judge
from tests.support.stack import PATIENCE_SECONDS, ROOT, Run, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
PROGRAM: dict[str, Any] = {
    "name": "shop",
    "runtime": "yaml",
    "packages": {"language-cmk": "../language-cmk/components"},
    "plugins": {"providers": [{"name": "azure-cmk", "path": "../language-cmk/provider"}]},
    "resources": {
        "claims": {
            "type": "language-cmk:EncryptedAIServicesAccount",
            "properties": {
                "location": "westeurope",
                "network": {"access": "open"},
                "audit": {"newWorkspace": False},
                "callers": [{"principalId": "deployer"}],
            },
        }
    },
}


class Shop:
    """A stack `live` of that program. Each command has the environment that the page exports."""

    def __init__(self, azure: RunningAzure, folder: Path) -> None:
        yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
        self.stack = Stack(folder / "language-cmk", azure.env, warm=False)
        self.clone = self.stack.folder
        self.stack.folder = folder / "shop"
        self.stack.folder.mkdir()
        self.stack.env["PYTHONPATH"] = "../language-cmk"
        self.say({})
        assert self.stack.pulumi("stack", "init", "live").ok

    def say(self, outputs: object) -> None:
        """Writes the program."""
        text = yaml.safe_dump({**PROGRAM, "outputs": outputs}, sort_keys=False)
        (self.stack.folder / "Pulumi.yaml").write_text(text)

    def operate(self, command: str, *words: str) -> Run:
        python = "../language-cmk/.venv/bin/python"
        return self.stack._run(
            python, "-m", "operate", command, "--stack", "live", *words, timeout=PATIENCE_SECONDS
        )


def outputs_of_the_page() -> Any:
    """What docs/packages.md says to export."""
    page = (ROOT / "docs" / "packages.md").read_text()
    (found,) = re.findall(r"```yaml\n(outputs:\n.*?)```", page, re.DOTALL)
    return yaml.safe_load(found)["outputs"]


def test_a_program_beside_the_clone_has_the_commands(tmp_path: Path) -> None:
    """Before the first deployment `doctor` looks at the machine and the login, and names what looks at the
    program. What proves and revokes says which outputs it lacks, and has what it needs with those of the
    page. An account that the state has forgotten comes back by the command that the refusal prints, as it
    was. An adoption, which writes the clone's own program, is refused with the place to run it in."""
    with running_azure(tmp_path / "home") as azure:
        shop = Shop(azure, tmp_path)
        stack, judge = shop.stack, Judge(azure, shop.stack, name="claims")
        doctor = done(shop.operate("doctor"))
        assert re.search(r"not checked +settings: .*`pulumi preview` asks Azure", doctor.output)
        assert stack.deploy().ok
        judge.write_data()
        for command in ("verify", "evidence", "revoke-commands"):
            lacks = shop.operate(command)
            assert not lacks.ok
            assert "exports what each of its services outputs, by name, as `services`" in lacks.output
        shop.say(outputs_of_the_page())
        assert stack.deploy().ok
        done(shop.operate("verify", "--write-project"))
        assert "az keyvault delete-policy" in shop.operate("revoke-commands").output
        assert "reading 1 account" in shop.operate("evidence").output

        forget(stack, resource_types.ACCOUNT)
        refused = stack.deploy()
        printed = re.search(r"`(\S+ -m operate recover --stack live)`", refused.output)
        assert printed, refused.output
        words = printed[1].split()
        listed = stack._run(*words, timeout=PATIENCE_SECONDS)
        assert judge.account_id in listed.output, (words, listed.output)
        done(stack._run(*words, "--yes", timeout=PATIENCE_SECONDS))
        done(stack.deploy())
        assert stack.deploy("--expect-no-changes").ok

        adopted = shop.operate("adopt", "--account", judge.account_id, "--name", "claims")
        assert adopted.code == 2
        assert f"run the command in {shop.clone}" in adopted.output
        assert [file.name for file in stack.folder.glob("adopt.*")] == []
        assert judge.reads_data()
        assert judge.lapses() == []
