import base64
import gzip
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from localazure.environment import checkout
from tests.review.loopback import serving
from tests.review.running import bash, run
from tests.support.azure import running_azure
from tests.support.readme import clone
from tests.support.stack import ROOT, Stack
from tests.support.warm_host import ATTACH, language_host

pytestmark = pytest.mark.engine
FORGED = "import pathlib\npathlib.Path('forged').touch()\n"


class Clone(Stack):
    """The files of the repository as they are now, as a runner has them."""

    def __post_init__(self) -> None:
        clone(self.folder)
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
        # The scripts start the engine, too.
        with language_host(made.env) as attached:
            made.env |= attached
            yield made


def run_step(stack: Stack, job: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The step of the preview workflow that is called as its job, in the clone, as GitHub runs it."""
    document = yaml.safe_load((ROOT / ".github" / "workflows" / "preview.yml").read_text())
    (step,) = (one for one in document["jobs"][job]["steps"] if one.get("name") == job.title())
    return bash(step["run"], stack.folder, {**stack.env, **env})


def test_a_pull_request_from_its_clone_to_its_comment(stack: Stack, tmp_path: Path) -> None:
    """The preview workflow's own commands, in two checkouts: the change is planned, the base judges it.

    The change also brings modules that say there is nothing to see, and none of them is imported.
    """
    change = Stack.__new__(Stack)
    change.folder = tmp_path / "change"
    subprocess.run(["cp", "-R", str(stack.folder), str(change.folder)], check=True)
    change.configure(encryption="microsoftManaged", unbindAccount="lang-contoso-dev")
    with serving({"value": "a-token"}) as platform:
        github = {
            "GITHUB_OUTPUT": str(tmp_path / "outputs"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "RUNNER_TEMP": str(tmp_path),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a-runner's-token",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{platform.url}?",
            "STACKS": "dev",
            "AUTHOR": "mallory",
            "RUN": "https://run",
        }
        # Its login is what the step exports.
        change.env = {name: value for name, value in stack.env.items() if name != ATTACH}
        planned = run_step(change, "plan", github)
        assert planned.returncode == 0, planned.stdout + planned.stderr
        for name in ("yaml.py", "json.py", "review.py", "core.py", "argparse.py", "sitecustomize.py"):
            (change.folder / name).write_text(FORGED)
            (change.folder / "review" / name).write_text(FORGED)
        for name in ("plan", "change"):
            shutil.rmtree(stack.folder / ".review" / name, ignore_errors=True)
        shutil.copytree(change.folder / ".review" / "plan", stack.folder / ".review" / "plan")
        (stack.folder / ".review" / "change").symlink_to(change.folder)
        done = run_step(stack, "review", github)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(stack.folder.rglob("forged"))
    assert not list(change.folder.rglob("forged"))
    given = dict(line.split("=", 1) for line in (tmp_path / "outputs").read_text().splitlines())
    assert given["code"] == "4"
    body = (stack.folder / ".review" / "reviews" / "1" / "comment.md").read_text()
    assert (tmp_path / "summary").read_text() == body
    assert "BLOCKED" in body.splitlines()[1]
    assert "**unbound**: UNBOUND: its data goes back to Microsoft-managed keys" in body
    assert "run https://run" in body
    assert gzip.decompress(base64.b64decode(given["comments"])).decode() == body


def test_an_update_does_what_was_reviewed_or_nothing(stack: Stack) -> None:
    """A review in one go: what was deployed is previewed again, has no change, and the policy pack was asked.
    Then the engine takes the reviewed plan; a program that does anything else ends the update first."""
    shutil.copy(ROOT / "Pulumi.dev.yaml", stack.config_file)
    made, scripts = stack.folder / ".review", stack.folder / "review"
    script = partial(run, cwd=stack.folder, env=stack.env, only=True)
    reviewed = script(scripts / "pull_request.sh", "dev", made)
    assert reviewed.returncode == 0, reviewed.stdout + reviewed.stderr
    _, title, counts, *_ = (made / "comment.md").read_text().splitlines()
    assert ("`dev`" in title, counts) == (True, "1 account without a change to encryption.")
    assert (made / "events.jsonl").stat().st_size > 0
    stack.configure(encryption="microsoftManaged", unbindAccount="lang-contoso-dev")
    update = partial(script, scripts / "update.sh", "dev", made / "plan.json")
    refused = update()
    assert refused.returncode != 0
    assert "plan" in refused.stdout + refused.stderr
    shutil.copy(ROOT / "Pulumi.dev.yaml", stack.config_file)
    assert stack.proposed() == {}
    done = update()
    assert done.returncode == 0, done.stdout + done.stderr
