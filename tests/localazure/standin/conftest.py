"""One configured provider instance, whose ARM has the resource group `rg` in West Europe."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.localazure.standin.driver import GROUP, Engine, engine_at, stand_in


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with stand_in() as (port, opened), engine_at(port, opened) as instance:
        await instance.configure()
        instance.arm.resources[GROUP.lower()] = {"id": GROUP, "name": "rg", "location": "westeurope"}
        yield instance
