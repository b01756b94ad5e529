"""Distils the published definitions of the types that the local Azure serves.

python -m tests.localazure.definitions

Azure's own SDKs are generated from the definitions, so that their models say which properties a body has, of
which type, which of them Azure alone sets, which it needs, and which values are known. Two generations of
SDKs spell that differently. Their operations say which writes Azure may answer with a long operation: those
that begin. What is written is `localazure/definitions.json`. Types of SDKs that are not installed stay as
they are, and so does `after`, the api-version before a property, which came from former releases.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "localazure" / "definitions.json"
_COGNITIVE, _VAULTS = "Microsoft.CognitiveServices/accounts", "Microsoft.KeyVault/vaults"
_HSMS = "Microsoft.KeyVault/managedHSMs"
_MODELS = {
    _COGNITIVE: "cognitiveservices.Account",
    f"{_COGNITIVE}/capabilityHosts": "cognitiveservices.CapabilityHost",
    f"{_COGNITIVE}/connections": "cognitiveservices.ConnectionPropertiesV2BasicResource",
    f"{_COGNITIVE}/deployments": "cognitiveservices.Deployment",
    f"{_COGNITIVE}/privateEndpointConnections": "cognitiveservices.PrivateEndpointConnection",
    f"{_COGNITIVE}/projects": "cognitiveservices.Project",
    f"{_COGNITIVE}/projects/capabilityHosts": "cognitiveservices.CapabilityHost",
    f"{_COGNITIVE}/projects/connections": "cognitiveservices.ConnectionPropertiesV2BasicResource",
    _VAULTS: "keyvault.VaultCreateOrUpdateParameters",
    f"{_VAULTS}/accessPolicies": "keyvault.VaultAccessPolicyParameters",
    f"{_VAULTS}/keys": "keyvault.KeyCreateParameters",
    f"{_VAULTS}/secrets": "keyvault.SecretCreateOrUpdateParameters",
    f"{_VAULTS}/privateEndpointConnections": "keyvault.PrivateEndpointConnection",
    _HSMS: "keyvault.ManagedHsm",
    "keys/create": "keys.KeyCreateParameters",
    "keys/import": "keys.KeyImportParameters",
    "keys/update": "keys.KeyUpdateParameters",
    "keys/rotationpolicy": "keys.KeyRotationPolicy",
    "Microsoft.Authorization/denyAssignments": "authorization.DenyAssignment",
    "Microsoft.Authorization/roleAssignments": "authorization.RoleAssignmentCreateParameters",
    "Microsoft.Authorization/roleDefinitions": "authorization.RoleDefinition",
    "Microsoft.Insights/actionGroups": "monitor.ActionGroupResource",
    "Microsoft.Insights/scheduledQueryRules": "monitor.ScheduledQueryRuleResource",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "msi.Identity",
    "Microsoft.Network/privateEndpoints": "network.PrivateEndpoint",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "network.PrivateDnsZoneGroup",
    "Microsoft.Network/virtualNetworks": "network.VirtualNetwork",
    "Microsoft.Resources/resourceGroups": "resources.ResourceGroup",
}
_PACKAGES = {
    "keys": ("azure-keyvault-keys", "azure.keyvault.keys._generated"),
    "resources": ("azure-mgmt-resource", "azure.mgmt.resource.resources"),
}
"""Package and module where they are not `azure-mgmt-SERVICE`."""
_CLOSED = {
    _COGNITIVE: ("identity.type",),
    f"{_COGNITIVE}/projects": ("identity.type",),
    f"{_VAULTS}/keys": ("properties.rotationPolicy.lifetimeActions.*.action.type",),
    _VAULTS: ("properties.sku.name", "properties.createMode"),
    _HSMS: ("sku.name", "properties.createMode"),
    "Microsoft.Authorization/roleAssignments": ("properties.principalType",),
    "Microsoft.Insights/scheduledQueryRules": ("identity.type",),
}
"""The enumerations that Azure's SDKs for JavaScript have as closed types; of the others they have the known
values, and the service may take more (@azure/arm-cognitiveservices 8.1.0, arm-keyvault 5.0.0,
arm-authorization 9.0.0, arm-network 34.1.0, arm-privatedns 3.2.0, arm-monitor 7.0.0, arm-locks 2.1.0,
arm-operationalinsights 9.0.0; read on 2026-11-30). The type of a grant's principal is closed by what Azure
answers: Azure/azure-rest-api-specs#11830."""
_OPEN = ("properties.category", "sku.name")
"""What Azure adds to from month to month, so that its values are not kept."""
_DOCUMENTED: dict[str, dict[str, Any]] = {
    _COGNITIVE: {
        "properties.foundryAutoUpgrade": {"type": "object", "after": "2026-01-14"},
        "properties.foundryAutoUpgrade.mode": {
            "type": "text",
            "values": ["Enabled", "Disabled"],
            "open": True,
        },
        "properties.foundryAutoUpgrade.plannedByMicrosoft": {"type": "boolean"},
        "properties.foundryAutoUpgrade.scheduledAt": {"type": "text"},
        "properties.foundryAutoUpgrade.statusReason": {"type": "text"},
        "properties.capabilitySettings": {"type": "object", "after": "2026-07-14"},
    }
}
"""What previews have, and no installed SDK: azure/foundry/how-to/upgrade-azure-openai-auto (2026-08-19) and
@azure/arm-cognitiveservices (FoundryAutoUpgrade); the content of capabilitySettings was not read."""
_NAMED = ("properties.subnet", "properties.virtualNetworkPeerings.*", "properties.summarizedGatewayPrefixes")
"""Of these, as of all that has a location, only the id is kept: it is another resource."""
_PLAIN = {"str": "text", "bool": "boolean", "int": "integer", "float": "number"}
_VARTYPE = re.compile(r":(?:var)?type (\w+):\s+(.*?)(?=\n\s*:(?:ivar|param)|\Z)", re.DOTALL)
_IVAR = re.compile(r":(?:ivar|param) (\w+):(.*?)(?=\n\s*:(?:var)?type)", re.DOTALL)
_CLASS = re.compile(r"~(azure\.[\w.]+)\.(\w+)$")
_GROUP = re.compile(r"^class (\w+)Operations\b", re.MULTILINE)
_WORD = re.compile(r"(?<!^)(?=[A-Z][a-z])")
_REQUEST = re.compile(r"^def build_(\w+)_request\(.*?(?=^def |^class |\Z)", re.MULTILINE | re.DOTALL)
_URL = re.compile(r'"(/subscriptions/[^"]*|/\{\w*scope\w*\}/providers/[^"]*)"', re.IGNORECASE)
_METHOD = re.compile(r'method="(PUT|PATCH|DELETE)"')


