"""Where a service's key is: in a vault made here, in one that exists, or a key that exists itself.

Owns: that choice. Does not own: what a vault or key must be (vault.py, key.py).
"""

from __future__ import annotations

import pulumi

from components import names
from components.as_found import leaving
from components.component import Options
from components.contract import EncryptedLanguageServiceArgs
from components.key import KeyReference, make_key
from components.survey import Surroundings
from components.vault import make_vault, vault_at


def place_key(
    name: str,
    args: EncryptedLanguageServiceArgs,
    around: Surroundings,
    kept: Options,
    *,
    resource_group_name: pulumi.Input[str],
    vault_provider: pulumi.ProviderResource | None,
) -> KeyReference:
    """A service's key, with the vault and key that are not there yet made.

    `vault_provider` serves the subscription of an existing vault, if that is another one.
    """
    wanted = args.get("key") or {}
    if existing := wanted.get("id"):
        vault_id = pulumi.Output.from_input(existing).apply(lambda key_id: key_id.rsplit("/keys/", 1)[0])
        return KeyReference(existing, vault_at(vault_id, vault_provider))
    if existing := (args.get("vault") or {}).get("id"):
        vault = vault_at(existing, vault_provider)
    else:
        vault = make_vault(
            name,
            {
                "resource_group_name": resource_group_name,
                "location": args["location"],
                "tenant_id": around.tenant_id,
                "vault_name": (args.get("vault") or {}).get("name"),
                "access_model": args.get("access_model"),
                "network": args.get("network"),
                "tags": args.get("tags"),
            },
            leaving(kept, "vault", args.get("as_found")),
            recovers=around.recovers_vault,
        )
    if around.keeps_key:
        # It came back with its vault, and azure-native makes no key that is there.
        key_name = wanted.get("name") or names.key_name(name)
        return KeyReference(pulumi.Output.concat(vault.id, "/keys/", key_name), vault)
    return make_key(
        name,
        vault,
        {
            "key_name": wanted.get("name"),
            "expires_after_days": wanted.get("expires_after_days"),
            "rotates_after_days": wanted.get("rotates_after_days"),
            "tags": args.get("tags"),
        },
        kept,
    )
