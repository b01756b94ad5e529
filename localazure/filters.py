"""`$filter` of ARM's lists: which resources it wants.

Source: https://learn.microsoft.com/rest/api/resources/resources/list, its parameter `$filter`. Names of
properties, operators and tags have no case; the value of a tag does. What is not understood is refused, so
that no list is answered wrongly; the text of that is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from localazure.locations import normal_location
from localazure.web import Json, ServiceError

_TEXT = r"'((?:[^']|'')*)'"
_COMPARED = re.compile(rf"\s*([\w/]+)\s+(eq|ne)\s+{_TEXT}\s*", re.IGNORECASE)
_CONTAINED = re.compile(rf"\s*substringof\(\s*{_TEXT}\s*,\s*(\w+)\s*\)\s*", re.IGNORECASE)
_BEGUN = re.compile(rf"\s*startswith\(\s*tagName\s*,\s*{_TEXT}\s*\)\s*", re.IGNORECASE)
_JOINED = re.compile(r"(and|or)\s", re.IGNORECASE)
_TAGS = ("tagname", "tagvalue", "tagprefix")


@dataclass(frozen=True)
class _Clause:
    """One comparison; `name` in lower case, `operator` one of `eq`, `ne`, `in`."""

    name: str
    operator: str
    value: str

    def holds(self, body: Json) -> bool:
        found, wanted = _PROPERTIES[self.name](body).lower(), self.value.lower()
        if self.name == "location":
            wanted = normal_location(wanted)
        return wanted in found if self.operator == "in" else (found == wanted) is (self.operator == "eq")


def wanted(text: str) -> Callable[[Json], bool]:
    """Whether a filter wants a resource (ARM's body); an empty one wants all. Raises ServiceError 400."""
    if not text.strip():
        return lambda _: True
    either: list[list[_Clause]] = [[]]
    rest = text
    while True:
        clause, rest = _clause(text, rest)
        either[-1].append(clause)
        if not rest:
            break
        joined = _JOINED.match(rest)
        if joined is None:
            raise _invalid(text)
        if joined[1].lower() == "or":
            either.append([])
        rest = rest[joined.end() :]
    return lambda body: any(_all_hold(clauses, body) for clauses in either)


def _clause(text: str, rest: str) -> tuple[_Clause, str]:
    """The first clause of what is left of a filter, and what comes after it."""
    if found := _BEGUN.match(rest):
        clause = _Clause("tagprefix", "eq", found[1])
    elif found := _CONTAINED.match(rest):
        clause = _Clause(found[2].lower(), "in", found[1])
    elif found := _COMPARED.match(rest):
        clause = _Clause(found[1].lower(), found[2].lower(), found[3])
    else:
        raise _invalid(text)
    if clause.name not in (*_PROPERTIES, *_TAGS) or (clause.name in _TAGS and clause.operator != "eq"):
        raise _invalid(text)
    return _Clause(clause.name, clause.operator, clause.value.replace("''", "'")), rest[found.end() :]


def _all_hold(clauses: list[_Clause], body: Json) -> bool:
    tags = {clause.name: clause.value for clause in clauses if clause.name in _TAGS}
    return all(clause.holds(body) for clause in clauses if clause.name not in _TAGS) and (
        not tags or any(_tag_fits(tags, name, str(value)) for name, value in (body.get("tags") or {}).items())
    )


def _tag_fits(asked: Mapping[str, str], name: str, value: str) -> bool:
    """Whether one tag is what all of a filter's words about tags ask for."""
    return (
        asked.get("tagname", name).lower() == name.lower()
        and asked.get("tagvalue", value) == value
        and name.lower().startswith(asked.get("tagprefix", "").lower())
    )


def _group(body: Json) -> str:
    parts = str(body["id"]).split("/")
    return parts[4] if len(parts) > 4 else ""


_PROPERTIES: Mapping[str, Callable[[Json], str]] = {
    "name": lambda body: str(body["name"]),
    "resourcetype": lambda body: str(body["type"]),
    "resourcegroup": _group,
    "location": lambda body: normal_location(str(body.get("location") or "")),
    "identity/principalid": lambda body: str((body.get("identity") or {}).get("principalId") or ""),
}


def _invalid(text: str) -> ServiceError:
    message = f"Invalid $filter '{text}' specified in the query string."
    return ServiceError(400, "InvalidFilterInQueryString", message, gateway=True)
