"""One configured provider instance and its ARM, which has the resource group `rg` in West Europe."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.localazure.standin.driver import GROUP, Engine, RecordingArm, engine_at, stand_in


@pytest.fixture
async def recorded() -> AsyncIterator[tuple[Engine, RecordingArm]]:
    async with stand_in() as (port, opened), engine_at(port) as instance:
        await instance.configure()
        opened[0].resources[GROUP.lower()] = {"id": GROUP, "name": "rg", "location": "westeurope"}
        yield instance, opened[0]


@pytest.fixture
async def engine(recorded: tuple[Engine, RecordingArm]) -> Engine:
    return recorded[0]


@pytest.fixture
async def arm(recorded: tuple[Engine, RecordingArm]) -> RecordingArm:
    return recorded[1]
