"""Vaults and managed HSMs as ARM spells them, by api-version (azure-wire.md, section Microsoft.KeyVault)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localazure import definitions
from localazure.arm_type import system_data
from localazure.cloud import iso
from localazure.keyvault.model import HSM_TYPE, TYPE, Vault
from localazure.web import Json

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
    properties |= {name: sent[name] for name in _SHOWN_WHEN_SET if name in sent}
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
    if vault.purge_protected:
        properties["purgeProtectionEnabled"] = True
    return {
        "id": f"{scope}/locations/{vault.place}/{type}/{vault.name}",
        "name": vault.name,
        "type": f"Microsoft.KeyVault/{type}",
        "properties": properties,
    }
