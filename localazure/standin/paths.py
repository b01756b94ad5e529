"""ARM ids from inputs, and inputs from ARM ids."""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from localazure.standin.values import UNKNOWN, RefusedError, Value

WHOLE_IDS = frozenset({"scope", "resourceUri", "parentResourcePath", "resourceType"})
"""Fields that are ids themselves, or parts of one: their slashes are kept."""
_MAY_BE_EMPTY = "parentResourcePath"
"""A generic resource without another above it has none (that its id then has no empty part is assumed)."""


def field_names(template: str) -> tuple[str, ...]:
    """The inputs that a path template takes; the subscription is the provider instance's."""
    return tuple(name for name in re.findall(r"\{([\w.]+)\}", template) if name != "subscriptionId")


def fill(template: str, inputs: Mapping[str, Value], subscription: str) -> str:
    """The id that a path template and inputs make; RefusedError names a field that has no value."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        found: Value = subscription if name == "subscriptionId" else inputs
        if found is inputs:
            for part in name.split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
        if found is None or found is UNKNOWN or (found == "" and name != _MAY_BE_EMPTY):
            raise RefusedError(f"cannot make the id '{template}': '{name}' has no value")
        return str(found).strip("/") if name in WHOLE_IDS else quote(str(found), safe="")

    return re.sub(r"\{([\w.]+)\}", value, template).replace("//", "/")


def fields(template: str, id: str) -> dict[str, str]:
    """The path fields of an id, `subscriptionId` among them.

    Raises RefusedError if the id is not of the template's form; ids are compared without case, as ARM does.
    """
    texts_and_names = re.split(r"\{([\w.]+)\}", template)
    texts, names = texts_and_names[::2], texts_and_names[1::2]
    pattern = re.escape(texts[0])
    for name, text_after in zip(names, texts[1:], strict=True):
        field = ".+" if name in WHOLE_IDS else "[^/]+"
        pattern += f"({field}){re.escape(text_after)}"
    match = re.fullmatch(pattern, id, re.IGNORECASE)
    if match is None:
        raise RefusedError(f"'{id}' is not an id of the form '{template}'")
    found = dict(zip(names, match.groups(), strict=True))
    return {name: value if name in WHOLE_IDS else unquote(value) for name, value in found.items()}
