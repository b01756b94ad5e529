"""The component as a package for programs in other languages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import components
import provider
from components.__main__ import COMPONENTS
from components.arguments.inputs import arguments
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.cmk_resource import plugin_beside
from components.host import Package
from core.resource_types import camel_case

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
NAME = "language-cmk"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema that `pulumi package get-schema ./components` prints."""
    found: dict[str, Any] = json.loads(Package(COMPONENTS).schema or "")
    return found


def test_the_service_has_its_arguments_and_outputs(schema: dict[str, Any]) -> None:
    """What Pulumi reads from the types is the whole contract, and nothing internal."""
    component = schema["resources"]["language-cmk:index:EncryptedAIServicesAccount"]
    declared = {camel_case(name) for name in arguments(EncryptedAIServicesAccountArgs)}
    assert set(component["inputProperties"]) == declared
    assert set(component["properties"]) == {
        "access",
        "accessModel",
        "accountId",
        "accountName",
        "bound",
        "endpoint",
        "exampleCommand",
        "grantId",
        "keyUriWithVersion",
        "kind",
        "principalId",
        "resourceGroupName",
        "tokenScope",
        "vaultId",
        "vaultUri",
        "workspaceId",
    }


def test_every_part_is_served_and_described(schema: dict[str, Any]) -> None:
    """A program in any language composes what one in Python can: each class of a part is in the package, its
    inputs and outputs have meanings, and none has a name that Pulumi itself gives to resources."""
    parts = {
        name
        for file in Path(components.__path__[0]).rglob("*.py")
        for name in re.findall(r"^class (\w+)\(Component\)", file.read_text(), re.MULTILINE)
    }
    resources = schema["resources"]
    assert {token.rpartition(":")[2] for token in resources} == parts
    undescribed = [
        f"{token}.{property}"
        for token, part in resources.items()
        for property, found in {**part["inputProperties"], **part["properties"]}.items()
        if not found.get("description")
    ]
    assert undescribed == []
    assert [token for token, part in resources.items() if {"id", "urn"} & set(part["properties"])] == []


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)


def test_both_packages_say_whose_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registries and SDKs show name, namespace and licence, and the address of a repository that is
    published."""
    words = ("displayName", "description", "license", "namespace", "publisher")
    for about in (
        {},
        {"homepage": "https://git.bank.example/a/b", "repository": "https://git.bank.example/a/b"},
    ):
        monkeypatch.setattr("components.package_schema.ABOUT", about)
        monkeypatch.setattr("provider.ABOUT", about)
        for text in (Package(COMPONENTS).schema or "", provider.schema()):
            schema = json.loads(text)
            assert [word for word in words if not schema.get(word)] == []
            assert {word: schema[word] for word in ("homepage", "repository") if word in schema} == about


def test_each_choice_is_an_enum_with_the_components_own_values(schema: dict[str, Any]) -> None:
    """An editor offers what the component accepts, also where two arguments of one name differ."""
    types = schema["types"]
    values = {
        token.removeprefix(f"{NAME}:index:"): [value["value"] for value in found["enum"]]
        for token, found in types.items()
        if found.get("enum")
    }
    assert values["Access"] == ["granted", "revoked"]
    assert values["NetworkAccess"] == ["closed", "selected", "open", "private"]
    assert values["AccessModel"] == ["accessPolicy", "rbac"]
    service = schema["resources"][f"{NAME}:index:EncryptedAIServicesAccount"]["inputProperties"]
    assert service["sku"]["$ref"] == f"#/types/{NAME}:index:Sku"
    assert service["asFound"]["items"]["$ref"] == f"#/types/{NAME}:index:AsFound"
    assert types[f"{NAME}:index:Network"]["properties"]["access"]["$ref"].endswith(":NetworkAccess")


def test_names_and_texts_fit_every_language(schema: dict[str, Any]) -> None:
    """No type ends in `Args`, which each SDK adds; every reference leads to a type; no text has Python's
    indentation, exceptions or values; no plain list of objects, for which the SDK for Go has no type."""
    assert [token for token in schema["types"] if token.endswith("Args")] == []
    references = {node["$ref"] for node in _nodes(schema) if isinstance(node.get("$ref"), str)}
    assert references <= {f"#/types/{token}" for token in schema["types"]}
    texts = [node["description"] for node in _nodes(schema) if isinstance(node.get("description"), str)]
    assert len(texts) > 80
    assert [
        text for text in texts if re.search(r"\n {2,}|Raises|Error\b|\bNone\b|\bTrue\b|\bFalse\b", text)
    ] == []
    lists = [node for node in _nodes(schema) if node.get("type") == "array" and "$ref" in node["items"]]
    assert [node for node in lists if node.get("plain") or node["items"].get("plain")] == []


@pytest.mark.parametrize(
    ("file", "reference"),
    [
        ("python/requirements.txt", r"^{}$"),
        ("typescript/package.json", r'"@language-cmk/language-cmk": "file:{}"'),
        ("typescript/package.json", r'"file:{}": true'),
        ("go/go.mod", r"^replace language-cmk/sdk/go => \./{}$"),
    ],
)
def test_an_example_names_the_folder_that_the_cli_writes(
    file: str, reference: str, schema: dict[str, Any]
) -> None:
    """`pulumi package add` and `pulumi install` put an SDK into sdks/NAMESPACE-NAME and name that folder in
    the program's files; an example that names another one cannot be installed. Source: InstallPackage of
    https://github.com/pulumi/pulumi/blob/master/pkg/cmd/pulumi/packages/packages.go."""
    text = (EXAMPLES / file).read_text()
    folder = f"sdks/{schema['namespace']}-{schema['name']}"
    assert re.search(reference.format(folder), text, re.MULTILINE)
    assert set(re.findall(r"sdks/[\w-]+", text)) == {folder}


