"""Writes to one vault, in turn.

Azure refuses a write to a vault during another one with `409 ConflictError` (pulumi/pulumi-azure-native#1013,
hashicorp/terraform-provider-azurerm#15127), and azure-native does not retry. Keys and access policies are
such writes, also those of services that share a vault.

The resource that makes a vault, or its ARM id, tells which vault is meant. Parts that are composed one by one
know only an output of it; the engine orders them by what they take from each other.
"""

from typing import Any

import pulumi

from components.declared import Declaration, Declare, Made
from components.references import VaultReference


class VaultWrites:
    """Orders the writes of all who share this object; all services of a program share one (program.py)."""

    def __init__(self) -> None:
        self._last: dict[object, list[pulumi.Resource]] = {}

    def in_turn(self, vault: VaultReference, declare: Declare, declared: Declaration, **options: Any) -> Made:
        """Makes a resource whose creation writes to the vault, after those that were made so before it."""
        which = _identity(vault)
        after = [*(options.pop("depends_on", None) or ()), *self._last.get(which, ())]
        made = declare(declared, **options, **({"depends_on": after} if after else {}))
        self._last[which] = made.resources
        return made


def _identity(vault: VaultReference) -> object:
    maker = vault.resource or vault.maker
    if maker is not None:
        return id(maker)
    return vault.id.lower() if isinstance(vault.id, str) else id(vault)
