"""A stack that stands, with data in its account, and the ways back to it and to before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.azure import RunningAzure, running_azure
from tests.support.crash import Bookmark
from tests.support.judge import Judge
from tests.support.stack import Stack


@dataclass(frozen=True)
class Life:
    """A stack, its cloud, and two points to go back to: before anything was made, and once all stood."""

    azure: RunningAzure
    stack: Stack
    judge: Judge
    nothing: Bookmark
    standing: Bookmark


def begin_life(folder: Path, settings: Mapping[str, Any], **made: Any) -> Iterator[Life]:
    """Deploys the repository's stack on a local Azure of its own, once, with other `settings`. `made` is how
    Stack makes it."""
    with running_azure(folder / "azure") as azure:
        stack = Stack(folder / "checkout", azure.environ, **made)
        stack.configure(**settings)
        judge, nothing = Judge(azure, stack), Bookmark(azure, stack, folder / "nothing")
        run = stack.deploy()
        assert run.ok, run.output
        judge.write_data()
        yield Life(azure, stack, judge, nothing, Bookmark(azure, stack, folder / "standing"))
