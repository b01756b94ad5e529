"""The pipelines of a project of the template, each step as GitHub's runner would run it, as far as that goes
without GitHub: the jobs share a folder, `gh` is a double, and the subscription is the local Azure's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from core.published import VERSION
from engine import release
from localazure.environment import checkout
from localazure.execution import count_azure_native_as_installed, environment_for
from tests.review.loopback import recorded_tool, serving
from tests.review.running import bash
from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.long, pytest.mark.timeout(2400)]


@dataclass
class Repository:
    """A repository with a project of the template. `cloud` is the environment of its subscription, `runner`
    what a job has on each machine."""

    folder: Path
    runner: Mapping[str, str]
    cloud: Mapping[str, str]
    outputs: dict[str, str] = field(default_factory=dict)

    def git(self, *words: str) -> str:
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")
        return self.git("rev-parse", "HEAD")

    def job(self, workflow: str, job: str, **given: str) -> str:
        """The steps of a job that are commands, one after the other, with `given` for what GitHub would fill
        in. Returns what they print; `outputs` has what they put out. Each of them has to end well."""
        document = yaml.safe_load((self.folder / ".github" / "workflows" / f"{workflow}.yml").read_text())
        written = {name: str(self.folder.parent / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        settings = {name: value for name, value in document["env"].items() if "${{" not in value}
        said = ""
        for step in document["jobs"][job]["steps"]:
            if "run" in step:
                assert set(step.get("env", {})) <= {"GH_TOKEN", *self.runner, *given}, step
                done = bash(step["run"], self.folder, {**self.runner, **written, **settings, **given})
                said += done.stdout + done.stderr
                assert done.returncode == 0, said
        outputs = Path(written["GITHUB_OUTPUT"])
        lines = outputs.read_text().splitlines() if outputs.exists() else []
        self.outputs = dict(line.split("=", 1) for line in lines)
        return said

    def changed(self, commit: str) -> None:
        """Checks a commit out as the change that a review reads."""
        shutil.rmtree(self.folder / ".review" / "change", ignore_errors=True)
        self.git("worktree", "add", "--force", "--force", "--detach", ".review/change", commit)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "home") as running:
        yield running


@pytest.fixture
def repository(tmp_path: Path, azure: RunningAzure) -> Repository:
    """A project that `pulumi new` has made; pip finds the wheels of the release."""
    release.build(tmp_path / "dist")
    folder = tmp_path / "claims"
    folder.mkdir()
    subprocess.run(
        ["tar", "-xzf", tmp_path / "dist" / f"language-cmk-template-{VERSION}.tar.gz"],
        cwd=tmp_path,
        check=True,
    )
    tools = [str(Path(sys.executable).parent), recorded_tool(tmp_path, "gh", then="true")]
    foreign = ("ARM_", "AZURE_", "LOCALAZURE_", "PULUMI_")
    runner = {
        **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
        "PATH": os.pathsep.join(tools),
        "PIP_FIND_LINKS": str(tmp_path / "dist"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "RUNNER_TEMP": str(tmp_path),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    # The job that has no login keeps its stack's state in the project.
    backend = tmp_path / "backend"
    backend.mkdir()
    own = {**checkout(folder, runner["PATH"]), "PULUMI_BACKEND_URL": backend.as_uri()}
    cloud = {**environment_for(azure.home, runner), **own}
    count_azure_native_as_installed(ROOT, Path(cloud["PULUMI_HOME"]))
    pulumi = str(ROOT / ".pulumi" / "bin")
    made = bash(
        "pulumi new ../language-cmk-template --force --yes --name claims --stack dev"
        " -c name=acme-claims -c location=northeurope",
        folder,
        {**runner, **cloud, "PATH": os.pathsep.join([pulumi, cloud["PATH"]])},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    found = Repository(folder, runner, cloud)
    found.git("init", "--quiet", "--initial-branch", "main")
    return found


def test_every_step_of_the_pipelines_runs_in_a_project(repository: Repository, azure: RunningAzure) -> None:
    """A pull request is reviewed on the local Azure. What was merged is planned, reviewed, deployed and
    proved. The pull request is reviewed against the stack, commented and judged; at night nothing is found,
    and the step that reports what is found runs, too."""
    base = repository.commit()
    program = repository.folder / "service.py"
    program.write_text(program.read_text().replace('"location":', '"tags": {"team": "claims"}, "location":'))
    head = repository.commit()
    repository.git("checkout", "--quiet", "--detach", base)
    repository.job("preview", "local", BASE=base, HEAD=head)
    with serving({"value": "a-token"}) as platform:
        repository.runner = {
            **repository.runner,
            **repository.cloud,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a-runner's-token",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{platform.url}?",
            "STACKS": "dev",
        }
        about = {"REPOSITORY": "o/r", "RUN": "https://run"}
        repository.git("checkout", "--quiet", base)
        repository.job("deploy", "plan")
        repository.changed(base)
        repository.job("deploy", "review", COMMIT=base, CODE="0", **about)
        assert repository.outputs["code"] == "0"
        reviewed = {"PLANS": repository.outputs["digest"], "APPROVAL": repository.outputs["approval"]}
        proved = repository.job("deploy", "deploy", **reviewed)
        assert "ok      keySource: Microsoft.KeyVault" in proved

        repository.git("checkout", "--quiet", head)
        repository.job("preview", "plan")
        repository.git("checkout", "--quiet", base)
        repository.changed(head)
        repository.job("preview", "review", AUTHOR="mallory", **about)
        outputs = repository.outputs
        assert outputs["code"] == "0"
        repository.job("preview", "comment", NUMBER="7", HEAD=head, COMMENTS=outputs["comments"], **about)
        verdict = {"LOCAL": "success", "REVIEW": "success", "CODE": "0", "IDENTITY": "", "FORK": "false"}
        assert "nothing gets worse" in repository.job("preview", "encryption", **verdict)

        repository.job("drift", "drift", CODE="1", **about)
        assert repository.outputs["code"] == "0"
