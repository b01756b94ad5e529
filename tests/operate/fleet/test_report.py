"""One report of what commands left of each stack."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest

from operate.__main__ import main
from operate.fleet import report
from operate.fleet.journal import Journal
from operate.fleet.report import Row
from tests.operate.fleet.test_files import FLEET, checkout


def outcome(
    stack: str, at: str = "2026-01-01T00:00:00Z", action: str = "up", **more: object
) -> dict[str, object]:
    return {
        "at": at,
        "event": "outcome",
        "stack": stack,
        "action": action,
        "ok": "reason" not in more,
        **more,
    }


def test_the_newest_outcome_of_each_stack_counts_whatever_the_order() -> None:
    """A stack that no command ran on is not as it should be, and comes with those that failed."""
    records: list[dict[str, object]] = [
        outcome("a", "2026-01-01T00:00:00Z", reason="refused"),
        outcome("a", "2026-01-02T00:00:00Z", "preview", changes={"update": 2, "create": 1}),
        outcome("b", reason="refused\nby Azure"),
        {"at": "2026-01-03T00:00:00Z", "event": "begun", "stack": "c", "action": "up"},
    ]
    for shuffled in map(list, permutations(records)):
        assert report.rows(shuffled, ["a", "b", "c"]) == [
            Row("b", "up", ok=False, result="refused\nby Azure"),
            Row("c"),
            Row("a", "preview", ok=True, result="ok", changes="1 create, 2 update"),
        ]


@pytest.mark.parametrize(
    ("record", "result"),
    [
        (
            outcome("a", action="drift", changes={"update": 1}, notes=["the cloud differs"]),
            "the cloud differs",
        ),
        (outcome("a", action="evidence", findings={"error": 1, "warning": 2}), "open findings"),
        (outcome("a", action="evidence", findings={"warning": 2}), ""),
        (outcome("a", action="drift"), ""),
    ],
)
def test_a_stack_that_drifted_or_has_errors_is_not_as_it_should_be(
    tmp_path: Path, record: dict[str, object], result: str
) -> None:
    """Though the command itself went well."""
    (found,) = report.rows([record], ["a"])
    assert (found.ok, found.result) == (not result, result or "ok")
    assert ("all as they should be" in report.write(tmp_path, [found]).read_text()) is found.ok


def test_what_an_engine_said_is_harmless_in_a_report(tmp_path: Path) -> None:
    """It may quote what somebody wrote into a resource."""
    hostile = "`x` | @team <script>alert(1)</script>\n# title it's"
    report.write(tmp_path, report.rows([outcome("a", reason=hostile)], ["a"]))
    (row,) = [line for line in (tmp_path / "report.md").read_text().splitlines() if "team" in line]
    assert row.count("|") == 6
    assert row.count("`") == 4
    assert "# title it's" in row
    assert "<script>" not in row


def test_the_journals_of_shards_are_one_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All is well only if every stack of the fleet is in one of them; a missing journal is an error."""
    monkeypatch.chdir(checkout(tmp_path, FLEET, prod_a={}, prod_b={}))
    for name in "ab":
        Journal(tmp_path / f"{name}.jsonl").add("outcome", stack=f"prod-{name}", action="preview", ok=True)
    assert main(["fleet", "report", "--from", "a.jsonl"]) == 1
    found = json.loads((tmp_path / ".fleet" / "report" / "report.json").read_text())
    assert {one["stack"]: one["result"] for one in found["stacks"]} == {"prod-a": "ok", "prod-b": "not run"}
    assert main(["fleet", "report", "--from", "a.jsonl", "--from", "b.jsonl", "--out", "merged"]) == 0
    assert "2 stacks, all as they should be" in (tmp_path / "merged" / "report.md").read_text()
    assert main(["fleet", "report", "--from", "lost.jsonl"]) == 2
    assert "there is no journal lost.jsonl" in capsys.readouterr().err
