"""Conditions of role assignments, as far as they limit which role assignments somebody may write and delete.

Source: learn.microsoft.com/azure/role-based-access-control/conditions-format and
delegate-role-assignments-examples. An attribute that a request lacks has no value, and every comparison with
it is false.
"""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

Attributes = Mapping[str, AbstractSet[str]]
"""The values of a request's attributes, lower case, by name: `Request[…roleAssignments:RoleDefinitionId]`."""

_TOKEN = re.compile(
    r"\s*(?:(?P<mark>\(|\)|!|&&|\|\||AND\b|OR\b|NOT\b)"
    r"|ActionMatches\s*\{\s*'(?P<action>[^']+)'\s*\}"
    r"|@(?P<attribute>\w+\[[^\]]+\])\s+(?P<operator>[\w:]+)\s*\{(?P<values>[^}]*)\})"
)
_WORDS = {"AND": "&&", "OR": "||", "NOT": "!"}
_OPERATORS: Mapping[str, Callable[[AbstractSet[str], AbstractSet[str]], bool]] = {
    "ForAnyOfAnyValues:GuidEquals": lambda found, listed: bool(found & listed),
    "ForAnyOfAnyValues:StringEqualsIgnoreCase": lambda found, listed: bool(found & listed),
    "ForAnyOfAllValues:GuidNotEquals": lambda found, listed: bool(found - listed),
}


class NotUnderstoodError(Exception):
    """A condition that is not about role assignments, or is none."""


def holds(condition: str, action: str, attributes: Attributes) -> bool:
    """Whether a condition allows an action. Raises NotUnderstoodError."""
    tokens = _tokens(condition)

    def joined(mark: str, part: Callable[[], bool]) -> list[bool]:
        found = [part()]
        while tokens and tokens[0] == mark:
            tokens.pop(0)
            found.append(part())
        return found

    def any_of() -> bool:
        return any(joined("||", lambda: all(joined("&&", one))))

    def one() -> bool:
        if not tokens:
            raise NotUnderstoodError(f"the condition ends too early: {condition}")
        first = tokens.pop(0)
        if isinstance(first, re.Match):
            return _compare(first, action, attributes)
        if first == "!":
            return not one()
        if first != "(":
            raise NotUnderstoodError(f"{first!r} is out of place: {condition}")
        found = any_of()
        if not tokens or tokens.pop(0) != ")":
            raise NotUnderstoodError(f"a parenthesis is not closed: {condition}")
        return found

    found = any_of()
    if tokens:
        raise NotUnderstoodError(f"{tokens[0]!r} is out of place: {condition}")
    return found


def _tokens(condition: str) -> list[str | re.Match[str]]:
    found: list[str | re.Match[str]] = []
    position, text = 0, condition.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or (match["operator"] and match["operator"] not in _OPERATORS):
            raise NotUnderstoodError(f"not understood here: {text[position:]}")
        mark = match["mark"]
        found.append(_WORDS.get(mark, mark) if mark else match)
        position = match.end()
    return found


def _compare(said: re.Match[str], action: str, attributes: Attributes) -> bool:
    if pattern := said["action"]:
        return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) is not None
    listed = {one.strip().strip("'").lower() for one in said["values"].split(",")}
    return _OPERATORS[said["operator"]](attributes.get(said["attribute"], frozenset()), listed)
