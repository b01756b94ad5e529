"""Checks of single values: formats that several components share."""

import shlex
from contextlib import suppress
from uuid import UUID

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
        words = f"{text!r} is not a GUID such as 00000000-0000-0000-0000-000000000000"
        raise arm_ids.MalformedError(words, _guid_in(text))


def principal(text: str) -> None:
    """An application, group or person: an object id, or DEPLOYER."""
    if text != DEPLOYER and not arm_ids.is_guid(text):
        words = f"{text!r} is neither an object id nor {DEPLOYER!r}"
        if "@" in text:
            words += (
                f"; run `az ad user show --id {shlex.quote(text)} --query id --output tsv`, which prints it"
            )
        raise arm_ids.MalformedError(words, _guid_in(text))


def _guid_in(text: str) -> str | None:
    """The GUID that a text is in another spelling, such as in braces; None for any other text."""
    with suppress(ValueError):
        return str(UUID(text.strip()))
    return None
