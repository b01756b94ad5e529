"""Pulumi's values on the wire, there and back."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import rpc

from components.cmk_resource import CmkResource
from core.login import SECRETS, SETTINGS
from core.resource_types import camel_case
from provider import VERSION as PLUGIN
from provider.wire import UNKNOWN, Properties, decode, encode

SCHEMA = json.loads((Path(__file__).parents[2] / "provider" / "schema.json").read_text())


def test_values_survive_the_way_there_and_back() -> None:
    """Text, whole numbers, unknowns and secrets come back as they went; nulls are absent. The marks on the
    wire are those of Pulumi's own SDK."""
    values = {"text": "x", "number": 3, "unknown": UNKNOWN, "secret": "s"}
    sent = encode({**values, "null": None}, ["secret", "unknown"])
    # An unknown cannot be hidden: the engine would take the mark for a value.
    assert decode(sent) == Properties(values, frozenset({"secret"}))
    assert sent["unknown"] == rpc.UNKNOWN
    assert sent["secret"][rpc._special_sig_key] == rpc._special_secret_sig


def undescribed(node: dict[str, Any], path: str = "") -> list[str]:
    """The paths of what has no description among a schema's properties, types, functions and settings."""
    listed = path.endswith(("properties", "Properties", "variables"))
    children = [(name, one) for name, one in node.items() if isinstance(one, dict)]
    found = [f"{path}.{name}" for name, one in children if listed and not one.get("description")]
    return found + [below for name, one in children for below in undescribed(one, f"{path}.{name}")]


def test_schema_has_a_description_for_everything() -> None:
    """A generated SDK shows it."""
    assert undescribed(SCHEMA) == []
    assert undescribed({"properties": {"x": {}}}, "r") == ["r.properties.x"]


def test_schema_tells_the_version_and_the_settings_and_which_are_secret() -> None:
    """A generated SDK carries the plugin's version. The provider's settings are those it reads; secrets among
    them are marked."""
    assert SCHEMA["version"] == PLUGIN
    properties = SCHEMA["provider"]["inputProperties"]
    assert set(properties) == set(SETTINGS)
    assert {name for name, p in properties.items() if p.get("secret")} == SECRETS


@pytest.mark.parametrize("resource", CmkResource.__subclasses__())
def test_a_class_of_the_components_has_outputs_that_the_schema_knows(resource: type[CmkResource]) -> None:
    """Under the names that they have on the wire."""
    declared = {camel_case(name) for name in inspect.get_annotations(resource)}
    assert declared <= set(SCHEMA["resources"][resource.TOKEN]["properties"])
