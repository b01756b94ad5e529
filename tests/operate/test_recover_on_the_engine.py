"""Ways out that the crash runbook names, on the real engine: each leads to an update that changes nothing."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from components.arguments.names import role_assignment_name
from core.arm_ids import ROLE_ASSIGNMENT, name_of
from engine import yaml_host
from localazure.seed import DEPLOYER, READER
from tests.engine.shared import done
from tests.support.azure import RunningAzure, running_azure
from tests.support.crash import Bookmark
from tests.support.judge import Judge
from tests.support.stack import PATIENCE_SECONDS, ROOT, Run, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningAzure, Stack, Bookmark]]:
    """Stack dev, deployed, with data in its account."""
    folder = tmp_path_factory.mktemp("recover")
    with running_azure(folder / "home") as azure:
        stack = Stack(folder / "language-cmk", azure.env)
        done(stack.deploy())
        Judge(azure, stack).write_data()
        yield azure, stack, Bookmark(azure, stack, folder / "deployed")


@pytest.fixture
def judge(deployed: tuple[RunningAzure, Stack, Bookmark]) -> Judge:
    """The deployed stack as it was in the beginning."""
    azure, stack, bookmark = deployed
    bookmark.restore()
    return Judge(azure, stack)


def test_the_successor_of_a_role_assignment_is_taken_over(judge: Judge) -> None:
    """The role of a caller, which an earlier release called by the caller's name, is replaced for another
    principal, and Azure has the new one already, as where the answer to its create was lost. The old one is
    deleted."""
    stack, caller = judge.stack, {"name": "app", "principalId": DEPLOYER.object_id}
    stack.configure(callers=[caller])
    done(stack.deploy())
    (old,) = [one for one in stack.resources() if one["type"].endswith(":RoleAssignment")]
    named = old["urn"].rpartition("::")[2]
    file = stack.folder / "renamed.json"
    exported = stack.pulumi("stack", "export").output
    file.write_text(exported.replace(named, f"{named.partition('-caller-')[0]}-caller-app"))
    done(stack.pulumi("stack", "import", "--file", str(file)))
    role = old["inputs"]["roleDefinitionId"]
    name = role_assignment_name(judge.account_id, READER.object_id, name_of(role))
    new = f"{judge.account_id}/providers/{ROLE_ASSIGNMENT}/{name}"
    body = {"roleDefinitionId": role, "principalId": READER.object_id}
    judge.arm("PUT", new, "2022-04-01", {"properties": body})
    stack.configure(callers=[{**caller, "principalId": READER.object_id}])
    assert new in recovered(judge)
    listed = judge.arm("GET", new.rpartition("/")[0], "2022-04-01")["value"]
    assert old["id"] not in {one["id"] for one in listed}


def recovered(judge: Judge) -> str:
    """What the printed command and its --yes say; then one update leaves nothing to change, and the account
    was never without its key."""
    stack = judge.stack
    printed = re.search(r"`(\S+python\S*) (-m operate recover --stack \w+)`", stack.deploy().output)
    assert printed
    command = printed[2].split()
    looked = stack._run(printed[1], *command, timeout=PATIENCE_SECONDS)
    assert (looked.code, "say --yes" in looked.output) == (1, True), looked.output
    taken = done(stack._run(printed[1], *command, "--yes", timeout=PATIENCE_SECONDS))
    done(stack.deploy())
    done(stack.deploy("--expect-no-changes"))
    assert judge.reads_data()
    assert judge.lapses() == []
    return taken.output


@pytest.mark.parametrize("provider", ["azure-native", "azure-cmk"])
@pytest.mark.parametrize("then", ["set right", "taken out"])
def test_a_rotated_client_secret_in_the_configuration(provider: str, then: str, judge: Judge) -> None:
    """A refresh logs in as the last update did; the command that is told, as the configuration says now. So
    that one is the way out, and the next plain update goes on."""
    stack = judge.stack
    right = stack.env["AZURE_CLIENT_SECRET"]
    for name in ("client", "tenant", "subscription"):
        value = stack.env[f"ARM_{name.upper()}_ID"]
        done(stack.pulumi("config", "set", f"{provider}:{name}Id", value))
    secret = ("config", "set", "--secret", f"{provider}:clientSecret")
    done(stack.pulumi(*secret, right))
    done(stack.deploy())
    done(stack.pulumi(*secret, "another"))
    # Whether this one fails depends on whether it asks Azure anything; the state has the secret all the same.
    stack.deploy()
    mended = (*secret, right) if then == "set right" else ("config", "rm", f"{provider}:clientSecret")
    done(stack.pulumi(*mended))
    refused = stack.deploy()
    assert (refused.ok, "AADSTS7000215" in refused.output) == (False, True)
    recover = stack.python("-m", "operate", "recover", "--stack", "dev")
    told = re.search(r"`pulumi (up --stack dev --[^`]*)`", recover.output)
    assert told, recover.output
    done(stack.pulumi(*told[1].split(), "--yes", "--skip-preview"))
    done(stack.deploy())
    assert judge.reads_data()
    assert judge.lapses() == []


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
        assert judge.account_id in recovered(judge)
        assert (stack.outputs(), held()) == before
        assert "nothing that it would create exists already" in done(operate("recover")).output
        adopted = operate("adopt", "--account", judge.account_id, "--name", "claims")
        assert (adopted.code, f"run the command in {clone}" in adopted.output) == (2, True)
        assert [file.name for file in stack.folder.glob("adopt.*")] == []
