"""Carries tasks out, ring by ring, on any executor of `concurrent.futures`: threads by default, for all the
work is done by processes of the engine.

Owns: what is begun when, and the records. Does not own: who may begin and what halts (planning.py), what a
task does (work.py), and how an executor runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from operate.errors import OperateError
from operate.fleet import planning, work
from operate.fleet.journal import Journal
from operate.fleet.planning import Member, Outcome, StopRule
from operate.fleet.work import Done, Task

Report = Callable[[Mapping[str, Any]], None]
"""Takes each record as it is written: a line for a person, or JSON."""
_TLS = """\
--scheduler: found {found}, expected tls://HOST:PORT and certificates by which scheduler, workers and this \
command know each other: without them, whoever reaches the port runs code as the deployer. On each machine, \
with certificates of an authority that signs nothing else:
  export DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=true
  export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=ca.pem
  for role in SCHEDULER WORKER CLIENT; do
    export DASK_DISTRIBUTED__COMM__TLS__${{role}}__CERT=own.pem
    export DASK_DISTRIBUTED__COMM__TLS__${{role}}__KEY=own.key
  done
  .venv/bin/dask scheduler --protocol tls --port 8786
  .venv/bin/dask worker tls://HOST:8786 --nthreads 1 --no-nanny"""
"""Sources: distributed.dask.org/en/stable/tls.html ("TLS/SSL": CA file, certificate and key of each role,
`distributed.comm.require-encryption`) and docs.dask.org/en/stable/configuration.html (variables)."""


@contextmanager
def executor(scheduler: str, limit: int) -> Iterator[Executor]:
    """Threads of this process, or the workers of a Dask scheduler, which only those with a certificate of its
    authority reach. Raises OperateError."""
    if not scheduler:
        with ThreadPoolExecutor(limit, "fleet") as threads:
            yield threads
        return
    try:
        from distributed import Client  # noqa: PLC0415 - only who has a cluster needs it
        from distributed.security import Security  # noqa: PLC0415
    except ImportError as error:
        raise OperateError("--scheduler needs Dask: `uv sync --group cluster` here and on workers") from error
    security = Security()  # type: ignore[no-untyped-call, unused-ignore]
    own = (security.require_encryption, security.tls_ca_file, security.tls_client_cert)
    if not scheduler.startswith("tls://") or not all(own):
        raise OperateError(_TLS.format(found=scheduler))
    with (
        Client(scheduler, security=security, timeout="30s") as client,  # type: ignore[no-untyped-call, unused-ignore]
        client.get_executor(retries=0, pure=False) as workers,
    ):
        yield workers


class Rollout:
    """One run of one action; `run_id` tells its records from those of others."""

    def __init__(
        self, action: str, members: Mapping[str, Member], journal: Journal, report: Report, run_id: str
    ) -> None:
        self._action, self._members, self._run = action, members, run_id
        self._journal, self._report = journal, report

    def tell(self, event: str, **values: Any) -> None:
        """Writes a record into the journal, and reports it."""
        self._report(self._journal.add(event, run=self._run, action=self._action, **values))

    def ring(
        self, name: str, tasks: Sequence[Task], pool: Executor, limit: int, stop: StopRule | None
    ) -> tuple[list[Done], str]:
        """What became of each stack that was begun, and why the rollout halts; "" if it goes on.

        Once it halts, nothing more of the ring is begun, and what runs is waited for. Without a `stop`,
        nothing halts it.
        """
        waiting = {task.stack: task for task in tasks}
        running: dict[Future[Done], Member] = {}
        done: list[Done] = []
        reason = ""
        self.tell("ring", ring=name, stacks=list(waiting))
        while running or (waiting and not reason):
            members = [self._members[stack] for stack in waiting]
            for member in () if reason else planning.startable(members, list(running.values()), limit):
                self.tell("begun", stack=member.stack)
                running[pool.submit(work.run, waiting.pop(member.stack))] = member
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done.append(_done(future, running.pop(future).stack))
                self._tell_outcome(done[-1].outcome)
            if stop:
                reason = planning.halts([one.outcome for one in done], stop)
        if reason:
            self.tell("halted", reason=reason, left=list(waiting))
        return done, reason

    def _tell_outcome(self, outcome: Outcome) -> None:
        values = {name: value for name, value in asdict(outcome).items() if value and name != "seconds"}
        self.tell("outcome", ok=outcome.ok, seconds=outcome.seconds, **values)


def _done(future: Future[Done], stack: str) -> Done:
    """A task's result; a worker that was lost has none, and what it began shows in the stack itself."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - whatever an executor raises for a lost worker
        return Done(Outcome(stack, reason=f"the worker was lost: {type(error).__name__}: {error}".strip()))
