"""Accounts as the cloud tells of them, for plans that are made without one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from components.roles import ENCRYPTION_USER
from operate.adopt.found import Found
from operate.adopt.obstacles import obstacles
from operate.evidence.model import Assignment, NotChecked, Service
from tests.operate.evidence import made
from tests.operate.evidence.made import NOW, OWN, SUBSCRIPTION, vault

UNWRAP = "Microsoft.KeyVault/vaults/keys/unwrap/action"
KEY_ID = f"{vault().id}/keys/cmk"
ROLE = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ENCRYPTION_USER.definition}"


def body(**properties: Any) -> dict[str, Any]:
    encryption = {"keyVaultProperties": {"keyVaultUri": "https://kv-contoso.vault.azure.net"}}
    return {
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": "lang-contoso", "encryption": encryption, **properties},
    }


def vault_body(keys: list[str], **permissions: list[str]) -> dict[str, Any]:
    entry = {"objectId": OWN.upper(), "permissions": {"keys": keys, **permissions}}
    return {"properties": {"accessPolicies": [entry]}}


def found(service: Service | None = None, **changes: Any) -> Found:
    """An account bound by access policy, exactly as this project would have it."""
    given = made.service() if service is None else service
    whole = Found(given, NOW, body(), vault_body(list(ENCRYPTION_USER.permissions)))
    return replace(whole, **changes)


def by_role(scope: str, name: str, role: str = ROLE) -> Found:
    """An account bound under Azure RBAC by one role assignment."""
    can = Assignment(OWN, "ServicePrincipal", "a role", scope, conditional=False, data_actions=(UNWRAP,))
    properties = {"principalId": OWN, "scope": scope, "roleDefinitionId": role}
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    # Nothing about the log is known, as of most accounts that are made by hand.
    unlogged = NotChecked("no diagnostic setting")
    service = made.service(vault=vault(uses_rbac=True), assignments=(can,), use=unlogged, audit=())
    return found(service, assignments=({"id": id, "name": name, "properties": properties},))


def texts(*pairs: tuple[str, Found], takes_vault: bool = False) -> str:
    return "\n".join(str(obstacle) for obstacle in obstacles(pairs, takes_vault=takes_vault))
