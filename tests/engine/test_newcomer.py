"""A newcomer at a shell: packages are added beside the clone, and typical mistakes are made, one after the
other in one shell, in which each printed way out is typed as it stands.

Owns: that a way out runs where it is printed, and that the commands of docs/on-azure.md make a project of
one's own, beside a used clone and beside a fresh one. Does not own: the README's commands in a fresh clone
(test_first_hour.py), and where each refusal leads (tests/remediation).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.support.environments import give_environment
from tests.support.readme import clone

pytestmark = [pytest.mark.engine, pytest.mark.long, pytest.mark.timeout(1800)]

LOCKS = ".pulumi/backend/.pulumi/locks/*/*/dev/*.json"
LOCKED = f"until ls {LOCKS} 2>/dev/null; do sleep 0.1; done"
HOLDER = f"$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' {LOCKS})"
"""The process of the engine that holds the lock of stack dev."""
UP, PREVIEW = "python3 -m localazure up", "python3 -m localazure preview"
VERIFY = ".venv/bin/python -m operate verify --stack dev"


class Shell:
    """One bash, in which what was exported stays, with nothing of this project on its PATH."""

    def __init__(self, folder: Path) -> None:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LOCALAZURE_", "PULUMI_", "ARM_", "AZURE_"))
        }
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._bash = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env={**kept, "PATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, line: str) -> tuple[int, str]:
        """Runs a line. Returns its exit code and what was printed."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f'{line}\nprintf "\\nended with %s\\n" $?\n')
        self._bash.stdin.flush()
        said = ""
        for text in self._bash.stdout:
            if found := re.fullmatch(r"ended with (\d+)\n", text):
                return int(found[1]), said
            said += text
        raise AssertionError(f"the shell has ended: {said}")

    def succeed(self, line: str) -> str:
        """Runs a line that has to end well."""
        code, said = self.type(line)
        assert code == 0, f"{line}\n{said}"
        return said

    def close(self) -> None:
        self._bash.terminate()
        self._bash.wait()


class Mistake(NamedTuple):
    """What goes wrong, and what is typed then, with what `says` found in the refusal of `command`; after that
    it works."""

    name: str
    made: str
    command: str
    says: str
    typed: str


