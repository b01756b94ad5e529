"""Vaults, as the tests of Azure Policy, PSRule, checkov, KICS, trivy, Regula, Prowler, cnspec have them."""

from __future__ import annotations

from typing import Any, Final

from tests.policies.field.case import FAIL, PASS, Case, case

SOFT, PURGE, MODEL = "vault-soft-delete", "vault-purge-protection", "vault-permission-model"
NET, BROAD, KEEP, TRUST = (
    "vault-network-restricted",
    "vault-no-broad-grants",
    "vault-retention",
    "vault-trusted-services",
)
RBAC: Final = {MODEL: {"model": "rbac"}}
CLOSED: Final = {NET: {"publicAccess": "disabled"}}
_ABSENT = "soft delete absent: the sets disagree; Azure switches it on, and off it cannot be"
_RETENTION = "retention absent: only trivy objects, Azure's default is 90"
_ALLOW = "checkov 189 takes Allow with any IP rule for closed; not copied"


def vault(**properties: Any) -> dict[str, Any]:
    """A vault of the shape that most fixtures have."""
    return {
        "resourceGroupName": "example-resources",
        "location": "westus",
        "properties": {
            "tenantId": "72f988bf-86f1-41af-91ab-2d7cd011db47",
            "sku": {"family": "A", "name": "Standard"},
            **properties,
        },
    }


def grants(*entries: dict[str, Any]) -> dict[str, Any]:
    """A vault with access policies, each given by its permissions."""
    return vault(accessPolicies=[{"objectId": f"o{n}", "permissions": one} for n, one in enumerate(entries)])


def acls(**values: Any) -> dict[str, Any]:
    """A vault with network rules."""
    return vault(networkAcls=values)


RECOVERY: list[Case] = [
    case("0b60c0b2", True, vault(enableSoftDelete=True, enablePurgeProtection=True), SOFT, PURGE),
    case("0b60c0b2", True, vault(createMode="recover"), SOFT, PURGE),
    case("0b60c0b2", False, vault(createMode="default", enablePurgeProtection=False), PURGE),
    case("0b60c0b2", False, vault(enableSoftDelete=False, enablePurgeProtection=True), SOFT),
    case("0b60c0b2", False, vault(enableSoftDelete=True), PURGE),
    case("1e66c121", False, vault(), but=_ABSENT, own={SOFT: PASS}),
    case("1e66c121", False, vault(enableSoftDelete=None), but=_ABSENT, own={SOFT: PASS}),
    case("1e66c121", True, vault(createMode="Recover", enableSoftDelete=False), SOFT),
    case("AZR-000124", True, vault(enableSoftDelete=True), SOFT),
    case("AZR-000124", False, vault(enableSoftDelete=False), SOFT),
    case("AZR-000124", False, vault(enablePurgeProtection=True), but=_ABSENT, own={SOFT: PASS}),
    case("AZR-000125", True, vault(enablePurgeProtection=True), PURGE),
    case("AZR-000125", False, vault(enablePurgeProtection=False), PURGE),
    case("AZR-000125", False, vault(), PURGE),
    case("CKV_AZURE_42", True, vault(enableSoftDelete="true", enablePurgeProtection="true"), SOFT, PURGE),
    case("CKV_AZURE_42", True, vault(enableSoftDelete="True", enablePurgeProtection=True), SOFT, PURGE),
    case("CKV_AZURE_42", False, vault(enableSoftDelete="false", enablePurgeProtection="false"), SOFT, PURGE),
    case("CKV_AZURE_42", False, vault(enableSoftDelete=True, enablePurgeProtection=""), PURGE),
    case("CKV_AZURE_42", False, vault(enableSoftDelete="[parameters('softDelete')]"), SOFT, PURGE),
    case("CKV_AZURE_42 tf", True, vault(enablePurgeProtection=True), SOFT, PURGE),
    case("CKV_AZURE_42 tf", False, vault(enableSoftDelete=True), PURGE),
    case("CKV_AZURE_110", True, vault(enablePurgeProtection="TRUE"), PURGE),
    case("CKV_AZURE_110", False, vault(enablePurgeProtection=None), PURGE),
    case("CKV_AZURE_110", False, {"resourceGroupName": "rg"}, PURGE),
    case("CKV_AZURE_111", True, vault(enableSoftDelete=True), SOFT),
    case("CKV_AZURE_111", False, vault(enableSoftDelete=False), SOFT),
    case("CKV_AZURE_111", True, vault(), SOFT),
    case("kics:7c25f361", True, vault(enableSoftDelete=True, enablePurgeProtection=True), SOFT, PURGE),
    case("kics:7c25f361", False, vault(enableSoftDelete=True), PURGE),
    case("kics:7c25f361", False, vault(enablePurgeProtection=True), but=_ABSENT, own={SOFT: PASS}),
    case("kics:7c25f361", False, vault(enableSoftDelete=False, enablePurgeProtection=True), SOFT),
    case(
        "kics:7c25f361",
        False,
        vault(enabledForTemplateDeployment=True, accessPolicies=[]),
        PURGE,
        but=_ABSENT,
        own={SOFT: PASS},
    ),
    case("kics:cec6e005", True, vault(enablePurgeProtection=True, softDeleteRetentionInDays=7), PURGE, KEEP),
    case("kics:cec6e005", False, vault(softDeleteRetentionInDays=7), PURGE),
    case("regula:FG_R00227", True, vault(enableSoftDelete=True, enablePurgeProtection=True), SOFT, PURGE),
    case("regula:FG_R00227", False, vault(enableSoftDelete=False, enablePurgeProtection=False), SOFT, PURGE),
    case("regula:FG_R00227", False, {"properties": {}}, PURGE, but=_ABSENT, own={SOFT: PASS}),
    case("trivy:AZU-0016", True, vault(enablePurgeProtection=True, softDeleteRetentionInDays=7), PURGE, KEEP),
    case(
        "trivy:AZU-0016", True, vault(enablePurgeProtection=True, softDeleteRetentionInDays=30), PURGE, KEEP
    ),
    case("trivy:AZU-0016", False, vault(enablePurgeProtection=False, softDeleteRetentionInDays=30), PURGE),
    case("trivy:AZU-0016", False, vault(enablePurgeProtection=True, softDeleteRetentionInDays=3), KEEP),
    case("trivy:AZU-0016", False, vault(enablePurgeProtection=True, softDeleteRetentionInDays=0), KEEP),
    case(
        "trivy:AZU-0016",
        False,
        vault(enablePurgeProtection=True),
        but=_RETENTION,
        own={PURGE: PASS, KEEP: PASS},
    ),
    case("terrascan:AC_AZURE_0170", True, vault(enableSoftDelete=True), SOFT),
    case("terrascan:AC_AZURE_0170", False, vault(enableSoftDelete=False), SOFT),
    case(
        "prowler:keyvault_recoverable",
        False,
        vault(enableSoftDelete=False, enablePurgeProtection=False),
        PURGE,
    ),
    case(
        "prowler:keyvault_recoverable",
        False,
        vault(enableSoftDelete=True, enablePurgeProtection=False),
        PURGE,
    ),
    case(
        "prowler:keyvault_recoverable", True, vault(enableSoftDelete=True, enablePurgeProtection=True), SOFT
    ),
    case("cnspec:kv-is-recoverable", False, vault(enablePurgeProtection=False), PURGE),
    case(
        "cloudsploit:kvRecoveryEnabled",
        False,
        vault(enableSoftDelete=True, enablePurgeProtection=None),
        PURGE,
    ),
    case("flags beside properties", False, {**vault(enableSoftDelete=False), "enableSoftDelete": True}, SOFT),
    case("flags beside properties", False, {**vault(), "enablePurgeProtection": True}, PURGE),
]

