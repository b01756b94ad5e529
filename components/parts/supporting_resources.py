"""The parts of a service that come after its account and the binding: who may use it, private endpoints with
their records in the DNS zones that are given, what is below the account, and the audit trail.

Azure takes one write below an account at a time (hashicorp/terraform-provider-azurerm#22607), so each comes
after the one before it. An endpoint that moves to another subnet is replaced under the same name:
azure-native takes the old one away first. It takes replaced DNS away first, too: of two zone groups that
write the same record, the old one would delete it (assumed). Does not own: the zones and their links, which
belong to the network.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.proto import resource_pb2

from components.arguments.network import dns_zones
from components.arguments.service_args import EncryptedAIServicesAccountArgs, storage_role
from components.declared import Declaration, Declare, then
from components.resource_reads import read_resource_in_hook
from components.resources.account import MadeAccount
from components.resources.role_assignment import assign_role
from components.sdk.hooks import engine_has
from components.sdk.invokes import InvokeError
from core import arm_ids, audit_log
from core import resource_types as types
from core.roles import STORAGE_BLOB_DATA_CONTRIBUTOR
from core.service.desired import PRIVATE

_AUDITED = {"account": "Audit", "vault": audit_log.CATEGORY}
"""The category Audit records each operation on the account itself; AuditEvent records each operation on the
vault's keys, with the caller's identity."""
_FURTHER = (audit_log.STORAGE, audit_log.EVENT_HUB, audit_log.EVENT_HUB_NAME)


@dataclass(frozen=True)
class SupportingResources:
    """Declares the parts in a `place`, which has the arguments that most of them share: by `protected` what
    is not to be deleted, by `child` the others. `vault_id`: the vault, if it is made here."""

    inputs: EncryptedAIServicesAccountArgs
    account: MadeAccount
    vault_id: pulumi.Input[str] | None
    place: Mapping[str, Any]
    child: Declare
    protected: Declare

    def make(self, deployer_id: str, after: Sequence[pulumi.Resource]) -> pulumi.Output[str | None]:
        """Makes the parts; those that write to the account or the vault come after `after`, which do so, too.
        `deployer_id` is the object id of whoever deploys. Returns the id of the workspace of the audit
        logs."""
        self._let_call(deployer_id)
        for id in self.inputs.granted_storage_ids:
            assign_role(
                f"{self.inputs.name}-{storage_role(id)}",
                STORAGE_BLOB_DATA_CONTRIBUTOR,
                self.child,
                scope=id,
                principal_id=self.account.grantee_id,
                argument="storageAccountIds",
            )
        endpoints = self._endpoints(after) if self.inputs.network.access == PRIVATE else []
        self._below([*after, *endpoints])
        return self._audit_trail()

    @property
    def _targets(self) -> dict[str, pulumi.Input[str]]:
        """What is made here and has endpoints and logs of its own."""
        return {"account": self.account.id, **({} if self.vault_id is None else {"vault": self.vault_id})}

    def _let_call(self, deployer_id: str) -> None:
        """Gives each caller its role on the account."""
        kind = self.inputs.account_kind
        for caller in self.inputs.callers:
            name, *former = (f"{self.inputs.name}-{one}" for one in caller.logical_names(kind, deployer_id))
            says_type = "principal_type" in caller.given
            assign_role(
                name,
                caller.role_on(kind),
                self.child,
                scope=self.account.id,
                principal_id=caller.object_id(deployer_id),
                # Azure looks up whether the deployer is a person or a pipeline.
                principal_type=caller.principal_type if says_type or not caller.is_deployer else None,
                argument="callers",
                deleted_with=self.account.resource,
                aliases=[pulumi.Alias(name=one) for one in former],
            )

    def _endpoints(self, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        """An endpoint for each target: Azure refuses one of an account that is being written."""
        inputs, made = self.inputs, {}
        for what, target in self._targets.items():
            connection = {"name": what, "privateLinkServiceId": target, "groupIds": [what]}
            given = {
                **self.place,
                "privateEndpointName": inputs.name_of("privateEndpoint", what),
                "subnet": {"id": inputs.network.subnet_id},
                "privateLinkServiceConnections": [connection],
            }
            name = f"{inputs.name}-{what}-endpoint"
            endpoint = Declaration(types.PRIVATE_ENDPOINT, name, given, "network.subnetId")
            # An endpoint that was made with another name, interface name or addresses keeps them.
            ignored = ["privateEndpointName", "customNetworkInterfaceName", "ipConfigurations"]
            made[what] = self.child(endpoint, depends_on=[*after], ignore_changes=ignored)
        endpoints = [resource for one in made.values() for resource in one.resources]
        # Of two zones of one name, the first counts.
        given_ids = {arm_ids.name_of(id).lower(): id for id in reversed(inputs.network.private_dns_zone_ids)}
        zones = dns_zones(inputs.location, inputs.account_kind)
        for what, one in made.items():
            ids = {zone: given_ids[zone] for zone in zones[what] if zone in given_ids}
            given = {
                "resourceGroupName": self.place["resourceGroupName"],
                "privateEndpointName": one.name,
                "privateDnsZoneGroupName": "default",
                "privateDnsZoneConfigs": [
                    {"name": zone.replace(".", "-"), "privateDnsZoneId": id} for zone, id in ids.items()
                ],
            }
            name, path = f"{inputs.name}-{what}-dns", "network.privateDnsZoneIds"
            if ids:
                group = Declaration(types.PRIVATE_ZONE_GROUP, name, given, path, at=one.id)
                self.child(group, depends_on=endpoints)
        return endpoints

    def _below(self, after: Sequence[pulumi.Resource]) -> None:
        """Makes projects, then deploys models, each after the one before. A project holds data: it is
        protected, unless this stack is to remove it."""
        inputs, made = self.inputs, [*after]
        group = then(self.account.id, arm_ids.group_of)
        place: dict[str, Any] = {"accountName": self.account.name, "resourceGroupName": group}
        removed = {name.lower() for name in inputs.removed_projects}
        for project in inputs.projects:
            given = {
                **place,
                "projectName": project.name,
                "location": inputs.location,
                "identity": {"type": "SystemAssigned"},
                "properties": {"displayName": project.display_name, "description": project.description},
                "tags": inputs.tags,
            }
            name = f"{inputs.name}-project-{project.name}"
            child = Declaration(types.PROJECT, name, given, "projects", at=self.account.id)
            declare = self.child if project.name.lower() in removed else self.protected
            made += declare(child, depends_on=[*made]).resources
        for model in inputs.deployments:
            given = {
                **place,
                "deploymentName": model.name,
                "sku": {"name": model.sku, "capacity": model.capacity},
                "properties": {
                    "model": {"format": model.format, "name": model.model, "version": model.version},
                    "versionUpgradeOption": model.upgrade,
                },
                "tags": inputs.tags,
            }
            name = f"{inputs.name}-deployment-{model.name}"
            child = Declaration(types.DEPLOYMENT, name, given, "deployments", at=self.account.id)
            made += self.child(child, depends_on=[*made]).resources

    def _audit_trail(self) -> pulumi.Output[str | None]:
        """A diagnostic setting for each target, and the workspace if none is given; nothing if no logs are to
        be kept. They are protected like the account. Otherwise a destroy that is refused for the account
        would end its audit first."""
        inputs, workspace_id = self.inputs, self.inputs.audit.workspace_id
        if inputs.audit.makes_workspace:
            given = {
                **self.place,
                "workspaceName": inputs.name_of("workspace"),
                # Pay as you go (learn.microsoft.com/azure/azure-monitor/logs/cost-logs).
                "sku": {"name": "PerGB2018"},
                "retentionInDays": 365,
            }
            name, path = f"{inputs.name}-workspace", inputs.argument_of("workspace")
            workspace = Declaration(types.WORKSPACE, name, given, path, "audit.workspaceId")
            # A component that is renamed by an alias keeps its logs.
            guard = _tells_if_gone(name) if self.account.resource else None
            workspace_id = self.protected(workspace, guard=guard, ignore_changes=["workspaceName"]).id
        for what, target in self._targets.items() if inputs.audit.keeps_logs else ():
            given = {
                "name": inputs.name_of("diagnosticSetting"),
                "resourceUri": target,
                "workspaceId": workspace_id,
                "logs": [{"category": _AUDITED[what], "enabled": True}],
            }
            name = f"{inputs.name}-{what}-audit"
            setting = Declaration(types.DIAGNOSTIC_SETTING, name, given, "audit", at=target)
            # Azure refuses a second setting with the same destinations, so an old one keeps its name; and the
            # further destinations that an earlier version gave it, or its logs would end there in silence.
            self.protected(setting, delete_before_replace=False, ignore_changes=["name", *_FURTHER])
        return pulumi.Output.from_input(workspace_id)


def _tells_if_gone(name: str) -> pulumi.ResourceHookBinding | None:
    """A hook that says of a workspace which is about to be updated that it is made again: azure-native writes
    one that was deleted as any other, and the engine shows an update. For 14 days its logs come back with it
    (learn.microsoft.com/rest/api/loganalytics/workspaces/delete). The run has used azure-cmk before."""
    if not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        return None

    async def tell(about: pulumi.ResourceHookArgs) -> None:
        with suppress(InvokeError):
            if await read_resource_in_hook(about.id) is None:
                pulumi.log.warn(
                    f"{name}: the workspace was deleted outside Pulumi, and what is shown as its update "
                    "makes it again. Its logs come back with it for 14 days after it was deleted"
                )

    hook = pulumi.ResourceHook(f"{name} is there", tell, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_update=[hook])
