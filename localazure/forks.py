"""The Python commands of one word, and the programs of its engine, in forks of one Python: their imports are
most of what a word takes where nothing changed.

Does not own: what does that (`python -m operate.forks`), nor which commands there are (checkout.py).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path


class Forks:
    """Started at once, and ready when it is first asked. Linux only, as forks are."""

    def __init__(self, python: Path, root: Path, environ: Mapping[str, str]) -> None:
        answers, theirs = os.pipe()
        self._process = subprocess.Popen(
            [python, "-m", "operate.forks", str(theirs)],
            cwd=root,
            env=dict(environ),
            stdin=subprocess.PIPE,
            pass_fds=[theirs],
            text=True,
            start_new_session=True,  # Ctrl-C is the engine's: its program must not be gone before it says so
        )
        os.close(theirs)
        self._answers = os.fdopen(answers)
        self._variables: dict[str, str] | None = None

    def variables(self) -> dict[str, str]:
        """What lets an engine use the forks; empty where there are none."""
        if self._variables is None:
            self._variables = json.loads(self._answers.readline() or "{}")
        return self._variables

    def run(self, words: Sequence[str]) -> int | None:
        """The exit code of `python WORDS`, whose output goes where this process's goes; None where the forks
        are gone."""
        self.variables()
        try:
            print(json.dumps(words), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            return None
        answer = self._answers.readline()
        return int(answer) if answer else None

    def close(self) -> None:
        """Ends them, with whatever they run."""
        with suppress(BrokenPipeError):
            if self._process.stdin:
                self._process.stdin.close()
        self._process.wait()
        self._answers.close()