MODELS: list[Case] = [
    case("12d4fa5e", True, vault(enableRbacAuthorization=True), MODEL, config=RBAC),
    case("12d4fa5e", False, vault(enableRbacAuthorization=False), MODEL, config=RBAC),
    case("12d4fa5e", False, vault(), MODEL, config=RBAC),
    case("12d4fa5e", True, vault(createMode="recover"), MODEL, config=RBAC),
    case("AZR-000388", False, vault(enableRbacAuthorization=None), MODEL, config=RBAC),
    case("AZR-000388", True, vault(enableRbacAuthorization=True, accessPolicies=[]), MODEL, config=RBAC),
    case(
        "AZR-000388", False, vault(enableRbacAuthorization=False), but="model is a setting", own={MODEL: PASS}
    ),
    case("prowler:rbac", True, vault(enableRbacAuthorization="true"), MODEL, config=RBAC),
    case("prowler:rbac", False, vault(enableRbacAuthorization="false"), MODEL, config=RBAC),
    case("cnspec:keyvault-rbac-enabled", False, vault(accessPolicies=[{}]), MODEL, config=RBAC),
    case(
        "AZR-000388",
        True,
        vault(enableRbacAuthorization=True, accessPolicies=[{"objectId": "o", "permissions": {}}]),
        MODEL,
        config=RBAC,
    ),
]

