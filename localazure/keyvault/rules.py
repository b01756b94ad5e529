"""The properties that Azure accepts for a vault or managed HSM, from the present and the sent ones. Pure.

The published definitions say which properties there are. Texts marked observed or reported in azure-wire.md
are quoted; if none is known, the answer is Key Vault's usual `An invalid value was provided for '...'.`, and
the rule is the stricter one.
"""

import ipaddress
import re
from typing import Any

from localazure import definitions
from localazure.definitions import Reading
from localazure.keyvault import policies
from localazure.keyvault.errors import invalid
from localazure.keyvault.models import HSM_TYPE, MAX_RETENTION_DAYS, TYPE, Vault
from localazure.refusals import refused
from localazure.web import Json, bad_request

RBAC_BY_DEFAULT_FROM = "2026-02-01"
"""From this api-version on, a new vault is under Azure RBAC unless it says otherwise (Key Vault's
documentation of that version); a vault that exists keeps its model."""

_NAME = re.compile(r"(?=.{3,24}$)[a-z](?:-?[a-z0-9])*", re.IGNORECASE)
_ASKED_OR_TOLD = ("createMode", "provisioningState", "vaultUri")
_STICKY = (
    "enableSoftDelete",
    "softDeleteRetentionInDays",
    "enableRbacAuthorization",
    "enablePurgeProtection",
)
"""Properties that a replacing PUT keeps if it does not name them. Only the first and the last were observed,
which are irreversible."""


def is_name(name: str) -> bool:
    """Whether a vault or managed HSM can have this name."""
    return _NAME.fullmatch(name) is not None


def require_defined(type: str, body: Json, asked: Reading) -> None:
    """Raises ServiceError 400 for a body that the definition of the type rules out."""
    if found := definitions.faults(type, body, asked):
        inside = [fault for fault in found if fault.path.startswith(("properties.", "sku", "tags"))]
        if not inside:
            definitions.refuse_unreadable(found)
        _, _, path = found[0].path.rpartition("properties.")
        name, _, rest = path.partition(".")
        raise invalid(f"{name}.{rest.partition('.')[0]}" if name == "networkAcls" and rest else name)


def vault_properties(before: Vault | None, body: Json, asked: Reading, *, tenant_id: str) -> dict[str, Any]:
    """The properties of a vault after a PUT, which drops unsent ones, except those that are irreversible.
    Raises ServiceError 400."""
    properties = _settable(TYPE, body)
    if before is None:
        if asked.version >= RBAC_BY_DEFAULT_FROM:
            properties.setdefault("enableRbacAuthorization", True)
        properties.setdefault("enableSoftDelete", True)
    else:
        _check_changes(before, properties)
        kept = {name: before.properties[name] for name in _STICKY if name in before.properties}
        properties = {**kept, **properties}
    properties.setdefault("enabledForDeployment", False)
    if properties.get("enableRbacAuthorization") is True:
        properties.setdefault("accessPolicies", [])
    require_defined(TYPE, {**body, "properties": properties}, asked)
    if "accessPolicies" not in properties:
        raise invalid("accessPolicies")
    if properties["tenantId"].lower() != tenant_id.lower():
        raise invalid("tenantId")
    if properties.get("enablePurgeProtection") is False:
        raise refused("PurgeProtectionStays")
    if properties.get("enablePurgeProtection") and properties.get("enableSoftDelete") is False:
        raise bad_request('The property "enablePurgeProtection" needs "enableSoftDelete" to be true.')
    if not 7 <= properties.get("softDeleteRetentionInDays", MAX_RETENTION_DAYS) <= MAX_RETENTION_DAYS:
        raise invalid("softDeleteRetentionInDays")
    if properties.get("publicNetworkAccess", "enabled").lower() not in {"enabled", "disabled"}:
        raise invalid("publicNetworkAccess")
    if "networkAcls" in properties:
        properties["networkAcls"] = _acls(properties["networkAcls"])
    properties["accessPolicies"] = policies.checked(properties["accessPolicies"], tenant_id)
    return properties


def hsm_properties(before: Vault | None, body: Json, asked: Reading, *, tenant_id: str) -> dict[str, Any]:
    """The properties of a managed HSM after a PUT, its SKU among them. Raises ServiceError 400."""
    there = before.properties if before else {"enablePurgeProtection": False}
    sent = _settable(HSM_TYPE, body)
    properties = {"softDeleteRetentionInDays": MAX_RETENTION_DAYS, **there, **sent}
    properties["sku"] = body.get("sku") or there.get("sku") or {}
    require_defined(HSM_TYPE, {**body, "properties": sent, "sku": properties["sku"]}, asked)
    for name in ("tenantId", "initialAdminObjectIds"):
        if not properties.get(name):
            raise invalid(name)
    if properties["tenantId"].lower() != tenant_id.lower():
        raise invalid("tenantId")
    if there["enablePurgeProtection"] and not properties["enablePurgeProtection"]:
        raise bad_request('The property "enablePurgeProtection" cannot be set to false once it is true.')
    return properties


def _settable(type: str, body: Json) -> dict[str, Any]:
    sent = definitions.settable(type, body.get("properties") or {})
    return {name: value for name, value in sent.items() if name not in _ASKED_OR_TOLD}


def _check_changes(vault: Vault, changes: dict[str, Any]) -> None:
    if vault.soft_delete and changes.get("enableSoftDelete") is False:
        raise refused("SoftDeleteStays")
    if changes.get("softDeleteRetentionInDays", vault.retention_days) != vault.retention_days:
        raise refused("RetentionStays")


def _acls(sent: Json) -> dict[str, Any]:
    """Network rules as answers have them. Raises ServiceError 400.

    An address gets its prefix length and a subnet's id small letters, as in the API definition's examples.
    """
    acls = {name: value for name, value in sent.items() if value is not None}
    subnets = [{**rule, "id": rule["id"].lower()} for rule in acls.get("virtualNetworkRules", [])]
    addresses = [_ip_rule(rule) for rule in acls.get("ipRules", [])]
    return {"bypass": "AzureServices", **acls, "ipRules": addresses, "virtualNetworkRules": subnets}


def _ip_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """An IP rule as answers have it. Raises ServiceError 400 for what is no IPv4 address or range."""
    try:
        ipaddress.IPv4Network(rule["value"], strict=False)
    except ValueError as error:
        raise invalid("networkAcls.ipRules") from error
    return {**rule, "value": rule["value"] if "/" in rule["value"] else f"{rule['value']}/32"}
