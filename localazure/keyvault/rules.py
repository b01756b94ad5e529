"""What Azure accepts as a vault's properties. Pure: from what is there and what was sent to what will be.

Texts marked observed or reported in azure-wire.md are quoted; where nothing is known the answer is Key
Vault's usual `An invalid value was provided for '...'.`, and the rule is the stricter one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from localazure.keyvault import policies
from localazure.keyvault.model import MAX_RETENTION_DAYS, Vault
from localazure.keyvault.problems import bad_request, invalid
from localazure.web import Json

RBAC_BY_DEFAULT_FROM = "2026-02-01"
"""From this api-version on, a new vault is under Azure RBAC unless it says otherwise (Key Vault's
documentation of that version); a vault that exists keeps its model."""

_NAME = re.compile(r"(?=.{3,24}$)[a-z](?:-?[a-z0-9])*", re.IGNORECASE)
_SETTABLE = (
    "sku",
    "tenantId",
    "accessPolicies",
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "enableSoftDelete",
    "softDeleteRetentionInDays",
    "enableRbacAuthorization",
    "enablePurgeProtection",
    "networkAcls",
    "publicNetworkAccess",
)
_STICKY = (
    "enableSoftDelete",
    "softDeleteRetentionInDays",
    "enableRbacAuthorization",
    "enablePurgeProtection",
)
"""What a replacing PUT that is silent about it leaves as it is; unobserved but for the first and last, which
are irreversible."""
_BOOLEANS = tuple(name for name in _SETTABLE if name.startswith("enable"))


def name_problem(name: str) -> str | None:
    """Why a vault cannot have this name, in Key Vault's words; None where it can."""
    if _NAME.fullmatch(name):
        return None
    return (
        f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. "
        "The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. "
        "Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742"
    )


def new_properties(sent: Json, *, tenant_id: str, api_version: str) -> dict[str, Any]:
    """The properties of a vault made from a PUT body's. Raises ServiceError 400."""
    properties = _known(sent)
    if api_version >= RBAC_BY_DEFAULT_FROM:
        properties.setdefault("enableRbacAuthorization", True)
    properties.setdefault("enableSoftDelete", True)
    properties.setdefault("enabledForDeployment", False)
    _require_whole(properties)
    _check(properties, tenant_id)
    return properties


def replaced_properties(vault: Vault, sent: Json, *, tenant_id: str) -> dict[str, Any]:
    """The properties of an existing vault after a PUT: what is not sent is dropped, except what is
    irreversible. Raises ServiceError 400."""
    properties = _known(sent)
    _check_changes(vault, properties)
    for name in _STICKY:
        if name in vault.properties:
            properties.setdefault(name, vault.properties[name])
    properties.setdefault("enabledForDeployment", False)
    _require_whole(properties)
    _check(properties, tenant_id)
    return properties


def merged_properties(vault: Vault, sent: Json, *, tenant_id: str) -> dict[str, Any]:
    """The properties of a vault after a PATCH: what is not sent stays. Raises ServiceError 400."""
    changes = _known(sent)
    _check_changes(vault, changes)
    properties = {**vault.properties, **changes}
    _check(properties, tenant_id)
    return properties


def _known(sent: Json) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise invalid("properties")
    return {name: sent[name] for name in _SETTABLE if sent.get(name) is not None}


def _require_whole(properties: dict[str, Any]) -> None:
    for name in ("tenantId", "sku"):
        if name not in properties:
            raise invalid(name)
    if properties.get("enableRbacAuthorization") is True:
        properties.setdefault("accessPolicies", [])
    if "accessPolicies" not in properties:
        raise invalid("accessPolicies")


def _check(properties: dict[str, Any], tenant_id: str) -> None:
    for name in _BOOLEANS:
        if not isinstance(properties.get(name, False), bool):
            raise invalid(name)
    sku = properties["sku"]
    if not isinstance(sku, dict) or str(sku.get("family", "A")).upper() != "A":
        raise invalid("sku")
    if str(sku.get("name")).lower() not in {"standard", "premium"}:
        raise invalid("sku")
    if str(properties["tenantId"]).lower() != tenant_id.lower():
        raise invalid("tenantId")
    if properties.get("enablePurgeProtection") is False:
        raise bad_request(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for '
            "a vault is an irreversible action."
        )
    if properties.get("enablePurgeProtection") and properties.get("enableSoftDelete") is False:
        raise bad_request('The property "enablePurgeProtection" needs "enableSoftDelete" to be true.')
    if not _is_retention(properties.get("softDeleteRetentionInDays", 90)):
        raise invalid("softDeleteRetentionInDays")
    if str(properties.get("publicNetworkAccess", "Enabled")).lower() not in {"enabled", "disabled"}:
        raise invalid("publicNetworkAccess")
    if "networkAcls" in properties:
        properties["networkAcls"] = _acls(properties["networkAcls"])
    properties["accessPolicies"] = policies.checked(properties.get("accessPolicies", []), tenant_id)


def _check_changes(vault: Vault, changes: Mapping[str, Any]) -> None:
    if vault.soft_delete and changes.get("enableSoftDelete") is False:
        raise bad_request(
            # Assumed: users quote it, no recording has it.
            'The property "enableSoftDelete" can be set to false only for creating new vault. Enabling the '
            "'soft delete' functionality is an irreversible action."
        )
    days = changes.get("softDeleteRetentionInDays", vault.retention_days)
    if _is_retention(days) and days != vault.retention_days:
        raise bad_request(
            'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        )


def _is_retention(days: Json) -> bool:
    return isinstance(days, int) and not isinstance(days, bool) and 7 <= days <= MAX_RETENTION_DAYS


def _acls(sent: Json) -> dict[str, Any]:
    """Network rules as answers have them. Raises ServiceError 400.

    An address gets its prefix length and a subnet's id small letters, as in the API definition's examples.
    """
    if not isinstance(sent, dict):
        raise invalid("networkAcls")
    acls = {name: value for name, value in sent.items() if value is not None}
    if str(acls.get("bypass", "None")).lower() not in {"azureservices", "none"}:
        raise invalid("networkAcls.bypass")
    if str(acls.get("defaultAction", "Deny")).lower() not in {"allow", "deny"}:
        raise invalid("networkAcls.defaultAction")
    return {
        "bypass": "AzureServices",
        **acls,
        "ipRules": [_ip_rule(rule) for rule in _rules(acls, "ipRules", "value")],
        "virtualNetworkRules": [
            {**rule, "id": rule["id"].lower()} for rule in _rules(acls, "virtualNetworkRules", "id")
        ],
    }


def _rules(acls: Mapping[str, Any], name: str, part: str) -> list[dict[str, Any]]:
    """The network rules of a kind. Raises ServiceError 400 where one lacks its `part`, a text."""
    rules = acls.get(name, [])
    if not isinstance(rules, list) or not all(
        isinstance(rule, dict) and isinstance(rule.get(part), str) for rule in rules
    ):
        raise invalid(f"networkAcls.{name}")
    return rules


def _ip_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """An IP rule as answers have it. Raises ServiceError 400 for what is no IPv4 address or range."""
    try:
        ipaddress.IPv4Network(rule["value"], strict=False)
    except ValueError as error:
        raise invalid("networkAcls.ipRules") from error
    return {**rule, "value": rule["value"] if "/" in rule["value"] else f"{rule['value']}/32"}
