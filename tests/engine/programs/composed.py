"""Two services, one of each way to bind, in a group and a vault that the same program makes."""

import pulumi
from pulumi_azure_native import authorization, monitor, operationalinsights, resources

from components.service import EncryptedAIServicesAccount
from components.vault import KeyVault

disposable = pulumi.ResourceOptions(protect=False)
group = resources.ResourceGroup("shared", resource_group_name="rg-shared", location="westeurope")
vault = KeyVault(
    "shared",
    {
        "resource_group_name": group.name,
        "location": "westeurope",
        "tenant_id": authorization.get_client_config().tenant_id,
    },
    disposable,
)
workspace = operationalinsights.Workspace(
    "shared", resource_group_name=group.name, workspace_name="log-shared", location="westeurope"
)
monitor.DiagnosticSetting(
    "shared",
    name="shared",
    resource_uri=vault.vault_id,
    workspace_id=workspace.id,
    logs=[monitor.DiagnosticsLogSettingsArgs(category="AuditEvent", enabled=True)],
)
for name, identity in (("one", "systemAssigned"), ("two", "userAssigned")):
    service = EncryptedAIServicesAccount(
        name,
        {
            "location": "westeurope",
            "identity": identity,
            "existing_resource_group_name": group.name,
            "vault": {"id": vault.vault_id},
            "audit": {"workspace_id": workspace.id},
        },
        disposable,
    )
    pulumi.export(name, service.outputs())
