"""What may be done with a key, in the words of both access models.

Owns: the least permissions and the built-in role for each intent. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KeyRole:
    """One intent. `permissions` are an access policy's on keys; `definition` is the GUID of the built-in
    role."""

    name: str
    permissions: tuple[str, ...]
    definition: str

    def definition_id(self, subscription_id: str) -> str:
        """The role definition's ARM id, as a role assignment in that subscription names it."""
        provider = "Microsoft.Authorization/roleDefinitions"
        return f"/subscriptions/{subscription_id}/providers/{provider}/{self.definition}"


# What the service needs to hold its data under the key, and no more. Other samples grant sign, decrypt or
# purge.
ENCRYPTION_USER = KeyRole(
    "Key Vault Crypto Service Encryption User",
    ("get", "wrapKey", "unwrapKey"),
    "e147488a-f6f5-4113-8e2d-b22465e65bf6",
)
# What a person or pipeline needs to make a new version of the key.
ROTATION_OPERATOR = KeyRole(
    "Key Vault Crypto Officer", ("get", "list", "update", "rotate"), "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
)
