"""Accounts, as the tests of Azure Policy, PSRule, checkov, cnspec and CloudSploit have them."""

from __future__ import annotations

from typing import Any, Final

from tests.policies.asking import UNKNOWN_TEXT
from tests.policies.field.case import FAIL, PASS, Case, case

WHO, KEYS, NET = "account-identity", "account-local-auth-disabled", "account-network-restricted"
WHOLE, VERSION, CREATE, TIER = (
    "cmk-complete",
    "cmk-no-versionless",
    "cmk-not-at-create-with-system-identity",
    "account-tier-supports-cmk",
)
CLOSED: Final = {NET: {"publicAccess": "disabled"}}
_USER = "sets take a user-assigned identity; the document needs the account's own, or one the key names"
_STRICT = "Disabled alone is a setting; Deny will do by default, as in Azure Policy and PSRule"
HEX: Final = "78deebed173b48e48f55abf87ed4cf71"


def account(**properties: Any) -> dict[str, Any]:
    """An account of the shape that most fixtures have, before it is made."""
    return {
        "name": UNKNOWN_TEXT,
        "kind": "TextAnalytics",
        "location": "eastus",
        "sku": {"name": "S0"},
        "properties": properties,
    }


def holding(identity: Any, **properties: Any) -> dict[str, Any]:
    """An account with an identity block."""
    return {**account(**properties), "identity": identity}


def under(source: Any = "Microsoft.KeyVault", **details: Any) -> dict[str, Any]:
    """An account with encryption in it."""
    whole = {"keyVaultUri": "https://example.vault.azure.net/", "keyName": "cmk", "keyVersion": HEX}
    block = {"keySource": source, "keyVaultProperties": {**whole, "identityClientId": "c", **details}}
    identity = {"type": "UserAssigned", "userAssignedIdentities": ["/identity"]}
    return holding(identity, encryption={name: value for name, value in block.items() if value is not None})


IDENTITIES: list[Case] = [
    case("fe3fd216", True, holding({"type": "SystemAssigned"}), WHO),
    case("fe3fd216", False, holding({"type": "None"}), WHO),
    case("fe3fd216", False, holding({"type": "none"}), WHO),
    case("fe3fd216", False, account(), WHO),
    case("AZR-000281", True, holding({"type": "SystemAssigned"}), WHO),
    case("AZR-000281", True, holding({"type": "SystemAssigned,UserAssigned"}), WHO),
    case("AZR-000281", True, holding({"type": "SystemAssigned, UserAssigned"}), WHO),
    case("AZR-000281", True, holding({"type": "systemassigned , userassigned"}), WHO),
    case("AZR-000281", False, holding(None), WHO),
    case("AZR-000281", True, holding({"type": "UserAssigned"}), but=_USER, own={WHO: FAIL}),
    case("CKV_AZURE_238", True, holding({"type": "SystemAssigned"}), WHO),
    case("CKV_AZURE_238", False, holding({}), WHO),
    case("CKV_AZURE_238", False, holding({"type": ""}), WHO),
    case(
        "CKV_AZURE_238",
        True,
        holding({"type": "UserAssigned", "userAssignedIdentities": ["/identity"]}),
        WHO,
    ),
    case("cnspec:managed-identity", False, holding({"type": None}), WHO),
    case("cloudsploit:managedIdentity", True, under(), WHO),
    case("a word for a block", False, holding("SystemAssigned"), WHO),
]

LOGINS: list[Case] = [
    case("71ef260a", True, account(disableLocalAuth=True), KEYS),
    case("71ef260a", False, account(disableLocalAuth=False), KEYS),
    case("71ef260a", False, account(), KEYS),
    case("AZR-000282", False, account(disableLocalAuth=None), KEYS),
    case("AZR-000282", True, account(disableLocalAuth="true"), KEYS),
    case("CKV_AZURE_236", True, account(disableLocalAuth=True), KEYS),
    case("CKV_AZURE_236", False, account(disableLocalAuth="false"), KEYS),
    case("CKV_AZURE_236", False, {"kind": "OpenAI", "sku": {"name": "S0"}}, KEYS),
    case("cnspec:local-auth", False, account(disableLocalAuth=""), KEYS),
    case("beside properties", False, {**account(), "disableLocalAuth": True}, KEYS),
]

