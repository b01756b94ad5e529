"""What the key of an account covers, by kind."""

from pathlib import Path

import pytest

from core import coverage, kinds

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"
LOSES = {"TextTranslation", "CognitiveServices", "AIServices"}


@pytest.mark.parametrize("kind", kinds.NAMES)
def test_each_kind_says_what_a_revocation_does(kind: str) -> None:
    """The kinds that may hold Custom Translator's data say that it is deleted, and no other kind does."""
    found = coverage.named(kind.upper())
    assert bool(found.deletes) is (kind in LOSES)
    assert ("does not undo that" in found.revoked) is (kind in LOSES)
    assert all(one in found.revoked for one in (*found.elsewhere, found.keeps))


@pytest.mark.parametrize("kind", ["ImmersiveReader", ""])
def test_a_kind_that_is_not_listed_may_lose_data(kind: str) -> None:
    """So that a revocation asks for the account's name, and no page says that nothing is lost."""
    found = coverage.named(kind)
    assert found.deletes.startswith("may delete data")
    assert found.deletes in found.revoked


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_the_page_says_what_the_table_says(kind: kinds.AccountKind) -> None:
    """What is elsewhere, what a revocation deletes and keeps, and where a key is possible."""
    (row,) = (line for line in DOCUMENT.read_text().splitlines() if line.startswith(f"| `{kind.name}` "))
    found = coverage.of(kind)
    assert kind.product in row
    assert [
        one for one in (*found.elsewhere, found.deletes, found.keeps, found.where) if one not in row
    ] == []
