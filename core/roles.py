"""Azure's built-in roles that matter to a customer-managed key: their ids and what they allow.

built_in_roles.json is the table of them, with its source. A role definition's id ends in the same GUID in
every subscription and cloud.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core import arm_ids

# An RFC 4122 name space must be fixed for ever: names are made in it.
_ASSIGNMENTS: Final = uuid.UUID("6d4e4b52-6f0f-5c3e-9b1d-0c5a3f5f8e21")

SERVICE_PRINCIPAL: Final = "ServicePrincipal"
"""The principal type of a managed identity, an application and a pipeline."""


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


def _permissions(row: Mapping[str, Any]) -> tuple[Permissions, ...]:
    names = ("actions", "notActions", "dataActions", "notDataActions")
    lists = [tuple(row.get(name, ())) for name in names]
    return (Permissions(*lists),) if any(lists) else ()


_FILE: Final = Path(__file__).with_name("built_in_roles.json")
_TABLE: Final = json.loads(_FILE.read_text(encoding="utf-8"))["roles"]
_NAMED: Final = {name: Role(row["id"], name, _permissions(row)) for name, row in _TABLE.items()}
BUILT_IN: Final = {role.id: role for role in _NAMED.values() if not _TABLE[role.name].get("in_part")}
"""Every role that the table has whole, by its id. Of those in part (`in_part`) it has the actions that are
judged here. What else they allow (to write an account, to log in as an identity, to delete a log) is not, so
they count as roles that nobody here knows. Of roles that concern no key it has only the name."""

CRYPTO_SERVICE_ENCRYPTION_USER: Final = _NAMED["Key Vault Crypto Service Encryption User"]
"""Gives exactly the permissions that the service needs on a key."""
CRYPTO_OFFICER: Final = _NAMED["Key Vault Crypto Officer"]
"""What a person or pipeline needs to make a new version of a key, and more."""
CRYPTO_USER: Final = _NAMED["Key Vault Crypto User"]
ADMINISTRATOR: Final = _NAMED["Key Vault Administrator"]
VAULT_CONTRIBUTOR: Final = _NAMED["Key Vault Contributor"]
OWNER: Final = _NAMED["Owner"]
CONTRIBUTOR: Final = _NAMED["Contributor"]
READER: Final = _NAMED["Reader"]
USER_ACCESS_ADMINISTRATOR: Final = _NAMED["User Access Administrator"]
RBAC_ADMINISTRATOR: Final = _NAMED["Role Based Access Control Administrator"]
LANGUAGE_READER: Final = _NAMED["Cognitive Services Language Reader"]
LANGUAGE_WRITER: Final = _NAMED["Cognitive Services Language Writer"]
AI_SERVICES_USER: Final = _NAMED["Cognitive Services User"]
COGNITIVE_CONTRIBUTOR: Final = _NAMED["Cognitive Services Contributor"]
IDENTITY_CONTRIBUTOR: Final = _NAMED["Managed Identity Contributor"]
LOG_CONTRIBUTOR: Final = _NAMED["Log Analytics Contributor"]
NETWORK_CONTRIBUTOR: Final = _NAMED["Network Contributor"]
STORAGE_BLOB_DATA_CONTRIBUTOR: Final = _NAMED["Storage Blob Data Contributor"]
"""What an account's identity needs on a storage account in which it keeps data (learn.microsoft.com/azure/
ai-services/speech-service/bring-your-own-storage-speech-resource)."""
HSM_CRYPTO_SERVICE_ENCRYPTION_USER: Final = _NAMED["Managed HSM Crypto Service Encryption User"]
"""Gives exactly the permissions that the service needs on a key in a managed HSM."""
HSM_CRYPTO_USER: Final = _NAMED["Managed HSM Crypto User"]
"""What a person or pipeline needs to rotate a key in a managed HSM, and more."""
HSM_POLICY_ADMINISTRATOR: Final = _NAMED["Managed HSM Policy Administrator"]
"""What a pipeline needs to give an account the key: no right on keys themselves."""


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


def named(name: str) -> Role:
    """The role of a name in the table. Raises KeyError."""
    return _NAMED[name]


def id_of(definition: str) -> str | None:
    """The GUID of a role definition, lower case, from a full id or by itself; else None."""
    last = arm_ids.name_of(definition).lower()
    return last if arm_ids.is_guid(last) else None


def built_in(definition: str) -> Role | None:
    """The built-in role that a role definition's id (full or bare) names; None for one not listed here."""
    return BUILT_IN.get(id_of(definition) or "")


def assignment_name(scope: str, principal_id: str, role_id: str) -> str:
    """The name of a role assignment, a GUID: one per (scope, principal, role), so that the same grant has the
    same name on every run."""
    return str(uuid.uuid5(_ASSIGNMENTS, f"{scope}|{principal_id}|{role_id}".lower()))
