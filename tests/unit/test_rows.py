"""A failing row of a table says where it stands, and which of its values differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localazure.driver import Case
from tests.support.rows import place_of
from tests.support.stack import ROOT


@pytest.mark.parametrize(
    ("test", "id", "file", "text"),
    [
        (
            "localazure/test_facts.py",
            "a synchronous create has succeeded at once",
            "accounts.yaml",
            "- fact: ",
        ),
        (
            "components/arguments/test_refused_everywhere.py",
            "a pin that is no version",
            "arguments.json",
            ": {",
        ),
        ("remediation/test_ways_out.py", "a deleted account comes back-access policies", "ways_out.py", ","),
        ("localazure/test_facts.py", "what is in no table (2)", "", ""),
    ],
)
def test_a_row_is_found(test: str, id: str, file: str, text: str) -> None:
    """By the text that its test is called by, whatever pytest adds to that."""
    place, _, number = place_of(id, ROOT / "tests" / test).rpartition(":")
    assert place.endswith(file)
    if file:
        line = Path(place).read_text(encoding="utf-8").splitlines()[int(number) - 1]
        assert id.partition("-")[0] in line
        assert text in line


def test_a_step_that_fails_says_which_it_is_and_what_differs() -> None:
    """The path, what was found there and what was expected."""
    steps = [{"documents": "account", "has": {}}, {"documents": "account", "sizes": {"": 1}}]
    with pytest.raises(AssertionError, match="sizes '': found 0, expected 1") as caught:
        Case().play(steps)
    assert caught.value.__notes__ == ["in step 2:"]
    with pytest.raises(AssertionError, match=r"'0\.id': found nothing in "):
        Case().play([{"documents": "account", "has": {"0.id": "x"}}])
