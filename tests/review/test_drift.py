"""The nightly look: what a refresh finds changed, and how it ends."""

import os
from pathlib import Path

import pytest

from tests.review.rendered import golden
from tests.review.running import run
from tests.review.situations import SITUATIONS
from tests.support.stack import ROOT


def test_what_was_deleted_and_changed_is_named() -> None:
    """By its name, from a real refresh; a preview with a plan says by its verdicts what it finds."""
    told = {one.name: golden(one)[f"{one.name}.md"] for one in SITUATIONS}
    assert "Not as the state has it: `account`, `binding`" in told["drift"].splitlines()
    assert "as the state" not in told["unbound-outside"]


@pytest.mark.parametrize(("review", "expected"), [(0, 0), (1, 2), (2, 2), (3, 3), (4, 4)])
@pytest.mark.parametrize("of", ["refresh.json", "preview.json"])
def test_a_review_that_broke_off_is_not_a_quiet_night(
    tmp_path: Path, of: str, review: int, expected: int
) -> None:
    """Python ends with 1 when a program breaks off, which is the script's own word for passing drift."""
    python, pulumi = tmp_path / "python", tmp_path / "pulumi"
    python.write_text(f'#!/bin/sh\ncase "$*" in *{of}*) exit {review} ;; esac\n')
    pulumi.write_text("#!/bin/sh\necho '{}'\n")
    for tool in (python, pulumi):
        tool.chmod(0o755)
    (tmp_path / "night").mkdir()
    env = {"PYTHON": str(python), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = run(ROOT / "review" / "drift.sh", "dev", tmp_path / "night", env=env)
    assert done.returncode == expected, done.stderr
