import pytest

from tests.review.rendered import HERE, documented, golden, reviewed
from tests.review.situations import SITUATIONS, Situation

each = pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)


@each
def test_a_real_preview_has_its_verdicts_and_exit_code(situation: Situation) -> None:
    """The engine's own JSON of each situation leads to the verdicts that a reviewer needs, and no others."""
    made = reviewed(situation)
    found = [one.verdict.name.value for row in made.rows for one in row.verdicts]
    assert (found, made.severity.exit_code) == (situation.verdicts.split(), situation.code)


@each
def test_a_report_is_as_it_was_agreed(situation: Situation) -> None:
    """A change of any report is seen in a golden file; `python -m tests.review.rendered` writes them."""
    for name, text in golden(situation).items():
        assert (HERE / "golden" / name).read_text() == text


def test_the_documentation_shows_the_reports_as_they_are() -> None:
    """The documentation's examples are the goldens; `python -m tests.review.rendered` writes both."""
    assert documented() == {page: page.read_text() for page in documented()}


def test_no_fixture_holds_a_secret_or_a_path_of_a_machine() -> None:
    """Fixtures are for everyone to read."""
    for file in (HERE / "fixtures").iterdir():
        text = file.read_text()
        for word in ("/home/", "/root/", "/tmp/", "clientSecret", "eyJ"):
            assert word not in text, (file.name, word)
