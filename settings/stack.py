"""The stack's configuration as Pulumi holds it.

Owns: the only use of Pulumi's configuration in this project.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi.runtime import config

from settings.model import Settings
from settings.parse import parse


def load() -> Settings:
    """The settings of the stack that runs. Raises SettingsError with every problem there is."""
    namespace = pulumi.get_project() + ":"
    values, login = _values(namespace), _values("azure-native:")
    secret = frozenset(key for key in values if config.is_config_secret(namespace + key))
    said = {"subscription_id": login.get("subscriptionId"), "tenant_id": login.get("tenantId")}
    return parse(values, namespace=namespace, secret=secret).model_copy(update=said)


def _values(namespace: str) -> Mapping[str, str]:
    # pulumi.Config reads one key at a time, and a key that is spelt wrongly must be found, too.
    everything = {**config.get_config_env(), **config.CONFIG.get()}
    return {
        key.removeprefix(namespace): value for key, value in everything.items() if key.startswith(namespace)
    }
