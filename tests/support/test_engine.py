"""The engine in this process does with previews, targets and refreshes what Pulumi's does."""

from __future__ import annotations

import pytest

from core.resource_types import ACCOUNT, BINDING
from localazure import faults
from tests.remediation.world import World
from tests.support.engine import Flags, UpdateError


@pytest.fixture
def world() -> World:
    made = World("access policies")
    assert made.up() == ""
    assert made.up() == ""
    return made


def test_a_preview_says_what_the_update_does_and_writes_nothing() -> None:
    """Of a first update, whose resources have no ids yet."""
    world = World("access policies")
    assert world.preview() == ""
    planned = world.engine.operations
    assert {method for method, _ in world.wire.seen} <= {"GET", "POST"}
    assert world.engine.state == {}
    assert world.up() == ""
    assert sorted(planned) == sorted(world.engine.operations)


def test_an_update_of_targets_leaves_the_rest(world: World) -> None:
    """And a later one without targets makes it."""
    world.settings["tags"] = {"owner": "night"}
    assert world.up(Flags(targets=frozenset(["account"]))) == ""
    assert world.engine.operations == [f"update {ACCOUNT} (tags)"]
    assert world.up(Flags(excludes=frozenset(["vault"]))) == ""
    assert [one.split(" ")[1].rpartition(":")[2] for one in world.engine.operations] == ["ResourceGroup"]
    assert world.up() == ""
    assert [one.split(" ")[1].rpartition(":")[2] for one in world.engine.operations] == ["Vault"]


def test_what_is_to_be_replaced_is_made_before_the_old_one_is_deleted(world: World) -> None:
    """By --replace, though nothing has changed. azure-cmk leaves the account as this update has bound it."""
    assert world.up(Flags(replaces=frozenset(["binding"]))) == ""
    made, deleted = [one for one in world.engine.operations if BINDING in one]
    assert (made.split(" ")[0], deleted.split(" ")[0]) == ("create", "delete")
    assert world.is_bound
    assert world.up() == ""
    assert [one for one in world.engine.operations if BINDING in one] == []


def test_a_refresh_that_fails_ends_the_update(world: World) -> None:
    """Before anything is written."""
    fault = {"host": "arm", "method": "GET", "status": 403, "code": "AuthorizationFailed", "times": 0}
    faults.add_fault(world.wire.door.cloud, fault)
    with pytest.raises(UpdateError, match="AuthorizationFailed"):
        world.engine.up(world.program, refresh=True)
    assert world.engine.operations == []
