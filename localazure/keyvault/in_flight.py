"""Writes to one vault that overlap: while one is in flight, the next one is refused.

Key Vault's management plane takes one write of a vault at a time; the refusal is quoted by many users
(pulumi/pulumi-azure-native#1013, hashicorp/terraform-provider-azurerm#15127). How long a write takes is
`Behaviour.vault_write_seconds`.
"""

from __future__ import annotations

from localazure import in_flight
from localazure.keyvault import arm
from localazure.routes import Handler
from localazure.web import Request, ServiceError


def one_at_a_time(handler: Handler) -> Handler:
    """The handler of a write to a vault, refused with 409 while another write to the vault is in flight."""
    return in_flight.one_at_a_time(
        handler,
        seconds=lambda cloud: cloud.behaviour.vault_write_seconds,
        resource_id=arm.vault_id,
        refusal=_conflict,
    )


def _conflict(request: Request) -> ServiceError:
    return ServiceError(
        409,
        "ConflictError",
        "A conflict occurred that prevented the operation from completing. The operation failed because "
        f"the Key Vault '{request.params['vault']}' changed from the point the operation began. This can "
        "happen if parallel operations are being performed on the Key Vault. To prevent this error, "
        "serialize the operations so that only one operation is performed on the Key Vault at a time. Follow "
        "this link for more information: https://go.microsoft.com/fwlink/?linkid=2147741",
    )
