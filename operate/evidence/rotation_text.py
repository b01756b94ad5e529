"""The rotation report for a terminal."""

from __future__ import annotations

from operate.evidence.model import Facts
from operate.evidence.rotation import Row, rows

_HEADS = ("service", "key", "bound version", "newest version", "age", "expires", "next rotation", "")


def rotation_text(facts: Facts) -> str:
    """The table, a line for each service."""
    lines = [_HEADS, *(_cells(row) for row in rows(facts.services, facts.taken))]
    widths = [max(len(line[n]) for line in lines) for n in range(len(_HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    def day(moment: object) -> str:
        return f"{moment:%Y-%m-%d}" if moment else "-"

    return (
        row.service,
        row.key or "-",
        row.bound or "-",
        "same" if row.is_newest else row.newest or "-",
        f"{row.age_days} d" if row.age_days is not None else "-",
        day(row.bound_expires),
        day(row.next_rotation),
        row.note,
    )
