"""Azure's built-in roles that matter to a customer-managed key: their ids and what they allow.

Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles (security, general, AI + machine
learning). A role definition's id ends in the same GUID in every subscription and cloud.
"""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from core import arm_ids
from core.sourced import Fact

SERVICE_PRINCIPAL: Final = "ServicePrincipal"
"""The principal type of a managed identity, an application and a pipeline."""
_READ: Final = date(2026, 11, 28)
FACTS: Final = (
    Fact(
        "A managed HSM has roles of its own, given on its data plane; those of Resource Manager give "
        "nothing on its keys.",
        "learn.microsoft.com/azure/key-vault/managed-hsm/access-control",
        _READ,
    ),
    Fact(
        "A condition can limit which roles, and to whom, an assignment lets its holder give; the right to "
        "change a vault between access policies and Azure RBAC then goes, too.",
        "learn.microsoft.com/azure/key-vault/general/rbac-guide",
        _READ,
    ),
)


@dataclass(frozen=True)
class Permissions:
    """One block of a role: what it allows, less what it excepts. `*` stands for any text, with slashes."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether the block allows an action on resources."""
        return matches(self.actions, action) and not matches(self.not_actions, action)

    def allows_data(self, action: str) -> bool:
        """Whether the block allows an action on data."""
        return matches(self.data_actions, action) and not matches(self.not_data_actions, action)


@dataclass(frozen=True)
class Role:
    """A role definition. `id` is its GUID, lower case. What one block excepts, another block may still
    allow. A role without blocks allows nothing that concerns a key."""

    id: str
    name: str
    permissions: tuple[Permissions, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether the role allows an action on resources."""
        return any(block.allows(action) for block in self.permissions)

    def allows_data(self, action: str) -> bool:
        """Whether the role allows an action on data."""
        return any(block.allows_data(action) for block in self.permissions)

    def definition_id(self, subscription_id: str) -> str:
        """The role definition's ARM id, as a role assignment in that subscription names it."""
        return arm_ids.child(f"/subscriptions/{subscription_id}", arm_ids.ROLE_DEFINITION, self.id)


def matches(patterns: Iterable[str], action: str) -> bool:
    """Whether one of the patterns matches an action, as Azure RBAC matches them: without regard to case."""
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE)
        for pattern in patterns
    )


def _role(
    id: str,
    name: str,
    *,
    actions: tuple[str, ...] = (),
    not_actions: tuple[str, ...] = (),
    data: tuple[str, ...] = (),
    not_data: tuple[str, ...] = (),
) -> Role:
    """A role of one block."""
    return Role(id, name, (Permissions(actions, not_actions, data, not_data),))


def _key_vault(*actions: str) -> tuple[str, ...]:
    return tuple(f"Microsoft.KeyVault/vaults/{action}" for action in actions)


_EXCEPT_ACCESS: Final = (
    "Microsoft.Authorization/*/Delete",
    "Microsoft.Authorization/*/Write",
    "Microsoft.Authorization/elevateAccess/Action",
)

CRYPTO_SERVICE_ENCRYPTION_USER: Final = _role(
    "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Crypto Service Encryption User",
    data=_key_vault("keys/read", "keys/wrap/action", "keys/unwrap/action"),
)
"""Exactly what the service needs of a key."""
CRYPTO_OFFICER: Final = _role(
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    "Key Vault Crypto Officer",
    actions=_key_vault("*/read", "read"),
    data=_key_vault("keys/*", "keyrotationpolicies/*"),
)
"""What a person or pipeline needs to make a new version of a key, and more."""
CRYPTO_USER: Final = _role(
    "12338af0-0e69-4776-bea7-57ae8d297424",
    "Key Vault Crypto User",
    data=_key_vault(
        "keys/read",
        "keys/update/action",
        "keys/backup/action",
        "keys/encrypt/action",
        "keys/decrypt/action",
        "keys/wrap/action",
        "keys/unwrap/action",
        "keys/sign/action",
        "keys/verify/action",
    ),
)
CRYPTO_SERVICE_RELEASE_USER: Final = _role(
    "08bbd89e-9f13-488c-ac41-acfcb10c90ab",
    "Key Vault Crypto Service Release User",
    data=_key_vault("keys/release/action"),
)
ADMINISTRATOR: Final = _role(
    "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Administrator",
    actions=_key_vault("*/read", "read"),
    data=_key_vault("*"),
)
READER_OF_VAULT: Final = _role(
    "21090545-7ca7-4776-b22c-e363652d74d2",
    "Key Vault Reader",
    actions=_key_vault("*/read", "read"),
    data=_key_vault("*/read", "secrets/readMetadata/action"),
)
VAULT_CONTRIBUTOR: Final = _role(
    "f25e0fa2-a7c8-4377-a976-54943a77a395",
    "Key Vault Contributor",
    actions=("Microsoft.KeyVault/*",),
    not_actions=(
        "Microsoft.KeyVault/locations/deletedVaults/purge/action",
        "Microsoft.KeyVault/hsmPools/*",
        "Microsoft.KeyVault/managedHsms/*",
    ),
)
OWNER: Final = _role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", actions=("*",))
CONTRIBUTOR: Final = _role(
    "b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", actions=("*",), not_actions=_EXCEPT_ACCESS
)
READER: Final = _role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", actions=("*/read",))
USER_ACCESS_ADMINISTRATOR: Final = _role(
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "User Access Administrator",
    actions=("*/read", "Microsoft.Authorization/*"),
)
RBAC_ADMINISTRATOR: Final = _role(
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Role Based Access Control Administrator",
    actions=(
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleAssignments/delete",
        "*/read",
    ),
)


