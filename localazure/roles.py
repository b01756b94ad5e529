"""The built-in roles of Azure RBAC that this cloud knows, and how a role's actions are matched.

Does not own: their list (roles.json, with its source), and the assignments.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from localazure import facts

_WORDS = ("actions", "notActions", "dataActions", "notDataActions")


@dataclass(frozen=True)
class Role:
    """A role definition; actions may hold `*`, which stands for any text, slashes included."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        return _any(self.actions, action) and not _any(self.not_actions, action)

    def allows_data(self, action: str) -> bool:
        return _any(self.data_actions, action) and not _any(self.not_data_actions, action)

    @property
    def custom(self) -> bool:
        return self.id not in BY_ID


def role_from(body: Mapping[str, Any]) -> Role:
    """A role from ARM's body of its definition."""
    properties = body["properties"]
    (block,) = properties["permissions"]
    description = properties.get("description") or ""
    return Role(body["name"], properties["roleName"], description, *actions_of(block))


def actions_of(block: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The four kinds of actions of a block of permissions, in the order of a role's."""
    return (tuple(block.get(word) or ()) for word in _WORDS)


def permission_of(role: Role) -> dict[str, list[str]]:
    """What a role allows, as ARM tells it."""
    given = (role.actions, role.not_actions, role.data_actions, role.not_data_actions)
    return {word: list(actions) for word, actions in zip(_WORDS, given, strict=True)}


_FACTS = facts.read("roles.json")
DATES: Mapping[str, str | None] = _FACTS["dates"]
"""When each role was made and changed, by whom."""
ROLES = tuple(role_from(body) for body in _FACTS["roles"])
BY_ID: Mapping[str, Role] = {role.id: role for role in ROLES}
BY_NAME: Mapping[str, Role] = {role.name: role for role in ROLES}


def _any(patterns: tuple[str, ...], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@cache
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in action.split("*")), re.IGNORECASE)
