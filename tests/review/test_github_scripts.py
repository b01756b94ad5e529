"""What the GitHub workflows run, with a `gh` that records what it is asked."""

import base64
import gzip
import os
import stat
from pathlib import Path

import pytest

from tests.review.running import run
from tests.support.stack import ROOT

DIGEST, HEAD = "0123456789abcdef" * 4, "a" * 40
SCRIPTS = sorted(
    script for folder in (".github", ".azuredevops", "review") for script in (ROOT / folder).glob("*.sh")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_are_bash(script: Path) -> None:
    """Every script parses, and those that are run can be run."""
    assert run("bash", "-n", script).returncode == 0
    if script.name != "login.sh":
        assert script.stat().st_mode & stat.S_IXUSR


class GitHub:
    """A `gh` that answers from files and records what it was asked. `newest` is the last commit."""

    def __init__(
        self, folder: Path, answer: str, *, newest: str = HEAD, merged: str = "", approved: str = ""
    ) -> None:
        self.log, self.bodies = folder / "asked", folder / "bodies"
        self.bodies.mkdir()
        for name, text in (
            ("answer", answer),
            ("newest", newest),
            ("merged", merged),
            ("approved", approved),
        ):
            (folder / name).write_text(text)
        tool = folder / "gh"
        tool.write_text(
            f"""#!/bin/bash
echo "$@" >>{self.log}
case "$*" in
  *PATCH* | *POST*) for last; do :; done; cp "${{last#body=@}}" "{self.bodies}/$(ls {self.bodies} | wc -l)" ;;
  *create* | *"comment "*) ;;
  *commits/*/pulls*) cat {folder}/merged ;;
  *reviews*) cat {folder}/approved ;;
  *pulls/7*) cat {folder}/newest ;;
  *) cat {folder}/answer ;;
esac
"""
        )
        tool.chmod(0o755)
        self.env = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}

    @property
    def asked(self) -> str:
        return self.log.read_text()

    def written(self) -> list[str]:
        """The comments that were posted or changed, in order."""
        return [(self.bodies / str(number)).read_text() for number in range(len(list(self.bodies.iterdir())))]


def packed(*texts: str) -> str:
    """Comments as a job hands them on."""
    return " ".join(base64.b64encode(gzip.compress(text.encode())).decode() for text in texts)


def a_review(stack: str = "prod", text: str = "body") -> str:
    return f"<!-- encryption-review {stack} {DIGEST} -->\n{text}\n"


def comment(github: GitHub, comments: str, stacks: str = "prod", number: str = "7") -> int:
    env = {**github.env, "COMMENTS": comments, "STACKS": stacks}
    return run(ROOT / ".github" / "comment.sh", "o/r", number, HEAD, "https://run", env=env).returncode


@pytest.mark.parametrize(
    ("answer", "method"), [("", "POST repos/o/r/issues/7/"), ("42\n43", "PATCH repos/o/r/issues/comments/42")]
)
def test_a_stack_has_one_comment_that_is_updated(tmp_path: Path, answer: str, method: str) -> None:
    """The first run posts; later runs write the same comment whole, whatever somebody edited into it. Each
    stack has its own, also where its name has slashes."""
    github = GitHub(tmp_path, answer)
    reviews = (a_review("org/shop/prod", "one"), a_review("test", "two"))
    assert comment(github, packed(*reviews), stacks="org/shop/prod test") == 0
    assert method in github.asked
    assert github.written() == list(reviews)
    # Only the platform's own account writes it, and only this stack's is taken.
    assert "github-actions[bot]" in github.asked
    assert 'startswith("<!-- encryption-review test ")' in github.asked


def test_a_review_that_failed_leaves_no_comment_about_an_older_commit(tmp_path: Path) -> None:
    """The comment says that there is no review of this commit, and where the run is."""
    github = GitHub(tmp_path, "42")
    assert comment(github, "") == 0
    (text,) = github.written()
    assert "no review of `prod`" in text
    assert HEAD in text
    assert "(https://run)" in text


