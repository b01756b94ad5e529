"""Pulumi's values on the wire, there and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.binding import CustomerManagedKey
from components.key_version import KeyVersion
from core.login import SECRETS, SETTINGS
from provider.wire import UNKNOWN, Properties, decode, encode

SCHEMA = json.loads((Path(__file__).parents[2] / "provider" / "schema.json").read_text())
CMK = SCHEMA["resources"]["azure-cmk:index:CustomerManagedKey"]
VERSION = SCHEMA["resources"]["azure-cmk:index:KeyVersion"]


def test_unknowns_and_secrets_are_the_sdks() -> None:
    """The marks on the wire are those of Pulumi's own SDK."""
    from pulumi.runtime import rpc

    assert UNKNOWN == rpc.UNKNOWN
    secret = encode({"a": "x"}, ["a"])["a"]
    assert secret[rpc._special_sig_key] == rpc._special_secret_sig


def test_values_survive_the_way_there_and_back() -> None:
    """Text, whole numbers, unknowns and secrets come back as they went; nulls are absent."""
    values = {"text": "x", "number": 3, "unknown": UNKNOWN, "secret": "s"}
    assert decode(encode({**values, "null": None}, ["secret"])) == Properties(values, frozenset({"secret"}))


def test_an_unknown_secret_stays_unknown() -> None:
    """An unknown cannot be hidden: the engine would take the mark for a value."""
    assert decode(encode({"a": UNKNOWN}, ["a"])) == Properties({"a": UNKNOWN})


def test_schema_has_a_description_for_everything() -> None:
    """Every property, type, function and setting says what it is, so that a generated SDK does."""

    def undescribed(node: Any, path: str = "") -> list[str]:
        found = []
        if isinstance(node, dict):
            for name, child in node.items():
                is_property = path.endswith(("properties", "Properties", "variables")) and isinstance(
                    child, dict
                )
                if is_property and not child.get("description"):
                    found.append(f"{path}.{name}")
                found += undescribed(child, f"{path}.{name}")
        return found

    assert undescribed(SCHEMA) == []


def test_schema_tells_the_settings_and_which_are_secret() -> None:
    """The provider's settings are those it reads; secrets among them are marked."""
    properties = SCHEMA["provider"]["inputProperties"]
    assert set(properties) == set(SETTINGS)
    assert {name for name, p in properties.items() if p.get("secret")} == SECRETS


@pytest.mark.parametrize(
    ("resource", "schema", "args"),
    [
        (CustomerManagedKey, CMK, {"account_id": "a", "key_uri_with_version": "k"}),
        (KeyVersion, VERSION, {"key_id": "k"}),
    ],
)
def test_components_and_schema_have_the_same_properties(
    resource: Any, schema: dict[str, Any], args: dict[str, str]
) -> None:
    """The hand-written Python classes offer what the schema says, under the same names."""
    seen: dict[str, Any] = {}

    def register(
        self: Any, type: str, name: str, custom: bool, props: Any = None, *rest: Any, **named: Any
    ) -> None:
        seen.update(type=type, props=props)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi.CustomResource, "__init__", lambda s, t, n, p, o=None, *r: seen.update(t=t, p=p))
        made = resource("x", **args)
    wire = {made.translate_input_property(name) for name in seen["p"]}
    assert seen["t"] in SCHEMA["resources"]
    assert wire == {*schema["properties"], *schema["inputProperties"]}


def test_schema_version_is_the_providers() -> None:
    """The schema, and so a generated SDK, carries the plugin's version."""
    from provider import VERSION as PLUGIN

    assert SCHEMA["version"] == PLUGIN
