"""Numbers and lengths of time as people write them."""

from __future__ import annotations

import pytest

from operate.evidence.words import counted, length


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 accounts"), (1, "1 account"), (2, "2 accounts"), (1000, "1000 accounts")]
)
def test_one_is_not_many(count: int, words: str) -> None:
    """One thing has no plural; none has."""
    assert counted(count, "account") == words


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        ("P540D", "540 days"),
        ("P1D", "1 day"),
        ("P1Y6M", "1 year and 6 months"),
        ("P2Y", "2 years"),
        ("P4W", "28 days"),
        ("PT12H", "12 hours"),
        ("PT0S", "PT0S"),
        ("soon", "soon"),
    ],
)
def test_a_duration_is_in_words(duration: str, words: str) -> None:
    """Key Vault's durations are ISO 8601; what is none is shown as Azure sent it."""
    assert length(duration) == words
