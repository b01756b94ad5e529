"""Where a service's key is: in a vault made here, in one that exists, or a key that exists itself.

Owns: that choice. Does not own: what a vault or key must be (vault.py, key.py).
"""

from __future__ import annotations

import pulumi

from components import names
from components.component import Component
from components.contract import EncryptedLanguageServiceArgs
from components.key import EncryptionKey, KeyReference
from components.vault import KeyVault, VaultReference


def place_key(
    parent: Component,
    name: str,
    args: EncryptedLanguageServiceArgs,
    *,
    resource_group_name: pulumi.Input[str],
    tenant_id: pulumi.Input[str],
    vault_provider: pulumi.ProviderResource | None,
) -> KeyReference:
    """A service's key, with the vault and key that are not there yet made as children of `parent`.

    `vault_provider` serves the subscription of an existing vault, if that is another one.
    """
    wanted = args.get("key") or {}
    if existing := wanted.get("id"):
        return KeyReference(existing, _existing(existing.rsplit("/keys/", 1)[0], vault_provider))
    if existing := (args.get("vault") or {}).get("id"):
        vault = _existing(existing, vault_provider)
    else:
        vault = _made(parent, name, args, resource_group_name, tenant_id)
    key = EncryptionKey(
        name,
        {
            "vault": vault,
            "key_name": wanted.get("name"),
            "expires_after_days": wanted.get("expires_after_days"),
            "rotates_after_days": wanted.get("rotates_after_days"),
            "tags": args.get("tags"),
        },
        parent.kept(),
    )
    return key.reference


def _existing(vault_id: str, provider: pulumi.ProviderResource | None) -> VaultReference:
    vault = names.parse_resource_id(vault_id, names.VAULT_TYPE)
    return VaultReference(vault_id, vault.names[0], vault.resource_group_name, provider)


def _made(
    parent: Component,
    name: str,
    args: EncryptedLanguageServiceArgs,
    resource_group_name: pulumi.Input[str],
    tenant_id: pulumi.Input[str],
) -> VaultReference:
    vault = KeyVault(
        name,
        {
            "resource_group_name": resource_group_name,
            "location": args["location"],
            "tenant_id": tenant_id,
            "vault_name": (args.get("vault") or {}).get("name"),
            "access": args.get("access"),
            "network": args.get("network"),
            "tags": args.get("tags"),
        },
        parent.kept(),
    )
    return vault.reference
