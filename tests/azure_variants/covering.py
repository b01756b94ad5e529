"""Pairwise covering arrays: few rows, in which every pair of values of two factors occurs together."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any

Row = dict[str, Any]
_CANDIDATES = 30
"""How many rows are drawn for each that is taken: more make fewer rows, and take longer."""


def pairs_of(row: Mapping[str, Any]) -> set[tuple[str, Any, str, Any]]:
    """The pairs of values that occur in a row."""
    return {(a, row[a], b, row[b]) for a, b in itertools.combinations(sorted(row), 2)}


def covering(factors: Mapping[str, Sequence[Any]], *, seed: int = 1) -> list[Row]:
    """Rows in which each pair of values occurs at least once; the first row has the first value of each.

    Greedy: each row begins with a pair that is missing and takes, factor by factor, the value that covers
    most; of several such rows the best one is kept (AETG, Cohen et al. 1997). The same for the same seed.
    """
    chance = random.Random(seed)
    missing = {
        pair
        for a, b in itertools.combinations(sorted(factors), 2)
        for pair in ((a, x, b, y) for x in factors[a] for y in factors[b])
    }
    rows = [{name: values[0] for name, values in factors.items()}]
    missing -= pairs_of(rows[0])
    while missing:
        first = min(missing, key=repr)
        best = max(
            (_row(factors, first, missing, chance) for _ in range(_CANDIDATES)),
            key=lambda row: len(pairs_of(row) & missing),
        )
        missing -= pairs_of(best)
        rows.append({name: best[name] for name in factors})
    return rows


def _row(
    factors: Mapping[str, Sequence[Any]],
    first: tuple[str, Any, str, Any],
    missing: set[tuple[str, Any, str, Any]],
    chance: random.Random,
) -> Row:
    a, x, b, y = first
    row: Row = {a: x, b: y}
    rest = [name for name in factors if name not in row]
    chance.shuffle(rest)
    for name in rest:
        values = list(factors[name])
        chance.shuffle(values)
        row[name] = max(values, key=lambda value: len(_new(row, name, value) & missing))
    return row


def _new(row: Row, name: str, value: Any) -> set[tuple[str, Any, str, Any]]:
    return {
        (name, value, other, row[other]) if name < other else (other, row[other], name, value)
        for other in row
    }
