"""The profiles for `--policy-pack-config`, made from the rules.

`baseline` writes out every default; `regulated` is stricter where CIS and Azure Policy are.
"""

import json
from pathlib import Path
from typing import Any, Final

from policies.reports import LEVELS
from policies.rules import RULES

PROFILES: Final = ("baseline", "regulated")
FOLDER: Final = Path(__file__).parent / "profiles"


def profile(name: str) -> dict[str, Any]:
    """The level and settings of each rule, as the CLI takes them. `name` is baseline or regulated."""
    made: dict[str, Any] = {report: {"enforcementLevel": level.value} for report, level in LEVELS.items()}
    for rule in RULES:
        settings = {setting: schema["default"] for setting, schema in rule.settings.items()}
        strict = rule.regulated if name == "regulated" else {}
        made[rule.name] = {"enforcementLevel": rule.level, **settings, **strict}
    return made


def texts() -> dict[Path, str]:
    """Every profile's file and its content."""
    return {FOLDER / f"{name}.json": json.dumps(profile(name), indent=2) + "\n" for name in PROFILES}
