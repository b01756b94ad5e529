"""Providers for existing vaults and workspaces in other subscriptions: one for each subscription."""

import os

import pulumi
from pulumi.runtime import invoke

from components.azure_native import PACKAGE, plugin_version
from components.cmk_resource import login_config
from components.component import azure_provider
from core import arm_ids
from core.login import SETTINGS
from core.resource_types import GET_CLIENT_CONFIG


class Subscriptions:
    """The subscriptions that a program uses besides its own, all with the login of the ARM_* environment.

    `own` is the stack's subscription, if it configures one; otherwise azure-native reports it. A component
    that makes its own providers gives its `name`, which begins theirs, and its options: the providers take
    the parent and azure-native's provider from these.
    """

    def __init__(
        self, own: str | None = None, *, name: str = "", opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self._own = own.lower() if own else None
        self._prefix = f"{name}-" if name else ""
        self._parent, self._provider = opts.parent if opts else None, azure_provider(opts)
        self._providers: dict[str, pulumi.ProviderResource] = {}

    def provider_of(self, resource_id: str | None) -> pulumi.ProviderResource | None:
        """The provider for an existing resource; None if the default provider is for its subscription, and
        for a managed HSM, in which azure-native makes nothing."""
        if resource_id is None or arm_ids.in_managed_hsm(resource_id):
            return None
        subscription = arm_ids.subscription_of(resource_id)
        if self._own is None:
            through = pulumi.InvokeOptions(provider=self._provider, version=plugin_version())
            answer = invoke(GET_CLIENT_CONFIG, {}, through).value
            self._own = str(answer["subscriptionId"]).lower()
        if subscription == self._own:
            return None
        if subscription not in self._providers:
            self._providers[subscription] = pulumi.ProviderResource(
                PACKAGE,
                f"{self._prefix}subscription-{subscription}",
                {"environment": _environment(), "subscriptionId": subscription},
                # Said, because the parent of a component in another language knows no protection to inherit.
                pulumi.ResourceOptions(parent=self._parent, protect=False, version=plugin_version()),
            )
        return self._providers[subscription]


def _environment() -> str:
    """The cloud, in azure-native's words: such a provider takes none of the stack's settings by itself."""
    variables = (os.environ.get(name) for name in SETTINGS["environment"])
    return login_config(PACKAGE).get("environment") or next(filter(None, variables), "public")
