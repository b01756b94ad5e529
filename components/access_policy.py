"""What one identity may do in a vault with access policies: `azure-cmk:index:AccessPolicy`."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.cmk_resource import CmkResource
from components.references import VaultReference
from core import arm_ids, resource_types


class AccessPolicy(CmkResource):
    """One entry of a vault's access policies."""

    def __init__(
        self, name: str, vault: VaultReference, policy: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        """`policy` has Azure's words: `objectId`, `tenantId`, and `permissions` by what they are about."""
        inputs = {
            "subscription_id": pulumi.Output.from_input(vault.id).apply(arm_ids.subscription_of),
            "resource_group_name": vault.resource_group_name,
            "vault_name": vault.name,
            "policy": policy,
        }
        former = pulumi.Alias(type_=resource_types.former(resource_types.ACCESS_POLICY))
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[former]))
        super().__init__(resource_types.ACCESS_POLICY, name, inputs, opts)
