"""The kinds of resources that a review looks at, by their type tokens.

A token may pin an API version (`azure-native:keyvault/v20230701:Vault`), also by the name of a package made
for that version (`azure-native_keyvault_v20230701:keyvault:Vault`), which is left out of the comparison.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from review.values import folded, look, text


class Kind(Enum):
    """What a resource is to the encryption of data at rest."""

    STACK = "stack"
    ACCOUNT = "account"
    VAULT = "vault"
    KEY = "key"
    ACCESS_POLICY = "access policy"
    ROLE_ASSIGNMENT = "role assignment"
    IDENTITY = "user-assigned identity"
    DIAGNOSTIC_SETTING = "diagnostic setting"
    PRIVATE_ENDPOINT = "private endpoint"
    RESOURCE_GROUP = "resource group"
    BINDING = "binding"
    KEY_VERSION = "key version"
    GENERIC = "generic resource"
    FOREIGN = "resource of another provider"


_KINDS: Final = {
    ("pulumi", "pulumi", "stack"): Kind.STACK,
    ("azure-native", "cognitiveservices", "account"): Kind.ACCOUNT,
    ("azure-native", "keyvault", "vault"): Kind.VAULT,
    ("azure-native", "keyvault", "key"): Kind.KEY,
    ("azure-native", "keyvault", "accesspolicy"): Kind.ACCESS_POLICY,
    ("azure-native", "authorization", "roleassignment"): Kind.ROLE_ASSIGNMENT,
    ("azure-native", "managedidentity", "userassignedidentity"): Kind.IDENTITY,
    ("azure-native", "monitor", "diagnosticsetting"): Kind.DIAGNOSTIC_SETTING,
    ("azure-native", "insights", "diagnosticsetting"): Kind.DIAGNOSTIC_SETTING,
    ("azure-native", "network", "privateendpoint"): Kind.PRIVATE_ENDPOINT,
    ("azure-native", "resources", "resourcegroup"): Kind.RESOURCE_GROUP,
    ("azure-native", "resources", "resource"): Kind.GENERIC,
    ("azure-cmk", "index", "customermanagedkey"): Kind.BINDING,
    ("azure-cmk", "index", "keyversion"): Kind.KEY_VERSION,
}
# Vaults, keys and accounts of azure-native's generic resource nest their settings as their own types do.
_BY_ARM_TYPE: Final = {
    "microsoft.keyvault/vaults": Kind.VAULT,
    "microsoft.keyvault/vaults/keys": Kind.KEY,
    "microsoft.cognitiveservices/accounts": Kind.ACCOUNT,
}
_ONE_VERSION: Final = re.compile(r"azure-native_\w+_v\d\w*$")
# What other providers call a vault, a key, an account and the key of an account (pulumi-azure's modules, and
# terraform-provider-azurerm as Pulumi bridges it).
_FOREIGN: Final = re.compile(
    r"azure:(keyvault/(keyvault|key|accesspolicy)|cognitive/(account(customermanagedkey)?|aiservices))"
    r"|azurerm:[^:]*/(keyvault(key|accesspolicy)?|cognitiveaccount(customermanagedkey)?|aiservices)"
)


def kind_of(token: str, inputs: Mapping[str, Any] | None = None) -> Kind | None:
    """The kind of a type token; None for every other resource.

    `inputs` tell what a generic resource is.
    """
    kind = _by_token(token)
    return _of_generic(inputs or {}) if kind is Kind.GENERIC else kind


@lru_cache(maxsize=4096)
def _by_token(token: str) -> Kind | None:
    parts = token.lower().split(":")
    if len(parts) != 3:
        return None
    provider = "azure-native" if _ONE_VERSION.match(parts[0]) else parts[0]
    if _FOREIGN.fullmatch(f"{parts[0]}:{parts[1]}"):
        return Kind.FOREIGN
    return _KINDS.get((provider, parts[1].split("/")[0], parts[2]))


def _of_generic(inputs: Mapping[str, Any]) -> Kind | None:
    """By provider namespace and type; a path of parents has types and names in turn: vaults/v1."""
    namespace, parents, kind = (
        (folded(text(look(inputs, name))) or "").strip("/")
        for name in ("resourceProviderNamespace", "parentResourcePath", "resourceType")
    )
    types = [*(parents.split("/")[::2] if parents else ()), kind]
    return _BY_ARM_TYPE.get("/".join([namespace, *types]))
