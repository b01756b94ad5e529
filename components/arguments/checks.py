"""Checks of single values: formats that several components share."""

from collections import Counter
from collections.abc import Mapping

import pulumi

from components.arguments.inputs import Check
from core import arm_ids, key_uris

DEPLOYER = "deployer"
"""The identity that runs Pulumi, where object ids are given."""
Tags = pulumi.Input[dict[str, pulumi.Input[str]]]
_MOST_TAGS, _LONGEST_TAG_NAME, _LONGEST_TAG, _FORBIDDEN_IN_TAGS = 50, 512, 256, "<>%&\\?/"


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


def tags(given: Mapping[str, str]) -> None:
    """Azure's limits on tags (learn.microsoft.com/azure/azure-resource-manager/management/tag-resources).
    Raises ValueError with everything that Azure would refuse."""
    problems = []
    if len(given) > _MOST_TAGS:
        problems.append(f"{len(given)} tags, Azure allows {_MOST_TAGS}")
    for name, value in given.items():
        if not 1 <= len(name) <= _LONGEST_TAG_NAME:
            problems.append(f"tag name of {len(name)} characters, Azure allows 1 to {_LONGEST_TAG_NAME}")
        if any(character in _FORBIDDEN_IN_TAGS for character in name):
            problems.append(f"tag name {name!r} holds one of {_FORBIDDEN_IN_TAGS}")
        if len(value) > _LONGEST_TAG:
            problems.append(f"tag {name!r} has {len(value)} characters, Azure allows {_LONGEST_TAG}")
    same = [name for name, count in Counter(name.lower() for name in given).items() if count > 1]
    problems += [f"tag name {name!r} appears twice, Azure does not tell case apart" for name in same]
    if problems:
        raise ValueError("; ".join(problems))
