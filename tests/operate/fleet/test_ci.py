"""What the workflows of a fleet run: the matrix of a change, and the update by reviewed plans."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.operate.fleet.test_files import FLEET, checkout, commit
from tests.support.stack import ROOT

HOSTILE = "raise SystemExit('the change was run')"


def script(name: str, *words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "review" / name), *words]
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def change(tmp_path: Path) -> Path:
    """A change to two of three stacks, with modules and a git that would take the place of the base's."""
    folder = tmp_path / "change"
    folder.mkdir()
    checkout(folder, FLEET, prod_a={}, prod_b={}, prod_c={})
    for module in ("operate", "yaml"):
        (folder / module).mkdir()
        (folder / module / "__init__.py").write_text(HOSTILE)
    for bin in (".venv/bin", ".pulumi/bin"):
        (folder / bin).mkdir(parents=True)
        (folder / bin / "git").write_text("#!/bin/sh\n")  # nothing is touched, it says
        (folder / bin / "git").chmod(0o755)
    commit(folder)
    checkout(folder, FLEET, prod_b={"sku": "S"}, prod_c={"sku": "S"})
    commit(folder)
    return folder


@pytest.mark.parametrize("ci", ["github", "azure-devops"])
def test_the_matrix_of_a_change_is_made_by_the_code_of_the_base(
    change: Path, ci: str, tmp_path: Path
) -> None:
    """Only stacks that it touches; each shard has its place in the list of all, so that the plans of all
    shards can be numbered as one review expects them."""
    done = script("fleet_matrix.sh", str(change), "2", ci, "HEAD~1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    outputs = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert (outputs["stacks"], outputs["count"]) == ("prod-b prod-c", "2")
    matrix = json.loads(outputs["matrix"])
    shards = matrix["include"] if ci == "github" else list(matrix.values())
    assert len(shards) == 2
    for shard in shards:
        own = shard["stacks"].split()
        assert outputs["stacks"].split()[shard["first"] : shard["first"] + len(own)] == own


def test_a_change_that_touches_no_stack_has_no_jobs(change: Path, tmp_path: Path) -> None:
    """Which the workflows ask for by `count`: an empty matrix is an error to GitHub."""
    done = script("fleet_matrix.sh", str(change), "2", "github", "HEAD", cwd=tmp_path)
    assert done.stdout.splitlines() == ['matrix={"include": []}', "stacks=", "count=0"]


@pytest.mark.parametrize("name", ["prod-z\nstacks=sandbox", "prod-z sandbox", "prod-z\r"])
def test_a_files_name_is_no_output_of_the_matrix(change: Path, tmp_path: Path, name: str) -> None:
    """Which stacks are reviewed is what the outputs say: a name is one of Pulumi's, or there is no matrix."""
    (change / "Pulumi.prod-a.yaml").rename(change / f"Pulumi.{name}.yaml")
    done = script("fleet_matrix.sh", str(change), "2", "github", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "letters, digits, hyphens, underscores and periods" in done.stderr


@pytest.mark.parametrize("file", ["fleet.yaml", "Pulumi.prod-a.yaml"])
def test_no_text_of_a_change_is_a_command_to_the_runner(change: Path, tmp_path: Path, file: str) -> None:
    """What is wrong in a file is quoted where a runner reads commands: with `count` at 0, nothing would be
    reviewed."""
    text = "a: [\n::set-output name=count::0\n"
    (change / file).write_text(f"{text}##vso[task.setvariable variable=count;isOutput=true]0\n")
    done = script("fleet_matrix.sh", str(change), "2", "github", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "::set-output name=count::0" in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.strip().startswith("::") or "##" in line]


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_nights_findings_are_quoted_and_give_the_exit_code(code: int, tmp_path: Path) -> None:
    """Of each subscription, also what the command says where it cannot run. Nothing of it is mark-up."""
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\necho "$@"\necho "error a: @all <b>" >&2\nexit {code}\n')
    fake.chmod(0o755)
    done = script("findings.sh", "out", "s-1", "s-2", cwd=tmp_path, PYTHON=str(fake))
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
    assert (tmp_path / "out" / "report.md").read_text().splitlines() == [
        "### Findings of the evidence",
        "",
        "    -m operate evidence --subscription s-1 s-2 --out out",
        "    error a: @all <b>",
    ]


def test_an_update_takes_the_reviewed_plans_by_the_names_of_their_stacks(tmp_path: Path) -> None:
    """And no other: with another digest nothing is begun."""
    for number, text in ((1, "plan of a"), (2, "plan of b")):
        (tmp_path / "plans" / str(number)).mkdir(parents=True)
        (tmp_path / "plans" / str(number) / "plan.json").write_text(text)
    fake = tmp_path / "python"
    fake.write_text(
        '#!/bin/sh\necho "$@"\nfor plan in "$7"/*/plan.json; do echo "$plan: $(cat "$plan")"; done\n'
    )
    fake.chmod(0o755)
    digest = script("plans_digest.sh", "plans", cwd=tmp_path).stdout.strip()
    env = {"STACKS": "prod-a prod-b", "PYTHON": str(fake)}
    done = script("fleet_update.sh", "plans", digest, "--ring", "canary", cwd=tmp_path, **env)
    said, *plans = done.stdout.splitlines()
    assert said.startswith("-m operate fleet up --yes --plans ")
    assert said.endswith(" --ring canary")
    assert [line.split("/", 3)[-1].split(": ") for line in plans] == [
        ["prod-a/plan.json", "plan of a"],
        ["prod-b/plan.json", "plan of b"],
    ]
    refused = script("fleet_update.sh", "plans", "0" * 64, cwd=tmp_path, **env)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "not the plans that were reviewed" in refused.stderr