def definitions() -> str:
    """The file's text: the source of each service's definitions, and each type's properties by dotted path,
    where `*` stands for every item of a list and every value of a map."""
    found = json.loads(FILE.read_text())
    sources, types, long = found["sources"], found["types"], found["long"]
    for service in sorted({name.partition(".")[0] for name in _MODELS.values()}):
        package, module = _PACKAGES.get(service, (f"azure-mgmt-{service}", f"azure.mgmt.{service}"))
        sources[service] = f"{package} {importlib.metadata.version(package)}"
        named = {
            type: name.partition(".")[2] for type, name in _MODELS.items() if name.startswith(f"{service}.")
        }
        newest = {
            type: all for all in _versions(module) for type, name in named.items() if hasattr(all, name)
        }
        for type, models in newest.items():
            rows = properties(getattr(models, named[type]), _CLOSED.get(type, ()))
            types[type] = {**_as_dated(rows, types.get(type, {})), **_DOCUMENTED.get(type, {})}
            long[type] = sorted({method for one, method in _begun(models) if one.lower() == type.lower()})
    lines = ",\n".join(f" {json.dumps(type)}: {{\n{_lines(rows)}\n }}" for type, rows in types.items())
    begun = ",\n".join(f" {json.dumps(type)}: {json.dumps(long[type])}" for type in types if long.get(type))
    return (
        f'{{\n"sources": {json.dumps(dict(sorted(sources.items())))},\n"long": {{\n{begun}\n}},\n'
        f'"types": {{\n{lines}\n}}\n}}\n'
    )


def _lines(rows: dict[str, Any]) -> str:
    return ",\n".join(f"  {json.dumps(path)}: {json.dumps(row)}" for path, row in rows.items())


