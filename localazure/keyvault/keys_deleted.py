"""Data plane: deleting, recovering and purging keys."""

from __future__ import annotations

from dataclasses import replace

from localazure.keyvault import access, key_store
from localazure.keyvault.data_plane import Answer, Call, operation
from localazure.keyvault.key_body import bundle, item
from localazure.keyvault.keys_data import page, show
from localazure.keyvault.model import Key
from localazure.keyvault.usage import find_key
from localazure.web import ServiceError


@operation(access.DELETE)
def delete(call: Call) -> Answer:
    """Soft-deletes a key with all its versions; in a vault without soft delete it is purged.

    For `Behaviour.deleted_keys_visible_after` it is then found in neither place, as on Azure.
    """
    key = find_key(call.cloud, call.vault, call.use.key_name)
    now = call.cloud.clock.now()
    gone = replace(key, deleted=now, visible=now + call.cloud.behaviour.deleted_keys_visible_after)
    if call.vault.soft_delete:
        key_store.save(call.cloud, gone)
    else:
        key_store.purge(call.cloud, key)
    return show(call, gone)


@operation(access.GET_DELETED)
def get(call: Call) -> Answer:
    """A soft-deleted key."""
    key = _deleted(call)
    return Answer(bundle(call.vault, key, key.current, call.request.api_version))


@operation(access.LIST_DELETED)
def list_all(call: Call) -> Answer:
    """The soft-deleted keys."""
    now = call.cloud.clock.now()
    keys = [key for key in key_store.deleted_of(call.cloud, call.vault) if key.visible <= now]
    return page(call, keys, lambda key: item(call.vault, key, None, call.request.api_version))


@operation(access.RECOVER)
def recover(call: Call) -> Answer:
    """Brings a soft-deleted key back with all its versions."""
    now = call.cloud.clock.now()
    back = replace(
        _deleted(call), deleted=None, visible=now + call.cloud.behaviour.deleted_keys_visible_after
    )
    key_store.save(call.cloud, back)
    return show(call, back)


@operation(access.PURGE)
def purge(call: Call) -> Answer:
    """Purges a soft-deleted key, unless the vault is purge-protected."""
    key = _deleted(call)
    if call.vault.purge_protected:
        raise access.forbidden(
            "ForbiddenByPolicy",
            'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault '
            "service will automatically purge it after the retention period has passed.\r\n"
            f"Vault: {call.vault.name};location={call.vault.location}",
        )
    key_store.purge(call.cloud, key)
    return Answer(None, status=204)


def _deleted(call: Call) -> Key:
    key = key_store.find_deleted(call.cloud, call.vault, call.use.key_name)
    if key is None or key.visible > call.cloud.clock.now():
        raise ServiceError(404, "KeyNotFound", f"Deleted Key not found: {call.use.key_name}")
    return key
