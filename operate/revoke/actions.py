"""The table: each action as az says it, as Azure PowerShell says it, and as a documented REST call.

The REST call is what the tests run, in Azure's public cloud. Sources: az keyvault, az role assignment and az
rest in the Azure CLI's reference, Az.KeyVault, Az.Resources and Az.Accounts in Azure PowerShell's; for the
calls, "Vaults - Update Access Policy", "Role Assignments - Delete" and "- Create", Key Vault's "Update Key"
and the language service's "List Projects". For an access policy, az and the Az module may send a PUT of the
whole vault instead, with the same effect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operate.revoke.quoting import bash, powershell
from operate.revoke.target import Target

_PERMISSIONS = ("get", "wrapKey", "unwrapKey")
_ROLE = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User
_VAULTS, _ROLES, _KEYS = "2024-11-01", "2022-04-01", "7.4"
_PROJECTS = "language/authoring/analyze-conversations/projects?api-version=2023-04-01"


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


def look(target: Target) -> Action | None:
    """Reads the account's data, which is refused while the key cannot be used; None where its endpoint is not
    known. Whoever looks needs the right to read it, and a network that the account lets in."""
    if not target.endpoint:
        return None
    url = f"{target.endpoint.rstrip('/')}/{_PROJECTS}"
    # The audience of each cloud is the host that its endpoints are below.
    audience = f"https://{target.endpoint.rstrip('/').partition('.')[2]}"
    return Action(
        "look",
        (f"az rest --method get --resource {audience} --url {bash(url)}",),
        (f"Invoke-AzRestMethod -Method GET -Uri {powershell(url)} -ResourceId {audience}",),
        Call("GET", url),
    )


def _policy(target: Target) -> tuple[Action, Action]:
    where = f"--name {target.vault_name} --resource-group {bash(target.resource_group)} "
    where += f"--subscription {target.subscription_id} --object-id {target.principal_id}"
    there = f"-VaultName {target.vault_name} -ResourceGroupName {powershell(target.resource_group)} "
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
    # The key, or the vault of an account that was adopted with such a grant.
    scope = target.grant_scope
    of_role = f"-RoleDefinitionId {_ROLE} -Scope {powershell(scope)}"
    assignee = f"--assignee-object-id {target.principal_id} --assignee-principal-type ServicePrincipal"
    sends = f"Invoke-AzRestMethod -Method PUT -Path {powershell(path)}"
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
            (f"az role assignment delete --ids {bash(target.grant_id)}",),
            (
                _context(target),
                f"Remove-AzRoleAssignment -ObjectId {target.principal_id} {of_role}",
            ),
            Call("DELETE", url),
        ),
        Action(
            "restore",
            # By its former name, for the next `pulumi up` knows it by that.
            (f"az role assignment create --name {name} --role {_ROLE} {assignee} --scope {bash(scope)}",),
            (_context(target), f"{sends} -Payload {powershell(json.dumps(body))}"),
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
