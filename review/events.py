"""What the engine and its policy packs say beside the steps: violations, advice, errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review.resource import name_of


@dataclass(frozen=True)
class PolicyFinding:
    """One answer of a policy pack. `level` is the engine's: mandatory, remediate, advisory or "warning"."""

    policy: str
    level: str
    message: str
    urn: str = ""
    pack: str = ""

    @property
    def refuses(self) -> bool:
        return self.level in {"mandatory", "remediate"}

    @property
    def resource(self) -> str:
        """The resource's logical name; empty for the stack as a whole."""
        return name_of(self.urn)


@dataclass(frozen=True)
class Diagnostic:
    """An error of the preview itself."""

    message: str
    urn: str = ""

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Diagnostic:
        message = str(raw.get("message") or "").strip().removeprefix("error: ")
        return cls(_cause(message), str(raw.get("urn") or ""))


def _cause(message: str) -> str:
    """The message below a traceback's frames: a reader needs the cause, not the way to it."""
    head, is_traceback, frames = message.rpartition("Traceback (most recent call last):")
    lines = frames.splitlines()
    last = max((place for place, line in enumerate(lines) if line.startswith(" ")), default=None)
    if not is_traceback or last is None or last + 1 == len(lines):
        return message
    summary = head.split("Traceback", 1)[0].strip()
    return "\n".join([*([summary] if summary else []), *lines[last + 1 :]])


def policy_finding(raw: Mapping[str, Any]) -> PolicyFinding:
    """Reads a `policyEvent`; its lines, of which the first says the rule, become one."""
    lines = (line.strip() for line in str(raw.get("message", "")).splitlines())
    return PolicyFinding(
        policy=str(raw.get("policyName", "")),
        level=str(raw.get("enforcementLevel", "")).lower(),
        message="; ".join(filter(None, lines)),
        urn=str(raw.get("resourceUrn", "")),
        pack=str(raw.get("policyPackName", "")),
    )
