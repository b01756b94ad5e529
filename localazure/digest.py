"""Which code this is, so that a server that runs other code is recognised."""

from __future__ import annotations

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent


def digest(package: Path = PACKAGE) -> str:
    """A digest of every file that the package is made of, 16 hex digits; bytecode does not count."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            found.update(f"{path.relative_to(package)}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]
