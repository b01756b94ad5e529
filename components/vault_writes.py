"""Writes to one vault, in turn.

Azure refuses a write to a vault during another one with `409 ConflictError` (pulumi/pulumi-azure-native#1013,
hashicorp/terraform-provider-azurerm#15127), and azure-native does not retry. Keys and access policies are
such writes, also those of services that share a vault.

A vault is known by the resource that makes it or by its ARM id. Parts that are composed one by one know it
only as an output, and are ordered by what they take from each other.
"""

from collections.abc import Callable
from typing import Any, Self, TypeVar

import pulumi
from pulumi.runtime import get_root_resource

from components.component import ChildOptions
from components.references import VaultReference

R = TypeVar("R", bound=pulumi.Resource)


class VaultWrites:
    """The writes of those who share it."""

    def __init__(self) -> None:
        self._last: dict[object, pulumi.Resource] = {}

    @classmethod
    def of_program(cls) -> Self:
        """Those of the program that runs, which its root resource holds, so that services that are composed
        one by one share them. A component in another language has its own: its process knows no root."""
        root = get_root_resource()
        found: Self = vars(root).setdefault("vault_writes", cls()) if root else cls()
        return found

    def in_turn(self, vault: VaultReference, options: ChildOptions, make: Callable[[ChildOptions], R]) -> R:
        """Makes a resource whose creation writes to the vault, after those that were made so before it."""
        which = _identity(vault)
        earlier = self._last.get(which)

        def ordered(**more: Any) -> pulumi.ResourceOptions:
            after = [*(more.pop("depends_on", None) or ()), *([earlier] if earlier else ())]
            return options(**more, **({"depends_on": after} if after else {}))

        made = make(ordered)
        self._last[which] = made
        return made


def _identity(vault: VaultReference) -> object:
    maker = vault.resource or vault.maker
    if maker is not None:
        return id(maker)
    return vault.id.lower() if isinstance(vault.id, str) else id(vault)
