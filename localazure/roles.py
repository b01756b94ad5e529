"""The built-in roles of Azure RBAC that this cloud knows, and how a role's actions are matched.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles (ids and actions; of a
few roles only the actions that can occur here). Does not own: who has which role where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

_READ_SUBSCRIPTION = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
)
_READ_ACCOUNTS = (
    "Microsoft.CognitiveServices/*/read",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
)
_CONVERSATIONS = "Microsoft.CognitiveServices/accounts/ConversationalLanguageUnderstanding"
_LANGUAGE = (
    "Microsoft.CognitiveServices/accounts/LanguageAuthoring/*",
    "Microsoft.CognitiveServices/accounts/ConversationalLanguageUnderstanding/*",
    "Microsoft.CognitiveServices/accounts/Language/*",
    "Microsoft.CognitiveServices/accounts/TextAnalytics/*",
)
_NO_QNA_MAKER = ("Microsoft.CognitiveServices/accounts/TextAnalytics/QnaMaker/*",)


@dataclass(frozen=True)
class Role:
    """A role definition; actions may hold `*`, which stands for any text, slashes included."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        return _any(self.actions, action) and not _any(self.not_actions, action)

    def allows_data(self, action: str) -> bool:
        return _any(self.data_actions, action) and not _any(self.not_data_actions, action)

    @property
    def custom(self) -> bool:
        """Whether somebody made it."""
        return self.id not in BY_ID


def role_from(body: Mapping[str, Any]) -> Role:
    """A role from ARM's body of its definition."""
    properties = body["properties"]
    (block,) = properties["permissions"]
    words = ("actions", "notActions", "dataActions", "notDataActions")
    given = (tuple(block.get(word) or ()) for word in words)
    return Role(body["name"], properties["roleName"], properties.get("description") or "", *given)


