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

import jsonschema  # type: ignore[import-untyped]

from core import yaml_documents
from policies import exemptions
from policies.analyzer import REPORTS
from policies.rules import RULES

_FOLDER: Final = Path(__file__).parent / "profiles"
PROFILES: Final = ("baseline", "regulated")
_FOR_A_TIME: Final = ("until", "reason")
"""The fields that a disabled rule has besides its level."""


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
        "required": [*required],
    }


def _schema() -> dict[str, Any]:
    """The schema of the file, with each rule's level as a setting of the rule."""
    level = {"enforcementLevel": {"enum": ["advisory", "mandatory", "remediate", "disabled"]}}
    off = {name: {"type": "string"} for name in _FOR_A_TIME}
    rules = {rule.name: _object({**level, **rule.settings, **off}) for rule in RULES}
    fields = {name: {"type": "string"} for name in ("urn", "reason", "until")}
    exemption = _object({"rule": {"enum": [*rules]}, **fields}, "rule", *fields)
    return _object(
        {
            "profile": {"enum": [*PROFILES]},
            "rules": _object({**rules, **dict.fromkeys(REPORTS, _object(level))}),
            "exemptions": {"type": "array", "items": exemption},
        }
    )


_CHECK: Final = jsonschema.Draft202012Validator(_schema())


def profile(name: str) -> dict[str, Any]:
    """The level and settings of each rule, as the CLI takes them: `baseline` writes out every default,
    `regulated` is stricter where CIS and Azure Policy are."""
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


class ConfigurationError(ValueError):
    """Everything that is wrong with a configuration, a line each."""


def read(text: str, today: date) -> dict[str, Any]:
    """The configuration as the CLI takes it. Raises ConfigurationError with all problems at once."""
    try:
        # A bare date becomes a text, as in JSON.
        stated: Any = json.loads(json.dumps(yaml_documents.of_yaml(text), default=str))
    except (TypeError, ValueError) as problem:
        raise ConfigurationError(str(problem)) from problem
    parts = {} if stated is None else stated
    if not isinstance(parts, dict):
        raise ConfigurationError(f"found {json.dumps(parts)}, expected profile, rules, exemptions")
    parts = {part: value for part, value in parts.items() if value is not None}
    if isinstance(rules := parts.get("rules"), dict):
        levels = {
            rule: {"enforcementLevel": level} for rule, level in rules.items() if isinstance(level, str)
        }
        parts["rules"] = rules | levels
    wrong = (
        f"{'.'.join(map(str, error.absolute_path)) or 'the file'}: {error.message}"
        for error in _CHECK.iter_errors(parts)
    )
    if problems := [*wrong, *_endless(parts, today)]:
        raise ConfigurationError("\n".join(problems))
    made = profile(parts.get("profile", PROFILES[0]))
    for name, values in parts.get("rules", {}).items():
        made[name].update({key: value for key, value in values.items() if key not in _FOR_A_TIME})
    for exemption in parts.get("exemptions", ()):
        entry = {key: value for key, value in exemption.items() if key != "rule"}
        made[exemption["rule"]].setdefault("exemptions", []).append(entry)
    return made


def _endless(parts: Mapping[str, Any], today: date) -> Iterator[str]:
    """The problems that no schema finds: an exemption that names no resource or does not end, and a refusing
    rule that is off without an end and a reason."""
    listed, rules = parts.get("exemptions"), parts.get("rules")
    for number, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, dict) and {"urn", *_FOR_A_TIME} <= entry.keys():
            found = exemptions.problems_of(entry["urn"], entry["reason"], entry["until"], today)
            yield from (f"exemptions.{number}.{text}" for text in found)
    chosen = parts.get("profile")
    levels = profile(chosen if chosen in PROFILES else PROFILES[0])
    for name, values in rules.items() if isinstance(rules, dict) else ():
        if not isinstance(values, dict):
            continue
        refuses = levels.get(name, {}).get("enforcementLevel") == "mandatory"
        if refuses and values.get("enforcementLevel") == "disabled":
            until, reason = (values.get(part) for part in _FOR_A_TIME)
            wrong = exemptions.problems_of(f"*::{name}", reason, until, today)
            if not wrong and date.fromisoformat(str(until)) < today:
                wrong = [f"it was disabled until {until}; remove it, or renew it with a reason"]
            only = f"rules.{name}: a rule that refuses can be disabled only for a time"
            yield from (f"{only}; {problem}" for problem in wrong)
        elif values.keys() & {*_FOR_A_TIME}:
            yield f"rules.{name}: until and reason apply only to a rule that refuses and is disabled"


def main(words: list[str]) -> int:
    """Writes what `--policy-pack-config` takes: exit code 0, or 2 with every problem on stderr."""
    if len(words) != 2:
        sys.stderr.write("usage: python -m policies.configuration FILE OUT\n")
        return 2
    file, out = map(Path, words)
    try:
        made = read(file.read_text(encoding="utf-8"), exemptions.day_of(time.time()))
    except FileNotFoundError:
        echo = f"`echo 'profile: {PROFILES[0]}' > {shlex.quote(str(file))}`"
        sys.stderr.write(f"{file}: there is no such file; for profile {PROFILES[0]} as it is, run {echo}\n")
        return 2
    except (OSError, ConfigurationError) as problem:
        sys.stderr.writelines(f"{file}: {line}\n" for line in str(problem).splitlines())
        return 2
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
