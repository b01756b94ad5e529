"""What the pictures show: a stack's life in a clone.

Everything is read from what the commands print or write, as a person would read it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.environments import give_environment
from tests.support.readme import clone

Record = dict[str, Any]
_CREATED = re.compile(r"^ \+  \S+:(\w+) \S+ created \(([\d.]+)s\)", re.MULTILINE)
_PROOF = re.compile(r"^  ok      (.+?): (.*)$", re.MULTILINE)
_EFFECT = re.compile(r"^encryption of \S+: (.*)$", re.MULTILINE)
_CHANGES = re.compile(r"^    ([-+~]) (\d+ to \w+)$", re.MULTILINE)


def record(tell: Callable[[str], None]) -> Record:
    """All of it; takes some minutes."""
    with tempfile.TemporaryDirectory() as scratch:
        life = Life(Path(scratch) / "language-cmk", tell)
        try:
            return life.lived()
        finally:
            life.run("down")


class Life:
    """Stack dev of a clone: deployed, rotated, revoked and restored."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._tell = clone(folder), tell
        give_environment(folder)
        self._settings = folder / "Pulumi.dev.yaml"

    def run(self, word: str, codes: tuple[int, ...] = (0,)) -> str:
        """What `python3 -m localazure WORD` prints. Raises CalledProcessError."""
        self._tell(f"python3 -m localazure {word}")
        environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        command = [sys.executable, "-m", "localazure", word]
        done = subprocess.run(
            command, cwd=self._folder, env=environ, check=False, capture_output=True, text=True
        )
        if done.returncode not in codes:
            sys.stderr.write(done.stdout + done.stderr)
            done.check_returncode()
        return done.stdout

    def lived(self) -> Record:
        """The record of the four steps."""
        first = self.run("up")
        found: Record = {
            "first": {"created": dict(_CREATED.findall(first)), "proof": dict(_PROOF.findall(first))}
        }
        found["rotated"] = self._changed("generation: 1", "generation: 2")
        found["revoked"] = self._changed(
            "language-cmk:tags:", "language-cmk:access: revoked\n  language-cmk:tags:", review=True
        )
        found["restored"] = self._changed("access: revoked", "access: granted")
        return found

    def _changed(self, old: str, new: str, *, review: bool = False) -> Record:
        """A change of the settings: what its preview says, its review, and the proof after it."""
        self._settings.write_text(self._settings.read_text().replace(old, new))
        preview = self.run("preview")
        found: Record = {
            "effect": _EFFECT.findall(preview)[-1],
            "changes": [f"{sign} {count}" for sign, count in _CHANGES.findall(preview)],
        }
        if review:
            self.run("review", (0, 3, 4))
            told = json.loads((self._folder / ".review" / "review.json").read_text())
            found["review"] = {"headline": told["headline"], "row": told["rows"][0]}
        found["proof"] = dict(_PROOF.findall(self.run("up")))
        return found
