"""Runs a script or a tool of this repository, in its root."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.stack import PATIENCE_SECONDS, ROOT


def run(
    *words: str | Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT, only: bool = False
) -> subprocess.CompletedProcess[str]:
    """What it ended with. `env` is added to this process's own, or is all that there is, with `only`."""
    return subprocess.run(
        [str(word) for word in words],
        check=False,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**({} if only else os.environ), **(env or {})},
    )


def bash(text: str, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A step, by the shell that a runner runs it with, and with nothing of this process's environment."""
    return run("/bin/bash", "-e", "-c", text, cwd=cwd, env=env, only=True)
