from __future__ import annotations

import pytest

from review import report
from tests.review.rendered import HERE, documented, golden, reviewed
from tests.review.situations import SITUATIONS, Situation

each = pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)


def named(review: report.Review) -> tuple[str, ...]:
    return tuple(one.verdict.name.value for row in review.rows for one in row.verdicts)


@each
def test_a_real_preview_has_its_verdicts_and_exit_code(situation: Situation) -> None:
    """The engine's own JSON of each situation leads to the verdicts that a reviewer needs, and no others."""
    made = reviewed(situation)
    assert (named(made), made.severity.exit_code) == (situation.verdicts, situation.code)


@each
def test_a_report_is_as_it_was_agreed(situation: Situation) -> None:
    """A change of any report is seen in a golden file; `python -m tests.review.rendered` writes them."""
    for name, text in golden(situation).items():
        assert (HERE / "golden" / name).read_text() == text


def test_the_documentation_shows_the_reports_as_they_are() -> None:
    """The documentation's examples are the goldens; `python -m tests.review.rendered` writes both."""
    assert documented() == {page: page.read_text() for page in documented()}


@pytest.mark.parametrize("verdict", sorted({one for situation in SITUATIONS for one in situation.verdicts}))
def test_a_verdict_of_a_real_preview_is_shown_with_its_name(verdict: str) -> None:
    """The name in the report is the one that an approval must say."""
    situation = next(one for one in SITUATIONS if verdict in one.verdicts)
    assert f"- **{verdict}**: " in golden(situation)[f"{situation.name}.md"]


def test_nothing_changes_in_under_five_lines() -> None:
    """A review that has nothing to say takes no one's time."""
    situation = next(one for one in SITUATIONS if one.name == "no-change")
    assert len(golden(situation)["no-change.md"].splitlines()) < 5


def test_no_fixture_holds_a_secret_or_a_path_of_a_machine() -> None:
    """Fixtures are for everyone to read."""
    for file in (HERE / "fixtures").iterdir():
        text = file.read_text()
        for word in ("/home/", "/root/", "/tmp/", "clientSecret", "eyJ"):
            assert word not in text, (file.name, word)
