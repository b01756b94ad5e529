"""Providers for vaults in other subscriptions.

Owns: that there is one for each such subscription, however many services share its vaults.
"""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure_native
from pulumi_azure_native import authorization

from core import arm_ids


class Subscriptions:
    """The subscriptions a program reaches besides its own; it logs in to all by the ARM_* environment.

    `own` is the stack's, if its configuration says so; else azure-native is asked.
    """

    def __init__(self, own: str | None = None) -> None:
        self._own = own.lower() if own else None
        self._providers: dict[str, pulumi.ProviderResource] = {}

    def provider_of(self, resource_id: str | None) -> pulumi.ProviderResource | None:
        """The provider for a resource that exists, or None when the default one serves it."""
        if resource_id is None:
            return None
        subscription = arm_ids.subscription_of(resource_id)
        if self._own is None:
            self._own = authorization.get_client_config().subscription_id.lower()
        if subscription == self._own:
            return None
        if subscription not in self._providers:
            self._providers[subscription] = azure_native.Provider(
                f"subscription-{subscription}", subscription_id=subscription
            )
        return self._providers[subscription]
