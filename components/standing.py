"""What the stack's state holds of a service, before this run changes anything.

Owns: how it is read from the state. Pure. Does not own: how the state is had (survey.py), nor what may not
change (guards.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACCOUNT = "azure-native:cognitiveservices:Account"
ACCESS_POLICY = "azure-native:keyvault:AccessPolicy"
ROLE_ASSIGNMENT = "azure-native:authorization:RoleAssignment"
BINDING = "azure-cmk:index:CustomerManagedKey"
KEY = "azure-native:keyvault:Key"
VAULT = "azure-native:keyvault:Vault"

State = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class StandingAccount:
    """The account. `holder` is who uses the customer's key: "system" or "user"; None on Microsoft's keys."""

    id: str
    name: str
    location: str
    principal_id: str | None
    tenant_id: str | None
    holder: str | None


@dataclass(frozen=True)
class StandingVault:
    """The vault that this stack made."""

    id: str
    name: str
    uses_rbac: bool


@dataclass(frozen=True)
class Standing:
    """One service in the state. `resources` are its resources as TYPE::NAME."""

    account: StandingAccount | None = None
    vault: StandingVault | None = None
    resources: frozenset[str] = frozenset()


def by_type_and_name(outputs: Mapping[str, Any]) -> State:
    """The outputs of all resources of a state, keyed by TYPE::NAME, whatever their parents."""
    return {
        urn.split("::", 2)[2].rsplit("$", 1)[-1]: resource["outputs"] or {}
        for urn, resource in outputs.items()
    }


def standing(name: str, state: State) -> Standing:
    """What a state holds of the service `name`."""
    account, vault = state.get(f"{ACCOUNT}::{name}-account"), state.get(f"{VAULT}::{name}-vault")
    bound = f"{BINDING}::{name}-binding" in state
    mine = frozenset(resource for resource in state if resource.partition("::")[2].startswith(f"{name}-"))
    return Standing(
        _account(account, bound=bound) if account and account.get("id") else None,
        _vault(vault) if vault and vault.get("id") else None,
        mine,
    )


def _account(outputs: Mapping[str, Any], *, bound: bool) -> StandingAccount:
    identity, encryption = outputs.get("identity") or {}, outputs["properties"].get("encryption") or {}
    inline = encryption.get("keySource") == "Microsoft.KeyVault"
    by_user = inline and (encryption.get("keyVaultProperties") or {}).get("identityClientId")
    holder = "user" if by_user else "system" if bound or inline else None
    return StandingAccount(
        outputs["id"],
        outputs["name"],
        outputs["location"],
        identity.get("principalId"),
        identity.get("tenantId"),
        holder,
    )


def _vault(outputs: Mapping[str, Any]) -> StandingVault:
    return StandingVault(
        outputs["id"], outputs["name"], bool(outputs["properties"].get("enableRbacAuthorization"))
    )
