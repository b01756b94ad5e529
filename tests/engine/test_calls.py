"""The bench says why a preview calls Azure."""

from __future__ import annotations

from tests.bench.calls import REFRESHED, UNCHANGED, measure


def test_each_call_of_a_preview_has_a_reason() -> None:
    """As many reasons as calls for one service; ten services make ten times as many calls at most."""
    rows = {row["preview"]: row for row in measure(1)}
    for row in rows.values():
        assert {call: len(one["why"]) for call, one in row["calls"].items()} == {
            call: one["times"] for call, one in row["calls"].items()
        }
    most = {UNCHANGED: 6, REFRESHED: 14}
    for row in (*rows.values(), *measure(10)):
        assert row["all"] <= most.get(row["preview"], 8) * row["services"], row["preview"]