def _begun(models: Any) -> Iterator[tuple[str, str]]:
    """Each type and method of a release whose operation begins, and is then polled."""
    for file in sorted(Path(models.__file__).parents[1].glob("operations/*.py")):
        text = file.read_text()
        _, *parts = _GROUP.split(text)
        groups = {
            _WORD.sub("_", name).lower(): code for name, code in zip(parts[::2], parts[1::2], strict=True)
        }
        for built in _REQUEST.finditer(text):
            path, method = _URL.search(built[0]), _METHOD.search(built[0])
            for group, code in groups.items():
                name = built[1].removeprefix(f"{group}_")
                its_own = len(groups) == 1 or name != built[1]
                if path and method and its_own and f"def begin_{name}(" in code:
                    yield _type_at(path[1]), method[1]


def _type_at(path: str) -> str:
    _, marked, below = path.rpartition("/providers/")
    named = [one for one in below.split("/") if not one.startswith("{")]
    return "/".join(named) if marked else "Microsoft.Resources/resourceGroups"


def _as_dated(rows: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    after = {path: {"after": row["after"]} for path, row in known.items() if "after" in row}
    return {path: {**row, **after.get(path, {})} for path, row in rows.items()}


def _versions(module: str) -> Iterator[Any]:
    """The models of each api-version of an installed SDK, the newest last."""
    (place,) = importlib.import_module(module).__path__
    several = sorted(f"{module}.{one.name}" for one in Path(place).glob("v20*"))
    for name in several or [module]:
        yield importlib.import_module(f"{name}.models")


def properties(model: type[Any], closed: Closed = ()) -> dict[str, Any]:
    """The properties of a model and of all below it, by dotted path, each with its type and marks."""
    return dict(_below(model, "", (), closed))


Closed = tuple[str, ...]


def _below(
    model: type[Any], path: str, above: tuple[type[Any], ...], closed: Closed
) -> Iterator[tuple[str, Any]]:
    fields = list(_fields(model))
    if path in _NAMED or (above and any(name == "location" for name, _, _ in fields)):
        fields = [("id", "str", {})]
    for name, type, marks in fields:
        here = f"{path}.{name}" if path else name
        if "read" in marks:
            yield here, marks
        elif name:  # whatever else a client likes has no name
            yield from _typed(here, type, marks, (*above, model), closed)


def _typed(
    path: str, type: str, marks: Any, above: tuple[type[Any], ...], closed: Closed
) -> Iterator[tuple[str, Any]]:
    found = _CLASS.search(type)
    named = getattr(importlib.import_module(found[1]), found[2]) if found else None
    if inner := re.fullmatch(r"list\[(.*)\]|dict\[str, (.*)\]", type):
        yield path, {"type": "list" if inner[1] else "object", **marks}
        yield from _typed(f"{path}.*", inner[1] or inner[2], {}, above, closed)
    elif named and issubclass(named, Enum):
        values = [one.value for one in named]
        open = {} if path in closed else {"open": True}
        if path in _OPEN or not isinstance(values[0], str):
            values, open = [], {}
        type = "text" if issubclass(named, str) else "number"
        yield path, {"type": type, **marks, **({"values": values, **open} if values else {})}
    elif named:
        yield path, {"type": "object", **marks}
        if named not in above:
            yield from _below(named, path, above, closed)
    else:
        yield path, {"type": _PLAIN.get(type, "any"), **marks}


def _fields(model: type[Any]) -> Iterator[tuple[str, str, dict[str, bool]]]:
    """Each property's name on the wire, its type as the docstring has it, and its marks."""
    texts = [cls.__doc__ or "" for cls in reversed(model.__mro__)]
    types = {one[1]: " ".join(one[2].split()) for text in texts for one in _VARTYPE.finditer(text)}
    said = {one[1]: one[2] for text in texts for one in _IVAR.finditer(text)}
    # The newer generation collects its fields at the first use of a class.
    model.__new__(model)  # type: ignore[call-overload]
    for name, one in getattr(model, "_attr_to_rest_field", {}).items():
        type = "int" if one._format == "unix-timestamp" else types.get(name, "any")
        marks = {"read": one._visibility == ["read"], "required": "Required." in said.get(name, "").split()}
        yield one._rest_name, type, {mark: True for mark, is_so in marks.items() if is_so}
    for name, one in getattr(model, "_attribute_map", {}).items():
        rules = model._validation.get(name, {})
        marks = {"read": rules.get("readonly"), "required": rules.get("required")}
        yield one["key"], types.get(name, "any"), {mark: True for mark, is_so in marks.items() if is_so}


if __name__ == "__main__":
    FILE.write_text(definitions())
