"""A stack that stands, with data in its account, and the ways back to it and to before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.azure import RunningAzure, running_azure
from tests.support.crash import Bookmark
from tests.support.judge import Judge
from tests.support.stack import Stack

Request = tuple[str, str, str]
"""Host, method and a route's template; an empty template is any."""


@dataclass(frozen=True)
class Life:
    """A stack, its cloud, and two points to go back to: before anything was made, and once all stood.

    `made_with` tells how often each request was made in between, of those that were to be counted.
    """

    azure: RunningAzure
    stack: Stack
    judge: Judge
    nothing: Bookmark
    standing: Bookmark
    made_with: Mapping[Request, int]


def begin_life(
    folder: Path,
    counted: Iterable[Request] = (),
    *,
    settings: Mapping[str, Any] | None = None,
    judge_of: Callable[[RunningAzure, Stack], Judge] = Judge,
    prepare: Callable[[Judge], None] = lambda _: None,
) -> Iterator[Life]:
    """Deploys stack `dev` as the repository has it on a local Azure of its own, once, with other `settings`
    and after something was made for it."""
    with running_azure(folder / "azure") as azure:
        stack = Stack(folder / "checkout", azure.environ, policy_pack=False)
        judge = judge_of(azure, stack)
        prepare(judge)
        stack.configure(**(settings or {}))
        nothing = Bookmark(azure, stack, folder / "nothing")
        for host, method, path in counted:
            # So late a call strikes nobody; it only counts.
            azure.control("/faults", {"host": host, "method": method, "path": path, "call": 10**6})
        run = stack.deploy()
        assert run.ok, run.output
        found = azure.control("/faults")["value"]
        azure.control("/faults", method="DELETE")
        judge.write_data()
        yield Life(
            azure,
            stack,
            judge,
            nothing,
            Bookmark(azure, stack, folder / "standing"),
            {(fault["host"], fault["method"], fault["path"]): fault["calls"] for fault in found},
        )
