"""The rules of the findings, and the controls that they concern, from rules.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import yaml

from core import demands


class AuditSeverity(IntEnum):
    """`ERROR`: the data is not protected as it should be, or nothing shows that it is. `WARNING`: it is, but
    could be better protected. `NOTE`: good to know."""

    ERROR = 0
    WARNING = 1
    NOTE = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, order=True)
class Control:
    """A control of a framework, under the framework's own id and title."""

    framework: str
    id: str
    title: str


@dataclass(frozen=True)
class AuditRule:
    """`text` and `fix` are templates for the values that break the rule; `about` is `vault` or `key` if the
    rule is about one, which accounts may share, otherwise ""."""

    severity: AuditSeverity
    text: str
    fix: str
    about: str
    controls: tuple[Control, ...]


_TOLD: Final[Mapping[str, Any]] = yaml.safe_load(Path(__file__).with_name("rules.yaml").read_text("utf-8"))
SOURCES: Final[Mapping[str, str]] = {name: one["source"] for name, one in _TOLD["frameworks"].items()}
"""The source of each framework's ids and titles, and the day on which they were checked there."""
WORDS: Final[Mapping[str, str]] = _TOLD["words"]
"""Texts that several fixes share."""
NOUNS: Final[Mapping[str, Mapping[str, str]]] = _TOLD["nouns"]
"""The fixes that differ between a vault and a managed HSM."""
_BY_ID: Final = {
    id: Control(framework, id, title)
    for framework, one in _TOLD["frameworks"].items()
    for id, title in one["controls"].items()
}


def _rule(name: str, told: Mapping[str, Any]) -> AuditRule:
    fix = told.get("fix") or demands.FIXES[name].command
    controls = tuple(_BY_ID[id] for id in told["controls"].split())
    severity = AuditSeverity[told["severity"].upper()]
    return AuditRule(severity, told.get("text", "{text}"), fix, told.get("about", ""), controls)


RULES: Final[Mapping[str, AuditRule]] = {name: _rule(name, told) for name, told in _TOLD["rules"].items()}
CONTROLS: Final = tuple(sorted({one for rule in RULES.values() for one in rule.controls}))
"""Every control that a rule concerns."""
