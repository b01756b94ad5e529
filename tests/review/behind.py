"""What someone else does behind Pulumi's back: `python behind.py ACTION GROUP ACCOUNT VAULT KEY`.

Uses Azure's own clients and the environment, as any administrator's script would.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient


class Cloud:
    """The resources of one stack in Azure."""

    def __init__(self, group: str, account: str, vault: str, key: str) -> None:
        credential, subscription = DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"]
        self.group, self.account, self.vault, self.key = group, account, vault, key
        self.accounts: Any = CognitiveServicesManagementClient(credential, subscription).accounts
        self.vaults: Any = KeyVaultManagementClient(credential, subscription).vaults
        self.roles: Any = AuthorizationManagementClient(credential, subscription).role_assignments
        self.keys = KeyClient(f"https://{vault}.vault.azure.net", credential)

    def unbind(self) -> None:
        self._update({"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}})

    def lose_identity(self) -> None:
        self._update({"identity": {"type": "None"}})

    def delete_account(self) -> None:
        self.accounts.begin_delete(self.group, self.account, polling_interval=0.1).result()

    def revoke(self) -> None:
        scope = self.vaults.get(self.group, self.vault).id + f"/keys/{self.key}"
        for role in self.roles.list_for_scope(scope):
            if role.scope.lower() == scope.lower():
                self.roles.delete_by_id(role.id)

    def narrow(self) -> None:
        self._policy({"keys": ["unwrapKey"]})

    def application(self) -> None:
        self._policy({"keys": ["get", "wrapKey", "unwrapKey"]}, "33333333-3333-4333-8333-333333333333")

    def make_vault(self) -> None:
        properties = {
            "tenantId": os.environ["AZURE_TENANT_ID"],
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enablePurgeProtection": True,
        }
        body = {"location": "westeurope", "properties": properties}
        self.vaults.begin_create_or_update(self.group, "kv-imported", body, polling_interval=0.1).result()

    def _policy(self, permissions: dict[str, list[str]], application: str | None = None) -> None:
        """Replaces the entry of the account's own identity by one with other permissions."""
        principal = self.accounts.get(self.group, self.account).identity.principal_id
        found = self.vaults.get(self.group, self.vault).properties
        old = next(one for one in found.access_policies if one.object_id == principal)
        entry = {"tenantId": old.tenant_id, "objectId": principal, "permissions": permissions}
        if application:
            # An entry for an application is another one than the identity's own.
            remove = {"properties": {"accessPolicies": [{**entry, "permissions": {}}]}}
            self.vaults.update_access_policy(self.group, self.vault, "remove", remove)
            entry["applicationId"] = application
        body = {"properties": {"accessPolicies": [entry]}}
        self.vaults.update_access_policy(self.group, self.vault, "replace", body)

    def rotate(self) -> None:
        self.keys.rotate_key(self.key)

    def _update(self, body: dict[str, Any]) -> None:
        self.accounts.begin_update(self.group, self.account, body, polling_interval=0.1).result()


def main(action: str, *names: str) -> None:
    act: Callable[[], None] = getattr(Cloud(*names), action)
    act()


if __name__ == "__main__":
    main(*sys.argv[1:])
