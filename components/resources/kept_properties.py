"""An account's links, and the other properties that a write of it must not take away.

azure-native PUTs what a program declares and nothing else, so a PUT removes what somebody set in the portal.
Each run therefore repeats these properties.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from core import arm_ids, kinds

_STORAGE, _API = "userOwnedStorage", "apiProperties"
_SEARCH_ID, _SEARCH_KEY = "qnaAzureSearchEndpointId", "qnaAzureSearchEndpointKey"
_KEPT = (
    "allowProjectManagement",
    "allowedFqdnList",
    _API,
    "associatedProjects",
    "defaultProject",
    "dynamicThrottlingEnabled",
    "networkInjections",
    "restrictOutboundNetworkAccess",
    _STORAGE,
)
_FOUNDRY = ("allowProjectManagement", "associatedProjects", "defaultProject", "networkInjections")
"""Those that only a Foundry resource has: one that goes back to Azure OpenAI leaves them."""
SET_BY_AZURE = ("associatedProjects", "defaultProject")
"""Those that Azure changes by itself as projects come and go."""
KEPT = tuple(f"properties.{name}" for name in _KEPT)
"""The paths of the properties."""
SEARCH_LINK = f"properties.{_API}"
"""The path of the link to a search service. Azure answers null for that service's key (observed: recorded
traffic of the service)."""


def declared_links(
    storage_account_ids: Sequence[str] | None,
    search_service_id: pulumi.Input[str] | None,
    search_service_key: pulumi.Input[str] | None,
) -> dict[str, Any]:
    """The links that arguments ask for, as properties of the account; an argument not given adds none."""
    links: dict[str, Any] = {}
    if storage_account_ids is not None:
        links[_STORAGE] = [{"resourceId": id} for id in storage_account_ids]
    if search_service_id is not None:
        key = pulumi.Output.secret(search_service_key)
        links[_API] = {_SEARCH_ID: search_service_id, _SEARCH_KEY: key}
    return links


def with_kept(
    properties: Mapping[str, Any], account: Mapping[str, Any] | None, kind: str = kinds.FOUNDRY.name
) -> dict[str, Any]:
    """Declared properties, and the others that the account has and that its `kind` can have. If it has a
    search service whose key is not declared, its `apiProperties` are left out: no run can repeat a key that
    Azure never returns."""
    live = (account or {}).get("properties") or {}
    # False is Azure's default for each, and Azure may show it though nobody set it.
    left = () if kinds.named(kind).foundry else _FOUNDRY
    kept = {path: live[path] for path in _KEPT if live.get(path) and path not in left}
    found = {**kept, **properties}
    if _STORAGE in properties:
        # A link keeps the identity that reads the storage, if the portal set one.
        known = {str(one.get("resourceId")).lower(): one for one in kept.get(_STORAGE, ())}
        found[_STORAGE] = [known.get(one["resourceId"].lower(), one) for one in properties[_STORAGE]]
    if _API in kept:
        api = {word: value for word, value in kept[_API].items() if value is not None}
        found[_API] = {**api, **properties.get(_API, {})}
        if not found[_API] or (api.get(_SEARCH_ID) and _API not in properties):
            del found[_API]
    return found


def missing_search_key(name: str, sent: Mapping[str, Any], account: Mapping[str, Any] | None) -> str | None:
    """Why a write with the inputs `sent` would cut an account off its search service; None if it does not."""
    live = (((account or {}).get("properties") or {}).get(_API) or {}).get(_SEARCH_ID)
    if not live or ((sent.get("properties") or {}).get(_API) or {}).get(_SEARCH_KEY):
        return None
    search, group = arm_ids.name_of(live), arm_ids.group_of(live) or "GROUP"
    return (
        f"account {name!r} uses the search service {search!r} for question answering, and would be written "
        "without that service's key, which Azure never returns; that cuts it off from the service "
        "(hashicorp/terraform-provider-azurerm#17239). Nothing was written. Give the account "
        f"searchServiceId: {live}, and as the secret searchServiceKey an admin key: "
        f"`az search admin-key show --service-name {search} --resource-group {group}`"
    )
