"""Carries tasks out, wave by wave, on any executor of `concurrent.futures`: threads by default, for all the
work is done by processes of the engine.

Owns: what is begun when, and the records. Does not own: who may begin and what halts (planning.py), what a
task does (work.py), and how an executor runs it. There is no scheduler here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from operate.errors import OperateError
from operate.fleet import planning, work
from operate.fleet.journal import Journal
from operate.fleet.planning import PACED, Budget, Calls, Limits, Member, Outcome, StopRule, Wave
from operate.fleet.work import Done, Task

Cost = Callable[[Member, bool], Calls]
"""What a task takes of Resource Manager; and what it took, where it changed nothing (False)."""
Report = Callable[[Mapping[str, Any]], None]
"""Takes each record as it is written: a line for a person, or JSON."""


@contextmanager
def executor(scheduler: str, limits: Limits) -> Iterator[Executor]:
    """Threads of this process, or the workers of a Dask scheduler at an address. Raises OperateError."""
    if not scheduler:
        with ThreadPoolExecutor(limits.stacks, "fleet") as threads:
            yield threads
        return
    try:
        from distributed import Client  # noqa: PLC0415 - only who has a cluster needs it
    except ImportError as error:
        raise OperateError("--scheduler needs Dask: `pip install distributed` here and on workers") from error
    with Client(scheduler, timeout="30s") as client, client.get_executor(retries=0, pure=False) as workers:  # type: ignore[no-untyped-call, unused-ignore]
        yield workers


class Rollout:
    """One run of one action; `run_id` tells its records from those of others."""

    def __init__(
        self, action: str, members: Mapping[str, Member], journal: Journal, report: Report, run_id: str
    ) -> None:
        self._action, self._members, self._run = action, members, run_id
        self._journal, self._report = journal, report
        self._budgets: dict[str, Budget] = {}

    def tell(self, event: str, **values: Any) -> None:
        """Writes a record into the journal, and reports it."""
        self._report(self._journal.add(event, run=self._run, action=self._action, **values))

    def wave(
        self,
        wave: Wave,
        task: Callable[[str], Task],
        pool: Executor,
        limits: Limits,
        stop: StopRule | None,
        *,
        cost: Cost = lambda _member, _changed: Calls(),
    ) -> tuple[list[Done], str]:
        """What became of each stack that was begun, and why the rollout halts; "" if it goes on.

        Once it halts, nothing more of the wave is begun, and what runs is waited for. Without a `stop`,
        nothing halts it. The tasks of a subscription share Resource Manager's budget: so many begin as their
        `cost` allows.
        """
        waiting = [self._members[stack] for stack in wave.stacks]
        running: dict[Future[Done], Member] = {}
        done: list[Done] = []
        reason = ""
        self.tell("wave", ring=wave.ring, number=wave.number, stacks=list(wave.stacks))
        while running or (waiting and not reason):
            pause = None
            if not reason:
                begun, pause = self._begin(waiting, list(running.values()), limits, cost)
                for member in begun:
                    waiting.remove(member)
                    self.tell("begun", stack=member.stack)
                    running[pool.submit(work.run, task(member.stack))] = member
            if not running:
                time.sleep(pause or 0)
                continue
            for future in wait(running, timeout=pause, return_when=FIRST_COMPLETED).done:
                member = running.pop(future)
                done.append(_done(future, member.stack))
                self._give_back(member, done[-1].outcome, cost)
                self.tell_outcome(done[-1].outcome)
            if stop:
                reason = planning.halts([one.outcome for one in done], stop)
        if reason:
            self.tell("halted", reason=reason, left=[member.stack for member in waiting])
        return done, reason

    def tell_outcome(self, outcome: Outcome) -> None:
        """Writes what became of a stack."""
        values = {name: value for name, value in asdict(outcome).items() if value and name != "seconds"}
        self.tell("outcome", ok=outcome.ok, seconds=outcome.seconds, **values)

    def _begin(
        self, waiting: Sequence[Member], running: Sequence[Member], limits: Limits, cost: Cost
    ) -> tuple[list[Member], float | None]:
        """Who begins now, and after how many seconds the budget lets the next begin."""
        now, begun, pauses = time.monotonic(), [], []
        for member in planning.startable(waiting, running, limits):
            budget, taken = self._budgets.get(member.subscription, PACED), cost(member, True)
            if pause := budget.wait(taken, now):
                pauses.append(pause)
                continue
            self._budgets[member.subscription] = budget.taken(taken, now)
            begun.append(member)
        return begun, min(pauses, default=None)

    def _give_back(self, member: Member, outcome: Outcome, cost: Cost) -> None:
        """What a task was given and did not take, for it found nothing to do."""
        if outcome.ok and not outcome.changes:
            given, taken = cost(member, True), cost(member, False)
            rest = Calls(taken.reads - given.reads, taken.writes - given.writes)
            budget = self._budgets[member.subscription]
            self._budgets[member.subscription] = budget.taken(rest, time.monotonic())


def _done(future: Future[Done], stack: str) -> Done:
    """A task's result; a worker that was lost has none, and what it began shows in the stack itself."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - whatever an executor raises for a lost worker
        return Done(Outcome(stack, reason=f"the worker was lost: {type(error).__name__}: {error}".strip()))
