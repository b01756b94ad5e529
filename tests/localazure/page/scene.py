"""A scene for the page: accounts bound, rotated and cut off, made by requests that any client sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localazure import seed

Send = Callable[[str, str, Any], Any]
"""Method, URL and body of a request that must succeed; gives the decoded answer."""

ARM = "https://management.azure.com"
GROUP = f"{ARM}/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/rg-language"
_KEYS = ["get", "list", "create", "delete", "update", "rotate", "wrapKey", "unwrapKey"]

EVIL = "<img src=x onerror=alert(1)>'\"&"
"""A text that would be markup if a page took it for that."""


def play(send: Send) -> None:
    """Makes one vault, and three accounts: `rotated`, `cut-off` and `plain` (on Microsoft's keys)."""
    send("PUT", f"{GROUP}?api-version=2024-03-01", {"location": "westeurope"})
    send("PUT", vault(), _vault())
    send("PUT", vault("/keys/cmk"), {"properties": {"kty": "RSA", "keySize": 2048}})
    for name in ("rotated", "cut-off", "plain"):
        send("PUT", account(name), _account(name))
        settle(send, name)
    for name in ("rotated", "cut-off"):
        grant(send, name, "add")
        bind(send, name)
    send("POST", "https://kv-scene.vault.azure.net/keys/cmk/rotate?api-version=7.4", None)
    bind(send, "rotated")
    grant(send, "cut-off", "remove")


def vault(below: str = "") -> str:
    return f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-scene{below}?api-version=2026-02-01"


def account(name: str) -> str:
    return f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{name}?api-version=2024-10-01"


def settle(send: Send, name: str) -> None:
    """Looks at an account until its operation has ended."""
    while send("GET", account(name), None)["properties"]["provisioningState"] != "Succeeded":
        pass


def grant(send: Send, name: str, kind: str) -> None:
    """Adds or removes the access of an account's identity."""
    principal = send("GET", account(name), None)["identity"]["principalId"]
    entry = _policy(principal, ["get", "wrapKey", "unwrapKey"])
    send("PUT", vault(f"/accessPolicies/{kind}"), {"properties": {"accessPolicies": [entry]}})


def bind(send: Send, name: str) -> None:
    """Binds an account to the newest version of the key."""
    key = send("GET", "https://kv-scene.vault.azure.net/keys/cmk?api-version=7.4", None)["key"]["kid"]
    *_, key_name, version = key.split("/")
    target = {
        "keyVaultUri": "https://kv-scene.vault.azure.net/",
        "keyName": key_name,
        "keyVersion": version,
    }
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": target}
    send("PATCH", account(name), {"properties": {"encryption": encryption}})
    settle(send, name)


def _policy(object_id: str, keys: list[str]) -> dict[str, Any]:
    return {"tenantId": seed.TENANT_ID, "objectId": object_id, "permissions": {"keys": keys}}


def _vault() -> dict[str, Any]:
    properties = {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": False,
        "enablePurgeProtection": True,
        "accessPolicies": [_policy(seed.DEPLOYER.object_id, _KEYS)],
    }
    return {"location": "westeurope", "properties": properties}


def _account(name: str) -> dict[str, Any]:
    return {
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": f"scene-{name}"},
    }
