"""The reviews of many stacks as one comment."""

import re
import sys
from pathlib import Path

import pytest

from core.verdicts import VerdictSeverity
from review import merge, printers
from review.merge import StackReview
from review.printers import Shown
from tests.review.running import run
from tests.review.test_plan import planned
from tests.review.test_scripts import UNBOUND, Pipeline
from tests.support.stack import ROOT


def merged(folder: Path, *stacks: str) -> str:
    done = run(Path(sys.executable), "-I", str(ROOT / "review" / "merge.py"), str(folder), *stacks)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_reviews_are_one_comment_with_the_gravest_first(tmp_path: Path) -> None:
    """One that blocks, one that is missing, and one without a change."""
    Pipeline(tmp_path, planned(), planned(UNBOUND)).outputs("quiet blocked")
    text = merged(tmp_path / "reviews", "quiet", "blocked", "lost")
    assert re.match(r"<!-- encryption-review fleet [0-9a-f]{64} -->\n### ⛔ Encryption of 3 stacks\n", text)
    shown = [
        text.index(word)
        for word in ("<code>blocked</code>: BLOCKED", "`lost`: no review", "No change in `quiet`")
    ]
    assert shown == sorted(shown)
    whole = (tmp_path / "reviews" / "2" / "comment.md").read_text().splitlines()[2:]
    assert "\n".join(whole).strip() in text


@pytest.mark.parametrize("lines", [3, 1])
def test_a_comment_of_another_review_is_none(tmp_path: Path, lines: int) -> None:
    """The answer comes from review.json alone, and the comment must be the one that was written with it."""
    Pipeline(tmp_path, planned()).outputs("prod")
    file = tmp_path / "reviews" / "1" / "comment.md"
    written = file.read_text().splitlines()
    file.write_text("\n".join([f"<!-- encryption-review prod {'0' * 64} -->", *written[1:lines]]))
    assert "`prod`: no review" in merged(tmp_path / "reviews", "prod")
    # Nor is a file that calls itself one.
    said = '{"headline": {"severity": "none", "text": "no change"}}'
    (tmp_path / "reviews" / "1" / "review.json").write_text(said)
    assert "`prod`: no review" in merged(tmp_path / "reviews", "prod")


@pytest.mark.parametrize("count", [1, 40, 3000])
def test_a_comment_is_never_longer_than_github_takes(count: int) -> None:
    """What there is no room for is left out from the end, where the least grave are, and that is said."""
    reviews = [
        StackReview(f"stack-{number:04}", ("BLOCKED",), VerdictSeverity.BLOCKED, "word " * 1000)
        for number in range(count)
    ]
    text = merge.merged([*reviews, StackReview("z")])
    assert len(text) < 65_536
    assert "stack-0000" in text
    assert ("More are left out" in text) == (count == 3000)
    assert text.startswith(f"<!-- encryption-review {merge.MARKER} ")


def test_what_a_stack_is_called_is_no_mark_up() -> None:
    """In a summary Markdown is not read, and HTML is."""
    name = "<b>@team`|"
    text = merge.merged([StackReview(name, ("by ", Shown(name)), VerdictSeverity.NOTE, "text")])
    assert "<b>" not in text
    assert "@team" not in text
    assert printers.SIGNS[VerdictSeverity.NOTE] in text
