"""The content of a write to an account, checked for its types before anything looks at it.

Owns: ARM's 400 for a body that the schema of an account cannot hold (its texts are assumed).
Does not own: what the values mean (validation.py, network_rules.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from localazure.web import Json, ServiceError

_TYPES: Mapping[str, type] = {
    "location": str,
    "kind": str,
    "sku": dict,
    "tags": dict,
    "tags.*": str,
    "identity": dict,
    "identity.type": str,
    "identity.userAssignedIdentities": dict,
    "identity.userAssignedIdentities.*": dict,
    "properties": dict,
    "properties.encryption": dict,
    "properties.encryption.keySource": str,
    "properties.encryption.keyVaultProperties": dict,
    "properties.encryption.keyVaultProperties.*": str,
    "properties.networkAcls": dict,
    "properties.networkAcls.defaultAction": str,
    "properties.networkAcls.bypass": str,
    "properties.networkAcls.ipRules": list,
    "properties.networkAcls.ipRules.*": dict,
    "properties.networkAcls.ipRules.*.value": str,
    "properties.networkAcls.virtualNetworkRules": list,
    "properties.networkAcls.virtualNetworkRules.*": dict,
    "properties.networkAcls.virtualNetworkRules.*.id": str,
    "properties.apiProperties": dict,
    "properties.allowedFqdnList": list,
    "properties.allowedFqdnList.*": str,
    "properties.userOwnedStorage": list,
    "properties.userOwnedStorage.*": dict,
    "properties.disableLocalAuth": bool,
    "properties.dynamicThrottlingEnabled": bool,
    "properties.restrictOutboundNetworkAccess": bool,
    "properties.allowProjectManagement": bool,
    "properties.restore": bool,
    "properties.customSubDomainName": str,
    "properties.publicNetworkAccess": str,
}
"""The type at each dotted path, where `*` stands for every value of an object and every item of a list."""
_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}


def check_body(body: Json) -> Json:
    """The body of a write, if its parts have the types of the schema. Raises 400 naming all that is wrong."""
    if not isinstance(body, dict):
        raise _malformed(["the request content is not a JSON object"])
    problems = [
        f"'{here}' should be {_NAMES[expected]}"
        for path, expected in _TYPES.items()
        for here, value in _values(body, path.split("."))
        if not isinstance(value, expected)
    ]
    # Read as "None" it would switch the identity off, and the data with it.
    if body.get("identity") is not None and not problems and body["identity"].get("type") is None:
        problems.append("the required property 'identity.type' is missing")
    if problems:
        raise _malformed(problems)
    return body


def _values(value: Json, path: list[str], here: str = "") -> Iterator[tuple[str, Json]]:
    """What is at a path, with where that is; nothing for what is null, absent or below another type."""
    if not path:
        if value is not None:
            yield here, value
        return
    name, rest = path[0], path[1:]
    for key, item in _items(value, name):
        yield from _values(item, rest, f"{here}.{key}" if here else key)


def _items(value: Json, name: str) -> Iterable[tuple[str, Json]]:
    if isinstance(value, list):
        return ((str(place), item) for place, item in enumerate(value)) if name == "*" else ()
    if not isinstance(value, dict):
        return ()
    return value.items() if name == "*" else ((name, value.get(name)),)


def _malformed(problems: list[str]) -> ServiceError:
    message = f"The request content was invalid: {'; '.join(problems)}."
    return ServiceError(400, "InvalidRequestContent", message, gateway=True)
