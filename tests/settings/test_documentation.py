"""The documentation of the settings is that of the settings there are, and its examples are right by them."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from docs.settings_pages import page, schema
from settings import parse
from settings.parse import SettingsError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [*sorted((ROOT / "docs" / "examples").glob("*.yaml")), *sorted(ROOT.glob("Pulumi.*.yaml"))]


def test_documents_are_those_that_would_be_made_now() -> None:
    """Who changes a setting runs `python -m docs.settings_pages`."""
    assert (ROOT / "docs/settings.md").read_text() == page()
    assert json.loads((ROOT / "docs/settings.schema.json").read_text()) == schema()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("colour", "red"),
        ("network", {"access": "opn"}),
        ("services", [{"location": "westeurope"}]),
        ("key", {"generation": "two"}),
    ],
)
def test_schema_refuses_what_the_program_refuses(setting: str, value: Any) -> None:
    """A wrong setting is marked in the editor, before any preview."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {f"language-cmk:{setting}": value}}, schema())


def test_editors_find_the_schema() -> None:
    """By the first line of each stack's file that is copied, and for Visual Studio Code by a setting that
    covers a stack of any name."""
    (schemas,) = json.loads((ROOT / ".vscode" / "settings.json").read_text()).values()
    ((path, globs),) = schemas.items()
    assert (ROOT / path).samefile(ROOT / "docs" / "settings.schema.json")
    assert any(fnmatch("Pulumi.prod-eu.yaml", one) for one in globs)
    assert not any(fnmatch("Pulumi.yaml", one) for one in globs)
    for name in ("Pulumi.dev.yaml", "Pulumi.prod.example.yaml"):
        first = (ROOT / name).read_text().partition("\n")[0]
        assert first == "# yaml-language-server: $schema=docs/settings.schema.json"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_accepted_by_program_and_editor(example: Path) -> None:
    """What stands in docs/examples/ and beside the program can be copied."""
    document: dict[str, Any] = yaml.safe_load(example.read_text())
    jsonschema.validate(document, schema())
    own = {key: value for key, value in document["config"].items() if key.startswith("language-cmk:")}
    assert parse({key.removeprefix("language-cmk:"): value for key, value in own.items()}).services


def test_an_editor_accepts_what_pulumi_config_set_writes() -> None:
    """Without `--path` a flag is written as text, and with `--secret` a value is an object; both are read."""
    config = {
        "language-cmk:name": {"secure": "v1:abc"},
        "language-cmk:location": "westeurope",
        "language-cmk:protect": "false",
    }
    jsonschema.validate({"config": config}, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {**config, "language-cmk:protect": "perhaps"}}, schema())
    assert not parse({"name": "claims", "location": "westeurope", "protect": "false"}).services[0].protect


def test_an_editor_accepts_a_secret_inside_a_setting() -> None:
    """`pulumi config set --secret --path` encrypts one text in a group, list or service. A flag or number it
    would hand over as text, which the program refuses, too."""
    secret = {"secure": "v1:abc"}
    config = {
        "language-cmk:location": "westeurope",
        "language-cmk:network": {"access": secret},
        "language-cmk:vault": {"keyOperators": [secret]},
        "language-cmk:tags": {"owner": secret},
        "language-cmk:services": [{"name": secret, "vault": {"name": secret}}],
    }
    jsonschema.validate({"config": config}, schema())
    for group in ({"key": {"generation": secret}}, {"audit": {"newWorkspace": secret}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(
                {"config": {f"language-cmk:{key}": one for key, one in group.items()}}, schema()
            )
    for wrong in ({"key": {"generation": "2"}}, {"audit": {"newWorkspace": "false"}}):
        with pytest.raises(SettingsError):
            parse({"name": "claims", "location": "westeurope", **wrong})
