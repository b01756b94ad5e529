from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from localazure.environment import checkout
from localazure.home import Home
from localazure.seed import READER
from tests.review.loopback import recorded_tool, serving
from tests.support.azure import running_azure
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.engine


class Clone(Stack):
    """A clone of the repository, with what is changed here and not committed yet, as a runner has it."""

    def __post_init__(self) -> None:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(self.folder)], check=True, timeout=300)
        words = ["git", "-C", str(ROOT), "ls-files", "-z", "--modified", "--others", "--exclude-standard"]
        changed = subprocess.run(words, check=True, capture_output=True, text=True, timeout=300).stdout
        for name in filter(None, changed.split("\0")):
            target = self.folder / name
            target.unlink(missing_ok=True)
            if (ROOT / name).exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)
        # What `make setup` makes: it is the same for both, and takes minutes.
        (self.folder / ".pulumi" / "backend").mkdir(parents=True)
        (self.folder / ".pulumi" / "bin").symlink_to(ROOT / ".pulumi" / "bin")
        (self.folder / ".venv").symlink_to(ROOT / ".venv")
        self.env = {**os.environ, **self.cloud, **checkout(self.folder, os.environ["PATH"])}
        made = self.pulumi("stack", "init", "dev")
        assert made.ok, made.output


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A clone of the project whose base branch is deployed."""
    folder = tmp_path_factory.mktemp("review")
    with running_azure(folder / "home") as azure:
        made = Clone(folder / "work", azure.env)
        done = made.up()
        assert done.ok, done.output
        yield made


@pytest.fixture(scope="module")
def reader(stack: Stack) -> dict[str, str]:
    """The environment of a principal with the role Reader and no other."""
    secret = Home(stack.folder.parent / "home").secrets()[READER.name]
    names = ("AZURE", "ARM")
    ids = {f"{name}_CLIENT_ID": READER.client_id for name in names}
    return {**ids, **{f"{name}_CLIENT_SECRET": secret for name in names}}


def script(
    stack: Stack, name: str, *words: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(stack.folder / "review" / name), "dev", ".review", *words],
        cwd=stack.folder,
        env={**stack.env, **(env or {})},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def comment(stack: Stack) -> list[str]:
    return (stack.folder / ".review" / "comment.md").read_text().splitlines()


def test_a_pull_request_that_changes_nothing_has_a_short_comment(stack: Stack) -> None:
    """What was deployed is previewed again: no change, and the policy pack was asked."""
    done = script(stack, "pull_request.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "`language-cmk-dev`" in comment(stack)[1]
    assert any(line.startswith("1 account: no change") for line in comment(stack))
    assert (stack.folder / ".review" / "events.jsonl").stat().st_size > 0


def test_an_identity_that_only_reads_can_preview(stack: Stack, reader: dict[str, str]) -> None:
    """The preview identity needs no right to write, and no data action."""
    done = script(stack, "pull_request.sh", env=reader)
    assert done.returncode == 0, done.stdout + done.stderr
    assert any(line.startswith("1 account: no change") for line in comment(stack))


def step(job: str, name: str) -> str:
    """The commands of a step of the preview workflow."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "preview.yml").read_text())
    (found,) = (one for one in workflow["jobs"][job]["steps"] if one.get("name") == name)
    return str(found["run"])


def test_a_pull_request_from_its_clone_to_its_comment(stack: Stack, tmp_path: Path) -> None:
    """The preview workflow's own commands: a changed setting, login, engine, pack, review, comment."""
    stack.configure(encryption="microsoftManaged", unbindAccount="lang-contoso-dev")
    outputs = tmp_path / "outputs"
    with serving({"value": "a-token"}) as platform:
        github = {
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "RUNNER_TEMP": str(tmp_path),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a-runner's-token",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{platform.url}?",
            "STACK": "dev",
        }
        done = run_step(stack, step("azure", "Review"), github)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(platform.asked) == 1
    given = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    assert given["code"] == "4"
    body = (stack.folder / ".review" / "comment.md").read_text()
    assert (tmp_path / "summary").read_text() == body
    assert "BLOCKED" in body.splitlines()[1]
    assert "**unbound**: UNBOUND: its data goes back to Microsoft-managed keys" in body

    posts = f'for last; do :; done; case "$*" in *POST*) cat "${{last#body=@}}" >{tmp_path}/posted ;; esac'
    comments = {
        "PATH": recorded_tool(tmp_path, "gh", then=posts),
        "REPOSITORY": "o/r",
        "NUMBER": "1",
        "COMMENT": given["comment"],
    }
    posted = run_step(stack, step("comment", "Comment"), comments)
    assert posted.returncode == 0, posted.stderr
    assert (tmp_path / "posted").read_text() == body


def run_step(stack: Stack, text: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A step in the clone, by the shell that GitHub runs it with."""
    return subprocess.run(
        ["bash", "-e", "-c", text],
        cwd=stack.folder,
        env={**stack.env, **env},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_an_approval_in_the_repository_lets_it_pass(stack: Stack, tmp_path: Path) -> None:
    """The approvals file is read from the repository's root, and approves the verdict it names."""
    approvals = stack.folder / "encryption-approvals.yaml"
    approvals.write_text(
        "approvals:\n  - account: lang-contoso-dev\n    verdict: unbound\n    reason: a test of approvals\n"
        "    approver: alice\n    expires: 2999-12-31\n"
    )
    stack.configure(encryption="microsoftManaged", unbindAccount="lang-contoso-dev")
    done = script(stack, "pull_request.sh")
    approvals.unlink()
    # The policy pack may refuse it as well, which no approval of this kind passes.
    assert "approved: alice, until 2999-12-31: a test of approvals" in done.stdout


def act_behind(stack: Stack, action: str) -> None:
    """What someone else does to this stack's resources."""
    names = ("rg-contoso-dev", "lang-contoso-dev", "kv-contoso-dev", "cmk-contoso-dev")
    program = Path(__file__).with_name("behind.py")
    subprocess.run([sys.executable, program, action, *names], env=stack.env, check=True, timeout=300)


def test_the_nightly_look_takes_a_rotation_for_no_drift(stack: Stack) -> None:
    """A newer version is work to do (1) while it waits for an update; once in use there is nothing (0)."""
    shutil.copy(ROOT / "Pulumi.dev.yaml", stack.config_file)
    assert stack.refresh().ok
    act_behind(stack, "rotate")
    waiting = script(stack, "drift.sh")
    assert waiting.returncode == 1, waiting.stdout + waiting.stderr
    assert "outside Pulumi" not in waiting.stderr
    told = (stack.folder / ".review" / "drift.md").read_text()
    assert "`contoso-dev-key` has a newer version" in told
    assert "**rotated**" in "\n".join(comment(stack))
    assert stack.deploy().ok
    assert stack.refresh().ok
    done = script(stack, "drift.sh")
    assert done.returncode == 0, done.stdout + done.stderr