NETWORKS: list[Case] = [
    case("55615ac9", True, acls(defaultAction="Deny", bypass="AzureServices"), NET, TRUST),
    case("55615ac9", True, vault(publicNetworkAccess="Disabled"), NET),
    case("55615ac9", False, vault(publicNetworkAccess="Enabled"), NET),
    case("55615ac9", False, vault(), NET),
    case("55615ac9", True, vault(createMode="recover"), NET),
    case("55615ac9", False, acls(defaultAction="Allow", ipRules=[]), NET),
    case("405c5871", True, vault(publicNetworkAccess="disabled"), NET, config=CLOSED),
    case("405c5871", False, acls(defaultAction="Deny"), NET, config=CLOSED),
    case("405c5871", False, vault(publicNetworkAccess="enabled"), NET, config=CLOSED),
    case("AZR-000355", True, acls(defaultAction="Deny"), NET),
    case("AZR-000355", True, acls(defaultAction="deny", virtualNetworkRules=[{"id": "/subnets/a"}]), NET),
    case("AZR-000355", False, acls(defaultAction="Allow"), NET),
    case("AZR-000355", False, acls(bypass="AzureServices"), NET),
    case("AZR-000355", False, vault(networkAcls=None), NET),
    case("CKV_AZURE_109", True, acls(bypass="None", defaultAction="Deny"), NET),
    case("CKV_AZURE_109", False, acls(bypass="AzureServices", defaultAction="Allow"), NET),
    case("CKV_AZURE_109", False, vault(networkAcls={}), NET),
    case("CKV_AZURE_189", True, vault(publicNetworkAccess="disabled"), NET),
    case("CKV_AZURE_189", True, acls(defaultAction="Deny", ipRules=[{"value": "1.2.3.4"}]), NET),
    case(
        "CKV_AZURE_189",
        True,
        vault(publicNetworkAccess="Enabled", networkAcls={"ipRules": [{"value": "1.2.3.4"}]}),
        but=_ALLOW,
        own={NET: FAIL},
    ),
    case(
        "CKV_AZURE_189",
        True,
        acls(defaultAction="Allow", ipRules=[{"value": "1.2.3.4/32"}]),
        but=_ALLOW,
        own={NET: FAIL},
    ),
    case("CKV_AZURE_189", False, acls(ipRules=[]), NET),
    case("trivy:AZU-0013", True, acls(bypass="AzureServices", defaultAction="Deny"), NET),
    case("trivy:AZU-0013", False, acls(bypass="AzureServices", defaultAction="Allow"), NET),
    case("trivy:AZU-0013", False, vault(enabledForDiskEncryption=True), NET),
    case("trivy:AZU-0013", False, acls(defaultAction=""), NET),
    case("cnspec:public-access-disabled", True, vault(publicNetworkAccess="Disabled"), NET, config=CLOSED),
    case("cloudsploit:keyVaultPublicAccess", True, acls(defaultAction="Deny", ipRules=None), NET),
    case(
        "cloudsploit:keyVaultPublicAccess",
        False,
        acls(defaultAction="Deny", ipRules=[{"value": "0.0.0.0/0"}]),
        NET,
    ),
    case(
        "cloudsploit:keyVaultPublicAccess",
        False,
        acls(defaultAction="Deny", ipRules=[{"value": "::/0"}]),
        NET,
    ),
    case("cloudsploit:trustedServices", True, acls(bypass="AzureServices"), TRUST),
    case("cloudsploit:trustedServices", True, acls(bypass="azureServices"), TRUST),
    case(
        "cloudsploit:trustedServices",
        False,
        acls(bypass="None"),
        but="every address may connect: there is no firewall to pass",
        own={TRUST: PASS},
    ),
    case("cloudsploit:trustedServices", False, acls(bypass="none", defaultAction="Deny"), TRUST),
]

GRANTS: list[Case] = [
    case("AZR-000118", True, grants({"keys": ["Get", "WrapKey", "UnwrapKey"]}), BROAD, "grant-exact"),
    case("AZR-000118", False, grants({"keys": ["All"]}), BROAD, "grant-exact"),
    case("AZR-000118", False, grants({"keys": ["Get", "Purge"]}), BROAD),
    case("AZR-000118", False, grants({"secrets": ["all"]}), BROAD),
    case("AZR-000118", False, grants({"certificates": ["Get", "purge"]}), BROAD),
    case("AZR-000118", False, grants({"storage": ["PURGE"]}), BROAD),
    case("AZR-000118", False, grants({"secrets": ["get"]}, {"keys": ["list", "purge"]}), BROAD),
    case("AZR-000118", True, grants({"secrets": ["Get", "List"]}), BROAD, "grant-exact"),
    case("AZR-000118", True, grants({"keys": [], "secrets": None}), BROAD),
    case("AZR-000118", True, vault(accessPolicies=[]), BROAD),
    case("AZR-000118", True, vault(accessPolicies=None), BROAD),
    case("cloudsploit:manageKeyAccess", True, grants({"keys": ["get", "list"]}), BROAD),
    case("cloudsploit:manageKeyAccess", False, grants({"keys": ["all"], "secrets": ["all"]}), BROAD),
    case(
        "AZR-000118",
        True,
        grants({"keys": ["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify", "get", "list"]}),
        BROAD,
        but="exactly three permissions: no set asks for them, the service document does",
        own={"grant-exact": FAIL},
    ),
]

CASES: Final = [*RECOVERY, *MODELS, *NETWORKS, *GRANTS]
