"""A finding: something that an auditor would ask about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """`ERROR`: the data is not protected as it should be, or that could not be shown. `WARNING`: it is, but
    less well than it could be. `NOTE`: to be known."""

    ERROR = 0
    WARNING = 1
    NOTE = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One finding about one `subject` (an account's or another resource's name)."""

    rule: str
    severity: Severity
    subject: str
    text: str
    fix: str
