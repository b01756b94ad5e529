"""`$filter` of ARM's lists: which resources it wants.

Source: https://learn.microsoft.com/rest/api/resources/resources/list, its parameter `$filter`; of it `eq` and
`ne`, joined by `and`. Names of properties, operators and tags have no case; the value of a tag does. What is
not understood is refused, so that no list is answered wrongly; the text of the refusal is assumed.
"""

import re
from collections.abc import Callable, Mapping

from localazure.locations import normal_location
from localazure.refusals import refused
from localazure.web import Json

_CLAUSE = re.compile(r"\s*(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*(?:and\s(?=.)|$)", re.IGNORECASE)
_TAGS = ("tagname", "tagvalue")
_PROPERTIES: Mapping[str, Callable[[Json], str]] = {
    "name": lambda body: str(body["name"]),
    "resourcetype": lambda body: str(body["type"]),
    "resourcegroup": lambda body: (str(body["id"]).split("/") + [""] * 5)[4],
    "location": lambda body: normal_location(str(body.get("location") or "")),
}


def wanted(text: str) -> Callable[[Json], bool]:
    """Whether a filter wants a resource (ARM's body); an empty one wants all. Raises ServiceError 400."""
    clauses, rest = [], text
    while rest.strip():
        found = _CLAUSE.match(rest)
        name, operator = (found[1].lower(), found[2].lower()) if found else ("", "")
        if found is None or name not in (*_PROPERTIES, *_TAGS) or (name in _TAGS and operator != "eq"):
            raise refused("InvalidFilterInQueryString", filter=text)
        value = found[3].replace("''", "'")
        if name not in _TAGS:
            value = normal_location(value) if name == "location" else value.lower()
        clauses.append((name, operator, value))
        rest = rest[found.end() :]
    tags = {name: value for name, _, value in clauses if name in _TAGS}

    def wants(body: Json) -> bool:
        held = (body.get("tags") or {}).items()
        return all(
            (_PROPERTIES[name](body).lower() == value) is (operator == "eq")
            for name, operator, value in clauses
            if name in _PROPERTIES
        ) and (not tags or any(_tag_fits(tags, name, str(value)) for name, value in held))

    return wants


def _tag_fits(asked: Mapping[str, str], name: str, value: str) -> bool:
    """Whether a single tag meets all of a filter's comparisons of tags."""
    return asked.get("tagname", name).lower() == name.lower() and asked.get("tagvalue", value) == value
