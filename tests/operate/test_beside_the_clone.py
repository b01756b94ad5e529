"""The commands for a program of one's own, in a folder beside the clone, on the real engine."""

import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from hosts import yaml_host
from tests.support.azure import running_azure
from tests.support.judge import Judge
from tests.support.stack import PATIENCE_SECONDS, ROOT, Run, Stack, done

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


def test_a_program_beside_the_clone_has_the_commands(tmp_path: Path) -> None:
    """As docs/packages.md says. What proves says which outputs it lacks, and has what it needs with those of
    the page. Nothing is left of the backend: the command that the refusal prints takes in all that the
    program declares and Azure has, and the update after it rotates nothing; then nothing is left to take in.
    An adoption, which writes the clone's own program, is refused with the place to run it in."""

    def held() -> set[str]:
        # Providers that only read come and go.
        return {one["urn"] for one in stack.resources() if not one["type"].startswith("pulumi:providers:")}

    page = (ROOT / "docs" / "packages.md").read_text()
    (outputs,) = re.findall(r"```yaml\n(outputs:\n.*?)```", page, re.DOTALL)
    with running_azure(tmp_path / "home") as azure:
        yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
        stack = Stack(tmp_path / "language-cmk", azure.env, warm=False)
        clone, stack.folder = stack.folder, tmp_path / "shop"
        stack.folder.mkdir()
        stack.env["PYTHONPATH"] = "../language-cmk"
        judge = Judge(azure, stack, name="claims")

        def operate(*words: str) -> Run:
            python = "../language-cmk/.venv/bin/python"
            return stack._run(python, "-m", "operate", *words, "--stack", "live", timeout=PATIENCE_SECONDS)

        (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump(PROGRAM))
        done(stack.pulumi("stack", "init", "live"))
        done(stack.deploy())
        judge.write_data()
        lacks = operate("verify")
        assert not lacks.ok
        assert "exports what each of its services outputs, by name, as `services`" in lacks.output
        (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump(PROGRAM) + outputs)
        done(stack.deploy())
        done(operate("verify", "--write-project"))
        assert "az keyvault delete-policy" in operate("revoke-commands").output
        assert "reading 1 account" in operate("evidence").output

        before, backend = (stack.outputs(), held()), Path(urlsplit(stack.env["PULUMI_BACKEND_URL"]).path)
        shutil.rmtree(backend)
        backend.mkdir()
        done(stack.pulumi("stack", "init", "live"))
        del stack.env["PYTHONPATH"]
        printed = re.search(r"`(\S.*? -m operate recover --stack \w+)`", stack.deploy().output)
        assert printed
        looked = stack._run("bash", "-c", printed[1], timeout=PATIENCE_SECONDS)
        assert (looked.code, " --yes`" in looked.output) == (1, True), looked.output
        taken_over = stack._run("bash", "-c", f"{printed[1]} --yes", timeout=PATIENCE_SECONDS)
        assert judge.account_id in done(taken_over).output
        stack.env["PYTHONPATH"] = "../language-cmk"
        done(stack.deploy())
        done(stack.deploy("--expect-no-changes"))
        assert (judge.reads_data(), judge.lapses()) == (True, [])
        assert (stack.outputs(), held()) == before
        assert "nothing that it would create exists already" in done(operate("recover")).output
        adopted = operate("adopt", "--account", judge.account_id, "--name", "claims")
        assert (adopted.code, f"run the command in {clone}" in adopted.output) == (2, True)
        assert [file.name for file in stack.folder.glob("adopt.*")] == []
