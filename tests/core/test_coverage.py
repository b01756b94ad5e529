"""What the key of an account covers, by kind."""

from __future__ import annotations

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
    assert ("brings neither back" in found.revoked) is (kind in LOSES)
    assert all(one in found.revoked for one in (*found.elsewhere, found.keeps))


def test_the_page_is_made_from_the_table() -> None:
    """Who changes the table runs `python -m core.coverage docs/coverage.md`."""
    assert coverage.refreshed(DOCUMENT.read_text()) == DOCUMENT.read_text()