JAVA_TAKEN = (
    r"class|clone|default|finalize|getClass|hashCode|interface|native|new|notify(All)?|package|private|protected"
    r"|public|static|switch|toString|wait"
)


@pytest.mark.parametrize("package", ["language-cmk", "azure-cmk"])
def test_names_compile_in_csharp_and_java(package: str, schema: dict[str, Any]) -> None:
    """Their generators are no part of this test, but what each name becomes is known: a member must not have
    its class's name (C#, CS0542), no two members or choices may be one name, and no member may be a word or a
    final method of Java's."""
    own = schema if package == NAME else json.loads((ROOT / "provider" / "schema.json").read_text())
    shapes = {**own["resources"], **own.get("types", {})}
    assert shapes
    for token, shape in shapes.items():
        class_name = token.rpartition(":")[2]
        members = [*shape.get("properties", {}), *shape.get("inputProperties", {})]
        assert [name for name in members if not re.fullmatch(r"[a-z][A-Za-z0-9]*", name)] == [], token
        assert class_name not in {name[0].upper() + name[1:] for name in members}, token
        assert [name for name in members if re.fullmatch(JAVA_TAKEN, name)] == [], token
        assert len({name.lower() for name in members}) == len(set(members)), token
        choices = [choice.get("name") or str(choice["value"]) for choice in shape.get("enum", [])]
        assert [choice for choice in choices if not choice[0].isalpha()] == [], token
        assert len({re.sub(r"\W", "", choice).lower() for choice in choices}) == len(choices), token


@pytest.mark.parametrize("repository", ["language-cmk.git", "our_cmk.git"])
def test_the_provider_is_of_the_same_repository_and_version(repository: str) -> None:
    """Of components that were fetched by a git URL, by which the CLI names a plugin's folder."""
    folder = f"resource-github.com_team_{repository}_components-v0.1.0"
    url = f"git://github.com/team/{repository}/provider"
    assert plugin_beside(folder) == {"version": "0.1.0", "plugin_download_url": url}


@pytest.mark.parametrize("folder", ["language-cmk", "resource-azure-cmk-v0.1.0", "components", ""])
def test_a_checkout_leaves_it_to_the_project(folder: str) -> None:
    """There, Pulumi.yaml names the provider by its path."""
    assert plugin_beside(folder) == {}
