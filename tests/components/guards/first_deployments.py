"""Ways in which a first deployment fails: a state of the local Azure, what the preview says, and its fix.

A row's fix is what the message tells to do, so that a message whose fix does not work fails its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core import arm_ids
from core.resource_types import camel_case
from localazure import limits, seed
from localazure.authorization import assign_role
from localazure.directory import create_principal
from localazure.limits import Limit
from tests.support.local_deployment import Deployment

Args = Mapping[str, Any]
Cloud = Callable[[Deployment], object]
SUBSCRIPTION = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
OTHER_SUBSCRIPTION = f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}"


@dataclass(frozen=True)
class FirstDeployment:
    """A first deployment of service `claims` that fails.

    `cloud` makes the state; `args` are the service's arguments. The refusal is about the argument `path` and
    says all of `says`. `fixed_args` are the arguments that the fix changes, and `fix` is what it does to the
    cloud.
    """

    name: str
    cloud: Cloud
    path: str
    says: tuple[str, ...]
    args: Args = field(default_factory=dict)
    fixed_args: Args = field(default_factory=dict)
    fix: Cloud | None = None

    @property
    def arguments_after(self) -> Args:
        """The service's arguments once the fix was followed."""
        return {**self.args, **self.fixed_args}


def as_settings(value: Any) -> Any:
    """Arguments as a stack's file and other languages have them."""
    if isinstance(value, Mapping):
        return {name if "-" in name else camel_case(name): as_settings(one) for name, one in value.items()}
    return [as_settings(one) for one in value] if isinstance(value, list | tuple) else value


def group(
    name: str = "rg-claims", subscription: str = SUBSCRIPTION, **body: Any
) -> Callable[[Deployment], str]:
    """Makes a resource group."""

    def make(deployment: Deployment) -> str:
        id = f"{subscription}/resourceGroups/{name}"
        made(deployment, id, {"location": "westeurope", **body})
        return id

    return make


def made(deployment: Deployment, id: str, body: Args, api: str = "2026-02-01") -> None:
    """Makes something in the cloud, by somebody who may."""
    reply = deployment.arm("PUT", id, body, api=api)
    assert reply.status in (200, 201, 202), reply


def vault(subscription: str, group_name: str, name: str, **more: Any) -> Cloud:
    """Makes a vault that could hold keys."""

    def make(deployment: Deployment) -> None:
        id = group(group_name, subscription)(deployment)
        properties = {
            "tenantId": seed.TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": False,
            "accessPolicies": [],
            "enablePurgeProtection": True,
            "enableSoftDelete": True,
            **more,
        }
        body = {"location": "westeurope", "properties": properties, "tags": {"team": "hub"}}
        made(deployment, f"{id}/providers/Microsoft.KeyVault/vaults/{name}", body)

    return make


