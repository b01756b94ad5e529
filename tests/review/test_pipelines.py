"""The workflows and pipelines as they are written."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.review.loopback import recorded_tool
from tests.review.running import bash, run
from tests.support.stack import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SETTINGS = ROOT / ".github" / "settings.yml"
PIPELINES = sorted((ROOT / ".azuredevops" / "pipelines").glob("*.yml"))
each_file = pytest.mark.parametrize(
    "file", [*WORKFLOWS, *PIPELINES], ids=lambda file: f"{file.parent.name}-{file.stem}"
)


def loaded(file: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(file.read_text())
    return document


def workflow(name: str) -> dict[Any, Any]:
    return loaded(ROOT / ".github" / "workflows" / f"{name}.yml")


@pytest.mark.parametrize(("host", "code"), [("#!/bin/sh", 1), ("\x7fELF", 0)])
def test_one_job_runs_on_the_hosts_of_pulumis_release_alone(host: str, code: int, tmp_path: Path) -> None:
    """Where only the host of this repository is there, the job fails, and installs nothing by it."""
    jobs = workflow("ci")["jobs"].values()
    runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert [runs.count(".ci/run"), runs.count(".ci/official")] == [1, 1]
    for name in ("make", "pulumi", "pulumi-language-python"):
        path = recorded_tool(tmp_path, name, then="true")
    (tmp_path / "bin" / "pulumi-language-python").write_text(host)
    done = run(ROOT / ".ci" / "official", env={"PATH": path})
    assert done.returncode == code
    assert ("expected that of Pulumi's release" in done.stderr) is bool(code)
    assert (tmp_path / "pulumi.asked").exists() is not bool(code)


def test_the_actions_that_are_used_are_those_that_the_documentation_names() -> None:
    """A reader compares each digest with its tag before the first run."""
    used = {one for file in WORKFLOWS for one in re.findall(r"uses: (.*)@(.*) # (.*)", file.read_text())}
    page = (ROOT / "docs" / "pull-requests.md").read_text()
    named = re.findall(r"`(actions/[a-z-]+)` (v\d+\.\d+\.\d+)", page)
    assert sorted(named) == sorted((name, version) for name, _, version in used)


def test_every_verdict_is_a_required_check_that_a_pull_request_and_a_merge_queue_report() -> None:
    """A fleet's stacks are reviewed by a workflow of their own; the other one passes by the local Azure. A
    check that no job reports is waited for, and nothing can be merged any more."""
    documents = [loaded(file) for file in WORKFLOWS]
    (main,) = loaded(SETTINGS)["branches"]
    required = set(main["protection"]["required_status_checks"]["contexts"])
    verdicts = {
        job["name"]
        for document in documents
        for job in document["jobs"].values()
        if ".github/verdict.sh" in str(job["steps"])
    }
    asked = [document for document in documents if {"pull_request", "merge_group"} <= document[True].keys()]
    assert len(verdicts) == 2
    assert verdicts <= required <= {job["name"] for one in asked for job in one["jobs"].values()}


@pytest.mark.parametrize("matrix", ["failure", "cancelled", "skipped", "success"])
def test_no_stack_of_a_fleet_is_touched_only_where_that_was_found_out(matrix: str) -> None:
    """A job that fails has the outputs that it wrote until then."""
    verdict = workflow("fleet-preview")["jobs"]["encryption"]["steps"][-1]
    assert verdict["env"]["MATRIX"] == "${{ needs.matrix.result }}"
    found = {"COUNT": "0", "MATRIX": matrix, "REVIEW": "skipped", "FORK": "false", "IDENTITY": "an id"}
    assert (bash(verdict["run"], ROOT, found).returncode == 0) is (matrix == "success")


def test_a_search_that_fails_fails_its_job(tmp_path: Path) -> None:
    """A runner's bash knows no pipefail by itself: the copy of what a command says hides how it ended."""
    job = workflow("long")["jobs"]["search"]
    (search,) = (step["run"] for step in job["steps"] if "run" in step)
    env = {"PATH": recorded_tool(tmp_path, "make", then="echo found; exit 2")}
    assert bash(search, tmp_path, env).returncode == 2
    assert (tmp_path / ".long" / "output.txt").read_text() == "found\n"


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_job_ends_in_time(file: Path) -> None:
    """Rights, and credentials that a checkout would leave behind, are zizmor's (`make lint`)."""
    assert max(job["timeout-minutes"] for job in loaded(file)["jobs"].values()) <= 90


