"""Writes to one vault, in turn.

Azure refuses a write to a vault during another one with `409 ConflictError` (pulumi/pulumi-azure-native#1013,
hashicorp/terraform-provider-azurerm#15127), and azure-native does not retry. Keys and access policies are
such writes, also those of services that share a vault.

The resource that makes a vault, or its ARM id, tells which vault is meant. Parts that are composed one by one
know only an output of it; the engine orders them by the outputs that they take from each other.
"""

from typing import Any, TypeVar

import pulumi
from pulumi.runtime import get_root_resource

from components.declared import Declaration, Declare, Made
from components.resources.references import VaultReference

T = TypeVar("T")


def in_turn(vault: VaultReference, declare: Declare, declared: Declaration, **options: Any) -> Made:
    """Makes a resource whose creation writes to the vault, after those that were declared before it."""
    last: list[pulumi.Resource] = of_vault(vault, "writes", vault.writes)
    after = [*(options.pop("depends_on", None) or ()), *last]
    made = declare(declared, **options, **({"depends_on": after} if after else {}))
    last[:] = made.resources or last
    return made


def of_vault(vault: VaultReference, what: str, own: T) -> T:
    """What the parts of the running program share about a vault, such as the last writes to it: its root
    resource holds that, at first as in `own`. For a program in another language, a component knows its own
    alone, without a root."""
    root, which = get_root_resource(), vault.id.lower() if isinstance(vault.id, str) else None
    if vault.made_by:
        which = str(id(vault.made_by[0]))
    if root is None or which is None:
        return own
    found: T = vars(root).setdefault(f"language-cmk {what}", {}).setdefault(which, own)
    return found
