"""Checks of single values: formats that several components share."""

import pulumi

from components.arguments.inputs import Check
from core import arm_ids, key_uris

DEPLOYER = "deployer"
"""The identity that runs Pulumi, where object ids are given."""
Tags = pulumi.Input[dict[str, pulumi.Input[str]]]


def resource_id(type: str) -> Check:
    """Checks for an ARM id of a type such as Microsoft.KeyVault/vaults."""

    def check(text: str) -> None:
        arm_ids.resource_id(text, type)

    return check


def key_id(text: str) -> None:
    """The ARM id of a key in a vault or managed HSM, without a version. Raises MalformedError."""
    if "://" in text:
        raise arm_ids.MalformedError(
            f"{text!r} is a URI; expected the key's ARM id, which tells its subscription, too: the id of its "
            "vault or managed HSM (az keyvault show --name VAULT --query id, or --hsm-name HSM) and /keys/KEY"
        )
    arm_ids.key_id(text)


def key_version(text: str) -> None:
    """A version of a key in Key Vault."""
    key_uris.version(text)


def guid(text: str) -> None:
    """An object id or a tenant id."""
    if not arm_ids.is_guid(text):
        raise ValueError(f"{text!r} is not a GUID such as 00000000-0000-0000-0000-000000000000")


def principal(text: str) -> None:
    """An application, group or person: an object id, or DEPLOYER."""
    if text != DEPLOYER and not arm_ids.is_guid(text):
        raise ValueError(f"{text!r} is neither an object id nor {DEPLOYER!r}")
