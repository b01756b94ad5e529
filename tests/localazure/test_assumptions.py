"""The tables of switches and of routes: documented as they are. A switch has the values it names and no
others."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from localazure.behaviour import SWITCHES, Behaviour, Switch, changed, restored
from tests.localazure import pages

PACKAGE = Path(__file__).parents[2] / "localazure"


@pytest.mark.parametrize("page", ["assumptions.md", "localazure.md"])
def test_document_has_the_rows_there_are(page: str) -> None:
    """Who adds a switch or a route runs `python -m tests.localazure.pages`."""
    document = (pages.DOCS / page).read_text()
    assert pages.made_anew(page, document) == document
    with pytest.raises(ValueError, match="has no"):
        pages.made_anew(page, "# no marks")


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_each_switch_says_what_it_asks_and_takes_its_values(switch: Switch) -> None:
    """A question, a default, each plausible value accepted; what is about Azure has a source and a doubt."""
    assert switch.question.endswith((".", "?"))
    assert bool(switch.source) is bool(switch.otherwise)
    assert getattr(Behaviour(), switch.name) == switch.default
    for value in switch.values:
        assert getattr(changed(Behaviour(), {switch.name: value}), switch.name) == value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("put_without_encryption", "sometimes", "one of ['unbinds', 'keeps', 'refused']"),
        ("defaults_added", 1, "one of [False, True]"),
        ("token_seconds", 1.5, "a whole number of 0 or more"),
        ("read_lag_seconds", -1, "a number of 0 or more"),
        ("failing_operations", 5, "a text"),
    ],
)
def test_fails_for_a_value_that_a_switch_does_not_have(name: str, value: Any, expected: str) -> None:
    """The refusal names the switch, the value and what it takes."""
    with pytest.raises(ValueError, match=name) as caught:
        changed(Behaviour(), {name: value})
    assert repr(value) in str(caught.value)
    assert expected in str(caught.value)


def test_a_memory_of_another_version_can_be_read() -> None:
    """Switches and values that this version does not have are left out."""
    stored = {"gravity": 9.81, "put_without_encryption": "sometimes", "operation_seconds": 5}
    assert restored(stored) == Behaviour(operation_seconds=5)


def test_the_code_asks_for_every_switch_and_for_no_other() -> None:
    """Switches are named in switches.json alone, so that no type checker knows a wrong name."""
    nodes = (node for file in PACKAGE.rglob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    asked = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("behaviour")
    }
    assert asked == vars(Behaviour()).keys()
