"""Azure AI services whose data at rest is under your own key, as components of a Pulumi program.

`EncryptedAIServicesAccount` makes a whole service; `KeyVault` and `EncryptionKey` make a vault and a key that
several services share. Each takes a dataclass of arguments or a dictionary of the same names, and raises
`InputError`, which names every wrong argument by its path.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from language_cmk.components.arguments.audit import ServiceAuditArgs
    from language_cmk.components.arguments.callers import CallerArgs
    from language_cmk.components.arguments.encryption_args import ServiceKeyArgs, ServiceVaultArgs
    from language_cmk.components.arguments.foundry import DeploymentArgs, ProjectArgs
    from language_cmk.components.arguments.key_args import EncryptionKeyArgs
    from language_cmk.components.arguments.network import NetworkArgs
    from language_cmk.components.arguments.problem import InputError
    from language_cmk.components.arguments.service_args import EncryptedAIServicesAccountArgs, NamesArgs
    from language_cmk.components.arguments.vault_args import KeyVaultArgs
    from language_cmk.components.resources.key import EncryptionKey
    from language_cmk.components.resources.vault import KeyVault
    from language_cmk.components.service import EncryptedAIServicesAccount

__all__ = [
    "CallerArgs",
    "DeploymentArgs",
    "EncryptedAIServicesAccount",
    "EncryptedAIServicesAccountArgs",
    "EncryptionKey",
    "EncryptionKeyArgs",
    "InputError",
    "KeyVault",
    "KeyVaultArgs",
    "NamesArgs",
    "NetworkArgs",
    "ProjectArgs",
    "ServiceAuditArgs",
    "ServiceKeyArgs",
    "ServiceVaultArgs",
]

_MODULES = {
    "CallerArgs": "arguments.callers",
    "DeploymentArgs": "arguments.foundry",
    "EncryptedAIServicesAccount": "service",
    "EncryptedAIServicesAccountArgs": "arguments.service_args",
    "EncryptionKey": "resources.key",
    "EncryptionKeyArgs": "arguments.key_args",
    "InputError": "arguments.problem",
    "KeyVault": "resources.vault",
    "KeyVaultArgs": "arguments.vault_args",
    "NamesArgs": "arguments.service_args",
    "NetworkArgs": "arguments.network",
    "ProjectArgs": "arguments.foundry",
    "ServiceAuditArgs": "arguments.audit",
    "ServiceKeyArgs": "arguments.encryption_args",
    "ServiceVaultArgs": "arguments.encryption_args",
}
"""The module of `components` that has each name."""


def __getattr__(name: str) -> Any:
    """Imports a component when a program asks for it: the provider, the policy pack and the commands, which
    are modules of this package, too, start without the components."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.components.{_MODULES[name]}"), name)
