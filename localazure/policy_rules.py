"""Azure Policy's language: whether a resource meets a policy rule's `if`, and which effect its `then` names.

Pure. Covers allOf, anyOf, not; field and value with the comparisons below; count with where; parameters().
Source: learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule. An alias is
`NAMESPACE/TYPE/PATH`: PATH below `properties`, or the resource's own `sku` or `identity`. Assumed: an absent
value compares as neither greater nor less. Raises ValueError for an expression that it does not know, so that
it passes over no rule in silence.
"""

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

Json = Any
_PARAMETER = re.compile(r"\[parameters\('([^']+)'\)\]", re.IGNORECASE)
EFFECTS: Final = ("deny", "denyaction", "audit", "auditifnotexists", "deployifnotexists", "disabled")
"""All but the first two do nothing here. A rule with another one, which would change a request, stops it."""
_TAG = re.compile(r"tags(?:\.(.+)|\[['\"]?([^'\"]+)['\"]?\])", re.IGNORECASE)
_TOP = ("name", "type", "location", "kind", "id", "fullname")


def violates(rule: Json, content: Json, parameters: Mapping[str, Json]) -> bool:
    """Whether the rule's `if` holds for a resource (ARM's body with its type and name)."""
    return _holds(_filled(rule["if"], parameters), content, {})


def effect(rule: Json, parameters: Mapping[str, Json]) -> str:
    """The rule's effect, lower case."""
    return str(_filled(rule["then"]["effect"], parameters)).lower()


def values(definition: Json, assignment: Json) -> dict[str, Json]:
    """The parameters of a definition, with an assignment's values or the defaults."""
    given = {name: one.get("value") for name, one in (assignment.get("parameters") or {}).items()}
    declared = definition.get("parameters") or {}
    return {**{name: one.get("defaultValue") for name, one in declared.items()}, **given}


def _filled(value: Json, parameters: Mapping[str, Json]) -> Json:
    if isinstance(value, str) and (found := _PARAMETER.fullmatch(value)):
        return parameters.get(found[1])
    if isinstance(value, str) and value.lower().startswith("[concat('tags[', parameters('"):
        return f"tags[{parameters.get(value.split(chr(39))[3])}]"
    if isinstance(value, str) and value.startswith("[") and not value.startswith("[["):
        raise ValueError(f"unknown expression {value}")
    if isinstance(value, dict):
        return {name: _filled(one, parameters) for name, one in value.items()}
    return [_filled(one, parameters) for one in value] if isinstance(value, list) else value


def _holds(condition: Json, content: Json, current: Mapping[str, Json]) -> bool:
    if "allOf" in condition:
        return all(_holds(one, content, current) for one in condition["allOf"])
    if "anyOf" in condition:
        return any(_holds(one, content, current) for one in condition["anyOf"])
    if "not" in condition:
        return not _holds(condition["not"], content, current)
    if "count" in condition:
        found: list[Json] = [_count(condition["count"], content, current)]
    elif "field" in condition:
        found = _fields(str(condition["field"]), content, current)
    elif "value" in condition:
        found = [condition["value"]]
    else:
        raise ValueError(f"unknown condition {sorted(condition)}")
    tests = [(name, value) for name, value in condition.items() if name not in ("field", "value", "count")]
    if len(tests) != 1 or tests[0][0] not in _TESTS:
        raise ValueError(f"unknown comparison {[name for name, _ in tests]}")
    name, wanted = tests[0]
    # Of the elements of a list, all must pass; of none, each comparison holds.
    return all(_TESTS[name](one, wanted) for one in found)


def _count(count: Json, content: Json, current: Mapping[str, Json]) -> int:
    alias, where = str(count["field"]), count.get("where")
    elements = _fields(alias, content, current)
    return sum(where is None or _holds(where, content, {**current, alias.lower(): one}) for one in elements)


def _fields(alias: str, content: Json, current: Mapping[str, Json]) -> list[Json]:
    """The values of a field; those of the element that is being counted, inside a count."""
    lower = alias.lower()
    for counted in sorted(current, key=len, reverse=True):
        if lower == counted:
            return [current[counted]]
        if lower.startswith(f"{counted}."):
            return _walk(current[counted], alias[len(counted) + 1 :])
    if lower in _TOP:
        return [content.get(lower)]
    if found := _TAG.fullmatch(alias):
        tags = {name.lower(): value for name, value in (content.get("tags") or {}).items()}
        return [tags.get((found[1] or found[2]).lower())]
    if lower.startswith(("identity.", "sku.")):
        return _walk(content, alias)
    own = str(content.get("type") or "")
    if not lower.startswith(f"{own.lower()}/"):
        return [None]
    path = alias[len(own) + 1 :]
    return _walk(content if path.lower().startswith("sku.") else content.get("properties") or {}, path)


def _walk(value: Json, path: str) -> list[Json]:
    found = [value]
    for step in path.split("."):
        name, spread, _ = step.partition("[*]")
        found = [_member(one, name) for one in found]
        if spread:
            found = [element for one in found if isinstance(one, list) for element in one]
    return found


def _member(value: Json, name: str) -> Json:
    if not isinstance(value, dict):
        return None
    return next((one for key, one in value.items() if key.lower() == name.lower()), None)


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return bool(one == other)


def _contains(one: Json, wanted: Json) -> bool:
    if isinstance(one, list):
        return any(_same(element, wanted) for element in one)
    return one is not None and str(wanted).lower() in str(one).lower()


def _like(one: Json, wanted: Json) -> bool:
    return one is not None and fnmatchcase(str(one).lower(), str(wanted).lower())


def _is_in(one: Json, wanted: Json) -> bool:
    return any(_same(one, each) for each in wanted or [])


_TESTS: Mapping[str, Callable[[Json, Json], bool]] = {
    "equals": _same,
    "notEquals": lambda one, wanted: not _same(one, wanted),
    "in": _is_in,
    "notIn": lambda one, wanted: not _is_in(one, wanted),
    "like": _like,
    "notLike": lambda one, wanted: not _like(one, wanted),
    "contains": _contains,
    "notContains": lambda one, wanted: not _contains(one, wanted),
    "exists": lambda one, wanted: (one is not None) == (str(wanted).lower() == "true"),
    "greater": lambda one, wanted: one is not None and one > wanted,
    "greaterOrEquals": lambda one, wanted: one is not None and one >= wanted,
    "less": lambda one, wanted: one is not None and one < wanted,
    "lessOrEquals": lambda one, wanted: one is not None and one <= wanted,
}
