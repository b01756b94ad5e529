"""The review is not to be stood in for: by files in the current folder, by the environment, by the home."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.review import running
from tests.review.build import BINDING, account, binding, digest, same, step
from tests.support.stack import ROOT

UNBOUND = digest(
    same("azure-native:cognitiveservices:Account", "a", account()), step("delete", BINDING, "b", binding())
)
FORGERY = "import pathlib, sys\npathlib.Path(__file__).with_name('forged').touch()\nsys.exit(0)\n"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A checkout of a change that brings its own review, and modules that the review imports."""
    for name in ("review", "core", "yaml"):
        (tmp_path / name).mkdir()
        for file in ("__init__.py", "__main__.py", "report.py"):
            (tmp_path / name / file).write_text(FORGERY)
    for name in ("json", "argparse", "dataclasses", "sitecustomize", "usercustomize", "preview"):
        (tmp_path / f"{name}.py").write_text(FORGERY)
    (tmp_path / "preview.json").write_text(UNBOUND)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PYTHONPATH": str(folder),
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "PYTHONSTARTUP": "json.py",
    }
    return running.run(sys.executable, *words, "preview.json", cwd=folder, env=env, only=True)


def test_a_forged_module_is_not_imported(hostile: Path) -> None:
    """The verdict is the review's own, and nothing of the change has run."""
    done = run(hostile, "-I", str(ROOT / "review" / "__main__.py"))
    assert done.returncode == 4, done.stderr
    assert "unbound" in done.stdout
    assert not list(hostile.rglob("forged"))
    # Where Python looks into the current folder first, the forgery works: this shows something.
    assert run(hostile, "-m", "review").stdout == ""
    assert list(hostile.rglob("forged"))


def test_the_launcher_refuses_to_run_without_isolation(tmp_path: Path) -> None:
    """Whoever leaves -I out is told, and gets no verdict."""
    (tmp_path / "preview.json").write_text(UNBOUND)
    done = run(tmp_path, str(ROOT / "review" / "__main__.py"))
    assert done.returncode == 1
    assert "python -I" in done.stderr


def test_what_breaks_the_review_off_is_no_review(hostile: Path) -> None:
    """An input that nobody thought of ends as "cannot review", and its words are harmless in the log."""
    (hostile / "preview.json").write_text("[" * 100_000)
    done = run(hostile, "-I", str(ROOT / "review" / "__main__.py"))
    assert done.returncode == 2
    assert "found more than 100 levels" in done.stderr
    assert all(line.startswith("review: ") for line in done.stderr.splitlines())
