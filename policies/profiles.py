"""The profiles: files for --policy-pack-config, made from the rules.

Owns: baseline (every default, written out) and regulated (stricter where CIS and Azure Policy are). Does
not own: the values, which are beside each rule.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from policies.reports import LEVELS
from policies.rule import Rule
from policies.rules import RULES

PROFILES: Final = ("baseline", "regulated")
FOLDER: Final = Path(__file__).parent / "profiles"


def profile(name: str) -> dict[str, Any]:
    """A profile as the CLI takes it: for each rule its level and settings. `name` is baseline or
    regulated."""
    rules: dict[str, Any] = {
        rule.name: _of(rule, rule.regulated if name == "regulated" else {}) for rule in RULES
    }
    return {**rules, **{report: {"enforcementLevel": level.value} for report, level in LEVELS.items()}}


def _of(rule: Rule, changes: Mapping[str, Any]) -> dict[str, Any]:
    settings = {setting: schema["default"] for setting, schema in rule.settings.items()}
    return {"enforcementLevel": rule.level.value, **settings, **changes}


def texts() -> dict[Path, str]:
    """Every profile's file and its content."""
    return {FOLDER / f"{name}.json": json.dumps(profile(name), indent=2) + "\n" for name in PROFILES}
