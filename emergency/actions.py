"""The table: each action as az says it, as Azure PowerShell says it, and as a documented REST call.

The REST call is what the tests run. Sources: az keyvault and az role assignment in the Azure CLI's reference,
Az.KeyVault and Az.Resources in Azure PowerShell's; for the calls, "Vaults - Update Access Policy", "Role
Assignments - Delete" and "- Create", and Key Vault's "Update Key". For an access policy, az and the Az module
may send a PUT of the whole vault instead, with the same effect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emergency.target import Target

_PERMISSIONS = ("get", "wrapKey", "unwrapKey")
_ROLE = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User
_VAULTS, _ROLES, _KEYS = "2024-11-01", "2022-04-01", "7.4"


@dataclass(frozen=True)
class Call:
    """One REST call. A `{tenant}` in the body stands for the tenant of the login."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Action:
    """One thing to do, in three languages."""

    name: str
    az: tuple[str, ...]
    powershell: tuple[str, ...]
    rest: Call


def actions(target: Target) -> tuple[Action, Action, Action, Action]:
    """Take the grant away and give it back; disable the key version and enable it."""
    pair = _role(target) if target.is_role else _policy(target)
    return (*pair, _version(target, enabled=False), _version(target, enabled=True))


def _policy(target: Target) -> tuple[Action, Action]:
    where = f"--name {target.vault_name} --resource-group {target.resource_group} "
    where += f"--subscription {target.subscription_id} --object-id {target.principal_id}"
    there = f"-VaultName {target.vault_name} -ResourceGroupName {target.resource_group} "
    there += f"-ObjectId {target.principal_id}"
    rights = f"-PermissionsToKeys {','.join(_PERMISSIONS)}"
    url = f"https://management.azure.com{target.vault_id}/accessPolicies/{{0}}?api-version={_VAULTS}"
    entry = {
        "tenantId": "{tenant}",
        "objectId": target.principal_id,
        "permissions": {"keys": [*_PERMISSIONS]},
    }
    body = {"properties": {"accessPolicies": [entry]}}
    return (
        Action(
            "revoke",
            (f"az keyvault delete-policy {where}",),
            (_context(target), f"Remove-AzKeyVaultAccessPolicy {there}"),
            Call("PUT", url.format("remove"), body),
        ),
        Action(
            "restore",
            (f"az keyvault set-policy {where} --key-permissions {' '.join(_PERMISSIONS)}",),
            (
                _context(target),
                f"Set-AzKeyVaultAccessPolicy {there} {rights} -BypassObjectIdValidation",
            ),
            Call("PUT", url.format("replace"), body),
        ),
    )


def _role(target: Target) -> tuple[Action, Action]:
    name = target.grant_id.rstrip("/").rpartition("/")[2]
    path = f"{target.grant_id}?api-version={_ROLES}"
    url = f"https://management.azure.com{path}"
    of_role = f"-RoleDefinitionId {_ROLE} -Scope {target.key_id}"
    assignee = f"--assignee-object-id {target.principal_id} --assignee-principal-type ServicePrincipal"
    definition = (
        f"/subscriptions/{target.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{_ROLE}"
    )
    body = {
        "properties": {
            "roleDefinitionId": definition,
            "principalId": target.principal_id,
            "principalType": "ServicePrincipal",
        }
    }
    return (
        Action(
            "revoke",
            (f"az role assignment delete --ids {target.grant_id}",),
            (
                _context(target),
                f"Remove-AzRoleAssignment -ObjectId {target.principal_id} {of_role}",
            ),
            Call("DELETE", url),
        ),
        Action(
            "restore",
            # By its former name, for the next `pulumi up` knows it by that.
            (f"az role assignment create --name {name} --role {_ROLE} {assignee} --scope {target.key_id}",),
            (
                _context(target),
                f"Invoke-AzRestMethod -Method PUT -Path '{path}' -Payload '{json.dumps(body)}'",
            ),
            Call("PUT", url, body),
        ),
    )


def _version(target: Target, *, enabled: bool) -> Action:
    word = str(enabled).lower()
    version = f"-VaultName {target.vault_name} -Name {target.key_name} -Version {target.key_version}"
    return Action(
        "enable the version" if enabled else "disable the version",
        (f"az keyvault key set-attributes --id {target.key_uri_with_version} --enabled {word}",),
        (
            _context(target),
            f"Update-AzKeyVaultKey {version} -Enable ${word}",
        ),
        Call(
            "PATCH",
            f"{target.key_uri_with_version}?api-version={_KEYS}",
            {"attributes": {"enabled": enabled}},
        ),
    )


def _context(target: Target) -> str:
    return f"Set-AzContext -Subscription {target.subscription_id}"
