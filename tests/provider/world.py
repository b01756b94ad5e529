"""A small world in the local Azure, made with its own clients: a vault, a key, an account, the access."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from azure.identity import ClientSecretCredential
from azure.keyvault.administration import KeyVaultAccessControlClient
from azure.keyvault.keys import KeyClient
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.support.azure import RunningAzure

GROUP = "language"


@contextmanager
def environment_of(azure: RunningAzure) -> Iterator[None]:
    """This process as a client of the local Azure, as a shell is after `make env`."""
    with mock.patch.dict(os.environ, azure.env):
        yield


@dataclass
class World:
    """One account and one key; every call goes over HTTPS to the local Azure."""

    azure: RunningAzure
    location: str = "westeurope"

    def __post_init__(self) -> None:
        env = self.azure.env
        self.credential = ClientSecretCredential(
            env["ARM_TENANT_ID"], env["ARM_CLIENT_ID"], env["ARM_CLIENT_SECRET"]
        )
        self.subscription, self.tenant = env["ARM_SUBSCRIPTION_ID"], env["ARM_TENANT_ID"]
        # The clients' models are typed for writing them out; plain bodies are shorter and say the same.
        self.groups: Any = ResourceManagementClient(self.credential, self.subscription)
        self.vaults: Any = KeyVaultManagementClient(self.credential, self.subscription)
        self.accounts: Any = CognitiveServicesManagementClient(self.credential, self.subscription)
        self._keys: dict[str, KeyClient] = {}
        self._hsm_roles: dict[str, Any] = {}

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{GROUP}"

    def vault_id(self, name: str = "contoso-keys") -> str:
        return f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{name}"

    def key_id(self, vault: str = "contoso-keys", key: str = "language-key") -> str:
        return f"{self.vault_id(vault)}/keys/{key}"

    def account_id(self, name: str = "contoso-language") -> str:
        return f"{self.group_id}/providers/Microsoft.CognitiveServices/accounts/{name}"

    def make_group(self) -> None:
        self.groups.resource_groups.create_or_update(GROUP, {"location": self.location})

    def make_vault(self, name: str = "contoso-keys", **properties: Any) -> None:
        """A vault as it must be; `properties` in camelCase change that, None takes one away."""
        deployer = self.deployer_object_id()
        policy = {
            "objectId": deployer,
            "tenantId": self.tenant,
            "permissions": {"keys": ["get", "list", "create", "import", "update", "rotate", "delete"]},
        }
        wanted = {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": self.tenant,
            "enableSoftDelete": True,
            "enablePurgeProtection": True,
            "enableRbacAuthorization": False,
            "accessPolicies": [policy],
            **properties,
        }
        body = {
            "location": self.location,
            "properties": {name: value for name, value in wanted.items() if value is not None},
        }
        self.vaults.vaults.begin_create_or_update(GROUP, name, body, polling_interval=0).result()

    def hsm_id(self, name: str = "contoso-keys") -> str:
        return f"{self.group_id}/providers/Microsoft.KeyVault/managedHSMs/{name}"

    def make_hsm(self, name: str = "contoso-keys", location: str = "", **properties: Any) -> None:
        """A managed HSM as it must be, with an RSA-HSM key that the deployer may manage."""
        deployer = self.deployer_object_id()
        body = {
            "location": location or self.location,
            "sku": {"family": "B", "name": "Standard_B1"},
            "properties": {
                "tenantId": self.tenant,
                "initialAdminObjectIds": [deployer],
                "enablePurgeProtection": True,
                **properties,
            },
        }
        self.vaults.managed_hsms.begin_create_or_update(GROUP, name, body, polling_interval=0).result()
        crypto_user = self.hsm_role("21dbd100-6940-42c2-9190-5d6cb909625b")
        self.hsm_roles(name).create_role_assignment("/keys", crypto_user, deployer)
        operations = ["wrapKey", "unwrapKey"]
        self.hsm_keys(name).create_rsa_key(
            "language-key", size=2048, hardware_protected=True, key_operations=operations
        )

    def hsm_role(self, id: str) -> str:
        return f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{id}"

    def hsm_roles(self, name: str = "contoso-keys") -> Any:
        """A client of an HSM's own roles; one for an HSM, as of keys."""
        if name not in self._hsm_roles:
            uri = f"https://{name}.managedhsm.azure.net"
            self._hsm_roles[name] = KeyVaultAccessControlClient(uri, self.credential)
        return self._hsm_roles[name]

    def hsm_keys(self, name: str = "contoso-keys") -> KeyClient:
        """A client of an HSM's keys; one for an HSM, as of a vault's."""
        host = f"{name}.managedhsm"
        if host not in self._keys:
            self._keys[host] = KeyClient(f"https://{host}.azure.net", self.credential)
        return self._keys[host]

    def deployer_object_id(self) -> str:
        known = self.azure.control("/seeds")["principals"]
        return str(next(p["object_id"] for p in known if p["name"] == "deployer"))

    def make_key(self, vault: str = "contoso-keys", key: str = "language-key", **properties: Any) -> str:
        """Makes a key through ARM and gives the URI with its version."""
        wanted = {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"], **properties}
        made = self.vaults.keys.create_if_not_exist(GROUP, vault, key, {"properties": wanted})
        return str(made.key_uri_with_version)

    def make_account(self, name: str = "contoso-language", **changes: Any) -> str:
        """Makes an account with a system-assigned identity and gives its principal id."""
        body = {
            "location": self.location,
            "kind": "TextAnalytics",
            "sku": {"name": "S"},
            "identity": {"type": "SystemAssigned"},
            "properties": {"customSubDomainName": name},
            **changes,
        }
        from azure.mgmt.cognitiveservices.models import Account

        model = Account.deserialize(body)
        made = self.accounts.accounts.begin_create(GROUP, name, model, polling_interval=0).result()
        return str(made.identity.principal_id) if made.identity else ""

    def grant(self, principal_id: str, vault: str = "contoso-keys") -> None:
        entry = {
            "objectId": principal_id,
            "tenantId": self.tenant,
            "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
        }
        self.vaults.vaults.update_access_policy(
            GROUP, vault, "add", {"properties": {"accessPolicies": [entry]}}
        )

    def revoke(self, principal_id: str, vault: str = "contoso-keys") -> None:
        """Takes an identity's access policy away."""
        entry = {"objectId": principal_id, "tenantId": self.tenant, "permissions": {"keys": ["all"]}}
        self.vaults.vaults.update_access_policy(
            GROUP, vault, "remove", {"properties": {"accessPolicies": [entry]}}
        )

    def keys(self, vault: str = "contoso-keys") -> KeyClient:
        """A client of a vault's keys: always the same, for its connection and its login take time."""
        if vault not in self._keys:
            self._keys[vault] = KeyClient(f"https://{vault}.vault.azure.net", self.credential)
        return self._keys[vault]

    def assign_role(self, role: str, object_id: str, vault: str = "contoso-keys") -> None:
        """Gives a principal a built-in role on a vault."""
        from azure.mgmt.authorization import AuthorizationManagementClient

        client: Any = AuthorizationManagementClient(self.credential, self.subscription)
        scope = f"/subscriptions/{self.subscription}"
        (found,) = client.role_definitions.list(scope, filter=f"roleName eq '{role}'")
        properties = {
            "roleDefinitionId": found.id,
            "principalId": object_id,
            "principalType": "ServicePrincipal",
        }
        client.role_assignments.create(self.vault_id(vault), str(uuid.uuid4()), {"properties": properties})

    def versions_through_arm(self, vault: str = "contoso-keys", key: str = "language-key") -> list[str]:
        """The versions of a key as Resource Manager lists them."""
        found = self.vaults.keys.list_versions(GROUP, vault, key)
        return [str(one.key_uri_with_version).rpartition("/")[2] for one in found]

    def assign_encryption_user(self, scope: str, account: str = "contoso-language") -> None:
        """Gives the account's identity the role Key Vault Crypto Service Encryption User."""
        from azure.mgmt.authorization import AuthorizationManagementClient

        role = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
        roles = f"/subscriptions/{self.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        identity = self.accounts.accounts.get(GROUP, account).identity
        client: Any = AuthorizationManagementClient(self.credential, self.subscription)
        properties = {
            "roleDefinitionId": f"{roles}/{role}",
            "principalId": identity.principal_id,
            "principalType": "ServicePrincipal",
        }
        client.role_assignments.create(scope, str(uuid.uuid4()), {"properties": properties})

    def key_operator(self, group: str, vault: str) -> KeyClient:
        """A client of somebody else, who may set rotation policies in the vault."""
        made = self.azure.control("/principals", {"name": "operator"})
        permissions = {"keys": ["get", "setrotationpolicy"]}
        entry = {"objectId": made["objectId"], "tenantId": self.tenant, "permissions": permissions}
        self.vaults.vaults.update_access_policy(
            group, vault, "add", {"properties": {"accessPolicies": [entry]}}
        )
        credential = ClientSecretCredential(self.tenant, made["clientId"], made["clientSecret"])
        return KeyClient(f"https://{vault}.vault.azure.net", credential)

    def versions(self, vault: str = "contoso-keys", key: str = "language-key") -> list[str]:
        """The versions of a key, oldest first."""
        found = list(self.keys(vault).list_properties_of_key_versions(key))
        return [str(p.version) for p in sorted(found, key=lambda p: str(p.created_on))]

    def bind(
        self,
        version: str | None,
        group: str = GROUP,
        account: str = "contoso-language",
        vault: str = "contoso-keys",
        key: str = "language-key",
    ) -> None:
        """Binds the account past the provider, or unbinds it with None. `vault` may be an HSM's name and
        `.managedhsm`."""
        wanted: dict[str, Any] = {"keySource": "Microsoft.CognitiveServices"}
        if version:
            properties = {
                "keyName": key,
                "keyVersion": version,
                "keyVaultUri": f"https://{vault if '.' in vault else f'{vault}.vault'}.azure.net",
            }
            wanted = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": properties}
        from azure.mgmt.cognitiveservices.models import Account

        body = Account.deserialize({"properties": {"encryption": wanted}})
        self.accounts.accounts.begin_update(group, account, body, polling_interval=0).result()

    def history(self, name: str = "contoso-language") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.azure.control(f"/history?account={self.account_id(name)}")["value"]
        return found

    def bound_key(self, name: str = "contoso-language") -> str | None:
        """The key URI that the account is bound to now, read through ARM."""
        encryption = self.accounts.accounts.get(GROUP, name).properties.encryption
        if encryption is None or encryption.key_source != "Microsoft.KeyVault":
            return None
        key = encryption.key_vault_properties
        return f"{key.key_vault_uri.rstrip('/')}/keys/{key.key_name}/{key.key_version}"


def a_world(azure: RunningAzure) -> World:
    """Everything that a binding needs, freshly made."""
    world = World(azure)
    world.make_group()
    world.make_vault()
    world.make_key()
    world.grant(world.make_account())
    return world