NETWORKS: list[Case] = [
    case("037eea7a", True, account(publicNetworkAccess="Disabled"), NET),
    case("037eea7a", True, account(networkAcls={"defaultAction": "Deny"}), NET),
    case("037eea7a", False, account(networkAcls={"defaultAction": "Allow"}), NET),
    case("037eea7a", False, account(publicNetworkAccess="Enabled"), NET),
    case(
        "AZR-000280", True, account(publicNetworkAccess="Enabled", networkAcls={"defaultAction": "Deny"}), NET
    ),
    case("AZR-000280", False, account(), NET),
    case("AZR-000280", False, account(publicNetworkAccess=None, networkAcls=None), NET),
    case("AZR-000283", True, account(publicNetworkAccess="Disabled"), NET, config=CLOSED),
    case("AZR-000283", False, account(networkAcls={"defaultAction": "Deny"}), NET, config=CLOSED),
    case("47ba1dd7", False, account(publicNetworkAccess="Enabled"), NET, config=CLOSED),
    case("CKV_AZURE_134", True, account(publicNetworkAccess="disabled"), NET, config=CLOSED),
    case("CKV_AZURE_134", False, account(), NET, config=CLOSED),
    case(
        "CKV_AZURE_134", False, account(networkAcls={"defaultAction": "Deny"}), but=_STRICT, own={NET: PASS}
    ),
    case("cnspec:default-deny", True, account(networkAcls={"defaultAction": "DENY", "ipRules": []}), NET),
    case("cnspec:public-network", False, account(publicNetworkAccess=""), NET),
    case("cloudsploit:publicAccess", True, account(), but="absent is open", own={NET: FAIL}),
]

ENCRYPTION: list[Case] = [
    case("67121cc7", True, under(), WHOLE, VERSION, CREATE, WHO),
    case("67121cc7", True, under("Microsoft.Keyvault"), WHOLE, VERSION, CREATE),
    case("67121cc7", True, under("microsoft.keyvault"), WHOLE, VERSION, CREATE),
    case("cloudsploit:cmk", True, under("MICROSOFT.KEYVAULT"), WHOLE, VERSION, CREATE),
    case("cnspec:cmk", False, under("Microsoft.Storage"), WHOLE),
    case(
        "avm cmk-sami", False, under(identityClientId=None) | {"identity": {"type": "SystemAssigned"}}, CREATE
    ),
    case("avm cmk-uami", True, under(keyVersion=HEX.upper()), WHOLE, VERSION, CREATE),
    case("avm without version", False, under(keyVersion=None), WHOLE, VERSION),
    case("avm without version", False, under(keyVersion=""), WHOLE, VERSION),
    case("no key name", False, under(keyName=None), WHOLE),
    case("no vault", False, under(keyVaultUri=None), WHOLE),
    case("vault by id", False, under(keyVaultUri="/subscriptions/s/resourceGroups/r/x"), WHOLE),
    case("vault by http", False, under(keyVaultUri="http://example.vault.azure.net/"), WHOLE),
    case("managed hsm", True, under(keyVaultUri="https://example.managedhsm.azure.net/"), WHOLE),
    case("us government", True, under(keyVaultUri="https://example.vault.usgovcloudapi.net"), WHOLE),
    case(
        "no details",
        False,
        holding({"type": "SystemAssigned"}, encryption={"keySource": "Microsoft.KeyVault"}),
        WHOLE,
    ),
    case(
        "microsoft's key",
        True,
        account(encryption={"keySource": "Microsoft.CognitiveServices"}),
        WHOLE,
        CREATE,
    ),
    case("no encryption", True, account(encryption=None), WHOLE, VERSION, CREATE),
]

OTHERS: list[Case] = [
    case("tier", True, {**account(), "sku": {"name": "S"}}, TIER),
    case("tier", False, {**account(), "sku": {"name": "F0"}}, TIER),
    case("tier", False, {**account(), "sku": {}}, TIER),
    case("tier", False, {"kind": "TextAnalytics", "properties": {"sku": {"name": "S"}}}, TIER),
]

CASES: Final = [*IDENTITIES, *LOGINS, *NETWORKS, *ENCRYPTION, *OTHERS]
