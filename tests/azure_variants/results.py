"""The table of docs/every-azure.md of the lives that were lived.

    python -m tests.azure_variants.results docs/every-azure.md

lives them all, which takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from localazure.coverage import between_marks
from tests.azure_variants.covering import Row, covering
from tests.azure_variants.life import FACTORS, MODE, REFRESH, Life

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "every-azure.md"
_LIVES = "<!-- lives: made by python -m tests.azure_variants.results -->", "<!-- /lives -->"


@cache
def rows() -> list[Row]:
    """The rows of the array that the document is about."""
    return covering(FACTORS)


def line(number: int, row: Row, wrong: str = "") -> str:
    """The line of a life, with what went wrong in it."""
    unusual = ", ".join(
        f"{name} {value}"
        for name, value in row.items()
        if name not in (MODE, REFRESH) and value != FACTORS[name][0]
    )
    refresh = "always" if row[REFRESH] else "never"
    return f"| {number} | {row[MODE]} | {refresh} | {unusual or 'as assumed'} | {wrong or 'held'} |"


def refreshed(document: str, lives: Iterable[str]) -> str:
    """The document with the table. Raises ValueError without its marks."""
    head = [
        "| life | access | refresh | switches that are not as assumed | result |",
        "|---|---|---|---|---|",
    ]
    return between_marks(document, *_LIVES, "\n".join([*head, *lives]))


if __name__ == "__main__":
    file = Path(sys.argv[1])
    found = []
    for number, row in enumerate(rows()):
        try:
            Life(row).live()
            found.append(line(number, row))
        except AssertionError as error:
            found.append(line(number, row, repr(error)))
    file.write_text(refreshed(file.read_text(), found))
