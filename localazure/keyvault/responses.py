"""Vaults, managed HSMs and keys as both doors of Key Vault spell them, by api-version.

Source: azure-wire.md, sections Microsoft.KeyVault and Key Vault keys.
"""

from collections.abc import Sequence
from typing import Any

from localazure import definitions
from localazure.arm_type import system_data
from localazure.cloud import iso
from localazure.keyvault import key_store
from localazure.keyvault.crypto import HSM_TYPES
from localazure.keyvault.models import HSM_TYPE, TYPE, Key, KeyVersion, Vault, recovery_level
from localazure.web import Json

_FIRST_YEAR, _DATED_AGAIN = 2015, 2025
_SHOWN_WHEN_SET = (
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "enableSoftDelete",
    "softDeleteRetentionInDays",
    "enableRbacAuthorization",
    "enablePurgeProtection",
)


def vault_body(
    vault: Vault, api_version: str, now: float, *, fresh: bool = False, connections: Sequence[Json] = ()
) -> Json:
    """A vault's body; `fresh` is the answer to its creation, whose vaultUri is not yet the final one."""
    body: dict[str, Any] = {
        "id": vault.id,
        "name": vault.name,
        "type": TYPE,
        "location": vault.location,
        "tags": dict(vault.tags),
    }
    if api_version >= "2021":
        made, changed = (vault.created_by, vault.created), (vault.modified_by, vault.modified)
        body["systemData"] = system_data(made, changed, digits=3)
    sent = vault.properties
    properties: dict[str, Any] = {
        "sku": sent["sku"],
        "tenantId": sent["tenantId"],
        **({"networkAcls": sent["networkAcls"]} if "networkAcls" in sent else {}),
        "accessPolicies": sent["accessPolicies"],
        "enabledForDeployment": sent["enabledForDeployment"],
    }
    properties |= {name: sent[name] for name in _SHOWN_WHEN_SET if sent.get(name) is not None}
    if api_version <= "2018-02-14":
        properties.pop("enableSoftDelete", None)
    properties["vaultUri"] = f"https://{vault.name}.vault.azure.net" if fresh else vault.uri
    properties["provisioningState"] = "RegisteringDns" if fresh or vault.registering(now) else "Succeeded"
    if connections:
        properties["privateEndpointConnections"] = [
            {"id": body["id"], "etag": body["etag"], "properties": body["properties"]} for body in connections
        ]
    if api_version[:10] >= "2021-06-01":
        properties["publicNetworkAccess"] = sent.get("publicNetworkAccess", "Enabled")
    body["properties"] = properties
    return body


def hsm_body(hsm: Vault) -> Json:
    """A managed HSM's body."""
    sent = dict(hsm.properties)
    return {
        "id": hsm.id,
        "name": hsm.name,
        "type": HSM_TYPE,
        "location": hsm.location,
        "sku": sent.pop("sku"),
        "tags": dict(hsm.tags),
        "properties": definitions.completed(HSM_TYPE, {**sent, "enableSoftDelete": True, "hsmUri": hsm.uri}),
    }


def deleted_body(vault: Vault) -> Json:
    """The body of a soft-deleted vault or managed HSM."""
    own_id, type = ("mhsmId", "deletedManagedHSMs") if vault.hsm else ("vaultId", "deletedVaults")
    scope = f"/subscriptions/{vault.subscription_id}/providers/Microsoft.KeyVault"
    properties: dict[str, Any] = {
        own_id: vault.id,
        "location": vault.location,
        "tags": dict(vault.tags),
        "deletionDate": iso(vault.deleted or 0, digits=0),
        "scheduledPurgeDate": iso(vault.purge_date or 0, digits=0),
    }
    if vault.purge_protected or vault.hsm:
        properties["purgeProtectionEnabled"] = vault.purge_protected
    return {
        "id": f"{scope}/locations/{vault.place}/{type}/{vault.name}",
        "name": vault.name,
        "type": f"Microsoft.KeyVault/{type}",
        "properties": properties,
    }


def kid(vault: Vault, key: Key, version: KeyVersion | None = None) -> str:
    """A key's identifier; with its version when given."""
    base = f"{vault.uri}keys/{key.name}"
    return base if version is None else f"{base}/{version.version}"


def attributes(vault: Vault, version: KeyVersion, api_version: str) -> Json:
    """A version's attributes; `nbf` and `exp` only when set."""
    body: dict[str, Any] = {"enabled": version.enabled}
    if version.not_before is not None:
        body["nbf"] = version.not_before
    if version.expires is not None:
        body["exp"] = version.expires
    body |= {
        "created": version.created,
        "updated": version.updated,
        "recoveryLevel": recovery_level(vault),
    }
    number = _number(api_version)
    if number >= 7.0 and vault.soft_delete:
        body["recoverableDays"] = vault.retention_days
    if number >= 7.3 or vault.hsm:
        body["exportable"] = False
    if number >= 7.5:
        # Observed for software keys; that new hardware keys are on platform 2 is assumed.
        body["hsmPlatform"] = "2" if version.kty in HSM_TYPES else "0"
    return body


def bundle(vault: Vault, key: Key, version: KeyVersion, api_version: str) -> Json:
    """One version with its public key; of a deleted key with its dates."""
    jwk = {"kid": kid(vault, key, version), "kty": version.kty, "key_ops": list(version.operations)}
    return _dated(vault, key, version, api_version, {"key": {**jwk, **version.public}})


def item(vault: Vault, key: Key, version: KeyVersion | None, api_version: str) -> Json:
    """A row of a list: of keys (no version: its kid has none), or of a key's versions."""
    return _dated(vault, key, version or key.current, api_version, {"kid": kid(vault, key, version)})


def _dated(vault: Vault, key: Key, version: KeyVersion, api_version: str, body: Json) -> Json:
    """A body with the version's attributes and its tags, even empty ones; a deleted key's dates first."""
    body = {**body, "attributes": attributes(vault, version, api_version)}
    if version.tags is not None:
        body["tags"] = dict(version.tags)
    if key.deleted is None or not vault.soft_delete:
        return body
    return {
        "recoveryId": f"{vault.uri}deletedkeys/{key.name}",
        "deletedDate": int(key.deleted),
        "scheduledPurgeDate": int(key_store.purge_date(vault, key) or 0),
        **body,
    }


def is_of_2018(api_version: str) -> bool:
    """Whether an api-version is 7.0 or one of those before it (`2016-10-01`)."""
    return _number(api_version) <= 7.0


def _number(api_version: str) -> float:
    """`7.5` or `7.6-preview.2` as a number to compare, so that newer ones are greater.

    Before 7.0 they were dates, and after 7.6 they are again: `2025-07-01` is 2025, `2016-10-01` is 0.
    """
    head = api_version.partition("-")[0]
    number = float(head) if head.replace(".", "", 1).isdecimal() else 0.0
    return number if number < _FIRST_YEAR or number >= _DATED_AGAIN else 0.0
