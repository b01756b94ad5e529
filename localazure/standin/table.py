"""One row per resource type: where it lives in ARM and what its real provider does out of the ordinary.

Property names and types are not here: `schema.json` has them. Default API versions are those that
SDK 3.29.0 names; a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from localazure.standin.paths import field_names


class AutoName(StrEnum):
    """How a resource gets a name when the program gives none."""

    RANDOM = "random"
    """The logical name and eight random hex digits: resources that stand by themselves."""
    COPY = "copy"
    """The logical name: resources inside another, whose names need not be unique in the world."""
    UUID = "uuid"
    """A random UUID: where ARM takes nothing else."""


class UnknownTokenError(Exception):
    """A type or function that the stand-in does not have; the text names those it has."""


@dataclass(frozen=True)
class Rule:
    """What the specification says about the text of one input."""

    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ResourceType:
    """A resource type of azure-native.

    `path` names its fields as the inputs are named. `required` are inputs the specification requires and
    the SDK leaves open, because Check fills them in. `force_new` are body properties that replace the
    resource when they change; path fields always do. `flat_inputs` and `flat_outputs` tell whether the
    properties inside ARM's `properties` stand beside `location` in the program; `inner` are those that do
    so though their name is one of ARM's outer ones. `renames` are properties that ARM spells differently.
    `sub_resources` are arrays that other resources also write; `keyed` are arrays whose elements are told
    apart by some of their properties, not by their place.
    """

    module: str
    name: str
    path: str
    api_version: str
    name_input: str
    auto_name: AutoName = AutoName.RANDOM
    required: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    force_new: frozenset[str] = frozenset()
    flat_inputs: bool = False
    flat_outputs: bool = False
    inner: frozenset[str] = frozenset()
    renames: Mapping[str, str] = field(default_factory=dict)
    sub_resources: tuple[tuple[str, ...], ...] = ()
    keyed: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    put_is_long: bool = False
    delete_is_long: bool = False

    @property
    def token(self) -> str:
        return f"azure-native:{self.module}:{self.name}"

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The inputs that make up the id."""
        return field_names(self.path)

    @property
    def replaces(self) -> frozenset[str]:
        return self.force_new | frozenset(self.path_fields)


OUTER: Final = frozenset(
    {"id", "name", "type", "location", "tags", "etag", "kind", "sku", "identity", "systemData", "managedBy"}
    | {"extendedLocation", "zones", "plan"}
)
"""The properties that ARM keeps outside `properties`."""

GROUP: Final = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
VAULT: Final = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}"
GROUP_NAME: Final = Rule(1, 90)
VAULT_NAME: Final = Rule(pattern=r"^[a-zA-Z0-9-]{3,24}$")

ROWS: Final[tuple[ResourceType, ...]] = (
    ResourceType(
        module="resources",
        name="ResourceGroup",
        path=GROUP,
        api_version="2024-03-01",
        name_input="resourceGroupName",
        required=("location",),
        rules={"resourceGroupName": GROUP_NAME},
        force_new=frozenset({"location"}),
        delete_is_long=True,
    ),
    ResourceType(
        module="keyvault",
        name="Vault",
        path=VAULT,
        api_version="2024-11-01",
        name_input="vaultName",
        required=("location",),
        rules={"resourceGroupName": GROUP_NAME, "vaultName": VAULT_NAME},
        sub_resources=(("properties", "accessPolicies"),),
        keyed={("properties", "accessPolicies"): ("tenantId", "objectId", "permissions")},
        put_is_long=True,
    ),
    ResourceType(
        module="keyvault",
        name="Key",
        path=f"{VAULT}/keys/{{keyName}}",
        api_version="2024-11-01",
        name_input="keyName",
        auto_name=AutoName.COPY,
        rules={
            "resourceGroupName": GROUP_NAME,
            "vaultName": VAULT_NAME,
            "keyName": Rule(pattern=r"^[a-zA-Z0-9-]{1,127}$"),
        },
        flat_outputs=True,
        renames={"notBefore": "nbf", "expires": "exp", "releasePolicy": "release_policy"},
    ),
    ResourceType(
        module="keyvault",
        name="AccessPolicy",
        path=f"{VAULT}/accessPolicy/{{policy.objectId}}",
        api_version="",
        name_input="",
    ),
    ResourceType(
        module="cognitiveservices",
        name="Account",
        path=f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{{accountName}}",
        api_version="2025-06-01",
        name_input="accountName",
        rules={
            "resourceGroupName": GROUP_NAME,
            "accountName": Rule(2, 64, r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$"),
        },
        force_new=frozenset({"location"}),
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="authorization",
        name="RoleAssignment",
        path="/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
        api_version="2022-04-01",
        name_input="roleAssignmentName",
        auto_name=AutoName.UUID,
        force_new=frozenset({"principalId"}),
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="authorization",
        name="ManagementLockByScope",
        path="/{scope}/providers/Microsoft.Authorization/locks/{lockName}",
        api_version="2020-05-01",
        name_input="lockName",
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="authorization",
        name="PolicyAssignment",
        path="/{scope}/providers/Microsoft.Authorization/policyAssignments/{policyAssignmentName}",
        api_version="2025-01-01",
        name_input="policyAssignmentName",
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="managedidentity",
        name="UserAssignedIdentity",
        path=f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}",
        api_version="2023-01-31",
        name_input="resourceName",
        required=("location",),
        rules={"resourceGroupName": GROUP_NAME},
        force_new=frozenset({"location"}),
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="monitor",
        name="DiagnosticSetting",
        path="/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
        api_version="2021-05-01-preview",
        name_input="name",
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="network",
        name="PrivateEndpoint",
        path=f"{GROUP}/providers/Microsoft.Network/privateEndpoints/{{privateEndpointName}}",
        api_version="2024-05-01",
        name_input="privateEndpointName",
        rules={"resourceGroupName": GROUP_NAME},
        force_new=frozenset({"subnet"}),
        flat_inputs=True,
        flat_outputs=True,
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="operationalinsights",
        name="Workspace",
        path=f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspaceName}}",
        api_version="2023-09-01",
        name_input="workspaceName",
        required=("location",),
        rules={
            "resourceGroupName": GROUP_NAME,
            "workspaceName": Rule(4, 63, r"^[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]$"),
        },
        force_new=frozenset({"location"}),
        flat_inputs=True,
        flat_outputs=True,
        inner=frozenset({"sku"}),
        put_is_long=True,
        delete_is_long=True,
    ),
)

BY_TOKEN: Final[Mapping[str, ResourceType]] = {row.token.lower(): row for row in ROWS}


def resource_type(token: str) -> ResourceType:
    """The row of a type token; a token that pins an API version (`keyvault/v20230701:Vault`) has the same.

    Raises UnknownTokenError for a type without a row.
    """
    row = BY_TOKEN.get(re.sub(r"/v\d{8}\w*:", ":", token).lower())
    if row is None:
        known = ", ".join(sorted(item.token for item in ROWS))
        raise UnknownTokenError(
            f"resource type '{token}' is not known to the local azure-native; it knows {known}. "
            "Deploy to Azure with the real azure-native plugin to use any other type"
        )
    return row
