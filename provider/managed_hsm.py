"""Managed HSMs through their official clients: keys and roles on the HSM's data plane, the HSM itself in ARM.

Resource Manager shows an HSM's keys only to who has a role in it, and its roles to nobody: both are the HSM's
own (learn.microsoft.com/azure/key-vault/managed-hsm/access-control). Each method is synchronous and raises
what the clients raise; `arm` runs them in a thread.
"""

from __future__ import annotations

from typing import Any

from core import adapters, arm_ids, key_uris
from core.arm_ids import ArmId
from core.facts import KeyVersion, RoleAssignment, Vault
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER, hsm_assignment_name
from provider.clients import Clients


class ManagedHsms:
    """The managed HSMs of one login."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def hsm(self, hsm: ArmId) -> Vault:
        """The HSM as Resource Manager has it."""
        client = self._clients.vaults(hsm.subscription_id)
        return adapters.managed_hsm(adapters.arm_json(client.managed_hsms.get(hsm.group, hsm.name)))

    def key_version(self, key: ArmId, version: str | None) -> KeyVersion:
        """One version of a key; the current one when `version` is None."""
        found = self._clients.keys(self._uri(key.parent)).get_key(key.name, version)
        return adapters.key_version_with_material(found)

    def key_versions(self, key: ArmId) -> list[KeyVersion]:
        """The versions of a key, without their types."""
        listed = self._clients.keys(self._uri(key.parent)).list_properties_of_key_versions(key.name)
        return [adapters.key_version_from_vault(one) for one in listed]

    def role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        """The assignments of a principal at a scope or above it. `scope` is an ARM id in an HSM.

        Whether a list shows what is above its scope is not documented, so the scopes above are listed, too.
        One that this login may not list counts as an assignment of a role that was not read.
        """
        from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

        hsm = _hsm_of(scope)
        found = self._at(hsm, scope)
        for above in (f"{hsm.text}/keys", hsm.text):
            try:
                found |= self._at(hsm, above)
            except HttpResponseError as error:
                if error.status_code != 403:
                    raise
                unread = RoleAssignment(above, principal_id, "of which this login sees none")
                found[unread.scope] = unread
        return [
            one
            for one in found.values()
            if one.principal_id.lower() == principal_id.lower() and arm_ids.covers(one.scope, scope)
        ]

    def own_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        """The assignments of a principal that a list at a scope shows."""
        found = self._at(_hsm_of(scope), scope).values()
        return [one for one in found if one.principal_id.lower() == principal_id.lower()]

    def assign_role(self, scope: str, principal_id: str) -> RoleAssignment:
        """Gives a principal the role that the service needs, at a scope."""
        hsm = _hsm_of(scope)
        role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
        made = self._roles(hsm).create_role_assignment(
            arm_ids.local_scope(scope),
            f"Microsoft.KeyVault/providers/{arm_ids.ROLE_DEFINITION}/{role}",
            principal_id,
            name=hsm_assignment_name(scope, principal_id),
        )
        return adapters.local_role_assignment(hsm.text, made)

    def delete_role_assignment(self, assignment_id: str) -> None:
        """Takes an assignment away, by its scope's ARM id and its name."""
        scope = arm_ids.parse(assignment_id).scope
        client = self._roles(_hsm_of(scope))
        client.delete_role_assignment(arm_ids.local_scope(scope), arm_ids.name_of(assignment_id))

    def _at(self, hsm: ArmId, scope: str) -> dict[str, RoleAssignment]:
        """What a list at a scope shows, by id in lower case."""
        listed = self._roles(hsm).list_role_assignments(arm_ids.local_scope(scope))
        found = (adapters.local_role_assignment(hsm.text, one) for one in listed)
        return {one.id.lower(): one for one in found}

    def _roles(self, hsm: ArmId) -> Any:
        return self._clients.hsm_roles(self._uri(hsm))

    def _uri(self, hsm: ArmId) -> str:
        return key_uris.uri_of(hsm, self._clients.cloud)


def _hsm_of(scope: str) -> ArmId:
    """The managed HSM that an id is, or is in."""
    local = arm_ids.local_scope(scope)
    return arm_ids.vault_id(scope.rstrip("/").removesuffix(local.rstrip("/")))