def _of_accounts(*parts: str) -> tuple[str, ...]:
    return tuple(f"Microsoft.CognitiveServices/accounts/{part}" for part in parts)


_LANGUAGE: Final = ("LanguageAuthoring", "ConversationalLanguageUnderstanding", "Language", "TextAnalytics")
_NO_QNA_MAKER: Final = _of_accounts("TextAnalytics/QnaMaker/*")
_READ_ACCOUNTS: Final = (
    "Microsoft.CognitiveServices/*/read",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
)
_LIST_KEYS: Final = "Microsoft.CognitiveServices/accounts/listkeys/action"
LANGUAGE_READER: Final = _role(
    "7628b7b8-a8b2-4cdc-b46f-e9b35248918e",
    "Cognitive Services Language Reader",
    actions=_READ_ACCOUNTS,
    data=_of_accounts(
        "LanguageAuthoring/*/read",
        "ConversationalLanguageUnderstanding/*/read",
        "ConversationalLanguageUnderstanding/projects/export/action",
        "Language/*/read",
        "Language/*/projects/export/action",
        "Language/query-text/action",
        "Language/query-dataverse/action",
        "Language/analyze-text/jobs/action",
        "Language/analyze-text/action",
        "Language/analyze-text/jobscancel/action",
        "Language/analyze-conversations/action",
        "Language/analyze-conversations/jobscancel/action",
        "Language/analyze-conversations/jobs/action",
        "Language/query-knowledgebases/action",
        "Language/generate/action",
        "TextAnalytics/*",
    ),
    not_data=_NO_QNA_MAKER,
)
LANGUAGE_WRITER: Final = _role(
    "f2310ca1-dc64-4889-bb49-c8e0fa3d47a8",
    "Cognitive Services Language Writer",
    actions=_READ_ACCOUNTS,
    data=_of_accounts(*(f"{part}/*" for part in _LANGUAGE)),
    not_data=(
        *_of_accounts(
            "LanguageAuthoring/projects/publish/action",
            "ConversationalLanguageUnderstanding/projects/deployments/write",
            "Language/*/projects/delete",
            "Language/*/projects/deployments/write",
            "Language/*/projects/deployments/delete",
            "Language/*/projects/deployments/swap/action",
        ),
        *_NO_QNA_MAKER,
    ),
)
COGNITIVE_CONTRIBUTOR: Final = _role(
    "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
    "Cognitive Services Contributor",
    actions=("Microsoft.CognitiveServices/*", "Microsoft.Insights/diagnosticSettings/*"),
)
IDENTITY_CONTRIBUTOR: Final = _role(
    "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
    "Managed Identity Contributor",
    actions=("Microsoft.ManagedIdentity/userAssignedIdentities/*",),
)
LOG_CONTRIBUTOR: Final = _role(
    "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
    "Log Analytics Contributor",
    actions=("*/read", "Microsoft.Insights/diagnosticSettings/*", "Microsoft.OperationalInsights/*"),
)
NETWORK_CONTRIBUTOR: Final = _role(
    "4d97b98b-1d4f-4787-a291-c67834d212e7", "Network Contributor", actions=("Microsoft.Network/*",)
)
LANGUAGE_OWNER: Final = _role(
    "f07febfe-79bc-46b1-8b37-790e26e6e498",
    "Cognitive Services Language Owner",
    actions=(*_READ_ACCOUNTS, _LIST_KEYS),
    data=_of_accounts(*(f"{part}/*" for part in _LANGUAGE)),
    not_data=_NO_QNA_MAKER,
)
AI_SERVICES_USER: Final = _role(
    "a97b65f3-24c7-4388-baec-2e87135dc908",
    "Cognitive Services User",
    actions=("Microsoft.CognitiveServices/*/read", _LIST_KEYS),
    data=("Microsoft.CognitiveServices/*",),
)
OPENAI_USER: Final = Role("5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", "Cognitive Services OpenAI User")
OPENAI_CONTRIBUTOR: Final = Role(
    "a001fd3d-188f-4b5d-821b-7da978bf7442", "Cognitive Services OpenAI Contributor"
)
SPEECH_USER: Final = Role("f2dc8367-1007-4938-bd23-fe263f013447", "Cognitive Services Speech User")
SPEECH_CONTRIBUTOR: Final = Role(
    "0e75ca1e-0464-4b4d-8b93-68208a576181", "Cognitive Services Speech Contributor"
)
"""Of the roles for OpenAI and Speech only the names are here: nothing that they allow concerns a key."""

