"""Writes `schema.json`: the Pulumi schema of the supported types, read from the installed Python SDK.

    python -m tests.localazure.standin.sdk

The SDK is generated from the real provider's schema, so what it declares is what the provider knows. It is
read here and not by the server because its modules take seconds and more than 100 MB to load. Run it after
an update of pulumi-azure-native or a new row in `table.py`; a test fails when that was forgotten.
"""

from __future__ import annotations

import collections.abc
import enum
import importlib
import inspect
import json
import types
import typing
from importlib.metadata import version
from typing import Any

from pulumi._types import (
    _py_properties,
    _types_from_py_properties,
    is_input_type,
    is_output_type,
    resource_types,
)

from localazure.standin.functions import CLIENT, GETTERS, LIST_KEYS
from localazure.standin.paths import field_names
from localazure.standin.schema import FILE
from localazure.standin.table import ACCOUNT, ROWS, ResourceType

Json = dict[str, Any]
PACKAGE = "pulumi_azure_native"
SCALARS: dict[Any, Json] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
}
ANY: Json = {"$ref": "pulumi.json#/Any"}
_TEXT: Json = {"type": "string"}
_KEY = "azure-native:search:SearchResourceEncryptionKey"
_IDENTITY = "azure-native:search:DataUserAssignedIdentity"
LATER: dict[str, dict[str, Json]] = {
    "azure-native:search:EncryptionWithCmk": {"serviceLevelEncryptionKey": {"$ref": f"#/types/{_KEY}"}},
    "azure-native:search:EncryptionWithCmkResponse": {
        "serviceLevelEncryptionKey": {"$ref": f"#/types/{_KEY}"}
    },
    _KEY: {
        "keyVaultUri": _TEXT,
        "keyVaultKeyName": _TEXT,
        "keyVaultKeyVersion": _TEXT,
        "identity": {"$ref": f"#/types/{_IDENTITY}"},
    },
    _IDENTITY: {"odataType": _TEXT, "userAssignedIdentity": _TEXT},
}
"""What types have by an API version after their default one, which the plugin knows and the SDK has no class
for: by 2026-03-01-preview (learn.microsoft.com/azure/search/search-security-manage-encryption-keys,
2026-03-18)."""
SECRET = frozenset({"clientCertificatePassword", "clientId", "clientSecret"})
"""What the SDK's Provider marks as secret."""


class Reader:
    """Reads classes of the SDK; `types` collects the objects that were met on the way."""

    def __init__(self) -> None:
        self.types: dict[str, Json] = {}

    def resource(self, row: ResourceType) -> Json:
        module = importlib.import_module(f"{PACKAGE}.{row.module}")
        resource = getattr(module, row.name)
        arguments = getattr(module, f"{row.name}InitArgs", None) or getattr(module, f"{row.name}Args")
        annotations = resource_types(resource)
        outputs = [(name, attribute) for _, name, attribute in _py_properties(resource) if name != "id"]
        inputs = self.described(arguments)
        return {
            "properties": {name: self.typed(annotations[name]) for name, _ in outputs},
            "required": [name for name, attribute in outputs if _is_sure(attribute)],
            "inputProperties": inputs["properties"],
            "requiredInputs": inputs["required"],
        }

    def function(self, token: str, arguments: tuple[str, ...], *, required: bool = True) -> Json:
        """A function whose arguments are all texts."""
        _, module, name = token.split(":")
        result = getattr(importlib.import_module(f"{PACKAGE}.{module}"), f"{name[0].upper()}{name[1:]}Result")
        inputs: Json = {"type": "object", "properties": {name: {"type": "string"} for name in arguments}}
        if required:
            inputs["required"] = list(arguments)
        return {"inputs": inputs, "outputs": self.described(result)}

    def described(self, cls: type) -> Json:
        parameters = inspect.signature(cls).parameters
        defaults = _defaults(cls) if is_input_type(cls) else {}
        annotations = _types_from_py_properties(cls)
        properties, required = {}, []
        for python, name, _ in _py_properties(cls):
            default = {"default": defaults[python]} if python in defaults else {}
            properties[name] = {**self.typed(annotations[name]), **default}
            if python in parameters and parameters[python].default is inspect.Parameter.empty:
                required.append(name)
        return {"type": "object", "properties": properties, "required": required}

    def typed(self, annotation: Any) -> Json:
        if annotation in SCALARS:
            return SCALARS[annotation]
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            return self.typed(arguments[0])  # the others are its absence, and what gives it later
        if origin in (collections.abc.Sequence, list):
            return {"type": "array", "items": self.typed(arguments[0])}
        if origin in (collections.abc.Mapping, dict):
            return {"type": "object", "additionalProperties": self.typed(arguments[1])}
        if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
            return {"type": "string"}
        if isinstance(annotation, type) and (is_input_type(annotation) or is_output_type(annotation)):
            return {"$ref": f"#/types/{self._named(annotation)}"}
        return ANY

    def _named(self, cls: type) -> str:
        token = f"azure-native:{cls.__module__.split('.')[1]}:{cls.__name__.removesuffix('Args')}"
        if token not in self.types:
            self.types[token] = {}  # known before it is read, as types may recur
            self.types[token] = self.described(cls)
        return token


def schema() -> str:
    """The schema as it should be in the file."""
    reader = Reader()
    resources = {row.token: reader.resource(row) for row in ROWS}
    functions = {token: reader.function(token, row.path_fields) for token, row in GETTERS.items()}
    functions[LIST_KEYS] = reader.function(LIST_KEYS, field_names(ACCOUNT))
    functions |= {
        token: reader.function(token, ("endpoint",) if token.endswith("Token") else (), required=False)
        for token in CLIENT
    }
    for token, properties in LATER.items():
        described = reader.types.setdefault(token, {"type": "object", "properties": {}, "required": []})
        described["properties"] |= properties
    arguments = reader.described(importlib.import_module(PACKAGE).ProviderArgs)
    config = {name: {**spec, "secret": name in SECRET} for name, spec in arguments["properties"].items()}
    package = {
        "name": "azure-native",
        "version": version("pulumi-azure-native"),
        "description": "The part of azure-native that the local Azure supports.",
        "config": {"variables": config},
        "provider": {"inputProperties": config},
        "resources": resources,
        "functions": functions,
        "types": reader.types,
    }
    return json.dumps(package, indent=1, sort_keys=True) + "\n"


def _defaults(cls: type) -> Json:
    """The values an Args class fills in by itself; they are the specification's defaults."""
    parameters = inspect.signature(cls).parameters.values()
    required = {item.name: None for item in parameters if item.default is inspect.Parameter.empty}
    return {name: value for name, value in vars(cls(**required)).items() if value is not None}


def _is_sure(attribute: Any) -> bool:
    """Whether an output of a resource always has a value: its annotation is no `Output[Optional[...]]`."""
    annotation = getattr(attribute, "fget", attribute).__annotations__["return"]
    return type(None) not in typing.get_args(typing.get_args(annotation)[0])


if __name__ == "__main__":
    FILE.write_text(schema())
