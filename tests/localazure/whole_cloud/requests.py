"""The requests of the whole-cloud machine, with what must hold for each answer, whatever it is about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from localazure import seed
from localazure.roles import BY_NAME
from tests.localazure.driver import GROUP, WEST
from tests.localazure.whole_cloud.client import Way
from tests.localazure.whole_cloud.world import DAY, Vault, World
from tests.support.front import ARM, SUBSCRIPTION, Reply

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/whole-kv"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/whole"
DELETED_VAULT = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/whole-kv"
_LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/westeurope"
DELETED_ACCOUNT = f"{_LOCATION}/resourceGroups/rg/deletedAccounts/whole"
ROLE = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-4111-8111-111111111111"
URI = "https://whole-kv.vault.azure.net"
_PROJECT = (
    "https://contoso-language.cognitiveservices.azure.com/language/authoring/analyze-conversations/projects/p"
)
_DEFINITION = BY_NAME["Key Vault Crypto Service Encryption User"].id
_VERSIONS = {
    "Microsoft.CognitiveServices": "2025-06-01",
    "Microsoft.KeyVault": "2026-02-01",
    "Microsoft.Authorization": "2022-04-01",
}
OPERATION_DAYS = 7
"""How long an operation can be asked for after its end."""


@dataclass
class Accepted:
    """An operation that was accepted: where it is polled, when it ends, and whether it was seen to end."""

    url: str
    ends: float
    ended: bool = False


class Requests:
    """Sends and checks: no answer is an internal error, no etag is another's, nothing accepted is lost."""

    def __init__(self, way: Way) -> None:
        self.way, self.world = way, World()
        self.accepted: list[Accepted] = []
        self._etags: dict[str, tuple[str, str]] = {}

    def arm(self, method: str, id: str, body: Any = None) -> Reply:
        namespace = id.rpartition("/providers/")[2].split("/")[0] if "/providers/" in id else ""
        version = _VERSIONS.get(namespace, "2024-03-01")
        return self._checked(method, f"{ARM}{id}?api-version={version}", body)

    def keys(self, method: str, path: str, body: Any = None) -> Reply:
        """A request to the vault's data plane."""
        return self._checked(method, f"{URI}/{path}?api-version=7.4", body)

    def project(self, method: str, body: Any = None) -> Reply:
        """A request for the one project that the account holds."""
        return self.way.send(method, f"{_PROJECT}?api-version=2023-04-01", body)

    def write(self, text: str) -> Reply:
        body = {"projectName": "p", "projectKind": "Conversation", "language": "en", "description": text}
        return self.project("PATCH", body)

    def put_vault(self, vault: Vault, **more: Any) -> Reply:
        """A PUT that is silent about what cannot be taken back of a vault that is there."""
        entries = [_entry(seed.DEPLOYER.object_id, "all", "purge")]
        if False in vault.granted:
            entries.append(_entry(vault.granted[False][0]))
        properties = {
            "tenantId": seed.TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": entries,
            "enableRbacAuthorization": vault.rbac,
            **more,
        }
        return self.arm("PUT", VAULT, {"location": "westeurope", "properties": properties})

    def put_account(self, system: str | None) -> Reply:
        identity = {"type": "SystemAssigned" if system else "None"}
        body = {**WEST, "kind": "TextAnalytics", "sku": {"name": "S"}, "identity": identity}
        return self.arm("PUT", ACCOUNT, {**body, "properties": {"customSubDomainName": "contoso-language"}})

    def set_policy(self, principal: str, *, on: bool) -> Reply:
        body = {"properties": {"accessPolicies": [_entry(principal)]}}
        return self.arm("PUT", f"{VAULT}/accessPolicies/{'replace' if on else 'remove'}", body)

    def set_role(self, principal: str, *, on: bool) -> Reply:
        role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{_DEFINITION}"
        properties = {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}
        return self.arm("PUT", ROLE, {"properties": properties}) if on else self.arm("DELETE", ROLE)

    def poll(self, operation: Accepted) -> bool:
        """Looks at an operation once: it is there, it ends when its time is over, and stays ended."""
        reply = self.way.send("GET", operation.url)
        if self.world.now > operation.ends + OPERATION_DAYS * DAY:
            assert reply.status in (200, 202, 404), reply
            return True
        assert reply.status in (200, 202), (operation, reply)
        told = (reply.body or {}).get("status", "")
        ended = reply.status == 200 and told in ("", "Succeeded")
        assert told not in ("Failed", "Canceled"), reply
        assert not ended or self.world.now >= operation.ends, (operation, reply)
        assert ended or not operation.ended, f"{operation} had ended: {reply}"
        operation.ended = ended
        return ended

    def finish(self) -> None:
        """Polls what was accepted last to its end, if its time is over; two looks are enough."""
        operation = self.accepted[-1]
        if self.world.now >= operation.ends:
            assert self.poll(operation) or self.poll(operation), operation

    def _checked(self, method: str, url: str, body: Any) -> Reply:
        reply = self.way.send(method, url, body)
        assert reply.status < 500, (method, url, reply)
        if 0 < reply.status < 300 and isinstance(reply.body, dict):
            for found in reply.body.get("value", [reply.body]):
                if isinstance(found, dict) and "etag" in found:
                    this = (found["id"].lower(), json.dumps(found, sort_keys=True))
                    known = self._etags.setdefault(found["etag"], this)
                    assert known == this, f"{found['etag']} was another's: {known} and now {this}"
        operation = reply.headers.get("azure-asyncoperation") or reply.headers.get("location", "")
        if method != "GET" and reply.status in (200, 201, 202) and operation.startswith("https://"):
            self.accepted.append(Accepted(operation, self.world.now + self.world.duration))
        return reply


def encryption(version: str) -> Any:
    target = {"keyVaultUri": f"{URI}/", "keyName": "k", "keyVersion": version}
    return {"keySource": "Microsoft.KeyVault", "keyVaultProperties": target}


def _entry(principal: str, *permissions: str) -> Any:
    keys = permissions or ("get", "wrapKey", "unwrapKey")
    return {"tenantId": seed.TENANT_ID, "objectId": principal, "permissions": {"keys": keys}}
