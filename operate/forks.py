"""Commands that another process names, in forks of one Python whose imports are done, and a language host for
the engine that it runs: `python -m operate.forks DESCRIPTOR`.

Owns: the conversation. The first line of answers has the variables that an engine needs, as JSON; standard
input then names commands, each a JSON list of what follows `python -u`; each is answered by its exit code. It
ends, with all that it runs, when standard input does. Does not own: forks (engine/warm.py), and the language
host (fleet/warm.py). Where forks are not possible, each command is a process as any.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from engine.children import Children, anew
from operate.fleet.warm import MODULES, language_host, warm_python

_MODULES = (*MODULES, "operate.verify")
# A module that is a command itself is not among them: Python warns of a second one of its name.


def serve(commands: Iterable[str], answers: IO[str]) -> None:
    """Answers until `commands` end."""
    checkout = Path.cwd()
    with language_host(os.environ, checkout, _MODULES) as variables:
        start = warm_python(checkout, _MODULES).start if variables else anew
        children = Children(start)
        _tell(answers, json.dumps(variables))
        for line in commands:
            threading.Thread(target=_run, args=(children, json.loads(line), answers), daemon=True).start()
        children.end_all()


def _run(children: Children, words: list[str], answers: IO[str]) -> None:
    command = [sys.executable, "-u", *words]
    with children.run(command, cwd=str(Path.cwd()), env=os.environ, read_output=False) as child:
        code = child.wait()
    _tell(answers, str(code))


def _tell(answers: IO[str], line: str) -> None:
    answers.write(f"{line}\n")
    answers.flush()


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[1]), "w") as pipe:
        serve(sys.stdin, pipe)
