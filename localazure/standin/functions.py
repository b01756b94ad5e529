"""azure-native's functions: getters of resources, lists of keys, facts about the client itself."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from localazure.standin import body as bodies
from localazure.standin.arm import Arm, AzureError, succeeded, url_of
from localazure.standin.azure import GRAPH, MANAGEMENT
from localazure.standin.paths import fill
from localazure.standin.table import ACCOUNT, ROWS, ResourceType, unpinned
from localazure.standin.values import Properties, RefusedError, Value

LIST_KEYS: Final = "azure-native:cognitiveservices:listAccountKeys"
KEYS_VERSION: Final = "2025-06-01"

GETTERS: Final[Mapping[str, ResourceType]] = {
    f"azure-native:{row.module}:get{row.name}": row for row in ROWS if row.api_version
}


async def call(token: str, arguments: Mapping[str, Value], arm: Arm) -> Properties:
    """The result of a function. Raises RefusedError, also with Azure's answer."""
    plain, version = unpinned(token)
    if plain in CLIENT:
        return await CLIENT[plain](arguments, arm)
    if plain in GETTERS:
        row = GETTERS[plain]
        id = fill(row.path, arguments, arm.subscription_id)
        row = replace(row, api_version=version or row.api_version)
        return bodies.outputs(row, await _requested("GET", id, row.api_version, None, arm))
    if plain == LIST_KEYS:
        id = f"{fill(ACCOUNT, arguments, arm.subscription_id)}/listKeys"
        return dict((await _requested("POST", id, KEYS_VERSION, {}, arm)) or {})
    known = ", ".join(sorted([*CLIENT, *GETTERS, LIST_KEYS]))
    raise RefusedError(f"function '{token}' is not known to the local azure-native; it knows {known}")


async def _requested(method: str, id: str, api_version: str, body: Any, arm: Arm) -> Any:
    answer = await arm.send(method, url_of(id, api_version), body)
    try:
        return succeeded(answer).body
    except AzureError as error:
        raise RefusedError(f"request failed {id}: {error}") from error


async def _client_config(arguments: Mapping[str, Value], arm: Arm) -> Properties:
    """From the claims of a Microsoft Graph token, as azure-native reads them."""
    payload = (await arm.azure.token(f"{GRAPH}/.default")).split(".")[1]
    # Just received; its signature is its reader's concern.
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {
        "clientId": claims.get("appid", ""),
        "objectId": claims.get("oid", ""),
        "subscriptionId": arm.subscription_id,
        "tenantId": claims.get("tid", ""),
    }


async def _client_token(arguments: Mapping[str, Value], arm: Arm) -> Properties:
    endpoint = arguments.get("endpoint") or f"{MANAGEMENT}/"
    return {"token": await arm.azure.token(f"{endpoint}/.default")}


CLIENT: Final[Mapping[str, Callable[[Mapping[str, Value], Arm], Awaitable[Properties]]]] = {
    "azure-native:authorization:getClientConfig": _client_config,
    "azure-native:authorization:getClientToken": _client_token,
}
