"""Writes the documentation of the settings: `python -m settings`."""

import json
from pathlib import Path

from settings.documentation import page, schema

DOCS = Path(__file__).resolve().parents[1] / "docs"

if __name__ == "__main__":
    DOCS.mkdir(exist_ok=True)
    (DOCS / "settings.md").write_text(page(), encoding="utf-8")
    (DOCS / "settings.schema.json").write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
