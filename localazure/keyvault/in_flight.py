"""Writes to one vault that overlap: while one is in flight, the next one is refused.

Key Vault's management plane takes one write of a vault at a time; the refusal is quoted by many users
(pulumi/pulumi-azure-native#1013, hashicorp/terraform-provider-azurerm#15127). How long a write takes is
`Behaviour.vault_write_seconds`; with 0 none ever overlap, since requests are answered one after another.
"""

from __future__ import annotations

from dataclasses import replace

from localazure.cloud import Cloud
from localazure.keyvault import arm
from localazure.routes import Handler
from localazure.web import Request, Response, ServiceError

_KIND = "vault.inFlight"


def one_at_a_time(handler: Handler) -> Handler:
    """The handler of a write to a vault, refused with 409 while another write to the vault is in flight."""

    def handle(cloud: Cloud, request: Request) -> Response:
        seconds = cloud.behaviour.vault_write_seconds
        if not seconds:
            return handler(cloud, request)
        vault_id = arm.vault_id(request)
        if cloud.clock.now() < (cloud.store.get(_KIND, vault_id) or {"until": 0.0})["until"]:
            raise _conflict(request.params["vault"])
        response = handler(cloud, request)
        cloud.store.put(_KIND, vault_id, {"until": cloud.clock.now() + seconds})
        return replace(response, seconds=seconds)

    return handle


def _conflict(name: str) -> ServiceError:
    return ServiceError(
        409,
        "ConflictError",
        "A conflict occurred that prevented the operation from completing. The operation failed because "
        f"the Key Vault '{name}' changed from the point the operation began. This can happen if parallel "
        "operations are being performed on the Key Vault. To prevent this error, serialize the operations so "
        "that only one operation is performed on the Key Vault at a time. Follow this link for more "
        "information: https://go.microsoft.com/fwlink/?linkid=2147741",
    )
