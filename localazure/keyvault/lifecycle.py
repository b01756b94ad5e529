"""Deleting and recovering vaults: soft delete, recovery, purge, and the delete of their resource group.

Owns: the transitions. Does not own: who may ask for them (the routes' permissions), their answers.
"""

from __future__ import annotations

from dataclasses import replace

from localazure import authorization, private_links
from localazure.cloud import Cloud
from localazure.keyvault import managed_hsms, vault_store
from localazure.keyvault.model import Vault
from localazure.web import ServiceError


def delete(cloud: Cloud, vault: Vault) -> None:
    """Soft-deletes a vault with its keys; one without soft delete is purged.

    Its role assignments are deleted at once and not recovered (Key Vault's documentation of recovery).
    """
    authorization.drop_below(cloud, vault.id)
    private_links.drop_below(cloud, vault.id)
    if vault.soft_delete:
        vault_store.save(cloud, replace(vault, deleted=cloud.clock.now()))
    else:
        vault_store.purge(cloud, vault)


def recover(cloud: Cloud, vault: Vault, by: str) -> Vault:
    """Brings a soft-deleted vault back with its keys, policies and retention."""
    now = cloud.clock.now()
    back = replace(vault, deleted=None, recovered=now, modified=now, modified_by=by, settled=True)
    vault_store.save(cloud, back)
    return back


def purge(cloud: Cloud, vault: Vault) -> None:
    """Purges a soft-deleted vault. Raises 405 where purge protection forbids it."""
    if vault.purge_protected:
        raise ServiceError(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
    (managed_hsms.purge if vault.hsm else vault_store.purge)(cloud, vault)


def delete_in_group(cloud: Cloud, group_id: str) -> None:
    """Deletes what this service has in a resource group that is being deleted."""
    for vault in vault_store.live_below(cloud, group_id):
        delete(cloud, vault)
    managed_hsms.HSMS.delete_in_group(cloud, group_id)
