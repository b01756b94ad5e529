"""Writes to one vault, in turn.

Azure refuses a write to a vault during another one with `409 ConflictError` (pulumi/pulumi-azure-native#1013,
hashicorp/terraform-provider-azurerm#15127), and azure-native does not retry. Keys and access policies are
such writes, also those of services that share a vault.

A vault is known by the resource that makes it or by its ARM id. Parts that are composed one by one know it
only as an output, and are ordered by what they take from each other.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import settings

from components.component import ChildOptions
from components.references import VaultReference

R = TypeVar("R", bound=pulumi.Resource)

# The last writer of each vault, by the engine's run: a process may serve a preview and then an update.
_last: WeakKeyDictionary[Any, dict[object, pulumi.Resource]] = WeakKeyDictionary()


def in_turn(vault: VaultReference, options: ChildOptions, make: Callable[[ChildOptions], R]) -> R:
    """Makes a resource whose creation writes to the vault, after those that were made so before it."""
    writers = _last.setdefault(settings.get_monitor(), {})
    which = _identity(vault)
    earlier = writers.get(which)

    def ordered(**more: Any) -> pulumi.ResourceOptions:
        after = [*(more.pop("depends_on", None) or ()), *([earlier] if earlier else ())]
        return options(**more, **({"depends_on": after} if after else {}))

    made = make(ordered)
    writers[which] = made
    return made


def _identity(vault: VaultReference) -> object:
    maker = vault.resource or vault.maker
    if maker is not None:
        return id(maker)
    return vault.id.lower() if isinstance(vault.id, str) else id(vault)
