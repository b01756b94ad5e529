"""What a write takes besides its own action: an action on each resource that its body refers to.

Sources: learn.microsoft.com/azure/private-link/rbac-permissions (subnets, zones);
azure/dns/dns-protect-private-zones-recordsets (links); azure/storage/common/storage-network-security (service
endpoints); JimGBritt/AzurePolicy#17 and azure/azure-monitor/platform/diagnostic-settings (diagnostic
settings; for storage accounts it is assumed). Does not own: identities of accounts and approvals
of endpoints, which depend on more than the body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from localazure.authorization import require_linked
from localazure.cloud import Cloud
from localazure.web import Request

_SERVICE_ENDPOINT = (
    "properties.networkAcls.virtualNetworkRules.id",
    "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
)
_CHECKS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "Microsoft.KeyVault/vaults/write": (_SERVICE_ENDPOINT,),
    "Microsoft.CognitiveServices/accounts/write": (_SERVICE_ENDPOINT,),
    "Microsoft.Insights/diagnosticSettings/write": (
        ("properties.workspaceId", "Microsoft.OperationalInsights/workspaces/sharedKeys/action"),
        ("properties.storageAccountId", "Microsoft.Storage/storageAccounts/listKeys/action"),
        (
            "properties.eventHubAuthorizationRuleId",
            "Microsoft.EventHub/namespaces/authorizationRules/listKeys/action",
        ),
    ),
    "Microsoft.Network/privateEndpoints/write": (
        ("properties.subnet.id", "Microsoft.Network/virtualNetworks/subnets/join/action"),
    ),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write": (
        (
            "properties.privateDnsZoneConfigs.properties.privateDnsZoneId",
            "Microsoft.Network/privateDnsZones/join/action",
        ),
    ),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks/write": (
        ("properties.virtualNetwork.id", "Microsoft.Network/virtualNetworks/join/action"),
    ),
}
"""Where the body of a write has ids, and the action that it takes on each."""


def require(cloud: Cloud, request: Request, permission: str, scope: str) -> None:
    """Raises ARM's 403 LinkedAuthorizationFailed for the first resource that the caller may not link."""
    for path, action in _CHECKS.get(permission, ()):
        for id in _ids(request.body, path.split(".")):
            require_linked(cloud, request.caller, action, id, doing=permission, scope=scope)


def _ids(value: Any, path: list[str]) -> Iterator[str]:
    """The ids at a path; a list on the way stands for each of its items. What is no id is for the resource's
    own checks."""
    if isinstance(value, list) and path:
        for item in value:
            yield from _ids(item, path)
    elif isinstance(value, dict) and path:
        yield from _ids(value.get(path[0]), path[1:])
    elif isinstance(value, str) and "/providers/" in value and not path:
        yield value
