"""Arguments of a service that are wrong, and what is said about each: the same words for a stack's settings,
a Python program, a YAML program and the component package."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ROWS = json.loads(Path(__file__).with_suffix(".json").read_text())
WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    name: (row["wrong"], row["says"]) for name, row in _ROWS.items()
}
"""Arguments in the words of the package's schema, beside a right location, and the problem."""
RIGHT: Mapping[str, Mapping[str, Any]] = {name: row["right"] for name, row in _ROWS.items()}
"""What somebody writes instead who reads no more than that."""
VAULT_ID = str(WRONG["the tier of a vault that exists"][0]["vault"]["id"])


def snake_case(args: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as a Python program has them."""
    return {
        re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name): value
        if name == "tags"
        else _snake_case_within(value)
        for name, value in args.items()
    }


def _snake_case_within(value: Any) -> Any:
    if isinstance(value, list):
        return [_snake_case_within(one) for one in value]
    return snake_case(value) if isinstance(value, Mapping) else value
