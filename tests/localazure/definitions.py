"""Distils the published definitions of the types that the local Azure serves.

python -m tests.localazure.definitions

Azure's own SDKs are generated from the definitions, so that their models say which properties a body has, of
which type, which of them Azure alone sets, which it needs, and which values are known. Two generations of
SDKs spell that differently. What is written is `localazure/definitions.json`; nothing else is carried over.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "localazure" / "definitions.json"
_COGNITIVE, _VAULTS = "Microsoft.CognitiveServices/accounts", "Microsoft.KeyVault/vaults"
_MODELS = {
    _COGNITIVE: "cognitiveservices.Account",
    f"{_COGNITIVE}/connections": "cognitiveservices.ConnectionPropertiesV2BasicResource",
    f"{_COGNITIVE}/deployments": "cognitiveservices.Deployment",
    f"{_COGNITIVE}/projects": "cognitiveservices.Project",
    f"{_COGNITIVE}/projects/connections": "cognitiveservices.ConnectionPropertiesV2BasicResource",
    _VAULTS: "keyvault.VaultCreateOrUpdateParameters",
    f"{_VAULTS}/accessPolicies": "keyvault.VaultAccessPolicyParameters",
    f"{_VAULTS}/keys": "keyvault.KeyCreateParameters",
    "Microsoft.KeyVault/managedHSMs": "keyvault.ManagedHsm",
    "keys/create": "keys.KeyCreateParameters",
    "keys/import": "keys.KeyImportParameters",
    "keys/update": "keys.KeyUpdateParameters",
    "keys/rotationpolicy": "keys.KeyRotationPolicy",
    "Microsoft.Authorization/roleAssignments": "authorization.RoleAssignmentCreateParameters",
}
_OPEN = ("properties.category", "sku.name")
"""What Azure adds to from month to month: its known values are no closed list."""
_PLAIN = {"str": "text", "bool": "boolean", "int": "integer", "float": "number"}
_VARTYPE = re.compile(r":vartype (\w+):\s+(.*?)(?=\n\s*:ivar|\Z)", re.DOTALL)
_IVAR = re.compile(r":ivar (\w+):(.*?)(?=\n\s*:vartype)", re.DOTALL)
_CLASS = re.compile(r"~(azure\.[\w.]+)\.(\w+)$")


def definitions() -> str:
    """The file's text: the source of each service's definitions, and each type's properties by dotted path,
    where `*` stands for every item of a list and every value of a map."""
    services = sorted({name.partition(".")[0] for name in _MODELS.values()})
    types = {type: dict(_below(_model(name), "", ())) for type, name in _MODELS.items()}
    sources = json.dumps({one: _source(one) for one in services})
    texts = ",\n".join(f" {json.dumps(type)}: {{\n{_lines(rows)}\n }}" for type, rows in types.items())
    return f'{{\n"sources": {sources},\n"types": {{\n{texts}\n}}\n}}\n'


def _lines(rows: dict[str, Any]) -> str:
    return ",\n".join(f"  {json.dumps(path)}: {json.dumps(row)}" for path, row in rows.items())


def _source(service: str) -> str:
    package = "azure-keyvault-keys" if service == "keys" else f"azure-mgmt-{service}"
    return f"{package} {importlib.metadata.version(package)}"


def _model(name: str) -> type[Any]:
    service, _, cls = name.partition(".")
    module = "azure.keyvault.keys._generated" if service == "keys" else f"azure.mgmt.{service}"
    return getattr(importlib.import_module(f"{module}.models"), cls)  # type: ignore[no-any-return]


def _below(model: type[Any], path: str, above: tuple[type[Any], ...]) -> Iterator[tuple[str, Any]]:
    for name, type, marks in _fields(model):
        here = f"{path}.{name}" if path else name
        if "read" in marks:
            yield here, marks
        elif name:  # whatever else a client likes has no name
            yield from _typed(here, type, marks, (*above, model))


def _typed(path: str, type: str, marks: Any, above: tuple[type[Any], ...]) -> Iterator[tuple[str, Any]]:
    found = _CLASS.search(type)
    if inner := re.fullmatch(r"list\[(.*)\]|dict\[str, (.*)\]", type):
        yield path, {"type": "list" if inner[1] else "object", **marks}
        yield from _typed(f"{path}.*", inner[1] or inner[2], {}, above)
    elif found and "str or" in type:
        values = [one.value for one in getattr(importlib.import_module(found[1]), found[2])]
        yield path, {"type": "text", **marks, **({} if path in _OPEN else {"values": values})}
    elif found:
        model = getattr(importlib.import_module(found[1]), found[2])
        yield path, {"type": "object", **marks}
        if model not in above:
            yield from _below(model, path, above)
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
