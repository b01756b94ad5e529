from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from localazure.home import Home
from localazure.seed import READER
from tests.support.azure import running_azure
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A checkout of the project whose base branch is deployed."""
    folder = tmp_path_factory.mktemp("review")
    with running_azure(folder / "home") as azure:
        made = Stack(folder / "work", azure.env)
        shutil.copytree(ROOT / "review", made.folder / "review", ignore=shutil.ignore_patterns("__pycache__"))
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


def test_a_pull_request_from_its_settings_to_its_comment(stack: Stack) -> None:
    """The whole preview workflow: a changed setting, the engine, the pack, the review, the comment."""
    stack.configure(encryption="microsoftManaged", vault=None, key=None)
    done = script(stack, "pull_request.sh")
    assert done.returncode == 4, done.stdout + done.stderr
    body = "\n".join(comment(stack))
    assert "BLOCKED" in comment(stack)[1]
    assert "**unbound**: UNBOUND: its data goes back to Microsoft-managed keys" in body

    github = stack.folder / "gh"
    github.write_text(
        '#!/bin/sh\nfor last; do :; done\ncase "$*" in *POST*) cat "${last#body=@}" >posted ;; esac\n'
    )
    github.chmod(0o755)
    posted = subprocess.run(
        [str(ROOT / ".github" / "comment.sh"), "o/r", "1", ".review/comment.md"],
        cwd=stack.folder,
        env={**stack.env, "PATH": f"{stack.folder}{os.pathsep}{stack.env['PATH']}"},
        check=False,
    )
    assert posted.returncode == 0
    assert (stack.folder / "posted").read_text() == (stack.folder / ".review" / "comment.md").read_text()


def test_an_approval_in_the_repository_lets_it_pass(stack: Stack, tmp_path: Path) -> None:
    """The approvals file is read from the repository's root, and every blocking verdict needs its own."""
    approvals = stack.folder / "encryption-approvals.yaml"
    entries = "".join(
        f"  - account: lang-contoso-dev\n    verdict: {verdict}\n    reason: a test of approvals\n"
        "    approver: alice\n    expires: 2999-12-31\n"
        for verdict in ("unbound", "vault-deleted")
    )
    approvals.write_text("approvals:\n" + entries)
    stack.configure(encryption="microsoftManaged", vault=None, key=None)
    done = script(stack, "pull_request.sh")
    approvals.unlink()
    # The policy pack may refuse it as well, which no approval of this kind passes.
    assert "approved: alice, until 2999-12-31: a test of approvals" in done.stdout


def test_the_nightly_look_finds_nothing_where_nothing_was_changed(stack: Stack) -> None:
    """A stack as the deployment left it has no drift."""
    shutil.copy(ROOT / "Pulumi.dev.yaml", stack.config_file)
    assert stack.refresh().ok
    done = script(stack, "drift.sh")
    assert done.returncode == 0, done.stdout + done.stderr
