"""Microsoft.KeyVault/managedHSMs: the resource in ARM, and the HSM as its data plane sees it.

A new one is active at once. On Azure that takes half an hour and the download of its security domain, which
this cloud does not have. A deleted one keeps its name, keys and roles, until it is recovered or purged.
Shapes are the specification's (Microsoft.KeyVault 2023-07-01), so all of it is assumed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from localazure.arm_type import GROUP, ArmType
from localazure.cloud import Cloud
from localazure.keyvault import key_store, local_roles
from localazure.keyvault.model import HSM_SUFFIX, HSM_TYPE, MAX_RETENTION_DAYS, Vault
from localazure.keyvault.problems import bad_request, invalid
from localazure.locations import REGIONS
from localazure.shapes import an_object, require_tags, texts
from localazure.web import Json, Request, ServiceError

_KIND, _DELETED, _INDEX = "hsm", "hsm.deleted", "hsm.name"
_NAME = re.compile(r"(?=.{3,24}$)[a-z](?:-?[a-z0-9])*", re.IGNORECASE)
_SETTABLE = (
    "enablePurgeProtection",
    "initialAdminObjectIds",
    "networkAcls",
    "publicNetworkAccess",
    "softDeleteRetentionInDays",
    "tenantId",
)


def holder(cloud: Cloud, name: str) -> Vault | None:
    """The live managed HSM of a name, which is one HSM's in the whole cloud; None where there is none."""
    index = cloud.store.get(_INDEX, name)
    body = cloud.store.get(_KIND, index["id"]) if index else None
    return _as_vault(body) if body else None


def find_deleted(cloud: Cloud, name: str) -> Vault | None:
    """The soft-deleted one of a name; None where there is none."""
    return next((hsm for hsm in deleted_below(cloud, "") if hsm.name.lower() == name.lower()), None)


def purge(cloud: Cloud, hsm: Vault) -> None:
    """Takes away a soft-deleted one with its keys and roles."""
    key_store.purge_all(cloud, hsm)
    local_roles.drop_all(cloud, hsm)
    cloud.store.delete(_INDEX, hsm.name)
    cloud.store.delete(_DELETED, hsm.id)


def deleted_below(cloud: Cloud, scope: str) -> list[Vault]:
    """The soft-deleted ones of a scope; those whose retention is over are purged here."""
    stored = cloud.store.scan(_DELETED, scope)
    found = [replace(_as_vault(one["body"]), deleted=one["deleted"]) for _, one in stored]
    over = [hsm for hsm in found if (hsm.purge_date or 0.0) <= cloud.clock.now()]
    for hsm in over:
        purge(cloud, hsm)
    return [hsm for hsm in found if hsm not in over]


def _as_vault(body: Json) -> Vault:
    return Vault(
        id=body["id"],
        name=body["name"],
        location=body["location"],
        tags=body["tags"],
        properties=body["properties"],
        created=0.0,
        created_by="",
        modified=0.0,
        modified_by="",
        ready=0.0,
        settled=True,
        hsm=True,
    )


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    name, sent = request.params["name"], an_object(request.body.get("properties"), "properties")
    require_tags(request.body.get("tags"))
    if not _NAME.fullmatch(name):
        raise bad_request(f"The managed HSM name '{name}' is invalid: 3 to 24 letters, digits and hyphens.")
    gone = find_deleted(cloud, name)
    if gone is not None:
        return _recovered(cloud, gone, id, sent.get("createMode"))
    if known is None and holder(cloud, name) is not None:
        raise ServiceError(409, "Conflict", f"The managed HSM name '{name}' is already in use.")
    properties = {key: sent[key] for key in _SETTABLE if sent.get(key) is not None}
    before = known["properties"] if known else {}
    _check(request, properties, before)
    body: dict[str, Any] = {
        "id": id,
        "name": name,
        "type": HSM_TYPE,
        "location": known["location"] if known else request.body["location"],
        "sku": request.body.get("sku") or (known or {}).get("sku"),
        "tags": request.body.get("tags") or {},
        "properties": {
            "enablePurgeProtection": before.get("enablePurgeProtection", False),
            "softDeleteRetentionInDays": before.get("softDeleteRetentionInDays", MAX_RETENTION_DAYS),
            **properties,
            "enableSoftDelete": True,
            "hsmUri": f"https://{name.lower()}{HSM_SUFFIX}/",
            "provisioningState": "Succeeded",
            "statusMessage": "The Managed HSM is provisioned and ready to use.",
            "securityDomainProperties": {
                "activationStatus": "Active",
                "activationStatusMessage": "Your HSM has been activated.",
            },
        },
    }
    if known is None:
        cloud.store.put(_INDEX, name, {"id": id})
        for administrator in properties["initialAdminObjectIds"]:
            local_roles.assign(cloud, _as_vault(body), administrator, local_roles.ADMINISTRATOR.id, "/")
    return body


def _check(request: Request, properties: Json, before: Json) -> None:
    sku = request.body.get("sku")
    if not isinstance(sku, dict) or str(sku.get("family", "B")).upper() not in {"B", "C"}:
        raise invalid("sku")
    for name in () if before else ("tenantId", "initialAdminObjectIds"):
        if not properties.get(name):
            raise invalid(name)
    texts(properties.get("initialAdminObjectIds"), "properties.initialAdminObjectIds")
    caller = request.caller
    if caller and str(properties.get("tenantId", caller.tenant_id)).lower() != caller.tenant_id.lower():
        raise invalid("tenantId")
    if before.get("enablePurgeProtection") and properties.get("enablePurgeProtection") is False:
        raise bad_request('The property "enablePurgeProtection" cannot be set to false once it is true.')


def _recovered(cloud: Cloud, gone: Vault, id: str, mode: object) -> Json:
    """What a soft-deleted HSM was before. Raises 409 where a new one of its name is to be made."""
    if str(mode).lower() != "recover" or gone.id.lower() != id.lower():
        raise ServiceError(
            409,
            "Conflict",
            f"The managed HSM name '{gone.name}' is held by a deleted one, to be recovered or purged.",
        )
    body: Json = (cloud.store.get(_DELETED, gone.id) or {})["body"]
    cloud.store.delete(_DELETED, gone.id)
    return body


def _removed(cloud: Cloud, body: Json) -> None:
    # Soft delete is always on (learn.microsoft.com/azure/key-vault/managed-hsm/soft-delete-overview).
    cloud.store.put(_DELETED, body["id"], {"body": body, "deleted": cloud.clock.now()})


# The clients take 200 and 202 for a new one, and no 201.
HSMS = ArmType(
    kind=_KIND,
    path=f"{GROUP}/providers/{HSM_TYPE}/{{name}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    removed=_removed,
    created_status=200,
    assumed="all of it",
)
ROUTES = HSMS.routes()
