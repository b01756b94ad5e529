"""Waves on an executor: what is begun, what halts it, and what the journal has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from operate.fleet.command import shown
from operate.fleet.journal import Journal
from operate.fleet.planning import Calls, Limits, Member, Outcome, StopRule, Wave
from operate.fleet.rollout import Rollout
from operate.fleet.work import Done, Task

STRICT = StopRule()


class Workers(Executor):
    """An executor that runs nothing: each task has the result that was written down for its stack."""

    def __init__(self, results: Mapping[str, Outcome | Exception] | None = None) -> None:
        self.results, self.begun = results or {}, list[str]()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        (task,) = args
        self.begun.append(task.stack)
        future: Future[Done] = Future()
        result = self.results.get(task.stack, Outcome(task.stack))
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(Done(result))
        return future


def carried_out(
    folder: Path,
    workers: Workers,
    stacks: str = "abcd",
    *,
    stop: StopRule | None = STRICT,
    at_once: int = 1,
) -> tuple[list[Done], str, list[Mapping[str, Any]]]:
    """One wave of stacks of one letter each."""
    journal = Journal(folder / "journal.jsonl")
    rollout = Rollout("up", {one: Member(one) for one in stacks}, journal, lambda _: None, "run")
    done, reason = rollout.wave(
        Wave("all", 1, tuple(stacks)),
        lambda stack: Task(stack, "up", "digest"),
        workers,
        Limits(stacks=at_once),
        stop,
    )
    return done, reason, list(journal.records())


def test_a_wave_halts_at_the_first_failure_and_says_what_was_not_begun(tmp_path: Path) -> None:
    """Nothing is begun after the failure; the journal names it, and who was left."""
    workers = Workers({"b": Outcome("b", "refused by Azure")})
    done, reason, records = carried_out(tmp_path, workers)
    assert workers.begun == ["a", "b"]
    assert reason == "failed: b (none is allowed in a wave)"
    halted = next(one for one in records if one["event"] == "halted")
    assert (halted["left"], halted["reason"]) == (["c", "d"], reason)
    assert [one.outcome.ok for one in done] == [True, False]


def test_what_runs_when_it_halts_is_waited_for(tmp_path: Path) -> None:
    """No outcome is lost: what was begun beside the failure is in the journal, too."""
    workers = Workers({"a": Outcome("a", "refused")})
    done, _, records = carried_out(tmp_path, workers, at_once=2)
    begun = [one["stack"] for one in records if one["event"] == "begun"]
    assert sorted(begun) == sorted(one.outcome.stack for one in done)


def test_without_a_stop_rule_every_stack_gets_its_turn(tmp_path: Path) -> None:
    """A revocation goes on whatever fails."""
    workers = Workers({"a": Outcome("a", "refused")})
    done, reason, _ = carried_out(tmp_path, workers, stop=None)
    assert (workers.begun, reason, len(done)) == (list("abcd"), "", 4)


def test_a_lost_worker_is_a_failure_of_its_stack(tmp_path: Path) -> None:
    """Whatever an executor raises; nothing else is lost with it."""
    done, reason, _ = carried_out(tmp_path, Workers({"a": RuntimeError("killed")}), "a")
    assert done[0].outcome.reason == "the worker was lost: RuntimeError: killed"
    assert reason.startswith("failed: a")


def test_more_than_resource_manager_takes_waits(tmp_path: Path) -> None:
    """The calls of a subscription are begun no faster than its budget is refilled; what a task was given and
    did not take, because it found nothing to do, others have."""

    def cost(member: Member, changed: bool) -> Calls:
        return Calls(reads=200 if changed else 20, writes=1)

    journal = Journal(tmp_path / "journal.jsonl")
    members = {one: Member(one, subscription="s") for one in "ab"}
    rollout = Rollout("up", members, journal, lambda _: None, "run")
    limits = Limits(stacks=2, per_subscription=2)
    begun, pause = rollout._begin([members["a"], members["b"]], [], limits, cost)
    assert [one.stack for one in begun] == ["a"]
    assert pause is not None
    assert (2 * 200 - 250) / 25 < pause <= (2 * 200 - 225) / 22.5
    rollout._give_back(members["a"], Outcome("a", changes={"update": 1}), cost)
    assert rollout._begin([members["b"]], [], limits, cost)[0] == []
    rollout._give_back(members["a"], Outcome("a"), cost)
    assert rollout._begin([members["b"]], [], limits, cost) == ([members["b"]], None)


def test_a_journal_survives_a_record_that_was_cut_off(tmp_path: Path) -> None:
    """The next record is whole, and the half one is passed over."""
    journal = Journal(tmp_path / "new" / "journal.jsonl")
    journal.add("begun", stack="a")
    with (tmp_path / "new" / "journal.jsonl").open("a") as file:
        file.write('{"event": "outc')
    journal.add("begun", stack="b")
    assert [one["stack"] for one in journal.records()] == ["a", "b"]
    assert list(Journal(tmp_path / "none").records()) == []


def test_a_person_reads_every_outcome_in_a_line(tmp_path: Path) -> None:
    """What failed and why, what changed, and how long it took."""
    workers = Workers(
        {"b": Outcome("b", "refused by Azure", seconds=2.5), "a": Outcome("a", changes={"update": 2})}
    )
    _, _, records = carried_out(tmp_path, workers, "abc")
    lines = [line for one in records if (line := shown(one))]
    assert lines == [
        "all, wave 1: a, b, c",
        "  ok      a: 2 to update; 0.0 s",
        "  FAILED  b: refused by Azure; 2.5 s",
        "halted: failed: b (none is allowed in a wave); not begun: c",
    ]
    assert all(json.loads(json.dumps(one)) == one for one in records)
