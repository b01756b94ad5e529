"""Collects the api-versions of the types that the local Azure serves.

python -m tests.localazure.versions

pulumi-azure-native's SDK names, as aliases of a type, each api-version that the published definitions have of
it. What is written is `localazure/versions.json`. Versions that the SDK does not know yet are in
`retired_versions.json`.
"""

from __future__ import annotations

import importlib.util
import json
import re
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).parents[2] / "localazure" / "versions.json"
_COGNITIVE, _VAULTS = "Microsoft.CognitiveServices/accounts", "Microsoft.KeyVault/vaults"
_MODULES = {
    _COGNITIVE: "cognitiveservices.account",
    f"{_COGNITIVE}/capabilityHosts": "cognitiveservices.account_capability_host",
    f"{_COGNITIVE}/connections": "cognitiveservices.account_connection",
    f"{_COGNITIVE}/deployments": "cognitiveservices.deployment",
    f"{_COGNITIVE}/projects": "cognitiveservices.project",
    f"{_COGNITIVE}/projects/capabilityHosts": "cognitiveservices.project_capability_host",
    _VAULTS: "keyvault.vault",
    f"{_VAULTS}/keys": "keyvault.key",
    f"{_VAULTS}/secrets": "keyvault.secret",
    "Microsoft.KeyVault/managedHSMs": "keyvault.managed_hsm",
    "Microsoft.Authorization/roleAssignments": "authorization.role_assignment",
    "Microsoft.Authorization/roleDefinitions": "authorization.role_definition",
    "Microsoft.Authorization/policyAssignments": "authorization.policy_assignment",
    "Microsoft.Authorization/policyDefinitions": "authorization.policy_definition",
    "Microsoft.Authorization/policyExemptions": "authorization.policy_exemption",
    "Microsoft.Authorization/locks": "authorization.management_lock_by_scope",
    "Microsoft.DocumentDB/databaseAccounts": "cosmosdb.database_account",
    "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments": "cosmosdb.sql_resource_sql_role_assignment",
    "Microsoft.EventHub/namespaces": "eventhub.namespace",
    "Microsoft.Insights/actionGroups": "monitor.action_group",
    "Microsoft.Insights/scheduledQueryRules": "monitor.scheduled_query_rule",
    "Microsoft.Insights/diagnosticSettings": "monitor.diagnostic_setting",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "managedidentity.user_assigned_identity",
    "Microsoft.Network/virtualNetworks": "network.virtual_network",
    "Microsoft.Network/privateEndpoints": "network.private_endpoint",
    "Microsoft.Network/privateDnsZones": "privatedns.private_zone",
    "Microsoft.OperationalInsights/workspaces": "operationalinsights.workspace",
    "Microsoft.Resources/deployments": "resources.deployment",
    "Microsoft.Resources/resourceGroups": "resources.resource_group",
    "Microsoft.Search/searchServices": "search.service",
    "Microsoft.Storage/storageAccounts": "storage.storage_account",
}
_ALIAS = re.compile(r"azure-native:\w+/v(\d{4})(\d\d)(\d\d)(\w*):")


def versions() -> str:
    """The file's text: the api-versions of each type, oldest first."""
    rows = {type: _of(module) for type, module in _MODULES.items()}
    lines = ",\n".join(f"  {json.dumps(type)}: {json.dumps(found)}" for type, found in rows.items())
    source = f"pulumi-azure-native {version('pulumi-azure-native')}: the aliases of each type"
    return f'{{\n "source": {json.dumps(source)},\n "versions": {{\n{lines}\n }}\n}}\n'


def _of(module: str) -> list[str]:
    """Read from the text, since the module takes a second to load."""
    package = importlib.util.find_spec("pulumi_azure_native")
    assert package is not None
    assert package.submodule_search_locations
    place, _, name = module.partition(".")
    text = (Path(package.submodule_search_locations[0]) / place / f"{name}.py").read_text()
    return sorted(
        {
            f"{year}-{month}-{day}" + (f"-{label}" if label else "")
            for year, month, day, label in _ALIAS.findall(text)
        }
    )


if __name__ == "__main__":
    FILE.write_text(versions())