def their_key(deployment: Deployment, **vault_properties: Any) -> None:
    """A vault of somebody else's with a key."""
    vault(SUBSCRIPTION, "rg-shared", "kv-hub", **vault_properties)(deployment)
    properties = {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"]}
    made(deployment, f"{HUB}/keys/theirs", {"properties": properties})


def account(subscription: str, group_name: str, name: str) -> Cloud:
    """Makes an account on Microsoft-managed keys with a subdomain of its name."""

    def make(deployment: Deployment) -> None:
        id = group(group_name, subscription)(deployment)
        body = {
            "location": "westeurope",
            "kind": "TextAnalytics",
            "sku": {"name": "S"},
            "properties": {"customSubDomainName": name},
        }
        account_id = f"{id}/providers/Microsoft.CognitiveServices/accounts/{name}"
        made(deployment, account_id, body, "2025-06-01")
        while deployment.arm("GET", account_id).body["properties"]["provisioningState"] != "Succeeded":
            deployment.door.cloud.clock.advance(1)

    return make


SHARED = {"existing_resource_group_name": "rg-shared"}
_IN_THE_WORLD = "is unique in the world and is taken"
NAMES = (
    FirstDeployment(
        "the existing group does not exist",
        lambda deployment: None,
        "vault.name",
        ("resource group 'rg-shared', which does not exist", "az group create --name rg-shared"),
        SHARED,
    ),
    FirstDeployment(
        "the group's name is taken",
        group(tags={"team": "hub"}),
        "resourceGroupName",
        ("exists already", "tagged team=hub", "existingResourceGroupName: rg-claims"),
        fixed_args={"existing_resource_group_name": "rg-claims"},
    ),
    FirstDeployment(
        "somebody in another subscription has the vault's name",
        vault(OTHER_SUBSCRIPTION, "rg-hub", "kv-claims"),
        "vault.name",
        (_IN_THE_WORLD, "vault of another subscription", "give another vault.name"),
        fixed_args={"vault": {"name": "kv-claims-2"}},
    ),
    FirstDeployment(
        "the vault exists in the group",
        vault(SUBSCRIPTION, "rg-shared", "kv-claims"),
        "vault.name",
        ("exists already", "tagged team=hub", "vault.id: ", "operate recover --stack"),
        SHARED,
        {
            "vault": {
                "id": f"{SUBSCRIPTION}/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/kv-claims"
            }
        },
    ),
    FirstDeployment(
        "an account elsewhere has the subdomain",
        account(OTHER_SUBSCRIPTION, "rg-hub", "lang-claims"),
        "accountName",
        (_IN_THE_WORLD, "give another accountName"),
        fixed_args={"account_name": "lang-claims-2"},
    ),
    FirstDeployment(
        "the account exists in the group",
        account(SUBSCRIPTION, "rg-shared", "lang-claims"),
        "accountName",
        ("does not record it", "operate adopt", "another accountName"),
        SHARED,
        {"account_name": "lang-claims-2"},
    ),
)


def login(*roles: str, scope: str = SUBSCRIPTION) -> Cloud:
    """Deploys as a principal with these roles."""

    def make(deployment: Deployment) -> None:
        principal = create_principal(
            deployment.door.cloud, tenant_id=seed.TENANT_ID, name="pipeline", managed_identity=False
        )
        for role in roles:
            assign_role(deployment.door.cloud, principal.object_id, role, scope)
        # Who deploys also reads the subscription, such as what is soft-deleted.
        assign_role(deployment.door.cloud, principal.object_id, "Reader", SUBSCRIPTION)
        deployment.principal = principal

    return make


def both(*steps: Cloud) -> Cloud:
    """One state after the other."""

    def make(deployment: Deployment) -> None:
        for step in steps:
            step(deployment)

    return make


KV, CS, LOGS = "Key Vault Contributor", "Cognitive Services Contributor", "Log Analytics Contributor"
IDENTITIES, RBAC_ADMIN = "Managed Identity Contributor", "Role Based Access Control Administrator"
IN_SHARED = f"{SUBSCRIPTION}/resourceGroups/rg-shared"
ROLES_ALONE = {"access_model": "rbac"}


def rights(
    name: str, given: tuple[str, ...], says: tuple[str, ...], path: str, **args: Any
) -> FirstDeployment:
    """A login that lacks rights, in an existing group."""
    return FirstDeployment(
        name,
        both(group("rg-shared"), login(*given, scope=IN_SHARED)),
        path,
        ("may not do", IN_SHARED, *says),
        {**SHARED, **args},
    )


def deny(deployment: Deployment, action: str, *spared: str) -> None:
    """A deny assignment of a deployment stack, for everybody but some object ids."""
    name = "5a1f1c7e-0000-4000-8000-000000000001"
    id = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/denyAssignments/{name}"
    properties = {
        "denyAssignmentName": "stack-owned",
        "permissions": [{"actions": [action]}],
        "principals": [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}],
        "excludePrincipals": [{"id": one, "type": "ServicePrincipal"} for one in spared],
    }
    made(deployment, id, {"properties": properties}, "2024-07-01-preview")


NO_VAULTS = "Microsoft.KeyVault/vaults/write"
RIGHTS = (
    rights("only accounts", (CS,), ("vaults/write", "workspaces/write", KV, LOGS), "vault.name"),
    rights(
        "no right to give roles",
        ("Contributor",),
        ("roleAssignments/write", RBAC_ADMIN),
        "access",
        **ROLES_ALONE,
    ),
    rights(
        "no right on both identities' own",
        (KV, CS, LOGS),
        ("userAssignedIdentities/assign/action", IDENTITIES),
        "name",
        identity="systemAndUserAssigned",
    ),
    FirstDeployment(
        "no right to make the group",
        login(KV, CS, LOGS),
        "resourceGroupName",
        ("resourceGroups/write", f"--scope {SUBSCRIPTION}", "Contributor"),
    ),
    FirstDeployment(
        "vaults are denied",
        both(group("rg-shared"), lambda deployment: deny(deployment, NO_VAULTS)),
        "vault.name",
        ("deny assignment 'stack-owned'", "forbids", "exclude this login"),
        SHARED,
        fix=lambda deployment: deny(deployment, NO_VAULTS, seed.DEPLOYER.object_id),
    ),
)


