"""The kinds of resources that a review looks at, by their type tokens.

A token may pin an API version (`azure-native:keyvault/v20230701:Vault`), which is left out of the comparison.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Final


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
    BINDING = "binding"
    KEY_VERSION = "key version"


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
    ("azure-cmk", "index", "customermanagedkey"): Kind.BINDING,
    ("azure-cmk", "index", "keyversion"): Kind.KEY_VERSION,
}


@lru_cache(maxsize=4096)
def kind_of(token: str) -> Kind | None:
    """The kind of a type token; None for every other resource."""
    parts = token.lower().split(":")
    if len(parts) != 3:
        return None
    return _KINDS.get((parts[0], parts[1].split("/")[0], parts[2]))
