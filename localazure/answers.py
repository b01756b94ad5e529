"""The open questions about ARM's answers: spellings, empty tags, defaults, addresses of operations.

Owns: the switches of `Behaviour` that change only the answer about a resource, not the resource, and those
for how soon clients poll again. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from localazure.behaviour import Behaviour
from localazure.definitions import defaults
from localazure.locations import REGIONS, normal_location
from localazure.web import ARM_REGIONS, Host, Json, Response

_COMPLETED = ("Microsoft.CognitiveServices/accounts", "Microsoft.KeyVault/vaults")
"""The types with keys and defaults that switches show otherwise."""
_OPERATION_HEADERS = ("azure-asyncoperation", "location")
_REGION = "westeurope"


def as_set(behaviour: Behaviour, response: Response) -> Response:
    """An answer of ARM, changed as the switches say; their defaults change nothing."""
    if response.status >= 300:
        return response
    headers = response.headers
    if behaviour.poll_retry_seconds:
        headers = {"Retry-After": str(behaviour.poll_retry_seconds), **headers}
    if behaviour.operation_hosts == "regional":
        regional = f"https://{_REGION}.{ARM_REGIONS}/"
        headers = {
            name: value.replace(f"https://{Host.ARM}/", regional)
            if name.lower() in _OPERATION_HEADERS
            else value
            for name, value in headers.items()
        }
    body = response.body
    if isinstance(body, dict):
        rows = body.get("value")
        body = _shown(behaviour, body)
        if isinstance(rows, list):
            body = {**body, "value": [_shown(behaviour, row) for row in rows]}
    return replace(response, body=body, headers=headers)


def _shown(behaviour: Behaviour, body: Json) -> Json:
    """A resource as the switches show it; anything else as it is."""
    if not isinstance(body, dict) or not isinstance(body.get("id"), str) or "type" not in body:
        return body
    type = str(body["type"])
    cased = _CASINGS[behaviour.ids_casing]
    shown = {**body, "id": cased(body["id"])}
    if type != "Microsoft.Resources/resourceGroups":
        shown |= _location(behaviour, body)
    if "location" in body:
        shown = _with_tags(behaviour, shown)
    if isinstance(body.get("properties"), dict) and type in _COMPLETED:
        shown["properties"] = _properties(behaviour, type, body["properties"])
    identity = body.get("identity")
    if isinstance(identity, dict) and isinstance(identity.get("userAssignedIdentities"), dict):
        ids = {cased(id): value for id, value in identity["userAssignedIdentities"].items()}
        shown["identity"] = {**identity, "userAssignedIdentities": ids}
    return shown


def _cased(case: Callable[[str], str], *places: int) -> Callable[[str], str]:
    """Changes these parts of an id in a resource group (`/subscriptions/S/resourceGroups/G/providers/N`)."""

    def cased(id: str) -> str:
        parts = id.split("/")
        named = len(parts) > max(places) and parts[3].lower() == "resourcegroups"
        return "/".join(case(p) if i in places else p for i, p in enumerate(parts)) if named else id

    return cased


_CASINGS: Mapping[str, Callable[[str], str]] = {
    "as_sent": str,
    "lower": str.lower,
    # `/subscriptions/S/resourcegroups/G/providers/microsoft.keyvault/vaults/V`: names keep their case.
    "lower_segments": _cased(str.lower, 3, 6),
    "upper_group": _cased(str.upper, 4),
}


def _location(behaviour: Behaviour, body: Json) -> dict[str, Json]:
    name = normal_location(str(body.get("location") or ""))
    if behaviour.location_spelling == "as_sent" or name not in REGIONS:
        return {}
    return {"location": name if behaviour.location_spelling == "name" else REGIONS[name]}


def _with_tags(behaviour: Behaviour, body: Json) -> Json:
    shows = behaviour.empty_tags
    if body.get("tags") or shows == "as_observed":
        return body
    if shows == "absent":
        return {name: value for name, value in body.items() if name != "tags"}
    return {**body, "tags": None if shows == "null" else {}}


def _properties(behaviour: Behaviour, type: str, sent: Mapping[str, Any]) -> Json:
    properties = {**defaults()[type], **sent} if behaviour.defaults_added else dict(sent)
    encryption = properties.get("encryption")
    key = encryption.get("keyVaultProperties") if isinstance(encryption, dict) else None
    if isinstance(encryption, dict) and isinstance(key, dict):
        properties["encryption"] = {**encryption, "keyVaultProperties": _key(behaviour, key)}
    return properties


def _key(behaviour: Behaviour, sent: Mapping[str, Any]) -> Json:
    key = dict(sent)
    uri = str(key.get("keyVaultUri") or "")
    if uri and behaviour.key_vault_uri != "as_sent":
        key["keyVaultUri"] = uri.rstrip("/") + ("/" if behaviour.key_vault_uri == "with_slash" else "")
    if behaviour.key_version == "dropped":
        key.pop("keyVersion", None)
    return key
