"""What a row of the table of resource types says.

Property names and types are not in a row: `schema.json` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from localazure.standin.paths import field_names


class AutoName(StrEnum):
    """How a resource gets a name when the program gives none."""

    RANDOM = "random"
    """The logical name and eight random hex digits: resources that stand by themselves."""
    COPY = "copy"
    """The logical name: resources inside another, whose names need not be unique in the world."""
    UUID = "uuid"
    """A random UUID: where ARM takes nothing else."""


@dataclass(frozen=True)
class Rule:
    """What the specification says about the text of one input."""

    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ResourceType:
    """A resource type of azure-native.

    `path` names its fields as the inputs are named. `required` are inputs the specification requires and
    the SDK leaves open, because Check fills them in. `force_new` are body properties that replace the
    resource when they change; path fields always do. `flat_inputs` and `flat_outputs` say whether the
    properties inside ARM's `properties` stand beside `location` in the program; `inner` are those that do
    so though their name is one of ARM's outer ones. `renames` are properties that ARM spells differently.
    `sub_resources` are arrays that other resources also write; `keyed` are arrays whose elements are
    identified by some of their properties, not by their position.
    """

    module: str
    name: str
    path: str
    api_version: str
    name_input: str
    auto_name: AutoName = AutoName.RANDOM
    required: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    force_new: frozenset[str] = frozenset()
    flat_inputs: bool = False
    flat_outputs: bool = False
    inner: frozenset[str] = frozenset()
    renames: Mapping[str, str] = field(default_factory=dict)
    sub_resources: tuple[tuple[str, ...], ...] = ()
    keyed: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    put_is_long: bool = False
    delete_is_long: bool = False

    @property
    def token(self) -> str:
        return f"azure-native:{self.module}:{self.name}"

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The inputs that make up the id."""
        return field_names(self.path)

    @property
    def replaces(self) -> frozenset[str]:
        return self.force_new | frozenset(self.path_fields)


OUTER: Final = frozenset(
    {"id", "name", "type", "location", "tags", "etag", "kind", "sku", "identity", "systemData", "managedBy"}
    | {"extendedLocation", "zones", "plan"}
)
"""The properties that ARM keeps outside `properties`."""

GROUP: Final = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
VAULT: Final = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}"
GROUP_NAME: Final = Rule(1, 90)
VAULT_NAME: Final = Rule(pattern=r"^[a-zA-Z0-9-]{3,24}$")
