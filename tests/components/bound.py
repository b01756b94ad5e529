"""A service that stands: what its stack holds, and what Azure answers of it."""

from __future__ import annotations

from typing import Any

from components.testing import CLIENT, PRINCIPAL, SUBSCRIPTION, TENANT, existing_vault
from core import resource_types as types
from tests.support.recording import FakeAzure

COMPONENT = f"urn:pulumi:dev::language-cmk::{types.SERVICE}"
GRANT = {"objectId": PRINCIPAL.upper(), "permissions": {"keys": ["Get", "wrapKey", "unwrapKey", "list"]}}
"""The access policy by which the account uses its key."""


def urn(type: str, part: str, name: str = "language") -> str:
    """That of a part of a service, such as `account`."""
    return f"{COMPONENT}${type}::{name}-{part}"


ACCOUNT, VAULT, KEY = urn(types.ACCOUNT, "account"), urn(types.VAULT, "vault"), urn(types.KEY, "key")
ACCESS, BINDING = urn(types.ACCESS_POLICY, "access"), urn(types.BINDING, "binding")
KEY_VERSION = urn(types.KEY_VERSION, "key-version")
REVOCATION = urn(types.KEY_ACCESS_REVOCATION, "revocation")
HUB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-keys/providers/Microsoft.KeyVault/vaults/kv-hub"
"""A vault of others."""


def state(name: str = "language", *, bound: bool = True) -> dict[str, Any]:
    """The outputs of a deployed service, as the engine tells them."""
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{name}"
    vault_id = f"{group}/providers/Microsoft.KeyVault/vaults/kv-{name}"
    account = {
        "id": f"{group}/providers/Microsoft.CognitiveServices/accounts/lang-{name}",
        "name": f"lang-{name}",
        "kind": "TextAnalytics",
        "location": "West Europe",
        "identity": {"type": "SystemAssigned", "principalId": PRINCIPAL, "tenantId": TENANT},
        "properties": {},
    }
    binding = {
        "accountId": account["id"],
        "keySource": "Microsoft.KeyVault",
        "keyVaultUri": f"https://kv-{name}.vault.azure.net",
        "keyName": f"cmk-{name}",
        "keyVersion": "0" * 32,
    }
    workspace = {"id": f"{group}/providers/Microsoft.OperationalInsights/workspaces/log-{name}"}
    vault = {"id": vault_id, "name": f"kv-{name}", "properties": {"enableRbacAuthorization": False}}
    parts: list[tuple[str, str, dict[str, Any]]] = [
        (types.RESOURCE_GROUP, "group", {"id": group, "name": f"rg-{name}"}),
        (types.WORKSPACE, "workspace", workspace),
        (types.ACCOUNT, "account", account),
        (types.VAULT, "vault", vault),
        (types.KEY, "key", {}),
        (types.KEY_VERSION, "key-version", {"keyId": f"{vault_id}/keys/cmk-{name}"}),
        (types.ACCESS_POLICY, "access", {"policy": {"objectId": PRINCIPAL}}),
        *([(types.BINDING, "binding", binding)] if bound else []),
    ]
    return {urn(type, part, name): {"outputs": outputs} for type, part, outputs in parts}


def standing(*, granted: bool = True, recorded: bool = True, access: str = "granted") -> FakeAzure:
    """A bound account; whether its vault lets it in, whether the state holds the grant, and what the last
    update declared."""
    azure = FakeAzure()
    azure.state = {**state(), f"{COMPONENT}::language": {"outputs": {"access": access}}}
    if access == "revoked":
        azure.state[REVOCATION] = {"outputs": {}}
    if not recorded:
        del azure.state[ACCESS]
    azure.vault = existing_vault(accessPolicies=[GRANT] if granted else [])
    azure.key = {"name": "cmk-language"}
    return azure


def by_a_user_assigned_identity(azure: FakeAzure) -> FakeAzure:
    """The account as one that uses its key by a user-assigned identity, and that its create has bound."""
    words = ("keyVaultUri", "keyName", "keyVersion")
    key = {word: azure.state[BINDING]["outputs"][word] for word in words} | {"identityClientId": CLIENT}
    account = azure.state[ACCOUNT]["outputs"]
    account["properties"] = {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}}
    identity = {"clientId": CLIENT, "principalId": PRINCIPAL}
    account["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {"/id-language": identity}}
    azure.state[urn(types.USER_ASSIGNED_IDENTITY, "identity")] = {"outputs": identity}
    del azure.state[BINDING]
    return azure
