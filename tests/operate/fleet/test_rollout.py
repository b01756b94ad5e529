"""Rings on an executor: what is begun, what halts it, and what the journal has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from operate.errors import OperateError
from operate.fleet.command import shown
from operate.fleet.journal import Journal
from operate.fleet.planning import Member, Outcome, StopRule
from operate.fleet.rollout import Rollout, executor
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
    tasks = [Task(one, "up", "digest") for one in stacks]
    done, reason = rollout.ring("all", tasks, workers, at_once, stop)
    return done, reason, list(journal.records())


def test_a_ring_halts_at_the_first_failure_and_says_what_was_not_begun(tmp_path: Path) -> None:
    """Nothing is begun after the failure; the journal names it, and who was left."""
    workers = Workers({"b": Outcome("b", "refused by Azure")})
    done, reason, records = carried_out(tmp_path, workers)
    assert workers.begun == ["a", "b"]
    assert reason == "failed: b (none is allowed in a ring)"
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


def test_stacks_at_one_vault_go_in_turn(tmp_path: Path) -> None:
    """Others do not wait for them."""
    begun: list[str] = []
    held = {one: Future[Done]() for one in "abc"}

    class Held(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            begun.append(args[0].stack)
            if len(begun) > 1:  # "c" is begun beside "a"; "b" only after it
                held[begun[-1]].set_result(Done(Outcome(begun[-1])))
            if begun == ["a", "c"]:
                held["a"].set_result(Done(Outcome("a")))
            return held[args[0].stack]

    keys = {"a": "kv1/x", "b": "kv1/y", "c": "kv2/x"}
    members = {one: Member(one, keys=frozenset([key])) for one, key in keys.items()}
    rollout = Rollout("up", members, Journal(tmp_path / "journal.jsonl"), lambda _: None, "run")
    rollout.ring("all", [Task(one, "up", "digest") for one in "abc"], Held(), 3, STRICT)
    assert begun == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("address", "certificates"),
    [("tcp://cluster:8786", True), ("tls://cluster:8786", False), ("cluster:8786", True)],
)
def test_a_cluster_that_anybody_may_use_is_refused(
    address: str, certificates: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reaches the port of such a scheduler runs code with the deployer's login. The message has the
    lines that set certificates up."""
    pytest.importorskip("distributed")
    import dask

    own = {"require-encryption": True, "tls.ca-file": "ca.pem", "tls.client.cert": "own.pem"}
    with (
        dask.config.set({f"distributed.comm.{name}": own[name] if certificates else None for name in own}),
        pytest.raises(OperateError, match="expected tls://HOST:PORT") as refused,
        executor(address, 1),
    ):
        pass
    assert "export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=ca.pem" in str(refused.value)


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
        "all: a, b, c",
        "  ok      a: 2 to update; 0.0 s",
        "  FAILED  b: refused by Azure; 2.5 s",
        "halted: failed: b (none is allowed in a ring); not begun: c",
    ]
    assert all(json.loads(json.dumps(one)) == one for one in records)
