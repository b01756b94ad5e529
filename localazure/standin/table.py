"""The resource types that the stand-in has: one row each, by type token.

Default API versions are those that SDK 3.29.0 names; a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from localazure.standin.row import GROUP, GROUP_NAME, VAULT, VAULT_NAME, AutoName, ResourceType, Rule
from localazure.standin.rows_monitoring import MONITORING
from localazure.standin.rows_network import NETWORK

ACCOUNT: Final = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{{accountName}}"
ACCOUNT_NAME: Final = Rule(2, 64, r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")


class UnknownTokenError(Exception):
    """A type or function that the stand-in does not have; the text names those it has."""


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
        path=ACCOUNT,
        api_version="2025-06-01",
        name_input="accountName",
        rules={
            "resourceGroupName": GROUP_NAME,
            "accountName": ACCOUNT_NAME,
        },
        force_new=frozenset({"location"}),
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="cognitiveservices",
        name="Project",
        path=f"{ACCOUNT}/projects/{{projectName}}",
        api_version="2025-06-01",
        name_input="projectName",
        auto_name=AutoName.COPY,
        rules={"resourceGroupName": GROUP_NAME, "accountName": ACCOUNT_NAME, "projectName": ACCOUNT_NAME},
        force_new=frozenset({"location"}),
        put_is_long=True,
        delete_is_long=True,
    ),
    ResourceType(
        module="cognitiveservices",
        name="Deployment",
        path=f"{ACCOUNT}/deployments/{{deploymentName}}",
        api_version="2025-06-01",
        name_input="deploymentName",
        auto_name=AutoName.COPY,
        rules={"resourceGroupName": GROUP_NAME, "accountName": ACCOUNT_NAME},
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
        module="authorization",
        name="PolicyExemption",
        path="/{scope}/providers/Microsoft.Authorization/policyExemptions/{policyExemptionName}",
        api_version="2022-07-01-preview",
        name_input="policyExemptionName",
        flat_inputs=True,
        flat_outputs=True,
    ),
    ResourceType(
        module="authorization",
        name="PolicyDefinition",
        path="/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/policyDefinitions"
        "/{policyDefinitionName}",
        api_version="2025-01-01",
        name_input="policyDefinitionName",
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
    *NETWORK,
    *MONITORING,
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
