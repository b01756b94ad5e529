"""The files of a report, and the list of their hashes.

Owns: what is written where. manifest.json has the SHA-256 of each file beside it and of each answer of the
cloud, so that a file that was changed shows, and so does an answer that is another one today. SHA256SUMS has
the files once more, in the shape that `sha256sum --check` takes.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from operate.evidence.as_json import SCHEMA


class Asked(Protocol):
    """A question and the hash of its answer."""

    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def sha256(self) -> str: ...


def tool_version() -> str:
    """The version of this project, which stands in pyproject.toml alone."""
    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def sha256(text: str) -> str:
    """The hash of a file's content."""
    return hashlib.sha256(text.encode()).hexdigest()


def manifest(files: Mapping[str, str], asked: Iterable[Asked], version: str) -> str:
    """The list of hashes as a file."""
    shown = {
        "schema": SCHEMA,
        "tool": {"name": "language-cmk", "version": version},
        "files": {name: sha256(text) for name, text in sorted(files.items())},
        "answers": [{"question": a.question, "answer": a.answer, "sha256": a.sha256} for a in asked],
    }
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def sums(files: Mapping[str, str]) -> str:
    """The hashes of files, for `sha256sum --check`."""
    return "".join(f"{sha256(text)}  {name}\n" for name, text in sorted(files.items()))


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Writes the files into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
