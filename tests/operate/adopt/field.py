"""Accounts, vaults and keys as people make them by portal, CLI, Bicep or Terraform: plain requests to ARM."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

from localazure import seed
from tests.support.arm_client import ARM, Client, token

SUBSCRIPTION, OTHER_SUBSCRIPTION = (s["id"] for s in seed.SUBSCRIPTIONS[:2])
WRAPS = ["get", "wrapKey", "unwrapKey"]
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


def group(name: str, subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{name}"


class Sender(Protocol):
    """Whatever takes a request to ARM; the status and the decoded answer."""

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]: ...


class Field:
    """Makes what is found, by ARM."""

    def __init__(self, client: Sender) -> None:
        self._client = client

    @classmethod
    def at(cls, env: Mapping[str, str]) -> Self:
        """Makes it in the cloud of an environment."""
        return cls(Client(env, ARM, token(env, f"https://{ARM}")))

    def send(self, method: str, path: str, version: str, body: Any = None) -> Any:
        status, answer = self._client.send(method, f"{path}?api-version={version}", body)
        assert status < 300, (method, path, status, answer)
        return answer

    def group(self, id: str) -> str:
        self.send("PUT", id, "2024-03-01", {"location": "westeurope"})
        return id

    def account(self, group_id: str, name: str, identity: Any = None, **properties: Any) -> dict[str, Any]:
        """An account as `az cognitiveservices account create` makes it; gives it as it then is."""
        id = f"{group_id}/providers/Microsoft.CognitiveServices/accounts/{name}"
        kind = properties.pop("kind", "TextAnalytics")
        body = {
            "location": properties.pop("location", "westeurope"),
            "kind": kind,
            "sku": {"name": {"AIServices": "S0", "OpenAI": "S0", "TextTranslation": "S1"}.get(kind, "S")},
            "properties": {"customSubDomainName": name, "disableLocalAuth": True, **properties},
            "identity": identity or {"type": "SystemAssigned"},
        }
        if tags := body["properties"].pop("tags", None):
            body["tags"] = tags
        self.send("PUT", id, "2025-06-01", body)
        return self.settled(id)

    def settled(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while found.get("properties", {}).get("provisioningState") != "Succeeded":
            found = self.send("GET", id, "2025-06-01")
        return found

    def vault(self, group_id: str, name: str, **properties: Any) -> str:
        id = f"{group_id}/providers/Microsoft.KeyVault/vaults/{name}"
        whole = {
            "tenantId": seed.TENANT_ID,
            "sku": {"family": "A", "name": "premium"},
            "enablePurgeProtection": True,
            "enableRbacAuthorization": False,
            "softDeleteRetentionInDays": 30,
            "accessPolicies": [],
            **properties,
        }
        body = {"location": "westeurope", "tags": {"by": "hand"}, "properties": whole}
        self.send("PUT", id, "2026-02-01", body)
        while self.send("GET", id, "2026-02-01")["properties"]["provisioningState"] != "Succeeded":
            pass
        return id

    def key(self, vault_id: str, name: str = "cmk", **properties: Any) -> str:
        """A key; gives its URI with the version."""
        body = {"properties": {"kty": "RSA", "keySize": 2048, **properties}}
        made = self.send("PUT", f"{vault_id}/keys/{name}", "2026-02-01", body)
        return str(made["properties"]["keyUriWithVersion"])

    def policy(self, vault_id: str, principal_id: str, keys: list[str], kind: str = "add") -> None:
        """Adds permissions, or with `kind` remove takes them away."""
        entry = {"tenantId": seed.TENANT_ID, "objectId": principal_id, "permissions": {"keys": keys}}
        body = {"properties": {"accessPolicies": [entry]}}
        self.send("PUT", f"{vault_id}/accessPolicies/{kind}", "2026-02-01", body)

    def role(self, scope: str, principal_id: str, name: str, role: str = ENCRYPTION_USER) -> None:
        subscription = "/".join(scope.split("/")[:3])
        properties = {
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal_id,
            "principalType": "ServicePrincipal",
        }
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
        self.send("PUT", path, "2022-04-01", {"properties": properties})

    def identity(self, group_id: str, name: str) -> dict[str, Any]:
        path = f"{group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        made: dict[str, Any] = self.send("PUT", path, "2023-01-31", {"location": "westeurope"})
        return made

    def hsm(self, group_id: str, name: str, location: str = "westeurope", **more: Any) -> str:
        """A managed HSM whose administrator the deployer is."""
        id = f"{group_id}/providers/Microsoft.KeyVault/managedHSMs/{name}"
        properties = {
            "tenantId": seed.TENANT_ID,
            "initialAdminObjectIds": [seed.DEPLOYER.object_id],
            "enablePurgeProtection": True,
            **more,
        }
        sku = {"family": "B", "name": "Standard_B1"}
        body = {"location": location, "sku": sku, "properties": properties}
        self.send("PUT", id, "2026-02-01", body)
        return id

    def bind(self, account_id: str, key_uri: str, *, slash: bool = True, client_id: str = "") -> None:
        vault, _, rest = key_uri.partition("/keys/")
        name, _, version = rest.partition("/")
        target = {"keyVaultUri": vault + "/" * slash, "keyName": name, "keyVersion": version}
        if client_id:
            target["identityClientId"] = client_id
        encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": target}
        self.send("PATCH", account_id, "2025-06-01", {"properties": {"encryption": encryption}})
        self.settled(account_id)


def principal(account: Mapping[str, Any]) -> str:
    return str(account["identity"]["principalId"])
