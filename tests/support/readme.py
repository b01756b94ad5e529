"""The README's commands, as a person would paste them, in a clone of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.support.stack import ROOT


def commands(heading: str) -> list[str]:
    """The commands of the first console block under a heading, without prompts and comments."""
    text = (ROOT / "README.md").read_text()
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    block = re.search(r"```console\n(.*?)```", part, re.DOTALL)
    if block is None:
        raise ValueError(f"README.md has no commands under {heading!r}")
    lines = [line.removeprefix("$ ") for line in block[1].splitlines() if line.startswith("$ ")]
    return [re.split(r"\s{2,}#", line)[0].strip() for line in lines]


def clone(folder: Path, *, with_tests: bool = False) -> Path:
    """The files of the repository as they are now, in a folder of their own; nothing is set up there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and (with_tests or not name.startswith("tests/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder
