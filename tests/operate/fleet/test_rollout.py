"""Rings on threads: what is begun, what halts it, and what is told of it."""

import json
import threading
from pathlib import Path

from operate.errors import OperateError
from operate.fleet import report
from operate.fleet.planning import Outcome
from operate.fleet.rollout import carried_out

RINGS = {"canary": ("a", "b"), "rest": ("c", "d")}


def rolled_out(
    bad: str = "", *, at_once: int = 1, allowed: int | None = 0
) -> tuple[list[str], str, list[str]]:
    """What was begun of two rings of two stacks, why it halted, and what was told."""
    begun: list[str] = []
    told: list[str] = []

    def work(stack: str) -> Outcome:
        begun.append(stack)
        if stack in bad:
            raise OperateError("refused by Azure")
        return Outcome(stack, changes={"update": 2})

    done, reason = carried_out(
        RINGS, work, lambda one: told.append(report.told(one)), at_once=at_once, allowed=allowed
    )
    assert sorted(one.stack for one in done) == sorted(begun)
    return begun, reason, told


def test_a_ring_halts_at_the_first_failure() -> None:
    """Nothing is begun after it, in this ring or a later one; a person reads every outcome in a line."""
    begun, reason, told = rolled_out("a")
    assert (begun, reason) == (["a"], "failed: a (none is allowed in a ring)")
    begun, reason, told = rolled_out("c")
    assert (begun, reason) == (["a", "b", "c"], "failed: c (none is allowed in a ring)")
    assert told == [
        "  ok      a: 2 to update; 0.0 s",
        "  ok      b: 2 to update; 0.0 s",
        "  FAILED  c: refused by Azure; 0.0 s",
    ]


def test_what_is_allowed_to_fail_halts_nothing_nor_does_anything_a_revocation() -> None:
    """Every stack gets its turn."""
    assert rolled_out("ac", allowed=1)[:2] == (list("abcd"), "")
    assert rolled_out("abcd", allowed=None)[:2] == (list("abcd"), "")


def test_what_runs_when_it_halts_is_waited_for() -> None:
    """No outcome is lost, and never more run than may."""
    both = threading.Barrier(2, timeout=60)

    def work(stack: str) -> Outcome:
        both.wait()
        return Outcome(stack, "refused" if stack == "a" else "")

    done, reason = carried_out(RINGS, work, lambda _: None, at_once=2, allowed=0)
    assert (sorted(one.stack for one in done), reason.startswith("failed: a")) == (["a", "b"], True)


def test_whatever_a_stack_raises_is_its_reason() -> None:
    """Nothing else is lost with it."""

    def work(stack: str) -> Outcome:
        raise RuntimeError(stack)

    done, _ = carried_out(RINGS, work, lambda _: None, at_once=1, allowed=None)
    assert [one.reason for one in done] == [f"RuntimeError: {stack}" for stack in "abcd"]


def test_a_report_has_those_first_that_are_not_as_they_should_be(tmp_path: Path) -> None:
    """What an engine said is harmless in it: it may quote what somebody wrote into a resource."""
    hostile = "`x` | @team <script>alert(1)</script>\n# title it's"
    outcomes = [
        Outcome("a", changes={"update": 2, "create": 1}),
        Outcome("b", hostile),
        Outcome("c", "not run"),
    ]
    text = report.write(tmp_path, "up", outcomes).read_text()
    assert text.startswith("### Fleet, up: 3 stacks, 2 not as they should be\n")
    (row,) = [line for line in text.splitlines() if "team" in line]
    assert (row.count("|"), row.count("`"), "# title it's" in row, "<script>" in row) == (4, 2, True, False)
    found = json.loads((tmp_path / "report.json").read_text())
    assert [(one["stack"], one["ok"]) for one in found["stacks"]] == [("b", False), ("c", False), ("a", True)]
    assert "| a | `ok` | `1 to create, 2 to update` |" in text
    assert "all as they should be" in report.write(tmp_path, "up", outcomes[:1]).read_text()
