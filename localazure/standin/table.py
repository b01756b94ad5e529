"""The resource types that the stand-in has: one row each in `resource_types.json`, with their source.

`schema.json` has the names and types of all properties; a row has the further facts of its type.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from localazure import facts
from localazure.standin.paths import field_names
from localazure.standin.schema import Shape, shape_of
from localazure.standin.values import RefusedError

FACTS: Final = facts.read("standin/resource_types.json")


@dataclass(frozen=True)
class Rule:
    """The specification's limits on the text of one input."""

    shortest: int = 0
    longest: int | None = None
    pattern: str = ""


_RULES: Final = {name: Rule(**rule) for name, rule in FACTS["rules"].items()}
"""The limits that these inputs have in every type."""


@dataclass(frozen=True)
class ResourceType:
    """A resource type of azure-native.

    `path` names its fields as the inputs are named; the last one is the name. One that the program does not
    name gets a name by `auto_name`: `random` (its logical name and eight hex digits), `copy` (its logical
    name: what is inside another resource) or `uuid`. `required` are inputs the specification requires and
    the SDK leaves open, because Check fills them in. `force_new` are body properties that replace the
    resource when they change; path fields always do. `inner` are those inside ARM's `properties` though
    their name is one of ARM's outer ones. `renames` are properties that ARM spells differently. `shared` is
    the place of an array that other resources also write, and `keyed` are the properties that identify its
    elements, whatever their order. `later_defaults` are defaults that differ from an API version on.
    """

    token: str
    path: str
    api_version: str
    auto_name: str = "random"
    required: tuple[str, ...] = ()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    force_new: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    keyed: tuple[str, ...] = ()
    later_defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    put_is_long: bool = False
    delete_is_long: bool = False

    def default(self, path: Sequence[str | int], declared: Any) -> Any:
        """What the specification of this version says that an absent property means; `declared` is what that
        of the default version says."""
        dotted = ".".join(map(str, path))
        for since, defaults in self.later_defaults.items():
            if self.api_version >= since:
                declared = defaults.get(dotted, declared)
        return declared

    @property
    def shape(self) -> Shape:
        return shape_of(self.token)

    @property
    def module(self) -> str:
        return self.token.split(":")[1]

    @property
    def name(self) -> str:
        return self.token.split(":")[2]

    @property
    def path_fields(self) -> tuple[str, ...]:
        return field_names(self.path)

    @property
    def name_input(self) -> str:
        """The input that is the resource's name; empty where it has none of its own."""
        return "" if "." in self.path_fields[-1] else self.path_fields[-1]

    def rule(self, name: str) -> Rule:
        return Rule(**self.rules[name]) if name in self.rules else _RULES.get(name, Rule())


def _row(token: str, row: Mapping[str, Any]) -> ResourceType:
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    return ResourceType(token, **given)


ROWS: Final = tuple(_row(token, row) for token, row in FACTS["types"].items())
BY_TOKEN: Final = {row.token.lower(): row for row in ROWS}
GROUP, VAULT, ACCOUNT = (
    BY_TOKEN[f"azure-native:{name}"].path
    for name in ("resources:resourcegroup", "keyvault:vault", "cognitiveservices:account")
)


def unpinned(token: str) -> tuple[str, str]:
    """A token without the API version that it pins (`keyvault/v20260201:Vault`), and that version, or "". The
    plugin knows each version of a type or function by such a token."""
    match = re.search(r"/v(\d{4})(\d{2})(\d{2})([a-z]*):", token)
    if match is None:
        return token, ""
    year, month, day, label = match.groups()
    version = f"{year}-{month}-{day}" + (f"-{label}" if label else "")
    return token.replace(match[0], ":"), version


def resource_type(token: str) -> ResourceType:
    """The row of a type token, with the API version that the token pins.

    Raises RefusedError for a type without a row, and for a version of one that has none: the plugin's own
    code for it knows one.
    """
    plain, version = unpinned(token)
    row = BY_TOKEN.get(plain.lower())
    if row is not None and version:
        row = replace(row, api_version=version) if row.api_version else None
    if row is None:
        known = ", ".join(sorted(item.token for item in ROWS))
        raise RefusedError(
            f"resource type '{token}' is not known to the local azure-native; it knows {known}. "
            "Deploy to Azure with the real azure-native plugin to use any other type"
        )
    return row
