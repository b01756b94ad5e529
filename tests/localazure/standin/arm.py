"""A small ARM that records what it is asked, and the resources that tests of the stand-in make in it."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localazure.standin.azure import Answer, Login

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
OBJECT = "33333333-3333-3333-3333-333333333333"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/a"
ACCOUNT_TYPE = "azure-native:cognitiveservices:Account"
VAULT_TYPE = "azure-native:keyvault:Vault"
ACCOUNT_INPUTS = {
    "resourceGroupName": "rg",
    "accountName": "a",
    "location": "westeurope",
    "kind": "TextAnalytics",
    "sku": {"name": "S"},
    "identity": {"type": "SystemAssigned"},
    "azureApiVersion": "2025-06-01",
    "__createBeforeDelete": True,
}
ACCOUNT_BODY = {
    "kind": "TextAnalytics",
    "location": "westeurope",
    "sku": {"name": "S"},
    "identity": {"type": "SystemAssigned"},
}
VAULT_INPUTS = {
    "resourceGroupName": "rg",
    "vaultName": "v",
    "location": "westeurope",
    "properties": {"tenantId": "t", "sku": {"family": "A", "name": "standard"}},
}
POLICY = {"objectId": "o", "tenantId": "t", "permissions": {"keys": ["get"]}}
ENVIRON = {
    "ARM_TENANT_ID": TENANT,
    "ARM_CLIENT_ID": "client",
    "ARM_CLIENT_SECRET": "secret",
    "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
    "LOCALAZURE_POLL_SECONDS": "0.001",
    "LOCALAZURE_RETRY_SECONDS": "0.001",
    "LOCALAZURE_LONGEST_RETRY_SECONDS": "0.002",
}


@dataclass
class RecordingArm:
    """Keeps what is PUT and answers as told: `answers` maps "METHOD path" to the answers to give first."""

    login: Login | None = None
    resources: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        path = url.removeprefix("https://management.azure.com").split("?")[0]
        self.calls.append((method, path, copy.deepcopy(body)))
        self.urls.append(url)
        self.came.set()
        told = self.answers.get(f"{method} {path}")
        if told:
            answer = told.pop(0)
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(answer, Answer)
            return answer
        key = path.lower()
        if method == "GET":
            return Answer(200, self.resources[key]) if key in self.resources else missing()
        if method == "DELETE":
            return Answer(200 if self.resources.pop(key, None) else 404)
        if method in ("PUT", "PATCH"):
            self.resources[key] = {"id": path, "name": path.rsplit("/", 1)[1], "type": "t", **body}
            return Answer(200, self.resources[key])
        return Answer(200, {})

    async def token(self, scope: str) -> str:
        claims = {"appid": "client", "oid": OBJECT, "tid": TENANT, "aud": scope}
        return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."

    async def close(self) -> None:
        self.ended.set()

    @property
    def closed(self) -> bool:
        return self.ended.is_set()

    @staticmethod
    def answer(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        return Answer(status, body, headers or {})

    async def asked(self, method: str) -> None:
        """Waits until a request with that method has come."""
        while not self.sent(method):
            self.came.clear()
            await asyncio.wait_for(self.came.wait(), 5)

    def sent(self, method: str) -> list[Any]:
        return [body for verb, _, body in self.calls if verb == method]


def missing() -> Answer:
    return Answer(404, {"error": {"code": "ResourceNotFound", "message": "not here"}})
