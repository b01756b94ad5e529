"""The nightly look: what a refresh finds changed, and how it ends."""

from pathlib import Path

import pytest

from review import report
from tests.review.loopback import recorded_tool
from tests.review.rendered import reviewed
from tests.review.running import run
from tests.review.situations import SITUATIONS
from tests.support.stack import ROOT


def night(
    folder: Path, python: str, pulumi: str = "echo '{}'", script: str = "drift.sh", **env: str
) -> tuple[int, str]:
    """How a look ends whose Python and engine do this, and what it prints."""
    recorded_tool(folder, "python", then=python)
    env |= {"PYTHON": str(folder / "bin" / "python"), "PATH": recorded_tool(folder, "pulumi", then=pulumi)}
    words = [folder] if env.get("STACKS") else ["dev", folder]
    done = run(ROOT / "review" / script, *words, env=env)
    return done.returncode, done.stdout


@pytest.mark.parametrize(("review", "expected"), [(0, 0), (1, 2), (2, 2), (3, 3), (4, 4)])
@pytest.mark.parametrize("of", ["refresh.json", "preview.json"])
def test_a_review_that_broke_off_is_not_a_quiet_night(
    tmp_path: Path, of: str, review: int, expected: int
) -> None:
    """Python ends with 1 when a program breaks off, which is the script's own word for passing drift."""
    assert night(tmp_path, f'case "$*" in *{of}*) exit {review} ;; esac')[0] == expected


@pytest.mark.parametrize("codes", [(0, 0, 0), (3, 4, 4), (4, 3, 4), (4, 2, 2), (2, 4, 2)])
def test_several_stacks_end_with_the_gravest(tmp_path: Path, codes: tuple[int, int, int]) -> None:
    """Which is 2, a stack that could not be judged. The job reads it among its outputs."""
    one, other, gravest = codes
    python = f'case "$*" in *1/refresh.json*) exit {one} ;; *2/refresh.json*) exit {other} ;; esac'
    assert night(tmp_path, python, script="drift_stacks.sh", STACKS="a b") == (0, f"code={gravest}\n")


@pytest.mark.parametrize(
    ("name", "refreshed", "expected"), [("no-change", 0, 0), ("no-change", 1, 1), ("rotated-outside", 0, 1)]
)
def test_a_night_that_found_something_is_none_that_found_nothing(
    tmp_path: Path, name: str, refreshed: int, expected: int
) -> None:
    """What a refresh finds changed; and a newer version, which is work to do while it waits for an update."""
    (situation,) = (one for one in SITUATIONS if one.name == name)
    (tmp_path / "made.json").write_text(report.as_json(reviewed(situation)))
    python = f'case "$*" in *preview.json*) cp {tmp_path}/made.json {tmp_path}/review.json ;; esac'
    pulumi = f"echo '{{}}'; case \"$*\" in *expect-no-changes*) exit {refreshed} ;; esac"
    assert night(tmp_path, python, pulumi)[0] == expected
