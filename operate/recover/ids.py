"""ARM ids of resources whose create was cut off, from the inputs that they were to be made with.

Owns: the form of each type's id, which azure-native gives only once the create has ended. Pure.
Source: Azure's ids of these types; an access policy's, which has none there, is azure-native's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
_VAULT = f"{_GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}"
_INSIGHTS = f"{_GROUP}/providers/Microsoft.Insights"
_NETWORK = f"{_GROUP}/providers/Microsoft.Network"
_ENDPOINT = f"{_NETWORK}/privateEndpoints/{{privateEndpointName}}"
_ZONE = f"{_NETWORK}/privateDnsZones/{{privateZoneName}}"
_WORKSPACE = f"{_GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspaceName}}"
_IDENTITIES = f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
_AUTHORIZATION = "providers/Microsoft.Authorization"
_SETTINGS = "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings"

FORMS: Mapping[str, str] = {
    "azure-native:authorization:PolicyAssignment": f"/{{scope}}/{_AUTHORIZATION}/policyAssignments"
    "/{policyAssignmentName}",
    "azure-native:authorization:PolicyDefinition": f"/subscriptions/{{subscriptionId}}/{_AUTHORIZATION}"
    "/policyDefinitions/{policyDefinitionName}",
    "azure-native:authorization:PolicyExemption": f"/{{scope}}/{_AUTHORIZATION}/policyExemptions"
    "/{policyExemptionName}",
    "azure-native:authorization:RoleAssignment": f"/{{scope}}/{_AUTHORIZATION}/roleAssignments"
    "/{roleAssignmentName}",
    "azure-native:cognitiveservices:Account": f"{_GROUP}/providers/Microsoft.CognitiveServices/accounts"
    "/{accountName}",
    "azure-native:keyvault:AccessPolicy": f"{_VAULT}/accessPolicy/{{policy.objectId}}",
    "azure-native:keyvault:Key": f"{_VAULT}/keys/{{keyName}}",
    "azure-native:keyvault:Vault": _VAULT,
    "azure-native:managedidentity:UserAssignedIdentity": f"{_IDENTITIES}/{{resourceName}}",
    "azure-native:monitor:ActionGroup": f"{_INSIGHTS}/actionGroups/{{actionGroupName}}",
    "azure-native:monitor:DiagnosticSetting": f"{_SETTINGS}/{{name}}",
    "azure-native:monitor:ScheduledQueryRule": f"{_INSIGHTS}/scheduledQueryRules/{{ruleName}}",
    "azure-native:network:PrivateDnsZoneGroup": f"{_ENDPOINT}/privateDnsZoneGroups"
    "/{privateDnsZoneGroupName}",
    "azure-native:network:PrivateEndpoint": _ENDPOINT,
    "azure-native:operationalinsights:SavedSearch": f"{_WORKSPACE}/savedSearches/{{savedSearchId}}",
    "azure-native:operationalinsights:Workspace": _WORKSPACE,
    "azure-native:privatedns:PrivateZone": _ZONE,
    "azure-native:privatedns:VirtualNetworkLink": f"{_ZONE}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
    "azure-native:resources:ResourceGroup": _GROUP,
}
"""By type token: the id, with the inputs that make it up in braces."""


class UnknownIdError(ValueError):
    """The id of a resource cannot be told; the message says why and what to do."""


def arm_id(type: str, inputs: Mapping[str, Any], subscription_id: str | None) -> str:
    """The id that a resource has if it was made. Raises UnknownIdError."""
    form = FORMS.get(type)
    if form is None:
        raise UnknownIdError(
            f"the id of a {type} is not known here; look whether it was made, then `pulumi import` it"
        )

    def value(match: re.Match[str]) -> str:
        if match[1] == "subscriptionId":
            if not subscription_id:
                raise UnknownIdError("the subscription is not known; set ARM_SUBSCRIPTION_ID")
            return subscription_id
        found: Any = inputs
        for word in match[1].split("."):
            found = found.get(word) if isinstance(found, Mapping) else None
        if not isinstance(found, str) or not found:
            raise UnknownIdError(f"its input {match[1]} is {found!r}, not a text; look whether it was made")
        return found.strip("/")

    return re.sub(r"\{([\w.]+)\}", value, form)