def unregistered(deployment: Deployment) -> None:
    """Key Vault is not registered, and the login may not register it."""
    login("Contributor", scope=IN_SHARED)(deployment)
    deployment.arm("POST", f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/unregister")


PLACE = (
    FirstDeployment(
        "Key Vault is not registered",
        both(group("rg-shared"), unregistered),
        "vault.name",
        (
            "not registered to use namespace 'Microsoft.KeyVault'",
            "az provider register --namespace Microsoft.KeyVault --wait",
        ),
        SHARED,
    ),
    FirstDeployment(
        "accounts are not in the region",
        lambda deployment: limits.put(
            deployment.door.cloud, Limit(limits.TYPE, arm_ids.ACCOUNT, "westeurope"), 0
        ),
        "accountName",
        (
            f"'westeurope' is not available for resource type '{arm_ids.ACCOUNT}'",
            "so that Azure takes it",
        ),
        fixed_args={"location": "northeurope"},
    ),
)


def locked(name: str, scope: str, path: str, *, new_group: bool = False) -> FirstDeployment:
    """A ReadOnly lock, removed with the command that the message prints."""
    id = f"{scope}/providers/Microsoft.Authorization/locks/frozen"
    return FirstDeployment(
        name,
        both(
            group("rg-shared"),
            vault(SUBSCRIPTION, "rg-shared", "kv-hub"),
            lambda deployment: made(deployment, id, {"properties": {"level": "ReadOnly"}}, "2020-05-01"),
        ),
        path,
        ("the lock 'frozen' (ReadOnly)", f"az lock delete --ids {id}"),
        {} if new_group else SHARED,
    )


HUB = f"{IN_SHARED}/providers/Microsoft.KeyVault/vaults/kv-hub"
LOCKS = (
    locked("the group is locked", IN_SHARED, "vault.name"),
    locked(
        "the subscription is locked, and the group is new", SUBSCRIPTION, "resourceGroupName", new_group=True
    ),
    replace(locked("the existing vault is locked", HUB, "key.name"), args={**SHARED, "vault": {"id": HUB}}),
)


def assigned(definition: str, scope: str = SUBSCRIPTION, **parameters: Any) -> Cloud:
    """Assigns a definition."""
    id = f"{scope}/providers/Microsoft.Authorization/policyAssignments/theirs"
    values = {name: {"value": value} for name, value in parameters.items()}
    body = {"policyDefinitionId": definition, "parameters": values}
    return lambda deployment: made(deployment, id, {"properties": body}, "2025-01-01")


def bank_names(deployment: Deployment) -> None:
    """A policy of the subscription's own denies other names of vaults; it is exempted as printed."""
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyDefinitions/own"
    vaults = [{"field": "type", "equals": arm_ids.VAULT}, {"field": "name", "notLike": "kv-bank-*"}]
    body = {"policyRule": {"if": {"allOf": vaults}, "then": {"effect": "deny"}}}
    made(deployment, definition, {"properties": body}, "2025-01-01")
    assigned(definition)(deployment)


_DISALLOWED = ("RequestDisallowedByPolicy", "policyAssignments/theirs")
CMK = "67121cc7-ff39-4ab8-b7e3-95b84dab487d"
POLICIES = (
    FirstDeployment(
        "policy: accounts need a customer-managed key",
        both(
            group("rg-shared"),
            assigned(f"/providers/Microsoft.Authorization/policyDefinitions/{CMK}", effect="Deny"),
        ),
        "accountName",
        (
            *_DISALLOWED,
            "should encrypt data at rest with a customer-managed key (CMK)",
            "set identity: userAssigned",
        ),
        fixed_args={"identity": "userAssigned"},
    ),
    FirstDeployment(
        "policy: names of vaults",
        both(group("rg-shared"), bank_names),
        "vault.name",
        (*_DISALLOWED, "az policy exemption create"),
        SHARED,
    ),
)


NETWORK = f"{IN_SHARED}/providers/Microsoft.Network/virtualNetworks/vnet"
ZONES = [
    f"{IN_SHARED}/providers/Microsoft.Network/privateDnsZones/privatelink.{name}"
    for name in ("cognitiveservices.azure.com", "vaultcore.azure.net")
]


def network(deployment: Deployment) -> None:
    """A network with a subnet for private endpoints, and the zones that list them."""
    group("rg-shared")(deployment)
    subnet = {"name": "endpoints", "properties": {"addressPrefix": "10.0.0.0/24"}}
    properties = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]}
    made(deployment, NETWORK, {"location": "westeurope", "properties": properties}, "2024-05-01")
    for zone in ZONES:
        made(deployment, zone, {"location": "global"}, "2024-06-01")


def private(subnet: str = "endpoints", **more: Any) -> Args:
    """A service that is reached through private endpoints."""
    where = {"subnet_id": f"{NETWORK}/subnets/{subnet}", "private_dns_zone_ids": ZONES}
    return {**SHARED, "network": {"access": "private", **where, **more}}


_MISTYPED = f"{IN_SHARED}/providers/Microsoft.OperationalInsights/workspaces/mistyped"
STORAGE = f"{IN_SHARED}/providers/Microsoft.Storage/storageAccounts/stlogs"


def storage(deployment: Deployment) -> None:
    """A storage account."""
    group("rg-shared")(deployment)
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    made(deployment, STORAGE, body, "2023-05-01")


REFERENCES = (
    FirstDeployment(
        "no such workspace",
        group("rg-shared"),
        "audit.workspaceId",
        ("workspace ", "does not exist", "correct audit.workspaceId"),
        {**SHARED, "audit": {"workspace_id": _MISTYPED}},
        {"audit": {"new_workspace": True}},
    ),
)


ROWS = (*NAMES, *RIGHTS, *PLACE, *LOCKS, *POLICIES, *REFERENCES)