def test_a_run_that_was_overtaken_writes_nothing(tmp_path: Path) -> None:
    """The comment always tells the newest commit."""
    github = GitHub(tmp_path, "42", newest="b" * 40)
    assert comment(github, packed(a_review())) == 0
    assert github.written() == []


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("7; id", a_review()),
        ("7", "anything else"),
        ("7", a_review("../../etc/passwd; id")),
        ("7", a_review("x -->\n@everyone <!--")),
    ],
)
def test_fails_to_comment_with_what_is_no_review(tmp_path: Path, number: str, text: str) -> None:
    """Only a review goes into a pull request, only a number names one, and a name is a name."""
    github = GitHub(tmp_path, "")
    assert comment(github, packed(text), number=number) == 2
    assert github.written() == []


@pytest.mark.parametrize(
    ("merged", "approved", "said"),
    [
        (
            f"7 {HEAD} mallory\n",
            "carol\nalice\nalice\n",
            "--author=mallory\n--approvers=alice,carol\npull request 7; approved by alice,carol\n",
        ),
        (f"7 {HEAD} mallory\n", "", "--author=mallory\n--approvers=\npull request 7\n"),
        # Then the platform tells nothing; branch protection is what keeps such a commit out.
        ("", "", ""),
    ],
)
def test_a_deployment_knows_who_wrote_and_who_approved(
    tmp_path: Path, merged: str, approved: str, said: str
) -> None:
    """By the pull request that was merged; only approvals of its last commit are asked for."""
    github = GitHub(tmp_path, "", merged=merged, approved=approved)
    done = run(ROOT / ".github" / "people.sh", "o/r", "a" * 40, env=github.env)
    assert (done.returncode, done.stdout) == (0, said), done.stderr
    assert merged == "" or f'.commit_id == "{HEAD}"' in github.asked


UNFORKED = {"FORK": "false", "LOCAL": "success", "IDENTITY": "id"}
FORKED = {"FORK": "true", "REVIEW": "skipped"}
NOT_REVIEWED = {"REVIEW": "skipped", "IDENTITY": ""}


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({"CODE": "0"}, 0, "nobody approved"),
        ({"CODE": "3"}, 1, "needs a named approval"),
        ({"CODE": "4"}, 1, "ended with 4"),
        ({"CODE": "2"}, 1, "ended with 2"),
        ({}, 1, "ended with nothing"),
        ({"REVIEW": "failure"}, 1, "did not run"),
        ({"REVIEW": "cancelled", "CODE": "0"}, 1, "did not run"),
        # The jobs of a fork run its own code, so a maintainer takes it over; its run is told no variables of
        # the repository, so that an empty identity says nothing.
        (FORKED, 1, "A maintainer reads it"),
        ({**FORKED, "IDENTITY": ""}, 1, "A maintainer reads it"),
        ({**FORKED, "IDENTITY": "", "FORK": ""}, 1, "A maintainer reads it"),
        # A repository without an identity deploys nothing.
        (NOT_REVIEWED, 0, ""),
        ({**NOT_REVIEWED, "LOCAL": "failure"}, 1, ""),
        ({**NOT_REVIEWED, "IDENTITY": "id"}, 1, ""),
    ],
)
def test_the_check_passes_what_was_reviewed_and_nothing_else(
    env: dict[str, str], code: int, said: str
) -> None:
    """A job that broke off, a code that nobody knows or a missing approval is never a pass; nor is a fork's
    own run."""
    told = {"REVIEW": "success", "CODE": "", **UNFORKED, **env}
    done = run(ROOT / ".github" / "verdict.sh", env=told)
    assert (done.returncode, said in done.stdout) == (code, True)
    assert ("A maintainer reads it" in done.stdout) is (told["FORK"] != "false")


def test_drift_is_told_in_one_issue(tmp_path: Path) -> None:
    """An open issue is commented on; without one it is made. A report too long for it is cut off."""
    report = tmp_path / "drift.md"
    report.write_text("drift\n" * 50_000)
    for answer, word in (("5", "issue comment 5"), ("", "issue create")):
        folder = tmp_path / f"gh{answer}"
        folder.mkdir()
        github = GitHub(folder, answer)
        done = run(ROOT / ".github" / "issue.sh", "o/r", report, env=github.env)
        assert done.returncode == 0, done.stderr
        assert word in github.asked
