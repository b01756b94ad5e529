"""The documentation of the local Azure is that of the routes there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from localazure import coverage

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "localazure.md"


def test_document_has_the_routes_there_are() -> None:
    """Who adds a route runs `python -m localazure.coverage docs/localazure.md`."""
    assert coverage.refreshed(DOCUMENT.read_text()) == DOCUMENT.read_text()
    with pytest.raises(ValueError, match="has no"):
        coverage.refreshed("# no marks")
