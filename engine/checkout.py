"""The checkout that is released: its version and address, and the files that git knows."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_REPOSITORY: Final = r"https://[\w.-]+(?::\d+)?(?:/[\w.~%+-]+){2,}"
FILL_IN: Final = "write https://HOST/ORGANISATION/REPOSITORY, and run `python3 -m engine.release fill`"


class ReleaseError(Exception):
    """A release cannot be made; the message says why, and what to do."""


def given(root: Path = ROOT) -> dict[str, str]:
    """Version and address, as pyproject.toml has them. Raises ReleaseError."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["repository"].rstrip("/")
    if address and not re.fullmatch(_REPOSITORY, address):
        raise ReleaseError(f"pyproject.toml: repository is {address}: {FILL_IN}")
    return {"version": project["version"], "address": address}


def tracked(*names: str, root: Path = ROOT) -> dict[str, bytes]:
    """The files below folders, and files, that git knows; in an unpacked archive, which has no git, all but
    compiled ones."""
    if (root / ".git").exists():
        command = ["git", "ls-files", "-z", "--", *names]
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        files = [name for name in listed.split("\0") if name]
    else:
        below = [path for name in names for path in (root / name, *sorted((root / name).rglob("*")))]
        files = [
            path.relative_to(root).as_posix()
            for path in below
            if path.is_file() and "__pycache__" not in path.parts
        ]
    return {file: (root / file).read_bytes() for file in files}
