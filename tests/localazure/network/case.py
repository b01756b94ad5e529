"""A vault and an account that private endpoints can lead to, and the network they are in."""

from __future__ import annotations

from typing import Any

from localazure import seed
from tests.support.front import Door, Reply

API = "?api-version=2024-05-01"
VAULT_API, ACCOUNT_API = "?api-version=2024-11-01", "?api-version=2025-06-01"
ZONE = "privatelink.vaultcore.azure.net"


class Case:
    """Requests of the deployer at a cloud with the group `/…/net` in it."""

    def __init__(self) -> None:
        self.door = Door()
        self.group = self.door.group("net")
        self.provider = f"{self.group}/providers/Microsoft.Network"
        self.network = f"{self.provider}/virtualNetworks/vnet"
        self.subnet = f"{self.network}/subnets/ends"
        self.endpoint = f"{self.provider}/privateEndpoints/end"
        self.zone = f"{self.provider}/privateDnsZones/{ZONE}"
        self.vault = f"{self.group}/providers/Microsoft.KeyVault/vaults/Contoso-1"
        self.account = f"{self.group}/providers/Microsoft.CognitiveServices/accounts/language"

    def send(self, method: str, id: str, body: Any = None, api: str = API, **more: Any) -> Reply:
        return self.door.send(method, f"{id}{api}", body, **more)

    def finish(self, reply: Reply) -> None:
        """Polls an accepted write to its end."""
        assert reply.status in (200, 201, 202), reply
        url = reply.headers["azure-asyncoperation"]
        states = [self.door.send("GET", url).body["status"] for _ in range(2)]
        assert states == ["InProgress", "Succeeded"]

    def made(self, id: str, body: Any, api: str = API) -> Reply:
        """Puts a resource, sees the write to its end and reads it."""
        self.finish(self.send("PUT", id, body, api))
        reply = self.send("GET", id, api=api)
        assert reply.body["properties"]["provisioningState"] == "Succeeded"
        return reply

    def make_network(self) -> None:
        subnet = {"name": "ends", "properties": {"addressPrefix": "10.0.1.0/24"}}
        properties = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]}
        self.made(self.network, {"location": "West Europe", "properties": properties})

    def make_vault(self) -> None:
        properties = {
            "tenantId": seed.TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
        }
        reply = self.send("PUT", self.vault, {"location": "westeurope", "properties": properties}, VAULT_API)
        assert reply.status == 200, reply

    def start_account(self, **properties: Any) -> Reply:
        """Begins an account; its operation goes on until somebody polls it."""
        body = {
            "location": "westeurope",
            "kind": "TextAnalytics",
            "sku": {"name": "S"},
            "properties": {"customSubDomainName": "language-1", **properties},
        }
        return self.send("PUT", self.account, body, ACCOUNT_API)

    def make_account(self) -> None:
        reply = self.start_account()
        for _ in range(2):
            self.door.send("GET", reply.headers["azure-asyncoperation"])

    def endpoint_body(self, target: str, group: str, **more: Any) -> dict[str, Any]:
        """A PUT of an endpoint; `manual` asks for approval."""
        kind = (
            "manualPrivateLinkServiceConnections"
            if more.pop("manual", False)
            else "privateLinkServiceConnections"
        )
        wanted = {"privateLinkServiceId": target, "groupIds": [group], **more}
        properties = {"subnet": {"id": self.subnet}, kind: [{"name": "link", "properties": wanted}]}
        return {"location": "westeurope", "properties": properties}

    def connections(self, id: str, api: str) -> list[dict[str, Any]]:
        """What a resource's own body tells of its connections."""
        found = self.send("GET", id, api=api).body["properties"].get("privateEndpointConnections", [])
        return list(found)


def furnished() -> Case:
    """A network, a vault and an account."""
    case = Case()
    case.make_network()
    case.make_vault()
    case.make_account()
    return case
