"""The assumptions of this local Azure about Azure, as a table for a reader, from the switches of `Behaviour`.

python -m localazure.assumptions docs/assumptions.md
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from localazure.behaviour import SWITCHES, Switch
from localazure.coverage import between_marks

BEGIN, END = "<!-- switches: made by python -m localazure.assumptions -->", "<!-- /switches -->"


def table(switches: Iterable[Switch]) -> str:
    """One row for each switch that is about Azure; those that only serve testing are left out."""
    lines = [
        "| switch | question | values, the default first | why the default may be wrong | learned from |",
        "|---|---|---|---|---|",
    ]
    for switch in switches:
        if switch.source:
            values = ", ".join(f"`{json.dumps(value)}`" for value in switch.values)
            cells = (
                f"`{switch.name}`",
                switch.question,
                f"{values}{', or any other' if switch.free else ''}",
                switch.otherwise,
                switch.source,
            )
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def refreshed(document: str) -> str:
    """The document with the table of switches made anew. Raises ValueError without its marks."""
    return between_marks(document, BEGIN, END, table(SWITCHES))


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(refreshed(document.read_text()))
