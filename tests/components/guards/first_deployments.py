"""Ways in which a first deployment fails: a state of the local Azure, what the preview says, and its fix.

A row's fix is what the message tells to do, so that a message whose fix does not work fails its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localazure import seed
from tests.support.local_deployment import Deployment

Args = Mapping[str, Any]
Cloud = Callable[[Deployment], object]
SUBSCRIPTION = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
OTHER_SUBSCRIPTION = f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-claims"


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


def group(
    name: str = "rg-claims", subscription: str = SUBSCRIPTION, **body: Any
) -> Callable[[Deployment], str]:
    """Makes a resource group."""

    def make(deployment: Deployment) -> str:
        id = f"{subscription}/resourceGroups/{name}"
        made(deployment, id, {"location": "westeurope", **body})
        return id

    return make


def made(deployment: Deployment, id: str, body: Args, api: str = "2024-11-01") -> None:
    """Makes something in the cloud, by somebody who may."""
    reply = deployment.arm("PUT", id, body, api=api)
    assert reply.status in (200, 201), reply


def vault(subscription: str, group_name: str, name: str) -> Cloud:
    """Makes a vault that could hold keys."""

    def make(deployment: Deployment) -> None:
        id = group(group_name, subscription)(deployment)
        properties = {
            "tenantId": seed.TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enablePurgeProtection": True,
            "enableSoftDelete": True,
        }
        body = {"location": "westeurope", "properties": properties, "tags": {"team": "hub"}}
        made(deployment, f"{id}/providers/Microsoft.KeyVault/vaults/{name}", body)

    return make


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
        made(deployment, f"{id}/providers/Microsoft.CognitiveServices/accounts/{name}", body, "2024-10-01")

    return make


def resource(type: str, name: str, api: str, **body: Any) -> Cloud:
    """Makes a resource in the existing group `rg-shared`."""

    def make(deployment: Deployment) -> None:
        id = f"{group('rg-shared')(deployment)}/providers/{type}/{name}"
        made(deployment, id, {"location": "westeurope", **body}, api)

    return make


SHARED = {"existing_resource_group_name": "rg-shared"}
_IN_THE_WORLD = "is unique in the world and is taken"
NAMES = (
    FirstDeployment(
        "the group's name is taken",
        group(tags={"team": "hub"}),
        "resourceGroupName",
        ("exists already", "tagged team=hub", "existingResourceGroupName: rg-claims"),
        fixed_args={"existing_resource_group_name": "rg-claims"},
    ),
    FirstDeployment(
        "the group's name is taken, and another is given",
        group(),
        "resourceGroupName",
        ("exists already", "give another resourceGroupName"),
        fixed_args={"resource_group_name": "rg-claims-2"},
    ),
    FirstDeployment(
        "somebody in another subscription has the vault's name",
        vault(OTHER_SUBSCRIPTION, "rg-hub", "kv-claims"),
        "vault.name",
        (_IN_THE_WORLD, "vault of another subscription", "give another vault.name"),
        fixed_args={"vault": {"name": "kv-claims-2"}},
    ),
    FirstDeployment(
        "another group of this subscription has the vault's name",
        vault(SUBSCRIPTION, "rg-hub", "kv-claims"),
        "vault.name",
        (_IN_THE_WORLD, "give another vault.name"),
        fixed_args={"vault": {"name": "kv-claims-2"}},
    ),
    FirstDeployment(
        "the vault exists in the group",
        vault(SUBSCRIPTION, "rg-shared", "kv-claims"),
        "vault.name",
        ("exists already", "tagged team=hub", "vault.id: ", "operate adopt"),
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
        "an account of another group has the subdomain",
        account(SUBSCRIPTION, "rg-hub", "lang-claims"),
        "accountName",
        (_IN_THE_WORLD, "give another accountName"),
        fixed_args={"account_name": "lang-claims-2"},
    ),
    FirstDeployment(
        "the account exists in the group",
        account(SUBSCRIPTION, "rg-shared", "lang-claims"),
        "accountName",
        ("exists at", "does not record it", "operate adopt", "another accountName"),
        SHARED,
        {"account_name": "lang-claims-2"},
    ),
    FirstDeployment(
        "the workspace exists in the group",
        resource("Microsoft.OperationalInsights/workspaces", "log-claims", "2023-09-01"),
        "name",
        ("workspace 'log-claims' exists already", "audit.workspaceId: "),
        SHARED,
        {
            "audit": {
                "workspace_id": f"{SUBSCRIPTION}/resourceGroups/rg-shared/providers/"
                "Microsoft.OperationalInsights/workspaces/log-claims"
            }
        },
    ),
    FirstDeployment(
        "the identity exists in the group",
        resource("Microsoft.ManagedIdentity/userAssignedIdentities", "id-claims", "2023-01-31"),
        "name",
        ("user-assigned identity 'id-claims' exists already", "operate adopt"),
        {**SHARED, "identity": "userAssigned"},
        fix=lambda deployment: deployment.arm(
            "DELETE",
            f"{SUBSCRIPTION}/resourceGroups/rg-shared/providers/Microsoft.ManagedIdentity/"
            "userAssignedIdentities/id-claims",
            api="2023-01-31",
        ),
    ),
)
ROWS = NAMES
