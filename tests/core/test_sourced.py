"""The facts of core, and the page that is made of them."""

from __future__ import annotations

from pathlib import Path

from core.__main__ import facts, page
from core.sourced import Standing
from localazure.behaviour import SWITCHES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "azure-facts.md"
SWITCH_NAMES = {switch.name for switch in SWITCHES}


def test_the_page_is_the_one_that_would_be_made_now() -> None:
    """Who changes a fact runs `python -m core`."""
    assert PAGE.read_text() == page()


def test_each_fact_can_be_checked() -> None:
    """One sentence with a source; a switch that exists, and one for each fact that is only assumed."""
    for module, stated in facts():
        for fact in stated:
            where = f"core/{module}.py: {fact.text}"
            assert fact.text.endswith("."), where
            assert "|" not in fact.text, where
            assert fact.source, where
            assert not fact.source.startswith("http"), where
            assert not fact.switch or fact.switch in SWITCH_NAMES, where
            assert fact.switch or fact.standing is not Standing.ASSUMED, where
