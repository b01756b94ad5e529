"""What a fleet's commands did: a file of JSON lines that is only ever appended to.

It is a help for people, for reports, and for a rotation that goes on. Whether a stack is as it should be, the
stack itself tells. No secrets, no outputs of stacks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Journal:
    """The journal in a file, which is made with its folder at the first record."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, event: str, **values: Any) -> Mapping[str, Any]:
        """Appends a record in one write, and returns it."""
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        record = {"at": moment, "event": event, **values}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(record, ensure_ascii=True) + "\n"
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file:
            # What a killed command left half written must not take this record with it.
            if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                line = "\n" + line
            file.write(line.encode())
        return record

    def records(self) -> Iterator[Mapping[str, Any]]:
        """Every record, oldest first; a line that a killed command left half written is passed over."""
        if not self._path.exists():
            return
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found
