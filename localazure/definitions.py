"""The published definitions of bodies (definitions.json).

`python -m tests.localazure.definitions` distils them.

Owns: which properties a type has in an api-version, of which type, with which values, which it needs, and
which Azure alone sets. Does not own: the words in which a service refuses a body, and what its values mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from localazure import facts
from localazure.behaviour import Behaviour
from localazure.web import Json, Request, ServiceError

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "object": (dict, "an object"),
    "list": (list, "a list"),
    "text": (str, "a text"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
}


@dataclass(frozen=True)
class Fault:
    """A fault in a body: its place (`properties.sku.name`), and the expected value. `unreadable`: the value
    has another type."""

    path: str
    expected: str
    unreadable: bool = False


@dataclass(frozen=True)
class Reading:
    """How a body is read: by an api-version, or by the newest one (empty). `unlisted`: an enumeration that
    the definition leaves open takes values that it does not list (`open_values`)."""

    version: str = ""
    unlisted: bool = False


def reading(behaviour: Behaviour, request: Request) -> Reading:
    """How a request's body is read."""
    return Reading(request.api_version, behaviour.open_values == "taken")


@dataclass(frozen=True)
class _Node:
    """One property with those below it; `*` stands for every item of a list, or value of an object.

    Api-versions up to `after` do not have it; empty where none is known that lacks it.
    """

    type: str = "object"
    required: bool = False
    read: bool = False
    values: tuple[str, ...] = ()
    open: bool = False
    after: str = ""
    below: dict[str, _Node] = field(default_factory=dict)

    @cached_property
    def newest(self) -> str:
        """The newest `after` of all below; a later version has everything."""
        return max((text for one in self.below.values() for text in (one.after, one.newest)), default="")

    def lacked_by(self, version: str) -> bool:
        return bool(version) and version <= self.after


_ANY = _Node("any")


def refuse_unreadable(found: list[Fault]) -> None:
    """Raises ARM's 400 that names every value of another type. Azure's text names types of .NET; ours says
    what would be right."""
    if told := "; ".join(f"'{one.path}' should be {one.expected}" for one in found if one.unreadable):
        message = f"The request content was invalid and could not be deserialized: {told}."
        raise ServiceError(400, "InvalidRequestContent", message, gateway=True)


def an_object(value: Json, name: str) -> dict[str, Any]:
    """The object that a property is; an empty one where it is absent. Raises ServiceError 400."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        refuse_unreadable([Fault(name, "an object", unreadable=True)])
    return dict(value)


def require_tags(tags: Json) -> None:
    """Raises ServiceError 400 for tags that are not names with texts; a number or null may stand for one."""
    if any(isinstance(value, (dict, list)) for value in an_object(tags, "tags").values()):
        refuse_unreadable([Fault("tags", "an object of texts", unreadable=True)])


def require(
    type: str, body: Json, refusal: Callable[[Fault], ServiceError], asked: Reading = Reading()
) -> None:
    """Raises ServiceError 400 for a body that the type cannot have: ARM's own if it cannot be read, otherwise
    the service's `refusal` of the first fault."""
    found = faults(type, body, asked)
    refuse_unreadable(found)
    if found:
        raise refusal(found[0])


def wrong(fault: Fault) -> ServiceError:
    """The refusal of a service of which no words are known (code and text assumed)."""
    return ServiceError(400, "BadRequest", f"{fault.path} must be {fault.expected}.")


def faults(type: str, body: Json, asked: Reading = Reading()) -> list[Fault]:
    """Every fault of a body; none for a type that is not among the definitions."""
    return list(_faults(_definitions().get(type, _Node()), body, "", asked))


def has(type: str, name: str) -> bool:
    """Whether a type has a property of this name beside `properties`."""
    return name in _definitions()[type].below


def settable(type: str, sent: Json) -> dict[str, Any]:
    """Those of the sent properties that a caller may set; null counts as not sent."""
    known = _definitions()[type].below["properties"].below
    return {
        name: value
        for name, value in sent.items()
        if value is not None and name in known and not known[name].read
    }


def of_version(type: str, body: Json, version: str) -> Json:
    """A body, sent or answered, without the properties that the type has only in later api-versions."""
    node = _definitions().get(type)
    return _of_version(node, body, version) if node and version else body


def _of_version(node: _Node, value: Json, version: str) -> Json:
    if version > node.newest:
        return value
    if isinstance(value, list) and "*" in node.below:
        return [_of_version(node.below["*"], item, version) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, item in value.items():
        child = node.below.get(name) or node.below.get("*", _ANY)
        if version > child.after:
            kept[name] = _of_version(child, item, version) if child.below else item
    return kept


def later(type: str, version: str) -> set[str]:
    """The names of the properties that a type has only in later api-versions."""
    known = _definitions()[type].below["properties"].below
    return {name for name, node in known.items() if node.lacked_by(version)}


def completed(type: str, given: Json) -> dict[str, Any]:
    """Properties with the defaults that Azure shows for unset ones (defaults.json); null counts as unset."""
    found = deepcopy(defaults()[type])
    for name, value in given.items():
        inner = found.get(name)
        if isinstance(inner, dict) and isinstance(value, dict):
            found[name] = {**inner, **value}
        elif value is not None:
            found[name] = value
    return found


def _faults(node: _Node, value: Json, path: str, asked: Reading) -> Iterator[Fault]:
    expected, told = _TYPES.get(node.type, (object, ""))
    if node.read or (value is None and path):
        return
    is_flag = isinstance(value, bool) and node.type in ("integer", "number")
    if not isinstance(value, expected) or is_flag:
        yield Fault(path or "the request content", told, unreadable=True)
    elif node.values and str(value).lower() not in {known.lower() for known in node.values}:
        if not (node.open and asked.unlisted):
            yield Fault(path, " or ".join(f"'{known}'" for known in node.values))
    elif node.below:
        yield from _below(node, value, f"{path}." if path else "", asked)


def _below(node: _Node, value: Json, path: str, asked: Reading) -> Iterator[Fault]:
    every = node.below.get("*")
    items = value.items() if isinstance(value, dict) else ((str(n), one) for n, one in enumerate(value))
    for name, item in items:
        if item is None and isinstance(value, list):
            yield Fault(f"{path}{name}", "there", unreadable=True)
        elif child := node.below.get(name) or every:
            yield from _faults(child, item, f"{path}{name}", asked)
    for name, child in node.below.items():
        if child.required and value.get(name) is None and not child.lacked_by(asked.version):
            yield Fault(f"{path}{name}", "there")


@cache
def defaults() -> dict[str, dict[str, Json]]:
    """The values that a type shows for properties that nobody set (defaults.json)."""
    found: dict[str, dict[str, Json]] = facts.read("defaults.json")["defaults"]
    return found


@cache
def _definitions() -> dict[str, _Node]:
    types: dict[str, dict[str, Json]] = facts.read("definitions.json")["types"]
    return {type: _tree(type, rows) for type, rows in types.items()}


def _tree(type: str, rows: dict[str, Json]) -> _Node:
    """A property with a default is not needed, whatever the definition says."""
    root, usual = _Node(), defaults().get(type, {})
    for path, row in rows.items():
        *above, name = path.split(".")
        node = root
        for part in above:
            node = node.below.setdefault(part, _Node())
        needed = row.get("required", False) and not (above == ["properties"] and usual.get(name) is not None)
        node.below[name] = _Node(**{**row, "values": tuple(row.get("values", ())), "required": needed})
    return root
