"""Checks of single values: formats that several components share."""

import pulumi

from components.arguments.inputs import Check
from core import arm_ids
from core.service.desired import DEPLOYER

Tags = pulumi.Input[dict[str, pulumi.Input[str]]]


def resource_id(type: str) -> Check:
    """Checks for an ARM id of a type such as Microsoft.KeyVault/vaults."""

    def check(text: str) -> None:
        arm_ids.resource_id(text, type)

    return check


def guid(text: str) -> None:
    """An object id or a tenant id."""
    if not arm_ids.is_guid(text):
        raise ValueError(f"{text!r} is not a GUID such as 00000000-0000-0000-0000-000000000000")


def principal(text: str) -> None:
    """An application, group or person: an object id, or DEPLOYER."""
    if text != DEPLOYER and not arm_ids.is_guid(text):
        raise ValueError(f"{text!r} is neither an object id nor {DEPLOYER!r}")
