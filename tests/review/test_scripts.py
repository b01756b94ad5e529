"""review/*.sh with a `pulumi` that plays recordings: several stacks, hostile names, runs that break off."""

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operate.evidence.command import deployments
from tests.review.build import BINDING, TODAY
from tests.review.loopback import recorded_tool
from tests.review.running import run
from tests.review.test_plan import NEXT_VERSION, Change, planned, refresh
from tests.support.stack import ROOT

UNBOUND: Change = (BINDING, "b", ["delete"], None)
NEXT: Change = (BINDING, "b", ["update"], {"updates": NEXT_VERSION})
STATE = json.dumps(
    {"version": 3, "deployment": {"manifest": {"time": "2026-01-01T00:00:00Z"}, "resources": [{}]}}
)
PREVIEW = '{"steps": [], "changeSummary": {"same": 4}, "duration": 1, "config": {}, "diagnostics": []}'


class Pipeline:
    """A checkout of the base branch with the plans of a change, as the job `review` has it."""

    def __init__(self, folder: Path, *plans: str) -> None:
        self.folder = folder
        for number, plan in enumerate(plans, start=1):
            place = folder / "plan" / str(number)
            place.mkdir(parents=True)
            (place / "preview.json").write_text(PREVIEW)
            if plan:
                (place / "plan.json").write_text(plan)
        (folder / "change").mkdir()
        (folder / "refresh").write_text(refresh())
        (folder / "state").write_text(STATE)
        then = (
            f'case "$*" in *export*) exec cat {folder}/state ;; esac\n'
            f'cat {folder}/refresh; printf "%s\\n" "${{SAYS:-}}" >&2; exit "${{REFRESH:-0}}"\n'
        )
        self.path = recorded_tool(folder, "pulumi", then)

    def run(self, script: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run(ROOT / "review" / script, *words, cwd=self.folder, env={"PATH": self.path, **env})

    def outputs(self, stacks: str, **env: str) -> tuple[str, list[str]]:
        """The code and the comments of a review of these stacks."""
        done = self.run("stacks.sh", ".", STACKS=stacks, **env)
        assert done.returncode == 0, done.stderr
        code, comments = (line.partition("=")[2] for line in done.stdout.splitlines())
        return code, [gzip.decompress(base64.b64decode(one)).decode() for one in comments.split()]


@pytest.mark.parametrize(
    ("plans", "code"),
    [
        ((planned(), planned(UNBOUND)), "4"),
        ((planned(UNBOUND), planned()), "4"),
        ((planned(NEXT), planned()), "0"),
        ((planned(UNBOUND), "{"), "2"),
    ],
)
def test_several_stacks_end_with_the_gravest(tmp_path: Path, plans: tuple[str, str], code: str) -> None:
    """One blocked stack blocks the pull request; one that could not be judged is graver than all."""
    assert Pipeline(tmp_path, *plans).outputs("prod test")[0] == code


def test_each_stack_has_its_own_review(tmp_path: Path) -> None:
    """The comments come in the order of the stacks, each with its own first line. A preview that says "no
    change" and saved no plan proves nothing."""
    code, (one, other) = Pipeline(tmp_path, planned(), "").outputs("org/shop/prod test")
    assert code == "4"
    assert one.startswith("<!-- encryption-review org/shop/prod ")
    assert other.startswith("<!-- encryption-review test ")
    assert "in `test`" in other.splitlines()[1]
    assert "saved no plan" in other
    assert "no change" not in other


def test_what_is_there_now_must_be_known(tmp_path: Path) -> None:
    """Without a refresh there is no review, and no comment that could be taken for one."""
    assert Pipeline(tmp_path, planned()).outputs("prod", REFRESH="1") == ("2", [])


def test_a_log_quotes_what_a_tool_said(tmp_path: Path) -> None:
    """A line of the engine that both platforms would take for a command of the job is none."""
    said = "::set-output name=code::0\n##vso[task.prependpath]x\r::error::y"
    done = Pipeline(tmp_path, planned()).run("stacks.sh", ".", STACKS="prod", REFRESH="1", SAYS=said)
    assert "set-output" in done.stderr
    assert not [line for line in re.split("[\r\n]", done.stderr) if re.search(r"^\s*::|##(vso)?\[", line)]


def test_approvals_are_a_file_of_the_change(tmp_path: Path) -> None:
    """A link could lead to what the change's own job wrote, which nobody owns."""
    pipeline = Pipeline(tmp_path, planned(UNBOUND))
    (tmp_path / "plan" / "approved.yaml").write_text("approvals: []")
    (tmp_path / "change" / "encryption-approvals.yaml").symlink_to(tmp_path / "plan" / "approved.yaml")
    assert pipeline.outputs("prod") == ("2", [])


def test_a_summary_is_made_of_reviews_alone(tmp_path: Path) -> None:
    """A file of the change or of its plan, and a review of before, are not among the reviews."""
    pipeline = Pipeline(tmp_path, planned(UNBOUND))
    for place in ("change", "plan", "reviews/2", "7"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "comment.md").write_text("all is well")
    pipeline.outputs("prod")
    assert [path.parent.name for path in tmp_path.glob("reviews/*/comment.md")] == ["1"]
    for workflow in ("preview", "deploy"):
        for text in (f".github/workflows/{workflow}.yml", f".azuredevops/pipelines/{workflow}.yml"):
            assert ".review/*/" not in (ROOT / text).read_text(), text


def test_a_hostile_stack_name_is_a_name(tmp_path: Path) -> None:
    """Whatever the variable holds is one argument of the engine, and inert in the comment."""
    name = "prod-->;$(touch${IFS}x)`id`@everyone"
    code, (comment,) = Pipeline(tmp_path, planned(UNBOUND)).outputs(name)
    assert (code, (tmp_path / "x").exists()) == ("4", False)
    assert f"--stack {name} --" in (tmp_path / "pulumi.asked").read_text()
    first, title = comment.splitlines()[:2]
    assert first.count("-->") == 1
    assert title.count("`") == 2


def test_files_of_the_change_are_the_commit_that_an_approval_is_for(tmp_path: Path) -> None:
    """All files but the approvals: an approval that comes with the change does not change its own code."""
    pipeline = Pipeline(tmp_path, planned(UNBOUND))
    change = tmp_path / "change"
    git = f"git -C {change} -c user.name=a -c user.email=a@example.com"

    def code() -> str:
        commit = f"{git} init -q && {git} add -A && {git} commit -qm x --allow-empty"
        assert run("bash", "-c", commit).returncode == 0
        pipeline.outputs("prod")
        document = json.loads((tmp_path / "reviews" / "1" / "review.json").read_text())
        return str(document["rows"][0]["verdicts"][0]["code"])

    (change / "program.py").write_text("1")
    before = code()
    (change / "encryption-approvals.yaml").write_text(
        f"approvals:\n  - account: lang\n    verdict: unbound\n    review: {before}\n    reason: r\n"
        f"    approver: alice\n    expires: {TODAY}\n"
    )
    assert code() == before
    (change / "program.py").write_text("2")
    assert code() != before
    (change / "program.py").write_text("1")
    assert code() == before
    # What an update leaves behind is another state.
    (tmp_path / "state").write_text(STATE.replace("2026-01-01", "2026-01-02"))
    assert code() != before


def test_an_update_takes_the_plans_that_were_reviewed(tmp_path: Path) -> None:
    """The digest is of every plan and its place; anything else has another one."""
    stacks = [planned(), planned(UNBOUND)], [planned(UNBOUND), planned()], [planned()], [planned()]
    digests = []
    for number, plans in enumerate(stacks):
        (folder := tmp_path / str(number)).mkdir()
        digests.append(Pipeline(folder, *plans).run("plans_digest.sh", "plan").stdout)
    assert len(set(digests)) == 3
    assert digests[2] == digests[3]
    assert len(digests[0]) == 65


def test_an_update_without_a_plan_is_refused(tmp_path: Path) -> None:
    """Nothing is applied that was not reviewed."""
    pipeline = Pipeline(tmp_path, "")
    assert pipeline.run("update.sh", "prod", "plan/1/plan.json").returncode == 2
    assert not (tmp_path / "pulumi.asked").exists()


@pytest.mark.parametrize("approval", ["", "pull request 7; approved by alice,carol"])
def test_an_update_records_its_plan_and_who_approved_it(approval: str, tmp_path: Path) -> None:
    """In the message of the stack's history, as the evidence reads it."""
    pipeline = Pipeline(tmp_path, "{}")
    (tmp_path / ".pulumi").mkdir()
    shutil.copy(ROOT / "policy-config.yaml", tmp_path)
    env = {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "APPROVAL": approval}
    done = pipeline.run("update.sh", "prod", "plan/1/plan.json", **env)
    assert done.returncode == 0, done.stderr
    (asked,) = re.findall("--message (.*) --policy-pack .* --plan ", (tmp_path / "pulumi.asked").read_text())
    update = {
        "kind": "update",
        "startTime": "2026-11-30T00:00:00Z",
        "result": "succeeded",
        "message": asked,
        "environment": {"updatePlan": "true"},
    }
    (found,) = deployments([update], datetime(2026, 1, 1, tzinfo=UTC))
    assert found.plan == hashlib.sha256(b"{}").hexdigest()
    assert (found.pull_request, found.approved_by) == (("7", "alice,carol") if approval else ("", ""))


@pytest.mark.parametrize(
    ("script", "place", "refresh_of", "code"),
    [
        ("plan.sh", "made", "preview --stack dev --refresh", 0),
        ("update.sh", "plan/1/plan.json", "up --stack dev --yes --refresh", 255),
        ("update.sh", "plan/1/plan.json", "refresh --stack dev", 255),
    ],
)
def test_a_refresh_that_fails_at_what_is_gone_is_followed_by_the_programs_words(
    script: str, place: str, refresh_of: str, code: int, tmp_path: Path
) -> None:
    """azure-native fails on Key Vault's KeyNotFound before the program runs, which knows the way back. Each
    of an update's two refreshes can meet it."""
    lost, unread = "run az keyvault key recover", 'Status=404 Code="KeyNotFound"'
    pipeline = Pipeline(tmp_path, "{}")
    (tmp_path / ".pulumi").mkdir()
    shutil.copy(ROOT / "policy-config.yaml", tmp_path)
    then = (
        f"case \"$*\" in '{refresh_of}'*) echo '{unread}' >&2; exit 255 ;; esac\n"
        f"case \"$*\" in preview*) echo '{lost}'; exit 255 ;; esac\n"
    )
    pipeline.path = recorded_tool(tmp_path, "pulumi", then)
    done = pipeline.run(script, "dev", place, PYTHON=sys.executable, PYTHONPATH=str(ROOT))
    assert (done.returncode, unread in done.stdout + done.stderr, lost in done.stderr) == (code, True, True)
