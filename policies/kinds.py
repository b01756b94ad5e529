"""Which Azure resource a Pulumi type token stands for, whatever its spelling.

Owns: tokens, pinned API versions, the generic ARM resource. Does not own: properties of any kind.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import Final

from policies.view import View, as_text


class Kind(enum.Enum):
    """The resources that rules speak of; the value is how a message names one."""

    VAULT = "vault"
    KEY = "key"
    ACCESS_POLICY = "access policy"
    ACCOUNT = "account"
    ROLE_ASSIGNMENT = "role assignment"
    DIAGNOSTIC_SETTING = "diagnostic setting"
    USER_IDENTITY = "user-assigned identity"
    RESOURCE_GROUP = "resource group"
    BINDING = "customer-managed key"
    KEY_VERSION = "key version"
    FOREIGN = "resource that no rule reads"


_BY_TYPE: Final = {
    ("keyvault", "vault"): Kind.VAULT,
    ("keyvault", "key"): Kind.KEY,
    ("keyvault", "accesspolicy"): Kind.ACCESS_POLICY,
    ("cognitiveservices", "account"): Kind.ACCOUNT,
    ("authorization", "roleassignment"): Kind.ROLE_ASSIGNMENT,
    ("monitor", "diagnosticsetting"): Kind.DIAGNOSTIC_SETTING,
    ("insights", "diagnosticsetting"): Kind.DIAGNOSTIC_SETTING,
    ("aadiam", "diagnosticsetting"): None,
    ("managedidentity", "userassignedidentity"): Kind.USER_IDENTITY,
    ("resources", "resourcegroup"): Kind.RESOURCE_GROUP,
}
_OWN: Final = {
    "azure-cmk:index:CustomerManagedKey": Kind.BINDING,
    "azure-cmk:index:KeyVersion": Kind.KEY_VERSION,
}
_BY_ARM_TYPE: Final = {
    "microsoft.keyvault/vaults": Kind.VAULT,
    "microsoft.keyvault/vaults/keys": Kind.KEY,
    "microsoft.keyvault/vaults/accesspolicies": Kind.ACCESS_POLICY,
    "microsoft.cognitiveservices/accounts": Kind.ACCOUNT,
    "microsoft.authorization/roleassignments": Kind.ROLE_ASSIGNMENT,
    "microsoft.insights/diagnosticsettings": Kind.DIAGNOSTIC_SETTING,
    "microsoft.managedidentity/userassignedidentities": Kind.USER_IDENTITY,
}
# azure-native:keyvault:Vault, azure-native:keyvault/v20230701:Vault, and, from a locally generated package
# for one API version, azure-native_keyvault_v20230701:keyvault:Vault.
_TOKEN: Final = re.compile(
    r"azure-(?:native|nextgen)(?:_\w+?_(?P<package>v\d\w*))?:(?P<module>\w+)(?:/(?P<pinned>\w+))?:(?P<type>\w+)$"
)
# Vaults, keys, their access and accounts as other providers have them: pulumi-azure, and
# terraform-provider-azurerm as Pulumi bridges it.
_FOREIGN: Final = re.compile(
    r"azure:(keyvault/(keyvault|key|accesspolicy)|cognitive/(account(customermanagedkey)?|aiservices)):\w+$"
    r"|azurerm:[^:]*/(keyvault(key|accesspolicy)?|cognitiveaccount(customermanagedkey)?|aiservices):\w+$",
    re.IGNORECASE,
)
_DEPLOYMENT: Final = re.compile(r"resources:Deployment(?!Script)\w*$")
_VERSION: Final = re.compile(r"v(\d{4})(\d{2})(\d{2})(\w*)$")


@lru_cache(maxsize=4096)
def parse_token(token: str) -> tuple[Kind | None, str | None]:
    """The kind a token names, and the API version it is pinned to as Azure writes it (2023-07-01-preview)."""
    if token in _OWN:
        return _OWN[token], None
    match = _TOKEN.match(token)
    if match is None:
        return (Kind.FOREIGN if _FOREIGN.match(token) else None), None
    kind = _BY_TYPE.get((match["module"].lower(), match["type"].lower()))
    if kind is None and _DEPLOYMENT.match(f"{match['module']}:{match['type']}"):
        kind = Kind.FOREIGN
    return kind, _api_version(match["pinned"] or match["package"])


@lru_cache(maxsize=4096)
def is_generic(token: str) -> bool:
    """True for azure-native's generic resource, which names its ARM type and API version in its
    properties."""
    match = _TOKEN.match(token)
    return match is not None and (match["module"], match["type"]) == ("resources", "Resource")


def kind_of_generic(view: View) -> Kind | None:
    """The kind of a generic ARM resource, by its provider namespace and type."""
    parts = [
        as_text(view.get(key)) for key in ("resourceProviderNamespace", "parentResourcePath", "resourceType")
    ]
    namespace, parent, kind = (part if isinstance(part, str) else "" for part in parts)
    # A parent path alternates types and names: vaults/v1.
    parents = parent.strip("/").split("/")[::2] if parent else []
    return _BY_ARM_TYPE.get("/".join([namespace, *parents, *kind.strip("/").split("/")]).lower())


def _api_version(pinned: str | None) -> str | None:
    match = _VERSION.match(pinned or "")
    if match is None:
        return None
    year, month, day, label = match.groups()
    return f"{year}-{month}-{day}" + (f"-{label.strip('_')}" if label else "")
