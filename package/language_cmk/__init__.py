"""Azure AI services whose data at rest is under your own key, as components of a Pulumi program.

`EncryptedAIServicesAccount` makes a whole service; `KeyVault` and `EncryptionKey` make a vault and a key that
several services share. Each takes a dataclass of arguments or a dictionary of the same names, and raises
`InputError`, which names every wrong argument by its path.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from language_cmk.components.arguments.problem import InputError
    from language_cmk.components.audit import ServiceAuditArgs
    from language_cmk.components.callers import CallerArgs
    from language_cmk.components.encryption_args import ServiceKeyArgs, ServiceVaultArgs
    from language_cmk.components.foundry import DeploymentArgs, ProjectArgs
    from language_cmk.components.key import EncryptionKey, EncryptionKeyArgs
    from language_cmk.components.network import NetworkArgs
    from language_cmk.components.service import EncryptedAIServicesAccount
    from language_cmk.components.service_args import EncryptedAIServicesAccountArgs, NamesArgs
    from language_cmk.components.vault import KeyVault, KeyVaultArgs

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
    "CallerArgs": "callers",
    "DeploymentArgs": "foundry",
    "EncryptedAIServicesAccount": "service",
    "EncryptedAIServicesAccountArgs": "service_args",
    "EncryptionKey": "key",
    "EncryptionKeyArgs": "key",
    "InputError": "arguments.problem",
    "KeyVault": "vault",
    "KeyVaultArgs": "vault",
    "NamesArgs": "service_args",
    "NetworkArgs": "network",
    "ProjectArgs": "foundry",
    "ServiceAuditArgs": "audit",
    "ServiceKeyArgs": "encryption_args",
    "ServiceVaultArgs": "encryption_args",
}
"""The module of `components` that has each name."""


def __getattr__(name: str) -> Any:
    """Imports a component when a program asks for it: the provider, the policy pack and the commands, which
    are modules of this package, too, start without the components."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.components.{_MODULES[name]}"), name)
