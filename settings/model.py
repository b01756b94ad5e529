"""The settings of a stack after reading: the arguments of its services, and the values that a program sets by
resource options."""

from dataclasses import dataclass

from components.arguments import names
from components.arguments.inputs import argument
from components.arguments.service_args import EncryptedAIServicesAccountArgs

REMOVED_SERVICES = (
    "Names of services that this stack deletes with their accounts and data. A service that is no longer "
    "listed and not named here is refused."
)


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(EncryptedAIServicesAccountArgs):
    """One service: the arguments of EncryptedAIServicesAccount, and the values that a program sets by
    resource options.

    `name` is the one that it was created with, and `label` the one that the stack's outputs have.
    """

    name: str = argument(check=EncryptedAIServicesAccountArgs.check_name)
    """Name of the service. The names of its resources are derived from it. To rename a service, set
    `previousName`."""
    protect: bool = True
    """Whether Pulumi refuses to delete or replace the resources that hold data, and the binding. The grant
    and the roles of `callers` are not protected (docs/programs.md)."""
    previous_name: str | None = argument(None, check=names.SERVICE.checked)
    """Name that the service was created with, if `name` has changed since. Its resources keep the names that
    are derived from it, in Azure and in the stack; only the stack's outputs have the new name."""
    _label: str = ""

    @property
    def label(self) -> str:
        """The name that the stack's outputs have."""
        return self._label


@dataclass(frozen=True)
class Settings:
    """The settings of a stack: one service, or several that share the settings at the top.

    `subscription_id` and `tenant_id` are those of azure-native's login, if the stack configures them.
    """

    services: tuple[ServiceSettings, ...]
    removed_services: tuple[str, ...] = ()
    subscription_id: str | None = None
    tenant_id: str | None = None

    @property
    def revokes(self) -> bool:
        """Whether a service is to have no access to its key."""
        return any(service.is_revoked for service in self.services)