@each_file
def test_who_holds_credentials_installs_the_runtime_alone(file: Path) -> None:
    """Test tools and the local Azure are for jobs that have no token of a cloud."""
    jobs = loaded(file).get("jobs") if file in WORKFLOWS else None
    trusted = [job for job in jobs.values() if "id-token" in job["permissions"]] if jobs else [loaded(file)]
    text = yaml.safe_dump(trusted, width=1000)
    found = {*re.findall(r"\bmake [a-z]+|python3 (?:engine/setup\.py|-m localazure)[ \w-]*", text)}
    assert found <= {"python3 engine/setup.py --runtime"}
    assert ("review/" in text or "operate" in text) == bool(found)


each_preview = pytest.mark.parametrize("preview", ["preview", "fleet-preview"])


@each_preview
def test_what_decides_runs_from_the_base_branch(preview: str) -> None:
    """Only `local` and `plan` run the pull request's code. They decide nothing, and can write nothing."""
    jobs = workflow(preview)["jobs"]
    for name, job in jobs.items():
        checkouts = [step["with"] for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
        runs = any("run" in step for step in job["steps"])
        if name in {"local", "plan"}:
            written = {right for right, level in job["permissions"].items() if level == "write"}
            assert not {"pull-requests", "issues", "contents", "statuses"} & written, name
            assert "outputs" not in job, name
        elif runs and checkouts:
            # Into the root goes the base branch; what else is checked out is data in a folder of its own.
            assert "github.event.pull_request.base.sha" in checkouts[0]["ref"], name
            assert all("path" in one for one in checkouts[1:]), name
    # Artifacts of a run can be replaced by any of its jobs, also by those that run the change's code.
    for name in ("comment", "encryption"):
        assert not [step for step in jobs[name]["steps"] if "download-artifact" in step.get("uses", "")], name
    assert "needs.review.outputs.code" in str(jobs["encryption"]["steps"])


@pytest.mark.parametrize("kind", ["preview", "deploy", "drift"])
@pytest.mark.parametrize("fleet", ["", "fleet-"])
def test_no_code_of_a_pull_request_runs_as_the_identity_that_plans_what_was_merged(
    fleet: str, kind: str
) -> None:
    """So that the preview identity needs no right on the secrets of a stack that has some; the environment of
    the other takes protected branches alone."""
    document = workflow(f"{fleet}{kind}")
    jobs = [job for name, job in document["jobs"].items() if name in {"plan", "review", "drift"}]
    expected = ("preview", "${{ vars.AZURE_PREVIEW_CLIENT_ID }}")
    if kind != "preview":
        expected = (
            "${{ vars.AZURE_PLAN_CLIENT_ID && 'plan' || 'preview' }}",
            "${{ vars.AZURE_PLAN_CLIENT_ID || vars.AZURE_PREVIEW_CLIENT_ID }}",
        )
    assert {(one["environment"], one["env"]["ARM_CLIENT_ID"]) for one in jobs} == {expected}
    assert ("PLAN_CLIENT_ID" in str(document)) is (kind != "preview")
    (plan,) = (one for one in loaded(SETTINGS)["environments"] if one["name"] == "plan")
    assert plan["deployment_branch_policy"]["protected_branches"] is True


def test_main_is_protected_as_the_page_says() -> None:
    """Nobody merges without a review of the last push and every check, or changes `main` in another way."""
    (main,) = loaded(SETTINGS)["branches"]
    protection = main["protection"]
    assert protection["required_pull_request_reviews"] == {
        "required_approving_review_count": 1,
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": True,
        "require_last_push_approval": True,
    }
    assert protection["required_status_checks"]["strict"] is True
    assert len(protection["required_status_checks"]["contexts"]) == 3
    refused = {name: protection[name] for name in ("allow_force_pushes", "allow_deletions")}
    assert (protection["enforce_admins"], refused) == (True, dict.fromkeys(refused, False))


def test_the_ruleset_requires_workflows_that_are_there() -> None:
    """What the page's command sends is JSON, for `main`, and its workflow asks for each event of a rule."""
    page = (ROOT / "docs" / "pull-requests.md").read_text()
    ruleset = json.loads(page.partition("--input - <<'END'\n")[2].partition("\nEND\n")[0])
    assert ruleset["conditions"]["ref_name"]["include"] == ["refs/heads/main"]
    (rule,) = ruleset["rules"]
    (required,) = rule["parameters"]["workflows"]
    assert (rule["type"], required["ref"]) == ("workflows", "refs/heads/main")
    for path in (required["path"], ".github/workflows/fleet-preview.yml"):
        assert {"pull_request", "merge_group"} <= loaded(ROOT / path)[True].keys()


def test_a_deployment_reviews_what_was_merged_by_its_own_code() -> None:
    """Whatever check passed: nothing is updated unless this review ends with 0, which takes an approval
    for each verdict."""
    for name, updates in (("deploy", ["deploy"]), ("fleet-deploy", ["canary", "rest"])):
        document = workflow(name)
        assert document[True] == {"push": {"branches": ["main"]}}
        review = "\n".join(step.get("run", "") for step in document["jobs"]["review"]["steps"])
        assert "review/stacks.sh" in review
        assert "== 0 ]] || {" in review
        assert "exit 1" in review
        assert all("review" in document["jobs"][job]["needs"] for job in updates)
        assert document["jobs"]["review"].get("if") is None


def _environments(job: dict[str, Any]) -> set[str]:
    """Those that a job may run in: its `environment` is a name, or an expression with names in quotes."""
    named = str(job["environment"])
    return set(re.findall(r"'(\w+)'", named)) if "${{" in named else {named}


def test_every_environment_with_a_credential_is_in_the_settings_with_its_branches() -> None:
    """A job that may log in runs in an environment that the settings list. Of these only `preview`, whose
    identity only reads, takes any branch; the others take the protected ones, and only `main` is protected.
    The pages name each environment as the subject of a credential."""
    settings = loaded(SETTINGS)
    policies = {one["name"]: one.get("deployment_branch_policy") for one in settings["environments"]}
    jobs = [job for file in WORKFLOWS for job in loaded(file)["jobs"].values()]
    with_login = [job for job in jobs if (job.get("permissions") or {}).get("id-token") == "write"]
    by_identity: dict[str, set[str]] = {}
    for job in with_login:
        for identity in re.findall(r"AZURE_(\w+)_CLIENT_ID", str(job.get("env", ""))) or ["RELEASE"]:
            by_identity.setdefault(identity, set()).update(_environments(job))
    assert by_identity == {
        "PREVIEW": {"preview", "plan"},
        "PLAN": {"preview", "plan"},
        "DEPLOY": {"production", "fleet-canary"},
        "RELEASE": {"release"},
    }
    assert {*policies} == set().union(*by_identity.values())
    assert [branch["name"] for branch in settings["branches"]] == ["main"]
    any_branch = {name for name, policy in policies.items() if policy is None}
    protected = {name for name, policy in policies.items() if policy and policy["protected_branches"]}
    assert (any_branch, protected) == ({"preview"}, {"plan", "production", "fleet-canary"})
    pages = "".join((ROOT / page).read_text() for page in ("docs/pull-requests.md", "docs/fleets.md"))
    subjects = set(re.findall(r"repo:ORG/REPO:environment:([\w-]+)`", pages))
    assert subjects == {"preview", "production", "fleet-canary"}


@pytest.mark.parametrize(
    ("name", "job", "environment", "update"),
    [
        ("deploy", "deploy", "production", 'plans_digest.sh .review/plan) == "$PLANS"'),
        ("fleet-deploy", "canary", "fleet-canary", 'review/fleet_update.sh .review/plan "$PLANS"'),
        ("fleet-deploy", "rest", "production", 'review/fleet_update.sh .review/plan "$PLANS"'),
    ],
)
def test_a_deployment_applies_what_was_reviewed(name: str, job: str, environment: str, update: str) -> None:
    """The plans are compared by their digest, and nothing updates a stack but the script that takes a plan.
    The next ring begins only when the canary went well."""
    one = workflow(name)["jobs"][job]
    assert one["environment"] == environment
    assert (job != "rest") or ("canary" in one["needs"] and "needs.canary.result == 'success'" in one["if"])
    text = "\n".join(step.get("run", "") for step in one["steps"])
    assert text.index(update) <= text.index("update.sh")
    assert "pulumi up" not in text
    given = [{**one["env"], **step.get("env", {})} for step in one["steps"] if "update.sh" in str(step)]
    for output in ("approval", "plans"):
        assert given[-1][output.upper()] == f"${{{{ needs.review.outputs.{output} }}}}"


@each_preview
def test_azure_devops_gives_the_pull_requests_code_no_token(preview: str) -> None:
    """The job that runs the program has no token; the one that writes has the target branch's files."""
    document = loaded(ROOT / ".azuredevops" / "pipelines" / f"{preview}.yml")
    jobs = {stage["stage"]: stage["jobs"][0] for stage in document["stages"]}
    assert "SYSTEM_ACCESSTOKEN" not in str(jobs["plan"])
    names = [step.get("displayName") for step in jobs["review"]["steps"]]
    assert names.index("The target branch") < names.index("Set up") < names.index("Comment")


@pytest.mark.parametrize("kind", ["", "fleet-"])
def test_updates_never_overlap_and_nothing_cancels_them(kind: str) -> None:
    """Deployments go in turn. A group holds one that waits, whose place a night's look would take."""
    deploy, drift = (workflow(f"{kind}{name}")["concurrency"] for name in ("deploy", "drift"))
    assert deploy["cancel-in-progress"] is False
    assert drift["group"] != deploy["group"]


def test_a_night_that_found_something_ends_red() -> None:
    """After it has told the issue or the work item."""
    github = workflow("fleet-drift")["jobs"]["drift"]["steps"]
    devops = loaded(ROOT / ".azuredevops" / "pipelines" / "fleet-drift.yml")["jobs"][0]["steps"]
    for text, told in ((github[-1]["run"], "issue.sh"), (devops[-1]["script"], "work_item.sh")):
        stub = re.sub(r"^\.\S+", "echo", text, flags=re.MULTILINE)
        done = bash(stub, ROOT, {"REPOSITORY": "r"})
        assert told in text
        assert ".fleet/drift/report.md .fleet/evidence/report.md" in done.stdout.splitlines()[0]
        assert done.returncode == 1


@pytest.mark.parametrize(
    "file", [one for one in PIPELINES if "while " in one.read_text()], ids=lambda file: file.stem
)
def test_azure_devops_hands_an_output_on_as_it_is(file: Path, tmp_path: Path) -> None:
    """Also what ends in `=`, as base64 does."""
    (loop,) = re.findall(
        r"^ *while .*?^ *done <\.review/outputs$", file.read_text(), re.MULTILINE | re.DOTALL
    )
    (tmp_path / ".review").mkdir()
    (tmp_path / ".review" / "outputs").write_text("code=0\ncomments=YQ==\ncomment=Yg8=\n")
    done = bash(f"set -uo pipefail\n{loop}", tmp_path, {})
    assert done.stdout.splitlines() == [
        "##vso[task.setvariable variable=code;isOutput=true]0",
        "##vso[task.setvariable variable=comments;isOutput=true]YQ==",
        "##vso[task.setvariable variable=comment;isOutput=true]Yg8=",
    ]


@each_file
def test_a_verdict_is_approved_in_the_repository_alone(file: Path) -> None:
    """No click in an environment stands for a named approval: what waits for one fails, on both platforms."""
    assert not re.search(r"== ['\"]?3['\"]?|\b0 \| 3\)", file.read_text())


def test_every_file_has_an_owner_and_what_decides_has_its_own() -> None:
    """The last pattern that matches a file counts, so none may leave files without an owner."""
    lines = (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()
    patterns = [line.split() for line in lines if line and not line.startswith("#")]
    assert patterns[0][0] == "*"
    assert all(len(one) > 1 and one[1].startswith("@") for one in patterns)
    decides = {"/encryption-approvals.yaml", "/policy-config.yaml", "/core/", "/policies/", "/review/"}
    assert decides | {"/.github/", "/.azuredevops/"} <= {one[0] for one in patterns[1:]}
