"""Reads the stack's configuration from Pulumi; nothing else in this project does."""

from collections.abc import Collection, Iterator, Mapping

import pulumi
from pulumi.runtime import config

from core.environment import NAMESPACE
from settings.model import Settings
from settings.parse import parse
from settings.shared import settings_of

_NOT_SHOWN = "searchServiceKey"


def load() -> Settings:
    """The settings of the stack that runs, laid over those that a fleet shares. Raises SettingsError with
    every problem, and FleetFileError."""
    values, login = _values(NAMESPACE), _values("azure-native:")
    secret = frozenset(key for key in values if config.is_config_secret(NAMESPACE + key))
    # Pulumi itself warns when a program reads a secret by pulumi.Config.get().
    for warning in shown_secrets(values, secret):
        pulumi.log.warn(warning)
    stack = pulumi.get_stack()
    everything = _everything()
    others = [key for key in everything if not key.startswith(NAMESPACE)]
    shared = settings_of(stack, everything)
    return parse(values, secret=secret, shared=shared, login=login, stack=stack, others=others)


def shown_secrets(values: Mapping[str, str], secret: Collection[str]) -> Iterator[str]:
    """A warning for each secret setting that does not stay secret. If one value in a list is secret, Pulumi
    marks the whole list as secret and does not show which value it is. If that value may be one that stays
    secret, there is no warning."""
    for key in sorted({*secret} - {_NOT_SHOWN}):
        if f'"{_NOT_SHOWN}"' not in values[key]:
            yield (
                f"{NAMESPACE}{key} is secret in the stack's file, but is stored and shown as plain text, "
                "because Azure itself shows it in a resource's name, region or tags"
            )


def _values(namespace: str) -> Mapping[str, str]:
    return {
        key.removeprefix(namespace): value
        for key, value in _everything().items()
        if key.startswith(namespace)
    }


def _everything() -> Mapping[str, str]:
    # pulumi.Config reads one key at a time, which would not find a misspelt key.
    return {**config.get_config_env(), **config.CONFIG.get()}