STORAGE_BLOB_DATA_CONTRIBUTOR: Final = Role(
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "Storage Blob Data Contributor"
)
"""What an account's identity needs on a storage account in which it keeps data (learn.microsoft.com/azure/
ai-services/speech-service/bring-your-own-storage-speech-resource)."""


def _in_hsm(*actions: str) -> tuple[str, ...]:
    return tuple(f"Microsoft.KeyVault/managedHsm/{action}" for action in actions)


_READ_HSM_ROLES: Final = _in_hsm("roleAssignments/read/action", "roleDefinitions/read/action")
_MANAGE_HSM_ROLES: Final = (
    *_READ_HSM_ROLES,
    *_in_hsm("roleAssignments/write/action", "roleAssignments/delete/action"),
    *_in_hsm("roleDefinitions/write/action", "roleDefinitions/delete/action"),
)
HSM_CRYPTO_SERVICE_ENCRYPTION_USER: Final = _role(
    "33413926-3206-4cdd-b39a-83574fe37a17",
    "Managed HSM Crypto Service Encryption User",
    data=_in_hsm("keys/read/action", "keys/wrap/action", "keys/unwrap/action"),
)
"""Exactly what the service needs of a key in a managed HSM. Its roles are from
learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles."""
HSM_CRYPTO_USER: Final = _role(
    "21dbd100-6940-42c2-9190-5d6cb909625b",
    "Managed HSM Crypto User",
    data=(
        *_READ_HSM_ROLES,
        *_in_hsm("keys/read/action", "keys/write/action", "keys/create", "keys/delete"),
        *_in_hsm("keys/rotate/action", "keys/import/action", "keys/release/action"),
        *_in_hsm("keys/backup/action", "keys/restore/action"),
        *_in_hsm("keys/encrypt/action", "keys/decrypt/action", "keys/wrap/action"),
        *_in_hsm("keys/unwrap/action", "keys/sign/action", "keys/verify/action"),
    ),
)
"""What a person or pipeline needs to rotate a key in a managed HSM, and more."""
HSM_CRYPTO_OFFICER: Final = _role(
    "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
    "Managed HSM Crypto Officer",
    data=(
        *_MANAGE_HSM_ROLES,
        *_in_hsm("keys/deletedKeys/read/action", "keys/deletedKeys/delete"),
        *_in_hsm("keys/deletedKeys/recover/action", "keys/export/action"),
    ),
)
HSM_POLICY_ADMINISTRATOR: Final = _role(
    "4bd23610-cdcf-4971-bdee-bdc562cc28e4", "Managed HSM Policy Administrator", data=_MANAGE_HSM_ROLES
)
"""What a pipeline needs to give an account the key: no right on keys themselves."""
HSM_ADMINISTRATOR: Final = _role(
    "a290e904-7015-4bba-90c8-60543313cdb4", "Managed HSM Administrator", data=_MANAGE_HSM_ROLES
)
"""Of its data actions those about roles alone; the others are about the security domain and backups."""
HSM_CRYPTO_AUDITOR: Final = _role(
    "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
    "Managed HSM Crypto Auditor",
    data=(*_READ_HSM_ROLES, *_in_hsm("keys/read/action", "keys/deletedKeys/read/action")),
)


def hsm_assignment_name(key_id: str, principal_id: str) -> str:
    """The name of the assignment that gives a principal the service's role at a key of a managed HSM.

    The same for the same grant, so that one which was cut off is not made twice.
    """
    grant = f"{key_id}|{principal_id}|{HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id}".lower()
    return str(uuid.uuid5(uuid.NAMESPACE_URL, grant))


def encryption_user(key_or_vault_id: str) -> Role:
    """The role that gives exactly what the service needs of a key there; a managed HSM has its own."""
    in_hsm = arm_ids.in_managed_hsm(key_or_vault_id)
    return HSM_CRYPTO_SERVICE_ENCRYPTION_USER if in_hsm else CRYPTO_SERVICE_ENCRYPTION_USER


_IN_PART: Final = (COGNITIVE_CONTRIBUTOR, IDENTITY_CONTRIBUTOR, LOG_CONTRIBUTOR, NETWORK_CONTRIBUTOR)
"""Their actions above are those that are judged here. What else they allow (to write an account, to log in as
an identity, to delete a log) is not, so they count as roles that nobody here knows."""
BUILT_IN: Final = {
    role.id: role for role in tuple(globals().values()) if isinstance(role, Role) and role not in _IN_PART
}
"""Every role above that is known whole, by its id."""


def id_of(definition: str) -> str | None:
    """The GUID of a role definition, lower case, from a full id or by itself; else None."""
    last = arm_ids.name_of(definition).lower()
    return last if arm_ids.is_guid(last) else None


def built_in(definition: str) -> Role | None:
    """The built-in role that a role definition's id (full or bare) names; None for one not listed here."""
    return BUILT_IN.get(id_of(definition) or "")
