"""The ground of the whole-cloud machine: requests with what must hold for each answer, whatever it is about.

Owns: etags, accepted operations, faults, kills, and the bodies that are sent. Does not own: the rules.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from localazure import seed
from tests.localazure.whole_cloud.client import Way
from tests.localazure.whole_cloud.model import (
    NEEDED,
    SUBSCRIPTION,
    Account,
    Binding,
    Vault,
    World,
    group_id,
)
from tests.support.front import Reply

ARM = "https://management.azure.com"
API = {
    "Microsoft.CognitiveServices": "2025-06-01",
    "Microsoft.KeyVault": "2024-11-01",
    "Microsoft.Authorization": "2020-05-01",
    "Microsoft.ManagedIdentity": "2023-01-31",
    "Microsoft.Network": "2024-05-01",
    "Microsoft.Insights": "2023-03-15-preview",
}
DEPLOYER = seed.DEPLOYER.object_id
OPERATION_DAYS = 7
"""How long an operation can be asked for after its end."""


@dataclass
class Accepted:
    """An operation that was accepted: where it is polled, when it ends, and what was seen of it last."""

    url: str
    ends: float
    ended: bool = False


class Steps:
    """Sends and checks. Not a machine yet: rules come with the classes that are made of it."""

    way: Way

    def set_up(self, way: Way) -> None:
        self.way, self.world = way, World()
        self.etags: dict[str, tuple[str, str]] = {}
        self.accepted: list[Accepted] = []

    # Requests ------------------------------------------------------------------------------------

    def arm(self, method: str, id: str, body: Any = None, *, api: str = "") -> Reply:
        """A request to ARM by the id of what it is about; a URL stays as it is."""
        if not id.startswith("https://"):
            namespace = id.rpartition("/providers/")[2].split("/")[0] if "/providers/" in id else ""
            id = f"{ARM}{id}?api-version={api or API.get(namespace, '2024-03-01')}"
        return self.checked(method, id, self.way.send(method, id, body))

    def keys(self, vault: Vault, method: str, path: str, body: Any = None) -> Reply:
        """A request to a vault's data plane."""
        url = f"https://{vault.name}.vault.azure.net/{path}?api-version=7.4"
        return self.checked(method, url, self.way.send(method, url, body))

    def project(self, method: str, account: str, body: Any = None) -> Reply:
        """A request for the one project that an account holds."""
        path = "language/authoring/analyze-conversations/projects/p"
        url = f"https://whole-{account}.cognitiveservices.azure.com/{path}?api-version=2023-04-01"
        return self.way.send(method, url, body)

    def checked(self, method: str, url: str, reply: Reply) -> Reply:
        """No answer is an internal error, and no etag is ever another's."""
        assert reply.status < 500, (method, url, reply)
        if reply.status < 300:
            self._etags_in(reply.body, method)
        operation = reply.headers.get("azure-asyncoperation") or reply.headers.get("location", "")
        if method != "GET" and reply.status in (200, 201, 202) and operation.startswith("https://"):
            self.accepted.append(Accepted(operation, self.world.now + self.world.duration))
        return reply

    def _etags_in(self, body: Any, method: str) -> None:
        for found in body.get("value", [body]) if isinstance(body, dict) else []:
            if not isinstance(found, dict) or "etag" not in found:
                continue
            etag, this = found["etag"], (found["id"].lower(), _canonical(found))
            known = self.etags.setdefault(etag, this)
            assert known == this, f"{etag} was another's: {known} and now {this}"

    # What was accepted ---------------------------------------------------------------------------

    def poll(self, operation: Accepted) -> bool:
        """Looks at an operation once: it is there, it ends when its time is over, and stays ended."""
        reply = self.way.send("GET", operation.url)
        if self.world.now > operation.ends + OPERATION_DAYS * 86400:
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

    def poll_all(self) -> None:
        """Looks at everything that was ever accepted."""
        for operation in self.accepted:
            self.poll(operation)

    # Bodies --------------------------------------------------------------------------------------

    def vault_body(self, vault: Vault, **more: Any) -> Any:
        entries = [_policy(who, list(held)) for who, held in vault.policies.items()]
        properties = {
            "tenantId": seed.TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "softDeleteRetentionInDays": 7,
            "accessPolicies": entries,
            "enableRbacAuthorization": vault.rbac,
            **({"enablePurgeProtection": True} if vault.protected else {}),
            **more,
        }
        return {"location": "westeurope", "properties": properties}

    def account_body(self, account: Account, binding: Binding | None = None) -> Any:
        properties: dict[str, Any] = {"customSubDomainName": f"whole-{account.name}"}
        if binding is not None:
            properties["encryption"] = self.encryption(binding)
        return {
            "location": "westeurope",
            "kind": "TextAnalytics",
            "sku": {"name": "S"},
            "identity": self.identity_body(account),
            "properties": properties,
        }

    def identity_body(self, account: Account) -> Any:
        words = [
            word
            for word, there in (("SystemAssigned", account.system), ("UserAssigned", account.user))
            if there
        ]
        body: dict[str, Any] = {"type": ", ".join(words) or "None"}
        if account.user:
            body["userAssignedIdentities"] = {IDENTITY: {}}
        return body

    def encryption(self, binding: Binding) -> Any:
        target = {
            "keyVaultUri": f"https://{binding.vault.name}.vault.azure.net/",
            "keyName": "k",
            "keyVersion": binding.version.name,
        }
        if binding.user is not None:
            target["identityClientId"] = self.client_ids[binding.user]
        return {"keySource": "Microsoft.KeyVault", "keyVaultProperties": target}

    client_ids: dict[str, str]


IDENTITY = f"{group_id('a')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/whole"
DELETED_VAULT = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults"


def deleted_account_id(account: Account) -> str:
    place = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/westeurope"
    return f"{place}/resourceGroups/rg-{account.group}/deletedAccounts/{account.name}"


def grant_body(principal: str, *permissions: str) -> Any:
    return {"properties": {"accessPolicies": [_policy(principal, list(permissions or NEEDED))]}}


def _policy(principal: str, keys: list[str]) -> Any:
    return {"tenantId": seed.TENANT_ID, "objectId": principal, "permissions": {"keys": keys}}


def _canonical(body: Any) -> str:
    return json.dumps(body, sort_keys=True)
