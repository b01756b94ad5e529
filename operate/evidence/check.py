"""Checks a report that was written before: whether its files are as they were, and its answers as hashed.

The hashes are in the report itself, so this shows damage and careless changes. Against a forger, keep the
SHA-256 of SHA256SUMS somewhere else.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from operate.errors import OperateError
from operate.evidence.report import ANSWERS, SUMS


@dataclass(frozen=True)
class Checked:
    """How many files and answers have their hashes, how many answers were not kept, and what is wrong."""

    files: int
    answers: int
    not_kept: int
    problems: tuple[str, ...]


def check(folder: Path) -> Checked:
    """Checks every file of a report. Raises OperateError where there is none."""
    try:
        sums = dict(_line(line) for line in (folder / SUMS).read_text(encoding="utf-8").splitlines())
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        answers = {str(one["sha256"]) for one in manifest["answers"]}
        listed = {str(name): str(digest) for name, digest in manifest["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OperateError(
            f"found no readable report in {folder}, expected manifest.json and {SUMS}: {error}; name its "
            "folder with --out"
        ) from error
    problems = [_problem(folder, name, digest) for name, digest in sorted(sums.items())]
    problems += [
        f"{name}: manifest.json and {SUMS} have different hashes"
        for name, digest in sorted(listed.items())
        if sums.get(name) != digest
    ]
    kept = {path.stem for path in (folder / ANSWERS).glob("*.json")}
    problems += [
        f"{ANSWERS}/{name}.json: no answer of manifest.json has this hash" for name in sorted(kept - answers)
    ]
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {SUMS}
    problems += [f"{name}: is not in {SUMS}" for name in sorted(present - sums.keys())]
    found = answers & kept
    return Checked(len(sums), len(found), len(answers - found), tuple(filter(None, problems)))


def _line(line: str) -> tuple[str, str]:
    digest, name = line.split("  ", 1)
    return name, digest


def _problem(folder: Path, name: str, digest: str) -> str:
    """Why a file does not have its hash; "" where it does."""
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        return f"{name}: could not be read: {error.strerror}"
    found = hashlib.sha256(content).hexdigest()
    return "" if found == digest else f"{name}: found SHA-256 {found}, expected {digest}"
