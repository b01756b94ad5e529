"""Runs a script or a tool of this repository, in its root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.stack import ROOT


def run(*words: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What it ended with. `env` is added to this process's own."""
    return subprocess.run(
        [str(word) for word in words],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
    )
