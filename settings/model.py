"""The settings of a stack, once they are read.

Owns: what a stack may say besides the arguments of its services. Does not own: those arguments and the rules
between them (components/service_args.py), nor the rules between services (services.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.arguments.inputs import as_args, flag
from components.service_args import ServiceInputs

PROTECT = (
    "Whether Pulumi refuses to delete or replace what holds data or gives access to it "
    "(`ResourceOptions(protect=...)` in a program)."
)
NAME = "Name of the service. The names of its resources are derived from it, so it must never change."


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(ServiceInputs):
    """One Language service: the arguments of EncryptedLanguageService, its name and its protection."""

    protect: bool = flag(default=True)

    def args(self) -> dict[str, Any]:
        """The arguments of EncryptedLanguageService, as the stack gives them."""
        return {name: value for name, value in as_args(self).items() if name != "protect"}


@dataclass(frozen=True)
class Settings:
    """All that a stack says: one service, or several that share what is said at the top.

    `subscription_id` and `tenant_id` are those of azure-native's login, if the stack configures them.
    """

    services: tuple[ServiceSettings, ...]
    subscription_id: str | None = None
    tenant_id: str | None = None
