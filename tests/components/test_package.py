"""The component as a package for programs in other languages."""

from __future__ import annotations

import re
from pathlib import Path

from pulumi.provider.experimental.analyzer import Analyzer

import components
from components.__main__ import COMPONENTS
from components.service import EncryptedLanguageService
from components.service_args import EncryptedLanguageServiceArgs


def test_schema_has_every_input_and_output_with_its_meaning() -> None:
    """What Pulumi reads from the types is the whole contract, described, and nothing internal."""
    definitions = Analyzer("language-cmk").analyze([EncryptedLanguageService])["component_definitions"]
    component = definitions["EncryptedLanguageService"]
    assert set(component.inputs_mapping.values()) == set(EncryptedLanguageServiceArgs.__annotations__)
    assert [name for name, found in component.inputs.items() if not found.optional] == ["location"]
    assert set(component.outputs) == {
        "access",
        "accountId",
        "accountName",
        "endpoint",
        "grantId",
        "keyUriWithVersion",
        "principalId",
        "resourceGroupName",
        "vaultId",
        "vaultUri",
    }
    described = {**component.inputs, **component.outputs}
    assert [name for name, found in described.items() if not found.description] == []


def test_every_part_is_served_and_described() -> None:
    """A program in any language composes what one in Python can: each class of a part is in the package, its
    inputs and outputs have meanings, and none has a name that Pulumi itself gives to resources."""
    parts = {
        name
        for file in Path(components.__path__[0]).rglob("*.py")
        for name in re.findall(r"^class (\w+)\(Component\)", file.read_text(), re.MULTILINE)
    }
    definitions = Analyzer("language-cmk").analyze([*COMPONENTS])["component_definitions"]
    assert set(definitions) == parts
    undescribed = [
        f"{name}.{property}"
        for name, part in definitions.items()
        for property, found in {**part.inputs, **part.outputs}.items()
        if not found.description
    ]
    assert undescribed == []
    assert [name for name, part in definitions.items() if {"id", "urn"} & set(part.outputs)] == []
