"""What the ARM handlers of this service share: finding their resource, paging, ARM's own errors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote

from localazure.arm import find_group, group_not_found
from localazure.cloud import Cloud
from localazure.keyvault import vault_store
from localazure.keyvault.model import TYPE, Vault
from localazure.web import Host, Json, Request, ServiceError

T = TypeVar("T")
PAGE = 100


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


def page(
    request: Request, items: Sequence[T], key: Callable[[T], str], render: Callable[[T], Json], *, size: int
) -> Json:
    """One page of a list in order of `key`; a page with items always names a next one, as Azure's does.

    Raises ServiceError 400 for a `$top` or `$skiptoken` that is none.
    """
    after = _after(request.query.get("$skiptoken", ""))
    rest = [item for item in items if key(item).lower() > after]
    shown = rest[:size]
    if not shown:
        return {"value": []}
    token = base64.urlsafe_b64encode(key(shown[-1]).lower().encode()).decode()
    top = f"&$top={request.query['$top']}" if "$top" in request.query else ""
    link = f"https://{Host.ARM}{quote(request.path, safe='/%')}?api-version={request.api_version}{top}"
    return {"value": [render(item) for item in shown], "nextLink": f"{link}&$skiptoken={quote(token)}"}


def top(request: Request) -> int:
    """The page size asked for. Raises ServiceError 400."""
    sent = request.query.get("$top", str(PAGE))
    if not sent.isdigit() or not 0 < int(sent) <= 1000:
        raise ServiceError(400, "BadRequest", f"The value '{sent}' of '$top' is not a number from 1 to 1000.")
    return int(sent)


def _after(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, ValueError) as error:
        raise ServiceError(400, "BadRequest", "The value of '$skiptoken' is not valid.") from error
