"""The life of an account and its key, through Azure's own clients for Python: life.py NAME ACCESS DEPLOYER.

Prints one JSON object per step. ACCESS is `policy` or `role`; DEPLOYER is the object id of the login.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.identity import EnvironmentCredential
from azure.keyvault.keys import KeyClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

NAME, ACCESS, DEPLOYER = sys.argv[1:]
SUBSCRIPTION, TENANT = os.environ["AZURE_SUBSCRIPTION_ID"], os.environ["AZURE_TENANT_ID"]
LOCATION = "westeurope"
GROUP, ACCOUNT, VAULT, OTHER_VAULT, KEY = f"rg-{NAME}", f"lang-{NAME}", f"kv-{NAME}", f"kv-{NAME}-2", "cmk"
# Key Vault Crypto Service Encryption User
ROLE = "e147488a-f6f5-4113-8e2d-b22465e65bf6"

credential = EnvironmentCredential()
# Bodies are given as JSON, which the clients take and their types do not say.
groups: Any = ResourceManagementClient(credential, SUBSCRIPTION).resource_groups
vaults: Any = KeyVaultManagementClient(credential, SUBSCRIPTION).vaults
cognitive: Any = CognitiveServicesManagementClient(credential, SUBSCRIPTION)
accounts = cognitive.accounts
roles: Any = AuthorizationManagementClient(credential, SUBSCRIPTION).role_assignments


def say(step: str, **facts: Any) -> None:
    print(json.dumps({"step": step, **facts}), flush=True)


def refused(step: str, call: Any) -> None:
    try:
        call()
    except HttpResponseError as error:
        say(step, refused=error.error.code if error.error else error.status_code)
    else:
        say(step, refused=None)


def make_vault(name: str, *, protected: bool) -> Any:
    properties: dict[str, Any] = {
        "tenantId": TENANT,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": ACCESS == "role",
        "softDeleteRetentionInDays": 7,
        "accessPolicies": [
            {"tenantId": TENANT, "objectId": DEPLOYER, "permissions": {"keys": ["all", "purge"]}}
        ],
    }
    if protected:
        properties["enablePurgeProtection"] = True
    body = {"location": LOCATION, "properties": properties}
    return vaults.begin_create_or_update(GROUP, name, body).result()


def change_policy(kind: str, principal_id: str) -> None:
    permissions = {"keys": ["get", "wrapKey", "unwrapKey"]}
    entry = {"tenantId": TENANT, "objectId": principal_id, "permissions": permissions}
    vaults.update_access_policy(GROUP, VAULT, kind, {"properties": {"accessPolicies": [entry]}})


def grant(principal_id: str) -> str:
    """Gives the account's identity the use of the key; the id of the role assignment, if there is one."""
    if ACCESS == "policy":
        change_policy("add", principal_id)
        return ""
    role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    given = {"roleDefinitionId": role, "principalId": principal_id, "principalType": "ServicePrincipal"}
    return str(roles.create(vault.id, str(uuid.uuid4()), {"properties": given}).id)


def revoke(principal_id: str, assignment_id: str) -> None:
    if ACCESS == "policy":
        change_policy("remove", principal_id)
    else:
        roles.delete_by_id(assignment_id)


def bind(version: str) -> None:
    key = {"keyVaultUri": vault.properties.vault_uri, "keyName": KEY, "keyVersion": version}
    encrypt({"keySource": "Microsoft.KeyVault", "keyVaultProperties": key})


def encrypt(encryption: dict[str, Any]) -> None:
    accounts.begin_update(GROUP, ACCOUNT, {"properties": {"encryption": encryption}}).result()


def say_binding(step: str) -> None:
    """What the account itself says of its encryption."""
    found = accounts.get(GROUP, ACCOUNT).properties.encryption
    key = found.key_vault_properties
    version = key and f"{key.key_vault_uri}keys/{key.key_name}/{key.key_version}"
    say(step, keySource=found.key_source, key=version)


group = groups.create_or_update(GROUP, {"location": LOCATION})
say("create group", state=group.properties.provisioning_state)

vault = make_vault(VAULT, protected=True)
say(
    "create vault",
    softDelete=vault.properties.enable_soft_delete,
    purgeProtection=vault.properties.enable_purge_protection,
    rbac=vault.properties.enable_rbac_authorization,
)
keys: Any = KeyClient(vault.properties.vault_uri, credential)
first = keys.create_rsa_key(KEY, size=2048, key_operations=["wrapKey", "unwrapKey"])
say("create key", key=first.id, bits=8 * len(first.key.n))

made = {
    "location": LOCATION,
    "kind": "TextAnalytics",
    "sku": {"name": "S"},
    "identity": {"type": "SystemAssigned"},
    "properties": {"customSubDomainName": ACCOUNT},
}
account = accounts.begin_create(GROUP, ACCOUNT, made).result()
principal = account.identity.principal_id
say("create account", state=account.properties.provisioning_state, principal=principal)

assignment = grant(principal)
say("grant access")
bind(first.properties.version)
say_binding("bind")

second = keys.rotate_key(KEY)
say("rotate key", key=second.id)
bind(second.properties.version)
say_binding("bind to the new version")

other = make_vault(OTHER_VAULT, protected=False)
other_keys = KeyClient(other.properties.vault_uri, credential)
blob = keys.backup_key(KEY)
other_keys.restore_key_backup(blob)
versions = sorted(version.id for version in other_keys.list_properties_of_key_versions(KEY))
say("restore key from backup", versions=versions)
refused("restore key where it is", lambda: other_keys.restore_key_backup(blob))

revoke(principal, assignment)
say("revoke access")
refused("bind without access", lambda: bind(first.properties.version))
assignment = grant(principal)
say("restore access")
bind(second.properties.version)
say_binding("bind again")

encrypt({"keySource": "Microsoft.CognitiveServices"})
say_binding("unbind")

accounts.begin_delete(GROUP, ACCOUNT).result()
cognitive.deleted_accounts.begin_purge(LOCATION, GROUP, ACCOUNT).result()
say("delete and purge account", left=[found.name for found in cognitive.deleted_accounts.list()])

deleted_key = keys.begin_delete_key(KEY).result()
say("delete key", recoveryId=deleted_key.recovery_id)
refused("purge key", lambda: keys.purge_deleted_key(KEY))

vaults.delete(GROUP, VAULT)
vaults.delete(GROUP, OTHER_VAULT)
vaults.begin_purge_deleted(OTHER_VAULT, LOCATION).result()
say("delete vaults", left=[found.name for found in vaults.list_deleted()])
refused("purge vault", lambda: vaults.begin_purge_deleted(VAULT, LOCATION).result())

groups.begin_delete(GROUP).result()
say("delete group", left=[found.name for found in groups.list()])
