"""Writes README.md and the profiles from the rules' own words: `python -m policies.readme`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from policies import profiles
from policies.rule import ResourceRule, Rule
from policies.rules import RULES

README: Final = Path(__file__).parent / "README.md"

_SETS: Final = ("azure-policy", "cis-azure-6.0", "psrule", "checkov")
_HEAD: Final = Path(__file__).parent / "README.head.md"


def text() -> str:
    """The whole of README.md."""
    resource_rules = [rule for rule in RULES if isinstance(rule, ResourceRule)]
    stack_rules = [rule for rule in RULES if not isinstance(rule, ResourceRule)]
    parts = [
        _HEAD.read_text(encoding="utf-8"),
        "## Rules on one resource\n",
        _table(resource_rules),
        "## Rules on the stack\n",
        _table(stack_rules),
        "## Settings\n",
        _settings(),
        "## The same demand elsewhere\n",
        _references(),
    ]
    return "\n".join(parts)


def _table(rules: Iterable[Rule]) -> str:
    rows = ["| rule | level | severity | what must hold | why |", "|---|---|---|---|---|"]
    rows += [
        f"| `{rule.name}` | {rule.level} | {rule.severity} | {rule.title} | {rule.why} ({rule.source}) |"
        for rule in rules
    ]
    return "\n".join(rows) + "\n"


def _settings() -> str:
    rows = ["| rule | setting | default | regulated | meaning |", "|---|---|---|---|---|"]
    for rule in RULES:
        for name, schema in rule.settings.items():
            strict = _shown(rule.regulated[name]) if name in rule.regulated else "the same"
            rows.append(
                f"| `{rule.name}` | `{name}` | {_shown(schema['default'])} | {strict} | "
                f"{schema['description']} |"
            )
        if "enforcementLevel" in rule.regulated:
            rows.append(f"| `{rule.name}` | level | {rule.level} | {rule.regulated['enforcementLevel']} | |")
    return "\n".join(rows) + "\n"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)


def _references() -> str:
    rows = [
        "| rule | Azure Policy | CIS Azure 6.0 | PSRule | checkov | others |",
        "|---|---|---|---|---|---|",
    ]
    for rule in RULES:
        columns: list[list[str]] = [[] for _ in range(len(_SETS) + 1)]
        for tag in rule.same_as.split():
            name, _, id = tag.partition(":")
            columns[_SETS.index(name) if name in _SETS else -1].append(id if name in _SETS else tag)
        rows.append(
            f"| `{rule.name}` | " + " | ".join("<br>".join(column) or "-" for column in columns) + " |"
        )
    return "\n".join(rows) + "\n"


def write() -> None:
    """Writes every generated file."""
    for path, content in {README: text(), **profiles.texts()}.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write()
