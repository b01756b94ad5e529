from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from localazure.assembly import _ANYWHERE, _TYPES
from tests.support.stack import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PIPELINES = sorted((ROOT / "azure-pipelines").glob("*.yml"))
SCRIPTS = sorted(
    script for folder in (".github", "azure-pipelines", "review") for script in (ROOT / folder).glob("*.sh")
)
BIN = ROOT / ".venv" / "bin"
DIGEST = "0123456789abcdef" * 4
each_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


def loaded(file: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(file.read_text())
    return document


def steps(file: Path) -> list[dict[str, Any]]:
    return [step for job in loaded(file)["jobs"].values() for step in job["steps"]]


def run(*words: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
    )


def test_every_workflow_is_there_on_both_platforms() -> None:
    """Preview, deployment, drift and tests, on both platforms."""
    assert [file.stem for file in WORKFLOWS] == ["ci", "deploy", "drift", "preview"]
    assert [file.stem for file in PIPELINES] == ["deploy", "drift", "preview"]


@each_workflow
def test_actions_are_pinned_by_digest(file: Path) -> None:
    """A tag can be moved; a commit cannot. The version stands beside it for the reader."""
    for line in file.read_text().splitlines():
        if "uses:" in line:
            assert re.fullmatch(r"\s*- uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


@each_workflow
def test_a_job_has_what_it_needs_and_no_more(file: Path) -> None:
    """Nothing is granted to all; each job names its own; and no job outlives its time."""
    document = loaded(file)
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        assert "permissions" in job, name
        assert job["timeout-minutes"] <= 90, name


@each_workflow
def test_no_text_of_others_reaches_a_shell(file: Path) -> None:
    """An expression inside a script is a way in for a branch's or a title's words."""
    assert not [step["run"] for step in steps(file) if "${{" in step.get("run", "")]


@each_workflow
def test_a_checkout_leaves_no_credentials_behind(file: Path) -> None:
    """The token in .git/config would be readable to all later steps."""
    for step in steps(file):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_no_job_with_a_token_that_writes_runs_the_pull_requests_code() -> None:
    """The comment is written by the base branch's script; the review itself has a token that only reads."""
    jobs = loaded(ROOT / ".github" / "workflows" / "preview.yml")["jobs"]
    writers = [job for job in jobs.values() if {"pull-requests", "issues", "contents"} & _written(job)]
    assert len(writers) == 1
    (checkout,) = (step for step in writers[0]["steps"] if "uses" in step)
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


def _written(job: dict[str, Any]) -> set[str]:
    return {name for name, level in job["permissions"].items() if level == "write"}


def test_updates_of_a_stack_never_overlap_and_are_never_broken_off() -> None:
    """Deployment and drift share a group, and a running update is not cancelled."""
    groups = [
        loaded(ROOT / ".github" / "workflows" / f"{name}.yml")["concurrency"] for name in ("deploy", "drift")
    ]
    assert groups[0] == groups[1] == {"group": "stack-${{ vars.PULUMI_STACK }}", "cancel-in-progress": False}


def test_workflows_are_what_github_takes() -> None:
    """By GitHub's own schema."""
    done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pipelines_are_what_azure_devops_takes() -> None:
    """By Azure DevOps' own schema."""
    schema = ("--builtin-schema", "vendor.azure-pipelines", "--regex-variant", "nonunicode")
    done = run(BIN / "check-jsonschema", *schema, *PIPELINES)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_are_sound_by_zizmor() -> None:
    """By the strictest of zizmor's personas."""
    done = run(BIN / "zizmor", "--offline", "--quiet", "--persona", "pedantic", *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_are_bash(script: Path) -> None:
    """Every script parses, and those that are run can be run."""
    assert run("bash", "-n", script).returncode == 0
    if script.name != "login.sh":
        assert script.stat().st_mode & stat.S_IXUSR


class GitHub:
    """A `gh` that answers from files and records what it was asked."""

    def __init__(self, folder: Path, answer: str) -> None:
        self.log = folder / "asked"
        (folder / "answer").write_text(answer)
        tool = folder / "gh"
        tool.write_text(
            f'#!/bin/sh\necho "$@" >>{self.log}\ncase "$*" in *PATCH*|*POST*|*create*|*comment\\ *) ;; '
            f"*pulls*) echo 7 ;; *) cat {folder}/answer ;; esac\n"
        )
        tool.chmod(0o755)
        self.env = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}

    @property
    def asked(self) -> str:
        return self.log.read_text()


@pytest.mark.parametrize(
    ("answer", "method"), [("", "POST repos/o/r/issues/7/"), ("42\n43", "PATCH repos/o/r/issues/comments/42")]
)
def test_there_is_one_comment_that_is_updated(tmp_path: Path, answer: str, method: str) -> None:
    """The first run posts, later runs change the same comment."""
    github, body = GitHub(tmp_path, answer), tmp_path / "comment.md"
    body.write_text(f"<!-- encryption-review {DIGEST} -->\n")
    done = run(ROOT / ".github" / "comment.sh", "o/r", "7", body, env=github.env)
    assert done.returncode == 0, done.stderr
    assert method in github.asked


@pytest.mark.parametrize(
    ("number", "text"), [("7; id", f"<!-- encryption-review {DIGEST} -->"), ("7", "anything else")]
)
def test_fails_to_comment_with_what_is_no_review(tmp_path: Path, number: str, text: str) -> None:
    """Only a review goes into a pull request, and only a number names one."""
    github, body = GitHub(tmp_path, ""), tmp_path / "comment.md"
    body.write_text(text)
    assert run(ROOT / ".github" / "comment.sh", "o/r", number, body, env=github.env).returncode == 2


def test_a_deployment_finds_the_review_it_was_merged_with(tmp_path: Path) -> None:
    """The digest stands in the first line of the comment."""
    github = GitHub(tmp_path, f"<!-- encryption-review {DIGEST} -->\nbody\n")
    done = run(ROOT / ".github" / "reviewed.sh", "o/r", "a" * 40, env=github.env)
    assert done.stdout.strip() == DIGEST


def test_drift_is_told_in_one_issue(tmp_path: Path) -> None:
    """An open issue is commented on; without one it is made."""
    report = tmp_path / "drift.md"
    report.write_text("drift")
    for answer, word in (("5", "issue comment 5"), ("", "issue create")):
        folder = tmp_path / f"gh{answer}"
        folder.mkdir()
        github = GitHub(folder, answer)
        done = run(ROOT / ".github" / "issue.sh", "o/r", report, env=github.env)
        assert done.returncode == 0, done.stderr
        assert word in github.asked


@pytest.mark.parametrize("file", sorted((ROOT / "docs" / "roles").glob("*.json")), ids=lambda file: file.stem)
def test_roles_grant_nothing_by_wildcard(file: Path) -> None:
    """Each role lists what it needs; none may hand out what it has not, and none reads a key's secrets."""
    role = json.loads(file.read_text())
    (granted,) = role["properties"]["permissions"]
    listed = granted["actions"] + granted["dataActions"]
    assert not [action for action in listed if "*" in action]
    assert "Microsoft.CognitiveServices/accounts/listKeys/action" not in listed
    if file.stem == "preview":
        allowed = ("/read", "/action")
        assert all(action.endswith(allowed) for action in listed)
        assert not [action for action in listed if action.endswith(("/write", "/delete"))]


# What no program of this project does, so that no pipeline needs it: the endpoint's own side is read with its
# vault or account, and approved with privateEndpointConnectionsApproval; the network is somebody else's.
_UNUSED = re.compile(
    r"/(models|skus|usages|checkNameAvailability)/|/checkNameAvailability|/locks/(write|delete)"
    r"|encryptionScopes/|privateEndpointConnections/|privateLinkResources/|networkInterfaces/|privateDnsZones/A/"
    r"|/virtualNetworks/(subnets/)?(read|write|delete)$"
)
# What a stack can take out again without a loss of data, of access to it, or of its audit trail.
_PASSING = re.compile(
    r"Microsoft.Insights/|Microsoft.Network/private|savedSearches|roleAssignments|policy(Assignments|Definitions)"
)


def _granted(*roles: str) -> set[str]:
    files = (ROOT / "docs" / "roles" / f"{role}.json" for role in roles)
    return {
        action
        for file in files
        for permission in json.loads(file.read_text())["properties"]["permissions"]
        for action in permission["actions"]
    }


def _permissions(suffix: str) -> set[str]:
    found = {route.permission for route in _TYPES + _ANYWHERE if route.permission.endswith(suffix)}
    return {one for one in found if not _UNUSED.search(one)}


@pytest.mark.parametrize(
    ("roles", "suffix"),
    [(("preview",), "/read"), (("deploy", "azure-policy"), "/read"), (("deploy", "azure-policy"), "/write")],
)
def test_roles_grant_what_the_requests_ask_for(roles: tuple[str, ...], suffix: str) -> None:
    """Each permission that ARM asks for in a request of this project is in the role."""
    assert _permissions(suffix) - _granted(*roles) == set()


def test_the_deployment_deletes_what_can_be_made_again_and_nothing_else() -> None:
    """Alerts, endpoints, grants and policies, but no account, vault, key, workspace, identity or group."""
    deletable = {one for one in _permissions("/delete") if _PASSING.search(one)}
    granted = {one for one in _granted("deploy", "azure-policy") if one.endswith("/delete")}
    assert granted - {"Microsoft.Authorization/policyExemptions/delete"} == deletable


def test_a_deployment_without_azure_policy_cannot_write_policies() -> None:
    """The right to write policies is a role of its own, for stacks that make them, and nothing more."""
    policies = re.compile(r"Microsoft.Authorization/policy(Assignments|Definitions|Exemptions)/")
    assert all(policies.match(action) for action in _granted("azure-policy"))
    assert {one for one in _granted("deploy") if policies.match(one)} == {
        "Microsoft.Authorization/policyAssignments/read"
    }
