"""A small world in the local Azure: a vault, a key, an account, the access, and an HSM where one is made."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from azure.identity import ClientSecretCredential
from azure.keyvault.administration import KeyVaultAccessControlClient
from azure.keyvault.keys import KeyClient

from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER, HSM_CRYPTO_USER, Role
from localazure import seed
from tests.operate.adopt.field import WRAPS, Field, principal
from tests.support.azure import RunningAzure

GROUP = "language"
_ACCOUNTS, _VAULTS = "2024-10-01", "2026-02-01"
_MANAGES = ["get", "list", "create", "import", "update", "rotate", "delete"]


@contextmanager
def environment_of(azure: RunningAzure) -> Iterator[None]:
    """This process as a client of the local Azure, as a shell is after `make env`."""
    with mock.patch.dict(os.environ, azure.env):
        yield


class World:
    """One account and one key: made by plain requests to Resource Manager, and the keys by Azure's client."""

    def __init__(self, azure: RunningAzure) -> None:
        self.azure, env = azure, azure.env
        self.subscription, self.tenant = env["ARM_SUBSCRIPTION_ID"], env["ARM_TENANT_ID"]
        self.group_id = f"/subscriptions/{self.subscription}/resourceGroups/{GROUP}"
        self.field = Field.at(env)
        self._credential = ClientSecretCredential(self.tenant, env["ARM_CLIENT_ID"], env["ARM_CLIENT_SECRET"])
        # Always the same for a vault or an HSM, because a connection and a login take time.
        self._keys: dict[str, KeyClient] = {}
        self._hsm_roles: Any = None

    def vault_id(self, name: str = "contoso-keys") -> str:
        return f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{name}"

    def hsm_id(self) -> str:
        """Of an HSM that has the vault's name."""
        return f"{self.group_id}/providers/Microsoft.KeyVault/managedHSMs/contoso-keys"

    def key_id(self) -> str:
        return f"{self.vault_id()}/keys/language-key"

    def account_id(self, name: str = "contoso-language") -> str:
        return f"{self.group_id}/providers/Microsoft.CognitiveServices/accounts/{name}"

    def make_vault(self, **properties: Any) -> None:
        """A vault as it must be, whose keys the deployer manages, with a key; `properties` change that."""
        entry = {"objectId": seed.DEPLOYER.object_id, "tenantId": self.tenant}
        policies = [{**entry, "permissions": {"keys": _MANAGES}}]
        self.field.group(self.group_id)
        self.field.vault(self.group_id, "contoso-keys", **{"accessPolicies": policies, **properties})
        self.field.key(self.vault_id(), "language-key", keyOps=["wrapKey", "unwrapKey"])

    def make_hsm(self, location: str = "westeurope", **properties: Any) -> None:
        """A managed HSM as it must be, with an RSA-HSM key that the deployer may manage."""
        self.field.hsm(self.group_id, "contoso-keys", location, **properties)
        crypto_user = self.hsm_role(HSM_CRYPTO_USER)
        self.hsm_roles().create_role_assignment("/keys", crypto_user, seed.DEPLOYER.object_id)
        operations = ["wrapKey", "unwrapKey"]
        self.hsm_keys().create_rsa_key(
            "language-key", size=2048, hardware_protected=True, key_operations=operations
        )

    def hsm_role(self, role: Role) -> str:
        return f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role.id}"

    def hsm_roles(self) -> Any:
        """A client of the HSM's own roles."""
        if self._hsm_roles is None:
            uri = "https://contoso-keys.managedhsm.azure.net"
            self._hsm_roles = KeyVaultAccessControlClient(uri, self._credential)
        return self._hsm_roles

    def hsm_keys(self) -> KeyClient:
        """A client of the HSM's keys."""
        return self.keys("contoso-keys", "managedhsm")

    def keys(self, vault: str = "contoso-keys", kind: str = "vault") -> KeyClient:
        """A client of a vault's keys."""
        uri = f"https://{vault}.{kind}.azure.net"
        if uri not in self._keys:
            self._keys[uri] = KeyClient(uri, self._credential)
        return self._keys[uri]

    def make_account(self, name: str = "contoso-language") -> str:
        """Makes an account with a system-assigned identity and gives its principal id."""
        return principal(self.field.account(self.group_id, name))

    def principal(self) -> str:
        """The account's identity."""
        return principal(self.field.settled(self.account_id()))

    def grant(self, principal_id: str) -> None:
        self.field.policy(self.vault_id(), principal_id, WRAPS)

    def assign_role(self, scope: str, principal_id: str, role: Role = CRYPTO_SERVICE_ENCRYPTION_USER) -> None:
        """Gives a principal a built-in role at the vault or the key."""
        self.field.role(scope, principal_id, str(uuid.uuid4()), role.id)

    def versions_through_arm(self) -> list[str]:
        """The versions of the key as Resource Manager lists them."""
        listed = self.field.send("GET", f"{self.key_id()}/versions", _VAULTS)["value"]
        return [str(one["name"]) for one in listed]

    def versions(self, vault: str = "contoso-keys", key: str = "language-key") -> list[str]:
        """The versions of a key, oldest first."""
        found = list(self.keys(vault).list_properties_of_key_versions(key))
        return [str(p.version) for p in sorted(found, key=lambda p: str(p.created_on))]

    def bind(self, key_uri: str | None, account_id: str = "") -> None:
        """Binds the account past the provider, or unbinds it with None."""
        id = account_id or self.account_id()
        if key_uri:
            self.field.bind(id, key_uri, slash=False)
            return
        body = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
        self.field.send("PATCH", id, _ACCOUNTS, body)
        self.field.settled(id)

    def history(self, name: str = "contoso-language") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.azure.control(f"/history?account={self.account_id(name)}")["value"]
        return found

    def bound_key(self, name: str = "contoso-language", account_id: str = "") -> str | None:
        """The key URI that the account is bound to now, read through ARM."""
        found = self.field.send("GET", account_id or self.account_id(name), _ACCOUNTS)
        encryption = found["properties"].get("encryption") or {}
        if encryption.get("keySource") != "Microsoft.KeyVault":
            return None
        key = encryption["keyVaultProperties"]
        return f"{key['keyVaultUri'].rstrip('/')}/keys/{key['keyName']}/{key['keyVersion']}"


def a_world(azure: RunningAzure) -> World:
    """Everything that a binding needs, freshly made."""
    world = World(azure)
    world.make_vault()
    world.grant(world.make_account())
    return world
