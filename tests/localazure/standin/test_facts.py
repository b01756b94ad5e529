"""Every row of facts.yaml."""

from __future__ import annotations

import pytest

from tests.localazure.standin.driver import Engine, Fact, facts


@pytest.mark.parametrize("fact", facts())
async def test_azure_native(engine: Engine, fact: Fact) -> None:
    """What it asks of ARM in one call of the engine, and what it makes of the answers."""
    await fact.check(engine)
