"""The API version by which Azure is asked for each thing, where azure-native does not choose one.

Each thing has one version, because newer ones rename and add fields. A version stays until Azure ends it, or
until the project needs something that only a newer one has. Where Azure has announced an end, it is said
below, as read on 2026-11-28; for the other versions no end was found.
Source: Azure/azure-rest-api-specs; for keys and projects, the data planes of Key Vault and Language.
"""

from datetime import date
from typing import Final

ACCOUNTS: Final = "2025-06-01"
"""The first without `-preview` that has `allowProjectManagement`, which 2024-10-01 neither takes nor shows
(the models of azure-mgmt-cognitiveservices 13.6.0 and 13.7.0, read on 2026-11-30); azure-native 3 asks by the
same. Newer ones are out (learn.microsoft.com/azure/templates/microsoft.cognitiveservices/allversions) and add
nothing that is read here; no end of this one was found."""
ACTIVITY_LOG: Final = "2015-04-01"
"""The only one (learn.microsoft.com/rest/api/monitor/activity-logs/list, read on 2026-11-30)."""
ACTION_GROUPS: Final = "2023-01-01"
AUTHORIZATION: Final = "2022-04-01"
"""Role assignments and definitions, deny assignments, permissions."""
DEPLOYMENTS: Final = "2025-04-01"
"""Of `deployments/validate`; older ones do not have its `validationLevel`."""
DIAGNOSTIC_SETTINGS: Final = "2021-05-01-preview"
"""The newest; azure-native asks by the same."""
ENDPOINTS: Final = "2020-09-01"
FOUNDRY: Final = "2025-06-01"
"""Projects of an account of kind AIServices, which older versions do not have."""
IDENTITIES: Final = "2023-01-31"
KEYS: Final = "7.4"
"""Keys in their vault or managed HSM. The versions that Resource Manager retires are not those of this API
(learn.microsoft.com/azure/key-vault/general/migrate-api-version)."""
LOCKS: Final = "2020-05-01"
"""The newest."""
PRIVATE_DNS_ZONES: Final = "2024-06-01"
PROJECTS: Final = "2023-04-01"
RESOURCES: Final = "2021-04-01"
"""Resource groups, what is in them, and resource providers."""
STORAGE_ACCOUNTS: Final = "2023-05-01"
ROLE_ELIGIBILITY: Final = "2020-10-01"
"""The newest that is no preview (Azure/azure-rest-api-specs, read on 2026-11-30)."""
SUBNETS: Final = "2024-05-01"
SUBSCRIPTIONS: Final = "2022-12-01"
UPGRADES: Final = "2026-01-15-preview"
"""Accounts with `foundryAutoUpgrade`, which `ACCOUNTS` does not show
(azure/foundry/how-to/upgrade-azure-openai-auto, 2026-08-19)."""
VAULTS: Final = "2026-02-01"
"""Vaults, managed HSMs and keys through Resource Manager, which refuses every older version from
`VAULTS_RETIRE_ON` on. By this version a new vault that does not say `enableRbacAuthorization` has Azure RBAC;
an update changes nothing about that (key-vault/general/access-control-default)."""
VAULTS_RETIRE_ON: Final = date(2027, 2, 27)
"""The day from which Azure refuses each version of Key Vault's management API before `VAULTS`, with "no
exception or extension" (learn.microsoft.com/azure/key-vault/general/migrate-api-version;
Azure/azure-cli#34020)."""
AZURE_NATIVE_VAULTS: Final = "2024-11-01"
"""The version by which azure-native 3 asks for vaults and keys if a program's type pins none
(pulumi-azure-native 3.29.0)."""
AZURE_NATIVE_KEYS: Final = (3, 29)
"""The newest release of azure-native that is known to make each key by that version, whatever version its
type pins: since keys have a create of their own, its client is made for the type without a version
(pulumi-azure-native#4759, custom_keyvault.go, read on 2026-12-02). No release without this was found."""
WORKSPACES: Final = "2022-10-01"


def makes_keys_by(azure_native: str) -> str:
    """The API version by which a release of azure-native makes a key of the types here; a release after those
    that are known is taken for one that keeps to the type."""
    release = tuple(int(number) for number in azure_native.split(".")[:2])
    return AZURE_NATIVE_VAULTS if release <= AZURE_NATIVE_KEYS else VAULTS
