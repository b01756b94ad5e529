"""What the ARM handlers of this service share: finding their resource, ARM's own errors."""

from __future__ import annotations

from localazure.arm import find_group, group_not_found
from localazure.cloud import Cloud
from localazure.keyvault import vault_store
from localazure.keyvault.model import TYPE, Vault
from localazure.web import Request, ServiceError


def vault_id(request: Request) -> str:
    """The ARM id of the vault that the path names."""
    p = request.params
    return f"{group_id(request)}/providers/{TYPE}/{p['vault']}"


def group_id(request: Request) -> str:
    """The ARM id of the resource group that the path names."""
    return f"/subscriptions/{request.params['subscription']}/resourceGroups/{request.params['group']}"


def require_group(cloud: Cloud, request: Request) -> None:
    """Raises ARM's 404 where the resource group of the path does not exist."""
    if find_group(cloud, group_id(request)) is None:
        raise group_not_found(request.params["group"])


def require_vault(cloud: Cloud, request: Request) -> Vault:
    """The live vault of the path. Raises ARM's 404."""
    require_group(cloud, request)
    vault = vault_store.find(cloud, vault_id(request))
    if vault is None:
        raise ServiceError(
            404,
            "ResourceNotFound",
            f"The Resource '{TYPE}/{request.params['vault']}' under resource group "
            f"'{request.params['group']}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            gateway=True,
        )
    return vault
