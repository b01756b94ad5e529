"""The stack's configuration, which nothing else in this project reads from Pulumi."""

import dataclasses
from collections.abc import Mapping

import pulumi
from pulumi.runtime import config

from core.environment import NAMESPACE
from settings.model import Settings
from settings.parse import parse


def load() -> Settings:
    """The settings of the stack that runs. Raises SettingsError with every problem there is."""
    values, login = _values(NAMESPACE), _values("azure-native:")
    secret = frozenset(key for key in values if config.is_config_secret(NAMESPACE + key))
    # Pulumi itself warns when a program reads a secret by pulumi.Config.get().
    for key in sorted(secret - {"searchServiceKey"}):
        pulumi.log.warn(
            f"{NAMESPACE}{key} is secret in the stack's file, but is stored and shown as plain text, "
            "because it becomes what Azure itself shows of a resource: its name, region or tags"
        )
    return dataclasses.replace(
        parse(values, secret=secret),
        subscription_id=login.get("subscriptionId"),
        tenant_id=login.get("tenantId"),
    )


def _values(namespace: str) -> Mapping[str, str]:
    # pulumi.Config reads one key at a time, which would not find a misspelt key.
    everything = {**config.get_config_env(), **config.CONFIG.get()}
    return {
        key.removeprefix(namespace): value for key, value in everything.items() if key.startswith(namespace)
    }
