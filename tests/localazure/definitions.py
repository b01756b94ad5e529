"""Distils the published definitions of the types that the local Azure serves.

python -m tests.localazure.definitions [FOLDER]

Azure's own SDKs are generated from the definitions, so that their models say which properties a body has, of
which type, which of them Azure alone sets, which it needs, and which values are known. Two generations of
SDKs spell that differently. Their operations say which writes Azure may answer with a long operation: those
that begin. FOLDER has further releases, each unpacked into a folder `NAME-VERSION`: the
former ones, from which the api-versions before a property come, and those that are not installed. Without it
both stay as they are in the file. What is written is `localazure/definitions.json`; nothing else is carried
over.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "localazure" / "definitions.json"
_COGNITIVE, _VAULTS = "Microsoft.CognitiveServices/accounts", "Microsoft.KeyVault/vaults"
_HSMS, _ZONES = "Microsoft.KeyVault/managedHSMs", "Microsoft.Network/privateDnsZones"
_MODELS = {
    _COGNITIVE: "cognitiveservices.Account",
    f"{_COGNITIVE}/connections": "cognitiveservices.ConnectionPropertiesV2BasicResource",
    f"{_COGNITIVE}/deployments": "cognitiveservices.Deployment",
    f"{_COGNITIVE}/privateEndpointConnections": "cognitiveservices.PrivateEndpointConnection",
    f"{_COGNITIVE}/projects": "cognitiveservices.Project",
    f"{_COGNITIVE}/projects/connections": "cognitiveservices.ConnectionPropertiesV2BasicResource",
    _VAULTS: "keyvault.VaultCreateOrUpdateParameters",
    f"{_VAULTS}/accessPolicies": "keyvault.VaultAccessPolicyParameters",
    f"{_VAULTS}/keys": "keyvault.KeyCreateParameters",
    f"{_VAULTS}/privateEndpointConnections": "keyvault.PrivateEndpointConnection",
    _HSMS: "keyvault.ManagedHsm",
    "keys/create": "keys.KeyCreateParameters",
    "keys/import": "keys.KeyImportParameters",
    "keys/update": "keys.KeyUpdateParameters",
    "keys/rotationpolicy": "keys.KeyRotationPolicy",
    "Microsoft.Authorization/denyAssignments": "authorization.DenyAssignment",
    "Microsoft.Authorization/locks": "locks.ManagementLockObject",
    "Microsoft.Authorization/roleAssignments": "authorization.RoleAssignmentCreateParameters",
    "Microsoft.Authorization/roleDefinitions": "authorization.RoleDefinition",
    "Microsoft.Authorization/policyAssignments": "policy.PolicyAssignment",
    "Microsoft.Authorization/policyDefinitions": "policy.PolicyDefinition",
    "Microsoft.Authorization/policyExemptions": "policy.PolicyExemption",
    "Microsoft.EventHub/namespaces": "eventhub.EHNamespace",
    "Microsoft.EventHub/namespaces/authorizationRules": "eventhub.AuthorizationRule",
    "Microsoft.Insights/actionGroups": "monitor.ActionGroupResource",
    "Microsoft.Insights/diagnosticSettings": "diagnostics.DiagnosticSettingsResource",
    "Microsoft.Insights/scheduledQueryRules": "monitor.ScheduledQueryRuleResource",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "msi.Identity",
    _ZONES: "privatedns.PrivateZone",
    f"{_ZONES}/virtualNetworkLinks": "privatedns.VirtualNetworkLink",
    "Microsoft.Network/privateEndpoints": "network.PrivateEndpoint",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "network.PrivateDnsZoneGroup",
    "Microsoft.Network/virtualNetworks": "network.VirtualNetwork",
    "Microsoft.OperationalInsights/workspaces": "loganalytics.Workspace",
    "Microsoft.OperationalInsights/workspaces/savedSearches": "loganalytics.SavedSearch",
    "Microsoft.Resources/resourceGroups": "resources.ResourceGroup",
    "Microsoft.Storage/storageAccounts": "storage.StorageAccount",
}
_PACKAGES = {
    "keys": ("azure-keyvault-keys", "azure.keyvault.keys._generated"),
    "locks": ("azure-mgmt-resource", "azure.mgmt.resource.locks"),
    "policy": ("azure-mgmt-resource", "azure.mgmt.resource.policy"),
    "resources": ("azure-mgmt-resource", "azure.mgmt.resource.resources"),
    "diagnostics": ("azure-mgmt-monitor", "azure.mgmt.monitor"),
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
_API_VERSION = re.compile(r'["\'](\d{4}-\d\d-\d\d(?:-preview)?)["\']')


def definitions(releases: Path | None = None) -> str:
    """The file's text: the source of each service's definitions, and each type's properties by dotted path,
    where `*` stands for every item of a list and every value of a map."""
    there = json.loads(FILE.read_text())
    sources, types, long = dict(there["sources"]), dict(there["types"]), dict(there["long"])
    for service in sorted({name.partition(".")[0] for name in _MODELS.values()}):
        found: dict[str, list[tuple[str, Any, Any]]] = {}
        for version, source, models in _generations(service, releases):
            for type, name in _MODELS.items():
                if name.startswith(f"{service}.") and (rows := _rows(type, models, name)) is not None:
                    found.setdefault(type, []).append((version, (source, models), rows))
        for type, all in found.items():
            *former, (newest, (source, models), rows) = sorted(all, key=lambda one: one[0])
            former = [one for one in former if one[0] < newest]
            sources[service] = source
            types[type] = _dated(rows, former) if releases else _as_dated(rows, there["types"].get(type, {}))
            long[type] = sorted({method for one, method in _begun(models) if one.lower() == type.lower()})
    lines = ",\n".join(f" {json.dumps(type)}: {{\n{_lines(types[type])}\n }}" for type in _MODELS)
    begun = ",\n".join(f" {json.dumps(type)}: {json.dumps(long[type])}" for type in _MODELS if long.get(type))
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


def _dated(rows: dict[str, Any], former: list[tuple[str, Any, Any]]) -> dict[str, Any]:
    """Each property with `after`: the newest known api-version that lacks it, and all before lack it, too."""
    dated, since = {}, {"": ""}
    for path, row in rows.items():
        having = [version for version, _, known in former if _has(known, path)]
        lacking = [version for version, _, known in former if not _has(known, path)]
        after = max((version for version in lacking if not having or version < min(having)), default="")
        above = since.get(path.rpartition(".")[0], "")
        since[path] = max(after, above)
        # Of what Azure sets, recordings show more than the definitions of their version have.
        told = "read" in row or path.endswith(".provisioningState")
        dated[path] = {**row, "after": after} if after > above and not told else row
    return dated


def _has(rows: dict[str, Any], path: str) -> bool:
    return path in rows or any(one.startswith(f"{path}.") for one in rows)


def _as_dated(rows: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    after = {path: {"after": row["after"]} for path, row in known.items() if "after" in row}
    return {path: {**row, **after.get(path, {})} for path, row in rows.items()}


def _generations(service: str, releases: Path | None) -> Iterator[tuple[str, str, Any]]:
    """The models of each release, and of each api-version in it: api-version, source, module."""
    package, module = _PACKAGES.get(service, (f"azure-mgmt-{service}", f"azure.mgmt.{service}"))
    if _is_there(module):
        yield from _versions(module, f"{package} {importlib.metadata.version(package)}")
    for folder in sorted(releases.glob(f"{package.replace('-', '_')}-*")) if releases else ():
        with _first(folder):
            if _is_there(module):
                yield from _versions(module, f"{package} {folder.name.rpartition('-')[2]}")


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@contextmanager
def _first(folder: Path) -> Iterator[None]:
    """A release before the installed one."""
    hidden = {name: one for name, one in sys.modules.items() if name.startswith("azure.mgmt.")}
    for name in hidden:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.startswith("azure.mgmt.")]:
            del sys.modules[name]
        sys.modules.update(hidden)


def _versions(module: str, source: str) -> Iterator[tuple[str, str, Any]]:
    place = Path(next(iter(importlib.import_module(module).__path__)))
    if several := sorted(one.name for one in place.glob("v20*")):
        for name in several:
            models = importlib.import_module(f"{module}.{name}.models")
            yield name.removeprefix("v").replace("_", "-"), source, models
        return
    files = (*place.glob("_*.py"), *place.glob("operations/*.py"))
    named = {found[1] for one in files for found in _API_VERSION.finditer(one.read_text())}
    yield max(named, default=""), source, importlib.import_module(f"{module}.models")


def _rows(type: str, models: Any, name: str) -> dict[str, Any] | None:
    model = getattr(models, name.partition(".")[2], None)
    return None if model is None else dict(_below(model, "", (), _CLOSED.get(type, ())))


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
    FILE.write_text(definitions(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
