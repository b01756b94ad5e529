"""The documentation of the settings is that of the settings there are."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from settings.documentation import page, schema

ROOT = Path(__file__).resolve().parents[2]


def test_documents_are_those_that_would_be_made_now() -> None:
    """Who changes a setting runs `python -m settings`."""
    assert (ROOT / "docs/settings.md").read_text() == page()
    assert json.loads((ROOT / "docs/settings.schema.json").read_text()) == schema()


@pytest.mark.parametrize(
    "config",
    [
        {"language-cmk:colour": "red"},
        {"language-cmk:network": {"access": "opn"}},
        {"language-cmk:services": [{"location": "westeurope"}]},
        {"language-cmk:key": {"generation": "two"}},
    ],
)
def test_schema_refuses_what_the_program_refuses(config: dict[str, Any]) -> None:
    """A wrong setting is marked in the editor, before any preview."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": config}, schema())


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