ROLES = (
    Role(
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Owner",
        "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
        actions=("*",),
    ),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, "
        "manage assignments in Azure Blueprints, or share image galleries.",
        actions=("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
        ),
    ),
    Role(
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "Reader",
        "View all resources, but does not allow you to make any changes.",
        actions=("*/read",),
    ),
    Role(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        "Allows for read, write and delete access to Azure Storage blob containers and data.",
        actions=(
            "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
            "Microsoft.Storage/storageAccounts/blobServices/containers/read",
            "Microsoft.Storage/storageAccounts/blobServices/containers/write",
            "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
        ),
        data_actions=(
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
        ),
    ),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Lets you manage user access to Azure resources.",
        actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "Manage access to Azure resources by assigning roles using Azure RBAC. This role does not allow you "
        "to manage access using other ways, such as Azure Policy.",
        actions=(
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "Perform all data plane operations on a key vault and all objects in it, including certificates, "
        "keys, and secrets. Cannot manage key vault resources or manage role assignments.",
        actions=(*_READ_SUBSCRIPTION, "Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/read"),
        data_actions=("Microsoft.KeyVault/vaults/*",),
    ),
    Role(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        "Lets you manage key vaults, but not access to them.",
        actions=(*_READ_SUBSCRIPTION, "Microsoft.KeyVault/*"),
        not_actions=(
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/hsmPools/*",
            "Microsoft.KeyVault/managedHsms/*",
        ),
    ),
    Role(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        "Perform any action on the keys of a key vault, except manage permissions.",
        actions=(*_READ_SUBSCRIPTION, "Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/read"),
        data_actions=("Microsoft.KeyVault/vaults/keys/*", "Microsoft.KeyVault/vaults/keyrotationpolicies/*"),
    ),
    Role(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto Service Encryption User",
        "Read metadata of keys and perform wrap/unwrap operations.",
        actions=(
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
        ),
        data_actions=(
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
        ),
    ),
    Role(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        "Perform cryptographic operations using keys.",
        data_actions=(
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/update/action",
            "Microsoft.KeyVault/vaults/keys/backup/action",
            "Microsoft.KeyVault/vaults/keys/encrypt/action",
            "Microsoft.KeyVault/vaults/keys/decrypt/action",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
            "Microsoft.KeyVault/vaults/keys/sign/action",
            "Microsoft.KeyVault/vaults/keys/verify/action",
        ),
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        "Read metadata of key vaults and its certificates, keys, and secrets. Cannot read sensitive values "
        "such as secret contents or key material.",
        actions=(*_READ_SUBSCRIPTION, "Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/read"),
        data_actions=(
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
    ),
    Role(
        "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
        "Cognitive Services Contributor",
        "Lets you create, read, update, delete and manage keys of Cognitive Services.",
        actions=(
            *_READ_SUBSCRIPTION,
            "Microsoft.CognitiveServices/*",
            "Microsoft.Insights/diagnosticSettings/*",
        ),
    ),
    Role(
        "a97b65f3-24c7-4388-baec-2e87135dc908",
        "Cognitive Services User",
        "Lets you read and list keys of Cognitive Services.",
        actions=(
            "Microsoft.CognitiveServices/*/read",
            "Microsoft.CognitiveServices/accounts/listkeys/action",
            "Microsoft.Insights/diagnosticSettings/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
        data_actions=("Microsoft.CognitiveServices/*",),
    ),
    Role(
        "7628b7b8-a8b2-4cdc-b46f-e9b35248918e",
        "Cognitive Services Language Reader",
        "Has access to Read and Test functions under Language portal",
        actions=_READ_ACCOUNTS,
        data_actions=(
            "Microsoft.CognitiveServices/accounts/LanguageAuthoring/*/read",
            "Microsoft.CognitiveServices/accounts/ConversationalLanguageUnderstanding/*/read",
            "Microsoft.CognitiveServices/accounts/ConversationalLanguageUnderstanding/projects/export/action",
            "Microsoft.CognitiveServices/accounts/Language/*/read",
            "Microsoft.CognitiveServices/accounts/Language/*/projects/export/action",
            "Microsoft.CognitiveServices/accounts/Language/query-text/action",
            "Microsoft.CognitiveServices/accounts/Language/query-dataverse/action",
            "Microsoft.CognitiveServices/accounts/Language/analyze-text/jobs/action",
            "Microsoft.CognitiveServices/accounts/Language/analyze-text/action",
            "Microsoft.CognitiveServices/accounts/Language/analyze-text/jobscancel/action",
            "Microsoft.CognitiveServices/accounts/Language/analyze-conversations/action",
            "Microsoft.CognitiveServices/accounts/Language/analyze-conversations/jobscancel/action",
            "Microsoft.CognitiveServices/accounts/Language/analyze-conversations/jobs/action",
            "Microsoft.CognitiveServices/accounts/Language/query-knowledgebases/action",
            "Microsoft.CognitiveServices/accounts/Language/generate/action",
            "Microsoft.CognitiveServices/accounts/TextAnalytics/*",
        ),
        not_data_actions=_NO_QNA_MAKER,
    ),
    Role(
        "f2310ca1-dc64-4889-bb49-c8e0fa3d47a8",
        "Cognitive Services Language Writer",
        "Has access to all Read, Test, and Write functions under Language Portal",
        actions=_READ_ACCOUNTS,
        data_actions=_LANGUAGE,
        not_data_actions=(
            "Microsoft.CognitiveServices/accounts/LanguageAuthoring/projects/publish/action",
            f"{_CONVERSATIONS}/projects/deployments/write",
            *_NO_QNA_MAKER,
            "Microsoft.CognitiveServices/accounts/Language/*/projects/delete",
            "Microsoft.CognitiveServices/accounts/Language/*/projects/deployments/write",
            "Microsoft.CognitiveServices/accounts/Language/*/projects/deployments/delete",
            "Microsoft.CognitiveServices/accounts/Language/*/projects/deployments/swap/action",
        ),
    ),
    Role(
        "f07febfe-79bc-46b1-8b37-790e26e6e498",
        "Cognitive Services Language Owner",
        "Has access to all Read, Test, Write, Deploy and Delete functions under Language portal",
        actions=(*_READ_ACCOUNTS, "Microsoft.CognitiveServices/accounts/listkeys/action"),
        data_actions=_LANGUAGE,
        not_data_actions=_NO_QNA_MAKER,
    ),
    *(
        # Of data planes only what is here: those for speech open none.
        Role(id, name, description, actions=("Microsoft.CognitiveServices/*/read",), data_actions=opened)
        for id, name, description, opened in (
            (
                "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
                "Cognitive Services OpenAI User",
                "Ability to view files, models, deployments, and to infer.",
                ("Microsoft.CognitiveServices/accounts/OpenAI/*/read",),
            ),
            (
                "a001fd3d-188f-4b5d-821b-7da978bf7442",
                "Cognitive Services OpenAI Contributor",
                "Full access including the ability to fine-tune, deploy and generate text",
                ("Microsoft.CognitiveServices/accounts/OpenAI/*",),
            ),
            (
                "f2dc8367-1007-4938-bd23-fe263f013447",
                "Cognitive Services Speech User",
                "Access to the real-time speech recognition and batch transcription APIs.",
                (),
            ),
            (
                "0e75ca1e-0464-4b4d-8b93-68208a576181",
                "Cognitive Services Speech Contributor",
                "Full access to Speech projects.",
                (),
            ),
        )
    ),
    Role(
        "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
        "Monitoring Contributor",
        "Can read all monitoring data and update monitoring settings.",
        actions=(
            "*/read",
            "Microsoft.Insights/DiagnosticSettings/*",
            "Microsoft.OperationalInsights/workspaces/write",
            "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
        ),
    ),
    Role(
        "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
        "Log Analytics Contributor",
        "Can read all monitoring data and edit monitoring settings.",
        actions=(
            "*/read",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.OperationalInsights/*",
            "Microsoft.Resources/deployments/*",
        ),
    ),
    Role(
        "73c42c96-874c-492b-b04d-ab87d138a893",
        "Log Analytics Reader",
        "Can view and search all monitoring data as well as view monitoring settings.",
        actions=("*/read", "Microsoft.OperationalInsights/workspaces/search/action"),
        not_actions=("Microsoft.OperationalInsights/workspaces/sharedKeys/read",),
    ),
    Role(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        "Lets you manage networks, but not access to them.",
        actions=(*_READ_SUBSCRIPTION, "Microsoft.Network/*"),
    ),
    Role(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        "Create, Read, Update, and Delete User Assigned Identity.",
        actions=(*_READ_SUBSCRIPTION, "Microsoft.ManagedIdentity/userAssignedIdentities/*"),
    ),
    Role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        "Read and Assign User Assigned Identity.",
        actions=(
            *_READ_SUBSCRIPTION,
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        ),
    ),
)
BY_ID: Mapping[str, Role] = {role.id: role for role in ROLES}
BY_NAME: Mapping[str, Role] = {role.name: role for role in ROLES}


def _any(patterns: tuple[str, ...], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@cache
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in action.split("*")), re.IGNORECASE)
