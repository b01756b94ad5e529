"""The resource types that the stand-in has: one row each, by type token.

A row says what `schema.json`, which has the names and types of all properties, does not. Default API versions
are those that SDK 3.29.0 names; a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from localazure.standin.paths import field_names


class UnknownTokenError(Exception):
    """A type or function that the stand-in does not have; the text names those it has."""


class AutoName(StrEnum):
    """How a resource gets a name when the program gives none."""

    RANDOM = "random"
    """The logical name and eight random hex digits: resources that stand by themselves."""
    COPY = "copy"
    """The logical name: resources inside another, whose names need not be unique in the world."""
    UUID = "uuid"
    """A random UUID: where ARM takes nothing else."""


@dataclass(frozen=True)
class Rule:
    """What the specification says about the text of one input."""

    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ResourceType:
    """A resource type of azure-native.

    `path` names its fields as the inputs are named; the last one is the name. `required` are inputs the
    specification requires and the SDK leaves open, because Check fills them in. `force_new` are body
    properties that replace the resource when they change; path fields always do. `inner` are those inside
    ARM's `properties` though their name is one of ARM's outer ones. `renames` are properties that ARM spells
    differently. `shared` is the place of an array that other resources also write, and `keyed` are the
    properties that identify its elements, whatever their order.
    """

    token: str
    path: str
    api_version: str
    auto_name: AutoName = AutoName.RANDOM
    required: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    force_new: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()
    renames: Mapping[str, str] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    keyed: tuple[str, ...] = ()
    put_is_long: bool = False
    delete_is_long: bool = False

    @property
    def module(self) -> str:
        return self.token.split(":")[1]

    @property
    def name(self) -> str:
        return self.token.split(":")[2]

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The inputs that make up the id."""
        return field_names(self.path)

    @property
    def name_input(self) -> str:
        """The input that is the resource's name; empty where it has none of its own."""
        return "" if "." in self.path_fields[-1] else self.path_fields[-1]

    @property
    def replaces(self) -> frozenset[str]:
        return self.force_new | frozenset(self.path_fields)

    def rule(self, name: str) -> Rule:
        return self.rules.get(name) or _RULES.get(name) or Rule()


