"""The examples are right by the settings' own rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from settings import parse
from settings.documentation import schema

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "docs" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_accepted_by_program_and_editor(example: Path) -> None:
    """What stands in docs/examples/ can be copied."""
    document: dict[str, Any] = yaml.safe_load(example.read_text())
    jsonschema.validate(document, schema())
    assert parse(
        {key.removeprefix("language-cmk:"): value for key, value in document["config"].items()}
    ).services
