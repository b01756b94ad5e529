"""The API version by which Azure is asked for each thing, where azure-native does not choose one.

One for each: newer definitions rename and add, and what was written against one is read by the same.
Source: Azure/azure-rest-api-specs; for keys and projects, the data planes of Key Vault and Language.
"""

from typing import Final

ACCOUNTS: Final = "2024-10-01"
ACTION_GROUPS: Final = "2023-01-01"
ALERT_RULES: Final = "2022-06-15"
AUTHORIZATION: Final = "2022-04-01"
"""Role assignments and definitions, deny assignments, permissions."""
DIAGNOSTIC_SETTINGS: Final = "2021-05-01-preview"
ENDPOINTS: Final = "2020-09-01"
EVENT_HUBS: Final = "2024-01-01"
FOUNDRY: Final = "2025-06-01"
"""Projects of an account of kind AIServices, which older versions do not have."""
IDENTITIES: Final = "2023-01-31"
KEYS: Final = "7.4"
LOCKS: Final = "2020-05-01"
POLICIES: Final = "2023-04-01"
"""Policy assignments and definitions."""
POLICY_EXEMPTIONS: Final = "2022-07-01-preview"
POLICY_RESTRICTIONS: Final = "2024-10-01"
PRIVATE_DNS_ZONES: Final = "2024-06-01"
PROJECTS: Final = "2023-04-01"
RESOURCES: Final = "2021-04-01"
"""Resource groups, what is in them, and resource providers."""
STORAGE_ACCOUNTS: Final = "2023-05-01"
SUBNETS: Final = "2024-05-01"
SUBSCRIPTIONS: Final = "2022-12-01"
VAULTS: Final = "2026-02-01"
"""Vaults, managed HSMs and keys through Resource Manager, which refuses every older version from 27 February
2027 (learn.microsoft.com/azure/key-vault/general/access-control-default, 2026-11-28). By this version a new
vault that does not say `enableRbacAuthorization` has Azure RBAC; an update changes nothing about that."""
WORKSPACES: Final = "2022-10-01"
