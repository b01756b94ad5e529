"""Imports run down among the guards, too."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.stack import ROOT

GUARDS = ROOT / "components" / "guards"
DOWN = (
    "reader",
    "rules",
    "plan",
    "existing_resources",
    "drift",
    "access",
    "grants",
    "situation",
    "key_place",
    "soft_deleted",
    "data_loss",
    "recorded_state",
)
"""Each may import those after it."""
ABOVE = {"planned", "preflight", "service", "service_key", "service_parts"}
"""What composes a service, and therefore stands above the guards."""


def imported(path: str) -> Iterator[str]:
    """The modules of the guards that a module imports."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "components.guards":
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("components.guards."):
            yield str(node.module).rpartition(".")[2]


def test_imports_run_down() -> None:
    """Among the guards, and from nothing below them."""
    assert {path.stem for path in GUARDS.glob("*.py")} == {"__init__", *DOWN}
    for number, name in enumerate(DOWN):
        assert {*imported(f"components/guards/{name}.py")} <= {*DOWN[number + 1 :]}, name
    users = {
        path.stem for path in (ROOT / "components").glob("*.py") if [*imported(f"components/{path.name}")]
    }
    assert users == ABOVE
