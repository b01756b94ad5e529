"""Whether the machine finds what it is there for: `python -m tests.ways_out.undo [--lives N] [WORD ...]`.

Takes one mend after the other out of the product, and lives until a life fails; the words choose mends. It
takes minutes, so it is not part of the suite. Each search is a fork, and two run at once.

Owns: which mends, each with the seed of its lives. Does not own: the lives (machine.py), nor
what takes the real engine to undo: flags, the policy pack, a destroy, `operate recover`, services left out.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from components.guards import (
    access,
    bound_version,
    data_loss,
    drift,
    existing_resources,
    planned,
    preflight,
    soft_deleted,
)
from provider import key_version, rotation
from provider.wire import Properties
from tests.localazure.keyvault.case import quick_keys
from tests.ways_out.machine import Refusals

STEPS_OF_A_LIFE, AT_ONCE = 6, 2


class Mend(NamedTuple):
    """`where` it is, by object and attribute, and what stands in its place without it."""

    what: str
    where: tuple[Any, str]
    without: Any
    seed: int = 0


def _nothing(*_: Any, **__: Any) -> Iterator[Any]:
    return iter(())


def _no(*_: Any, **__: Any) -> bool:
    return False


_RUN: Callable[..., Any] = preflight._Preflight.run


async def _run_without_revoking(self: Any) -> Any:
    results = await _RUN(self)
    if self.problems:
        self.revoked.clear()
    return results


def _rotates_a_number(old_inputs: Properties, news: Properties) -> bool:
    return "generation" in old_inputs.values and rotation.generation(news) > rotation.generation(old_inputs)


MENDS = (
    Mend("a refusal does not hold up a revocation", (preflight._Preflight, "run"), _run_without_revoking),
    Mend("access that somebody took is not given back unasked", (access, "problems"), _nothing),
    Mend("a replacement's name is free", (soft_deleted, "problems"), lambda *_: []),
    Mend("an operator's policy is completed", (existing_resources, "found_operators"), lambda *_: {}),
    Mend("no older version is bound", (key_version, "_not_older"), lambda versions, _: versions),
    Mend("no account is written without access", (access, "holds_up_account"), _no),
    Mend("a first generation rotates", (key_version, "rotates"), _rotates_a_number),
    Mend("guards judge the live account", (preflight, "as_it_is"), lambda before, _: before),
    Mend("a subnet is looked up", (planned._Planner, "_references"), _nothing),
    Mend("what is gone is told", (drift, "problems"), _nothing),
    Mend("what would be lost is refused", (data_loss, "losses"), lambda *_, **__: []),
    Mend("no account is written under an expired version", (bound_version, "account_waits"), _no),
)


def search(mend: Mend, lives: int) -> str:
    """How a life failed without the mend; "" where none of so many did."""
    chosen = settings(
        max_examples=lives,
        stateful_step_count=STEPS_OF_A_LIFE,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    with quick_keys(), mock.patch.object(*mend.where, mend.without):
        try:
            run_state_machine_as_test(seed(mend.seed)(Refusals), settings=chosen)
        except AssertionError as error:
            return str(error).strip() or type(error).__name__
    return ""


def _searched(job: tuple[int, int]) -> tuple[int, str, float]:
    number, lives = job
    began = time.monotonic()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        found = search(MENDS[number], lives)
    return number, found, time.monotonic() - began


def main() -> int:
    """Prints what each search has found. 1 if one has found nothing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--lives", type=int, default=100, help="the most of one search")
    parser.add_argument("words", nargs="*", help="words of the mends that are taken out; default: all")
    asked = parser.parse_args()
    jobs = [
        (number, asked.lives)
        for number, mend in enumerate(MENDS)
        if not asked.words or any(word in mend.what for word in asked.words)
    ]
    missed = 0
    with multiprocessing.get_context("fork").Pool(AT_ONCE, maxtasksperchild=1) as pool:
        for number, found, seconds in pool.imap_unordered(_searched, jobs):
            missed += not found
            first = found.partition("\n")[0] if found else "NOT FOUND"
            sys.stdout.write(f"{MENDS[number].what}: {first} ({seconds:.0f} s)\n")
            sys.stdout.flush()
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
