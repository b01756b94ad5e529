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


def tracked(*folders: str, root: Path = ROOT) -> dict[str, bytes]:
    """The files of folders that git knows."""
    command = ["git", "ls-files", "-z", "--", *folders]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return {name: (root / name).read_bytes() for name in listed.split("\0") if name}
