"""What the stack's state holds of a service, before this run changes anything.

Owns: how the state is understood. Pure. Does not own: the call that reads it (preflight.py), nor what may not
change (data_loss.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.arguments import names
from components.service_args import REVOKED

ACCOUNT = "azure-native:cognitiveservices:Account"
ACCESS_POLICY = "azure-native:keyvault:AccessPolicy"
ROLE_ASSIGNMENT = "azure-native:authorization:RoleAssignment"
BINDING = "azure-cmk:index:CustomerManagedKey"
KEY = "azure-native:keyvault:Key"
VAULT = "azure-native:keyvault:Vault"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
GROUP = "azure-native:resources:ResourceGroup"
WORKSPACE = "azure-native:operationalinsights:Workspace"
SERVICE = "language-cmk:index:EncryptedLanguageService"

State = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class RecordedAccount:
    """The account. `holder` is who uses the customer's key: "system" or "user"; None on Microsoft's keys."""

    id: str
    name: str
    location: str
    principal_id: str | None
    tenant_id: str | None
    holder: str | None

    @property
    def subscription_id(self) -> str:
        """The account's, lower case."""
        return names.parse_resource_id(self.id, names.ACCOUNT_TYPE).subscription_id

    @property
    def arguments(self) -> dict[str, str]:
        """What names the account in azure-native's functions."""
        return {"resourceGroupName": names.group_in(self.id), "accountName": self.name}


@dataclass(frozen=True)
class RecordedVault:
    """The vault that this stack made."""

    id: str
    name: str
    uses_rbac: bool


@dataclass(frozen=True)
class RecordedService:
    """One service in the state. `resources` are its resources as TYPE::NAME.

    `assignment_id` is the ARM id of the role assignment that the state holds. `group_name` and `workspace_id`
    are those of a resource group and a workspace that this stack made.
    `holder_id` is the object id of the identity that uses the key, as the grant in the state names it, or
    else the identity itself. `bound_to` is the vault's name and the key's that the account is bound to, lower
    case. `revoked` says that the last update took its access away, as the settings asked; `unfinished` that
    one which was to take it away or give it back was cut off, so that the state does not tell.
    """

    account: RecordedAccount | None = None
    vault: RecordedVault | None = None
    resources: frozenset[str] = frozenset()
    holder_id: str | None = None
    grant_recorded: bool = False
    bound_to: tuple[str, str] | None = None
    revoked: bool = False
    unfinished: bool = False
    assignment_id: str | None = None
    group_name: str | None = None
    workspace_id: str | None = None

    @property
    def is_bound(self) -> bool:
        """Whether the account is under the customer's key: access to the key is then access to its data."""
        return self.account is not None and self.account.holder is not None


def by_type_and_name(outputs: Mapping[str, Any]) -> State:
    """The outputs of all resources of a state, keyed by TYPE::NAME, whatever their parents."""
    return {
        urn.split("::", 2)[2].rsplit("$", 1)[-1]: resource["outputs"] or {}
        for urn, resource in outputs.items()
    }


def recorded_service(name: str, state: State, former_names: Sequence[str] = ()) -> RecordedService:
    """What a state holds of the service `name`, also by the names that it had before."""
    for old in former_names:
        state = {**_renamed(state, old, name), **state}
    account, vault = state.get(f"{ACCOUNT}::{name}-account"), state.get(f"{VAULT}::{name}-vault")
    bound = _is_bound(state.get(f"{BINDING}::{name}-binding"), account)
    mine = frozenset(resource for resource in state if resource.partition("::")[2].startswith(f"{name}-"))
    found = _account(account, bound=bound) if account and account.get("id") else None
    granted_to = _granted_to(name, state)
    return RecordedService(
        found,
        _vault(vault) if vault and vault.get("id") else None,
        mine,
        holder_id=granted_to or _holder_id(name, state, found),
        grant_recorded=granted_to is not None,
        bound_to=_bound_to(name, state, account),
        revoked=state.get(f"{SERVICE}::{name}", {}).get("access") == REVOKED,
        # The engine empties a component's outputs when its inputs change, until it is done with it.
        unfinished=state.get(f"{SERVICE}::{name}") == {},
        assignment_id=state.get(f"{ROLE_ASSIGNMENT}::{name}-access", {}).get("id"),
        group_name=state.get(f"{GROUP}::{name}-group", {}).get("name"),
        workspace_id=state.get(f"{WORKSPACE}::{name}-workspace", {}).get("id"),
    )


def _renamed(state: State, old: str, new: str) -> State:
    """The resources of a service of another name, by the names that they get."""
    parts = [(key.partition("::"), outputs) for key, outputs in state.items()]
    return {
        f"{type}::{new}{logical.removeprefix(old)}": outputs
        for (type, _, logical), outputs in parts
        if logical == old or logical.startswith(f"{old}-")
    }


def _is_bound(binding: Mapping[str, Any] | None, account: Mapping[str, Any] | None) -> bool:
    """Whether a binding is this account's: a replacement that was cut off leaves the old one's behind."""
    id = str((account or {}).get("id") or "").lower()
    return binding is not None and str(binding.get("accountId") or id).lower() == id


def _granted_to(name: str, state: State) -> str | None:
    policy = state.get(f"{ACCESS_POLICY}::{name}-access", {}).get("policy") or {}
    assignment = state.get(f"{ROLE_ASSIGNMENT}::{name}-access", {})
    return policy.get("objectId") or assignment.get("principalId")


def _bound_to(name: str, state: State, account: Mapping[str, Any] | None) -> tuple[str, str] | None:
    encryption = ((account or {}).get("properties") or {}).get("encryption") or {}
    bound = state.get(f"{BINDING}::{name}-binding") or encryption.get("keyVaultProperties") or {}
    uri, key = bound.get("keyVaultUri"), bound.get("keyName")
    return (uri.split("/")[2].split(".")[0].lower(), key.lower()) if uri and key else None


def _holder_id(name: str, state: State, account: RecordedAccount | None) -> str | None:
    identity = state.get(f"{IDENTITY}::{name}-identity", {}).get("principalId")
    return identity or (account.principal_id if account else None)


def _account(outputs: Mapping[str, Any], *, bound: bool) -> RecordedAccount:
    identity, encryption = outputs.get("identity") or {}, outputs["properties"].get("encryption") or {}
    inline = encryption.get("keySource") == "Microsoft.KeyVault"
    by_user = inline and (encryption.get("keyVaultProperties") or {}).get("identityClientId")
    holder = "user" if by_user else "system" if bound or inline else None
    return RecordedAccount(
        outputs["id"],
        outputs["name"],
        outputs["location"],
        identity.get("principalId"),
        identity.get("tenantId"),
        holder,
    )


def _vault(outputs: Mapping[str, Any]) -> RecordedVault:
    return RecordedVault(
        outputs["id"], outputs["name"], bool(outputs["properties"].get("enableRbacAuthorization"))
    )
