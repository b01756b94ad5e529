"""Checks a project's policy-config.yaml: `python -m policies.configuration FILE OUT`.

The file chooses a profile and changes thresholds, levels and exemptions. OUT is what `--policy-pack-config`
takes.
"""

import json
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from policies import exemptions
from policies.profiles import PROFILES, profile
from policies.reports import LEVELS
from policies.rules import RULES

_RULES: Final = {rule.name: rule for rule in RULES}
_PARTS: Final = ("profile", "rules", "exemptions")
_LEVELS: Final = ("advisory", "mandatory", "remediate", "disabled")
_FOR_A_TIME: Final = ("until", "reason")
"""What a rule that is disabled has besides its level."""
_EXEMPTION: Final = ("rule", "urn", "reason", "until")
_TYPES: Final[Mapping[str, type]] = {"string": str, "integer": int, "array": list}


class ConfigurationError(ValueError):
    """Everything that is wrong with a configuration, a line each."""


def read(text: str, today: date) -> dict[str, Any]:
    """The configuration as the CLI takes it. Raises ConfigurationError with all problems at once."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise ConfigurationError(f"no YAML: {' '.join(str(problem).split())}") from problem
    stated: dict[str, Any] = {} if document is None else document
    problems = list(_problems(stated, today))
    if problems:
        raise ConfigurationError("\n".join(problems))
    made = profile(stated.get("profile") or PROFILES[0])
    for name, changes in (stated.get("rules") or {}).items():
        values = {"enforcementLevel": changes} if isinstance(changes, str) else changes
        made[name].update({key: value for key, value in values.items() if key not in _FOR_A_TIME})
    for one in stated.get("exemptions") or []:
        entry = {key: str(one[key]) for key in ("urn", "reason", "until")}
        made[one["rule"]].setdefault("exemptions", []).append(entry)
    return made


def _problems(stated: object, today: date) -> Iterator[str]:
    if not isinstance(stated, Mapping):
        yield f"found {_shown(stated)}, expected {', '.join(_PARTS)}"
        return
    yield from (f"{name}: unknown; expected {', '.join(_PARTS)}" for name in stated if name not in _PARTS)
    if stated.get("profile") not in (None, *PROFILES):
        yield f"profile: found {_shown(stated['profile'])}, expected {' or '.join(PROFILES)}"
    rules, listed = stated.get("rules") or {}, stated.get("exemptions") or []
    if isinstance(rules, Mapping):
        chosen = stated.get("profile")
        levels = profile(chosen if chosen in PROFILES else PROFILES[0])
        for name, changes in rules.items():
            level = levels.get(str(name), {}).get("enforcementLevel", "")
            yield from _rule_problems(str(name), changes, level, today)
    else:
        yield f"rules: found {_shown(rules)}, expected rules by name"
    if isinstance(listed, list):
        for number, one in enumerate(listed, start=1):
            yield from (f"exemptions[{number}]: {text}" for text in _exemption_problems(one, today))
    else:
        yield f"exemptions: found {_shown(listed)}, expected a list"


def _rule_problems(name: str, changes: object, level: str, today: date) -> Iterator[str]:
    """`level` is the rule's in the profile that was chosen."""
    if name not in _RULES and name not in LEVELS:
        yield f"rules.{name}: there is no such rule; policies/README.md lists them"
        return
    values = {"enforcementLevel": changes} if isinstance(changes, str) else changes
    if not isinstance(values, Mapping):
        yield f"rules.{name}: found {_shown(changes)}, expected a level or settings"
        return
    settings = _RULES[name].settings if name in _RULES else {}
    if values.get("enforcementLevel") == "disabled" and name in _RULES and level == "mandatory":
        yield from _ending_problems(name, values, today)
        values = {key: value for key, value in values.items() if key not in _FOR_A_TIME}
    for setting, value in values.items():
        if setting == "enforcementLevel":
            if value not in _LEVELS:
                yield f"rules.{name}: found level {_shown(value)}, expected {', '.join(_LEVELS)}"
        elif setting not in settings:
            known = ", ".join(["enforcementLevel", *settings])
            yield f"rules.{name}.{setting}: there is no such setting; expected {known}"
        else:
            yield from _value_problems(f"rules.{name}.{setting}", value, settings[setting])


def _ending_problems(name: str, values: Mapping[str, Any], today: date) -> Iterator[str]:
    """A rule that refuses is off for a time only, and for a reason, as an exemption is."""
    until, reason = values.get("until"), values.get("reason")
    if until is None or reason is None:
        most = today + exemptions.LONGEST
        yield (
            f"rules.{name}: a rule that refuses is disabled for a time only; expected {{enforcementLevel: "
            f"disabled, until: DAY, reason: WHY}}, with a day by {most}"
        )
        return
    problems = exemptions.problems_of(f"*::{name}", reason, str(until), today)
    yield from (f"rules.{name}.{text}" for text in problems)
    if not problems and date.fromisoformat(str(until)) < today:
        yield f"rules.{name}: it was disabled until {until}; remove the entry, or renew it with its reason"


def _value_problems(place: str, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    wanted = schema["type"]
    if not isinstance(value, _TYPES[wanted]) or isinstance(value, bool):
        yield f"{place}: found {_shown(value)}, expected {wanted}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{place}: found {_shown(value)}, expected {' or '.join(schema['enum'])}"
    elif wanted == "integer" and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        least, most = schema.get("minimum"), schema.get("maximum", "any number")
        yield f"{place}: found {value}, expected {least} to {most}"
    elif isinstance(value, list) and not all(isinstance(item, str) and item for item in value):
        yield f"{place}: expected a list of texts"


def _exemption_problems(one: object, today: date) -> Iterator[str]:
    if not isinstance(one, Mapping) or set(one) != set(_EXEMPTION):
        yield f"expected exactly {', '.join(_EXEMPTION)}"
        return
    if one["rule"] not in _RULES:
        yield f"rule: there is no rule {_shown(one['rule'])}"
    yield from exemptions.problems_of(one["urn"], one["reason"], str(one["until"]), today)


def _shown(value: object) -> str:
    return json.dumps(value, default=str)


def main(words: list[str]) -> int:
    """Writes what `--policy-pack-config` takes: exit code 0, or 2 with every problem on stderr."""
    if len(words) != 2:
        sys.stderr.write("usage: python -m policies.configuration FILE OUT\n")
        return 2
    file, out = map(Path, words)
    try:
        made = read(file.read_text(encoding="utf-8"), exemptions.day_of(time.time()))
    except FileNotFoundError:
        sys.stderr.write(
            f"{file}: there is no such file, expected the policy pack's profile, levels and exemptions; to "
            f"use the profile {PROFILES[0]} as it is, run "
            f"`echo 'profile: {PROFILES[0]}' > {shlex.quote(str(file))}`\n"
        )
        return 2
    except (OSError, ConfigurationError) as problem:
        sys.stderr.writelines(f"{file}: {line}\n" for line in str(problem).splitlines())
        return 2
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
