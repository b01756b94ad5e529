"""A rule of names of one's own on a live stack: what is renamed, what keeps its name, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.remediation.world import World

CAF: Mapping[str, str] = {
    "identity": "id-{service}-{location}",
    "workspace": "log-{service}-{location}",
    "diagnostic_setting": "diag-{service}",
    "lock": "lock-{service}-{target}",
}
SETTINGS: Mapping[str, Any] = {
    "lock": "CanNotDelete",
    "audit": {"new_workspace": True},
}


@pytest.fixture
def world() -> World:
    """A stack with a user-assigned identity, and locks, under the default names."""
    made = World("user-assigned identity", settings=dict(SETTINGS))
    assert made.up() == ""
    return made


def names_in_azure(world: World) -> set[str]:
    """The names of what the stack has."""
    return {held.id.rpartition("/")[2] for held in world.engine.state.values()}


def test_what_would_be_made_anew_keeps_its_name_and_says_so(world: World) -> None:
    """Identity, workspace, locks and diagnostic settings are not renamed."""
    world.settings["names"] = {**CAF}
    assert world.up() == ""
    assert world.engine.operations == []
    assert {"id-claims", "log-claims"} <= names_in_azure(world)
