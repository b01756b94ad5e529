"""What the GitHub workflows run, with a `gh` that records what it is asked."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.review.running import run
from tests.support.stack import ROOT

DIGEST = "0123456789abcdef" * 4
SCRIPTS = sorted(
    script for folder in (".github", "azure-pipelines", "review") for script in (ROOT / folder).glob("*.sh")
)


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
