"""Arguments of a service that are wrong, and what is said about each: the same words for a stack's settings,
a Python program, a YAML program and the component package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers"
VAULT_ID = f"{_GROUP}/Microsoft.KeyVault/vaults/kv-hub"
WORKSPACE_ID = f"{_GROUP}/Microsoft.OperationalInsights/workspaces/log-hub"

WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "free tier with a customer's key": (
        {"sku": "F0"},
        (
            "sku: found 'F0', which does not support customer-managed keys; use 'S', or set encryption: "
            "microsoftManaged"
        ),
    ),
    "everyone's address range": (
        {"network": {"access": "selected", "allowedIpRanges": ["0.0.0.0/0"]}},
        (
            "network.allowedIpRanges[0]: '0.0.0.0/0' is every address; to allow everyone, remove "
            "allowedIpRanges, and set network.access: open"
        ),
    ),
    "rotation after expiry": (
        {"key": {"expiresAfterDays": 100, "rotatesAfterDays": 90}},
        (
            "key.rotatesAfterDays: found 90, with expiry after 100 days; expected at most 70: an expired "
            "version still opens the data, but wraps nothing new and cannot be bound, and it takes a "
            "`pulumi up` to bind the next one"
        ),
    ),
    "unknown region": (
        {"location": "west-europe"},
        "location: 'west-europe' is not an Azure region, such as 'westeurope'",
    ),
    "a pin that is no version": (
        {"key": {"pin": "latest"}},
        "key.pin: 'latest' is not a key version; expected 32 hexadecimal digits",
    ),
    "a pin of an account that follows its key": (
        {"kind": "AIServices", "key": {"pin": "0" * 32, "version": "automatic"}},
        "key.pin: names a version to stay on, but found version: automatic; remove one of them",
    ),
    "a kind that does not follow its key": (
        {"key": {"version": "automatic"}},
        (
            "key.version: found 'automatic', but accounts of kind TextAnalytics do not follow a key by "
            "themselves; expected 'pinned'"
        ),
    ),
    "unknown tier": ({"sku": "S1"}, "sku: found 'S1', expected 'S' or 'F0' for kind TextAnalytics"),
    "unknown word": (
        {"network": {"access": "opn"}},
        "network.access: found 'opn', expected 'closed', 'selected', 'open' or 'private'",
    ),
    "unknown part to keep as found": (
        {"asFound": ["colour"]},
        "asFound[0]: found 'colour', expected 'access', 'identity', 'network', 'tags' or 'vault'",
    ),
    "networks that nothing opens": (
        {"network": {"allowedIpRanges": ["8.8.8.8"]}},
        "network.access: found 'closed', but networks are listed; expected 'selected'",
    ),
    "selected without networks": (
        {"network": {"access": "selected"}},
        "network.access: 'selected' needs allowedIpRanges or allowedSubnetIds",
    ),
    "a subnet that nothing uses": (
        {"network": {"subnetId": f"{_GROUP}/Microsoft.Network/virtualNetworks/v/subnets/s"}},
        "network.access: found 'closed', but a subnet or DNS zones are given; expected 'private'",
    ),
    "private without a subnet": (
        {"network": {"access": "private"}},
        "network.subnetId: is required with access: private",
    ),
    "bad account name": (
        {"accountName": "Lang_Claims"},
        (
            "accountName: account name 'Lang_Claims' is not allowed: lower-case letters, digits and "
            "hyphens, no hyphen at either end, because it is the endpoint's subdomain too"
        ),
    ),
    "bad vault name": (
        {"vault": {"name": "kv--claims"}},
        (
            "vault.name: key vault name 'kv--claims' is not allowed: letters, digits and single hyphens, "
            "a letter first, no hyphen at the end"
        ),
    ),
    "a template of a bad name": (
        {"identity": "userAssigned", "names": {"identity": "{service}."}},
        (
            "names.identity: identity name 'claims.' is not allowed: letters, digits, hyphens and "
            "underscores, a letter or digit first; shorten the template, or the service's name"
        ),
    ),
    "bad vault id": (
        {"vault": {"id": "kv-hub"}},
        (
            "vault.id: 'kv-hub' is not the ARM id of a Microsoft.KeyVault/vaults; expected /subscriptions/"
            "SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/NAME"
        ),
    ),
    "a customer's key of a global account": (
        {"kind": "TextTranslation", "location": "global"},
        (
            "location: found 'global', but an account that is global can have no customer's key; give a "
            "region, such as westeurope, or set encryption: microsoftManaged"
        ),
    ),
    "a vault that is both made and existing": (
        {"vault": {"id": VAULT_ID, "name": "kv-own"}},
        "vault.name: is for a vault made here, but id names one that exists; remove one of them",
    ),
    "the tier of a vault that exists": (
        {"vault": {"id": VAULT_ID, "sku": "premium"}},
        "vault.sku: is for a vault made here, but id names one that exists; remove one of them",
    ),
    "a hardware key in a standard vault": (
        {"key": {"type": "RSA-HSM"}},
        (
            "vault.sku: found 'standard', but key.type is RSA-HSM, which only a vault of tier premium has; "
            "set vault.sku: premium"
        ),
    ),
    "a key of no size": ({"key": {"size": 1024}}, "key.size: found 1024, expected 2048, 3072, 4096"),
    "a key that is too large for the kind": (
        {"key": {"size": 4096}},
        "key.size: found 4096, expected 2048 for an account of kind TextAnalytics",
    ),
    "settings of a key that exists": (
        {"key": {"id": f"{VAULT_ID}/keys/own", "rotatesAfterDays": 90}},
        "key.rotatesAfterDays: is for a key made here, but id names one that exists; remove one of them",
    ),
    "a key without a customer's key": (
        {"encryption": "microsoftManaged", "key": {"generation": 1}},
        (
            "key: is for a customer-managed key, but found encryption: microsoftManaged; remove one of them "
            "or, for an account that is to leave its key, keep both and set unbindAccount to its name"
        ),
    ),
    "an operator that is nobody": (
        {"vault": {"keyOperators": ["me"]}},
        "vault.keyOperators[0]: 'me' is neither an object id nor 'deployer'",
    ),
    "negative generation": ({"key": {"generation": -1}}, "key.generation: found -1, expected at least 0"),
    "expiry within days": (
        {"key": {"expiresAfterDays": 5}},
        "key.expiresAfterDays: found 5, expected at least 37",
    ),
    "two workspaces": (
        {"audit": {"newWorkspace": True, "workspaceId": WORKSPACE_ID}},
        "audit.newWorkspace: found true, but workspaceId names one that exists; remove one of them",
    ),
    "two resource groups": (
        {"resourceGroupName": "rg-own", "existingResourceGroupName": "rg-shared"},
        (
            "resourceGroupName: is for a group made here, but existingResourceGroupName is given, too; "
            "remove one of them"
        ),
    ),
}
"""Arguments in the words of the package's schema, beside a right location, and the problem."""


def snake_case(args: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as a Python program has them."""
    return {
        re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name): value
        if name == "tags"
        else _snake_case_within(value)
        for name, value in args.items()
    }


def _snake_case_within(value: Any) -> Any:
    if isinstance(value, list):
        return [_snake_case_within(one) for one in value]
    return snake_case(value) if isinstance(value, Mapping) else value