GROUP: Final = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
VAULT: Final = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}"
ACCOUNT: Final = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{{accountName}}"
_AT_SCOPE: Final = "/{scope}/providers/Microsoft.Authorization"
_NETWORK: Final = f"{GROUP}/providers/Microsoft.Network"
_ENDPOINT: Final = f"{_NETWORK}/privateEndpoints/{{privateEndpointName}}"
_ZONE: Final = f"{_NETWORK}/privateDnsZones/{{privateZoneName}}"
_INSIGHTS: Final = f"{GROUP}/providers/Microsoft.Insights"
_WORKSPACE: Final = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspaceName}}"
_LOCATION: Final = frozenset({"location"})
_ACCOUNT_NAME: Final = Rule(2, 64, r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")
_RULES: Final[Mapping[str, Rule]] = {
    "resourceGroupName": Rule(1, 90),
    "vaultName": Rule(pattern=r"^[a-zA-Z0-9-]{3,24}$"),
    "accountName": _ACCOUNT_NAME,
}
"""What holds for these inputs of whatever type."""


def _row(
    token: str, path: str, version: str, *, long: bool = False, copies: bool = False, **more: Any
) -> ResourceType:
    """A row; `long`: its PUT and DELETE are followed; `copies`: it is named as the program's resource is."""
    if long:
        more |= {"put_is_long": True, "delete_is_long": True}
    if copies:
        more["auto_name"] = AutoName.COPY
    return ResourceType(f"azure-native:{token}", path, version, **more)


ROWS: Final = (
    _row(
        "resources:ResourceGroup",
        GROUP,
        "2024-03-01",
        required=("location",),
        force_new=_LOCATION,
        delete_is_long=True,
    ),
    _row(
        "keyvault:Vault",
        VAULT,
        "2024-11-01",
        required=("location",),
        shared=("properties", "accessPolicies"),
        keyed=("tenantId", "objectId", "permissions"),
        put_is_long=True,
    ),
    _row(
        "keyvault:Key",
        f"{VAULT}/keys/{{keyName}}",
        "2024-11-01",
        copies=True,
        rules={"keyName": Rule(pattern=r"^[a-zA-Z0-9-]{1,127}$")},
        renames={"notBefore": "nbf", "expires": "exp", "releasePolicy": "release_policy"},
    ),
    _row("keyvault:AccessPolicy", f"{VAULT}/accessPolicy/{{policy.objectId}}", ""),
    _row("cognitiveservices:Account", ACCOUNT, "2025-06-01", long=True, force_new=_LOCATION),
    _row(
        "cognitiveservices:Project",
        f"{ACCOUNT}/projects/{{projectName}}",
        "2025-06-01",
        long=True,
        copies=True,
        rules={"projectName": _ACCOUNT_NAME},
        force_new=_LOCATION,
    ),
    _row(
        "cognitiveservices:Deployment",
        f"{ACCOUNT}/deployments/{{deploymentName}}",
        "2025-06-01",
        long=True,
        copies=True,
    ),
    _row(
        "authorization:RoleAssignment",
        f"{_AT_SCOPE}/roleAssignments/{{roleAssignmentName}}",
        "2022-04-01",
        auto_name=AutoName.UUID,
        force_new=frozenset({"principalId"}),
    ),
    _row("authorization:ManagementLockByScope", f"{_AT_SCOPE}/locks/{{lockName}}", "2020-05-01"),
    _row(
        "authorization:PolicyAssignment",
        f"{_AT_SCOPE}/policyAssignments/{{policyAssignmentName}}",
        "2025-01-01",
    ),
    _row(
        "authorization:PolicyExemption",
        f"{_AT_SCOPE}/policyExemptions/{{policyExemptionName}}",
        "2022-07-01-preview",
    ),
    _row(
        "authorization:PolicyDefinition",
        "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/policyDefinitions"
        "/{policyDefinitionName}",
        "2025-01-01",
    ),
    _row(
        "managedidentity:UserAssignedIdentity",
        f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}",
        "2023-01-31",
        required=("location",),
        force_new=_LOCATION,
    ),
    _row("network:PrivateEndpoint", _ENDPOINT, "2024-05-01", long=True, force_new=frozenset({"subnet"})),
    _row(
        "network:PrivateDnsZoneGroup",
        f"{_ENDPOINT}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
        "2024-05-01",
        long=True,
        copies=True,
    ),
    _row("privatedns:PrivateZone", _ZONE, "2024-06-01", long=True),
    _row(
        "privatedns:VirtualNetworkLink",
        f"{_ZONE}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
        "2024-06-01",
        long=True,
        copies=True,
    ),
    _row(
        "monitor:DiagnosticSetting",
        "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
        "2021-05-01-preview",
    ),
    _row(
        "operationalinsights:Workspace",
        _WORKSPACE,
        "2023-09-01",
        long=True,
        required=("location",),
        rules={"workspaceName": Rule(4, 63, r"^[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]$")},
        force_new=_LOCATION,
        inner=frozenset({"sku"}),
    ),
    _row(
        "monitor:ActionGroup",
        f"{_INSIGHTS}/actionGroups/{{actionGroupName}}",
        "2024-10-01-preview",
        rules={"groupShortName": Rule(longest=12)},
        force_new=_LOCATION,
    ),
    _row(
        "monitor:ScheduledQueryRule",
        f"{_INSIGHTS}/scheduledQueryRules/{{ruleName}}",
        "2025-01-01-preview",
        required=("criteria", "scopes"),
        force_new=_LOCATION,
    ),
    # ARM has no tracked tags here: they are pairs among the search's own properties.
    _row(
        "operationalinsights:SavedSearch",
        f"{_WORKSPACE}/savedSearches/{{savedSearchId}}",
        "2023-09-01",
        copies=True,
        inner=frozenset({"tags"}),
    ),
)

BY_TOKEN: Final[Mapping[str, ResourceType]] = {row.token.lower(): row for row in ROWS}


def unpinned(token: str) -> tuple[str, str]:
    """A token without the API version that it pins (`keyvault/v20260201:Vault`), and that version, or "". The
    plugin knows each version of a type or function by such a token."""
    match = re.search(r"/v(\d{4})(\d{2})(\d{2})([a-z]*):", token)
    if match is None:
        return token, ""
    year, month, day, label = match.groups()
    version = f"{year}-{month}-{day}" + (f"-{label}" if label else "")
    return token.replace(match[0], ":"), version


def resource_type(token: str) -> ResourceType:
    """The row of a type token, with the API version that the token pins.

    Raises UnknownTokenError for a type without a row, and for a version of one that has none: the plugin's
    own code for it knows one.
    """
    plain, version = unpinned(token)
    row = BY_TOKEN.get(plain.lower())
    if row is not None and version:
        row = replace(row, api_version=version) if row.api_version else None
    if row is None:
        known = ", ".join(sorted(item.token for item in ROWS))
        raise UnknownTokenError(
            f"resource type '{token}' is not known to the local azure-native; it knows {known}. "
            "Deploy to Azure with the real azure-native plugin to use any other type"
        )
    return row