MISTAKES = (
    Mistake("no login in this shell", ":", VERIFY, r"`(eval [^`]+)`", "{0}"),
    Mistake(
        "a value that a setting does not take",
        "sed -i 's/access: open/access: opne/' Pulumi.dev.yaml",
        UP,
        r"found 'opne', expected 'closed', 'selected', '(open)'",
        "sed -i 's/access: opne/access: {0}/' Pulumi.dev.yaml",
    ),
    Mistake(
        "a stack that has no settings",
        ":",
        f"{PREVIEW} --stack claims",
        r"(cp \S+ [\w.]+), put names of your own in, and leave (\S+) and (\S+) out",
        "{0} && sed -i '/{1}/d; /{2}/d; s/yourcompany/acme/' Pulumi.claims.yaml",
    ),
    Mistake(
        "another update holds the lock",
        f"sed -i 's/owner: platform/owner: team/' Pulumi.dev.yaml; {UP} >other.log 2>&1 & {LOCKED}; "
        f"kill -STOP {HOLDER}",
        UP,
        r"process (\d+) is updating stack dev: wait until it ends, then run this command again",
        "kill -CONT {0}; tail --pid={0} -f /dev/null; wait",
    ),
    Mistake(
        "the update was killed",
        f"sed -i 's/owner: team/owner: desk/' Pulumi.dev.yaml; {UP} >killed.log 2>&1 & {LOCKED}; "
        f"kill -9 {HOLDER}; wait",
        UP,
        r"delete the lock file with `(pulumi cancel)`",
        "{0} --yes",
    ),
    Mistake(
        "the state was deleted",
        "rm -r .pulumi/backend",
        UP,
        r"run `(\S+ -m operate recover --stack dev)`, which lists what the state lacks and with (--yes)",
        "{0} {1}",
    ),
    Mistake(
        "a name that is taken",
        "cp Pulumi.dev.yaml Pulumi.desk.yaml",
        f"{UP} --stack desk",
        r"and this stack does not record it; give another (name) or use the existing one",
        "sed -i 's/language-cmk:{0}: contoso-dev/language-cmk:{0}: contoso-desk/' Pulumi.desk.yaml",
    ),
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone that was used: stack dev is deployed."""
    folder = clone(tmp_path_factory.mktemp("newcomer") / "language-cmk")
    give_environment(folder)
    shell = Shell(folder)
    shell.succeed(UP)
    yield folder
    shell.succeed("python3 -m localazure stop")
    shell.close()


@pytest.fixture
def shell(checkout: Path) -> Iterator[Shell]:
    made = Shell(checkout)
    yield made
    made.close()


def test_each_printed_way_out_runs_in_the_shell_that_it_is_printed_in(shell: Shell) -> None:
    """In the order of a first day, so that each mistake is made in what the ones before have left."""
    for mistake in MISTAKES:
        shell.succeed(mistake.made)
        code, said = shell.type(mistake.command)
        assert code != 0, f"{mistake.name}: {said}"
        found = re.search(mistake.says, " ".join(said.split()))
        assert found, f"{mistake.name}: {said}"
        shell.succeed(mistake.typed.format(*found.groups()))
        shell.succeed(mistake.command)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A clone in which nothing was run but the set-up."""
    folder = clone(tmp_path / "language-cmk")
    give_environment(folder)
    yield folder
    made = Shell(folder)
    made.succeed("python3 -m localazure stop")
    made.close()


@pytest.mark.parametrize("clone_of", ["fresh", "checkout"])
def test_a_project_of_ones_own_is_made_tested_previewed_and_deployed(
    clone_of: str, request: pytest.FixtureRequest
) -> None:
    """In the words of docs/on-azure.md, with the answers to what pulumi would ask, without an advisory of the
    pack; nothing of the clone's own state comes along, and its stack's file has the answers alone."""
    folder: Path = request.getfixturevalue(clone_of)
    text = (folder / "docs" / "on-azure.md").read_text()
    new, *rest = re.findall(
        r"^\$ (.+)$", text[text.index("$ pulumi new ") :].partition("```")[0], re.MULTILINE
    )
    shell = Shell(folder)
    shell.succeed("python3 -m localazure setup && python3 -m localazure start")
    shell.succeed('eval "$(python3 -m localazure env)" && cd ..')
    shell.succeed(f"{new} --stack own --yes -c name=acme-own -c location=northeurope")
    said = [shell.succeed(line) for line in (*rest, rest[-1].replace("preview", "up --yes"))]
    shell.close()
    config = yaml.safe_load((folder.parent / "claims" / "Pulumi.own.yaml").read_text())["config"]
    assert config == {"claims:name": "acme-own", "claims:location": "northeurope"}
    assert "advisory" not in said[2] + said[3]
    assert "azure-cmk:index:CustomerManagedKey" in said[3]
    assert "2 passed" in said[1]
    assert "encryption of lang-acme-own: will be bound to kv-acme-own/cmk-acme-own" in said[2]
    made = {one.name for one in (folder.parent / "claims").iterdir()} - {".pytest_cache", "__pycache__"}
    template = {one.name for one in (folder / "template").iterdir()} - {"__pycache__"}
    assert made - template <= {"Pulumi.own.yaml", ".gitignore"}


def test_both_packages_are_added_to_a_program_in_yaml(checkout: Path, shell: Shell) -> None:
    """In the words of docs/packages.md, and nothing of the clone's environment is written."""
    folder = checkout.parent / "claims-yaml"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: claims\nruntime: yaml\n")
    before = {path: path.stat().st_mtime_ns for path in (checkout / ".venv").glob("*")}
    shell.succeed('eval "$(python3 -m localazure env)"')
    shell.succeed(f".venv/bin/python -m engine.yaml_host .pulumi/bin && cd '{folder}'")
    for package in ("components", "provider"):
        shell.succeed(f"pulumi package add ../language-cmk/{package}")
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
    shell.succeed("pulumi stack init claims")
    previewed = shell.succeed("pulumi preview --color never")
    assert "azure-cmk:index:CustomerManagedKey" in previewed
    assert "encryption of lang-claims: will be bound to kv-claims/cmk-claims" in previewed
