"""What a part declares of azure-native: one loop registers it, and another one asks about it before.

Owns: the declaration and its registration. Does not own: what a service declares (the parts), nor the
questions (planned.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import pulumi

from components.azure_failures import waiting_hooks
from components.component import ChildOptions

T = TypeVar("T")


@dataclass(frozen=True)
class Declaration:
    """One resource: `make` is azure-native's class with `arguments` by their Python names, and `name` the
    logical name.

    `type`, `azure_name` and `at` are its type, its name, and the id of what it is in or at, in Resource
    Manager's words; `at` is "" for what is in the service's group. `argument` is the path of the argument
    that names it, `existing_argument` that of the one that would take an existing one. `recovers`: a
    soft-deleted one comes back.
    """

    make: type[pulumi.CustomResource]
    name: str
    type: str
    azure_name: pulumi.Input[str]
    arguments: Mapping[str, Any]
    argument: str = ""
    existing_argument: str = ""
    at: pulumi.Input[str] = ""
    recovers: bool = False


class Made(NamedTuple):
    """What was declared. `resource` is None where it is only asked about: what is known before it exists is
    plain text then."""

    id: pulumi.Input[str]
    name: pulumi.Input[str]
    resource: Any

    @property
    def resources(self) -> list[pulumi.Resource]:
        """For what comes after it."""
        return [self.resource] if self.resource is not None else []


Declare = Callable[..., Made]
"""Takes a declaration, with further options of its resource: `waits_for_access` is a service and what of it
is tried again while access may not count yet."""


@dataclass(frozen=True)
class Registering:
    """Registers what is declared, under the options of a component's children."""

    options: ChildOptions

    def __call__(
        self, declared: Declaration, *, waits_for_access: tuple[str, str] | None = None, **options: Any
    ) -> Made:
        """The resource."""
        if waits_for_access and (hooks := waiting_hooks(*waits_for_access)):
            options["hooks"] = pulumi.ResourceHookBinding(on_error=[*hooks])
        resource = declared.make(declared.name, **declared.arguments, opts=self.options(**options))
        return Made(resource.id, getattr(resource, "name", declared.azure_name), resource)


def then(value: pulumi.Input[str], follows: Callable[[str], T]) -> pulumi.Input[T]:
    """What follows from a text: at once, if it is known."""
    if isinstance(value, str):
        return follows(value)
    known: pulumi.Output[str] = pulumi.Output.from_input(value)
    return known.apply(follows)
