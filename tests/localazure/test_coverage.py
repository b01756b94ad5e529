"""The documentation of the local Azure is that of the routes there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from localazure import coverage
from localazure.routes import Route
from localazure.web import Host, Response

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "localazure.md"


def test_document_has_the_routes_there_are() -> None:
    """Who adds a route runs `python -m localazure.coverage docs/localazure.md`."""
    assert coverage.refreshed(DOCUMENT.read_text()) == DOCUMENT.read_text()


def test_a_path_is_one_row_with_what_is_assumed_of_it() -> None:
    """Methods of one path stand together, and a text that would break the table is made harmless."""
    routes = [
        Route(method, Host.VAULT, "/keys", "", lambda _cloud, _request: Response(200), assumed)
        for method, assumed in (("GET", ""), ("PUT", "a|b"))
    ]
    assert coverage.table(routes).splitlines()[2:] == [f"| {Host.VAULT} | `/keys` | GET, PUT | a\\|b |"]


def test_fails_on_a_document_without_marks() -> None:
    """A table is never written just anywhere."""
    with pytest.raises(ValueError, match="has no"):
        coverage.refreshed("# no marks")
