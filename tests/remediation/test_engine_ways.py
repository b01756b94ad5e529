"""Ways out on the real engine that take a state which the engine in this process does not have: what waits to
be deleted, and a project that does not refresh."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import resource_types
from tests.lifecycle import outsider
from tests.lifecycle.crashes import ACCOUNT
from tests.remediation.engine_world import EngineWorld, standing
from tests.remediation.following import Way
from tests.remediation.world import API, bound_version_expires, identity_anew
from tests.support.cloud import documents
from tests.support.crash import Bookmark, Moment

pytestmark = [pytest.mark.engine, pytest.mark.long]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EngineWorld, Bookmark]]:
    with standing(tmp_path_factory.mktemp("ways"), "access policies") as found:
        yield found


@pytest.fixture
def world(made: tuple[EngineWorld, Bookmark]) -> EngineWorld:
    """A stack that stands, in a project that does not refresh."""
    world, bookmark = made
    bookmark.restore()
    world.settings, world.flags = world.first_settings(), ()
    world.named.clear()
    return world


def test_a_replacement_that_failed_is_finished_before_it_is_reverted(world: EngineWorld) -> None:
    """The old account waits in the state to be deleted, where no program sees it. The new one is protected by
    the update after the replacement, as that says."""
    before = dict(world.settings)
    world.settings["replaceAccount"] = "lang-claims"
    assert world.up() == ""
    world.named.add("replaceAccount")
    world.settings.update(kind="AIServices", sku="S0")
    refused = {"status": 403, "code": "RequestDisallowedByPolicy", "times": 0}
    world.azure.control("/faults", {"host": "arm", "method": "PATCH", "path": ACCOUNT, **refused})
    world.up()
    world.azure.control("/faults", method="DELETE")
    forward = dict(world.settings)
    world.settings = {**before, "replaceAccount": "aif-claims"}
    said = world.up()
    assert "'lang-claims' exists at" in said
    way = Way(world, change=forward)
    way.follow(said)
    assert way.steps[0] == "forward"
    accounts = [one["body"]["name"] for one in documents(world.azure, "account")]
    assert accounts == ["aif-claims"]
    assert world.up() == ""
    protected = {one["type"] for one in world.resources() if one.get("protect")}
    assert protected >= {resource_types.ACCOUNT, resource_types.BINDING}
    assert "unprotect" in world.run("destroy", "--yes", "--skip-preview")


def test_an_account_that_was_bound_elsewhere_is_bound_back_before_a_rotation(world: EngineWorld) -> None:
    """An update sees nothing of it without a refresh."""
    outsider.bind_elsewhere(world.judge)
    bound = world.judge.bound_version()
    before = dict(world.settings)
    world.settings["key"] = {"generation": 2}
    way = Way(world, lambda: world.settings.update(before))
    way.follow()
    assert way.steps == ["generation as it was, then again"]
    assert world.judge.bound_version() == world.judge.versions()[-1] != bound


def test_a_grant_in_the_place_of_another_is_taken_over(world: EngineWorld) -> None:
    """An update made it and was killed before it was recorded, and the state has the former identity's."""
    identity_anew(world)
    world.killed([Moment("write", "PUT", host="arm", answered=True)])
    assert world.judge.reads_data()
    way = Way(world)
    way.follow()
    assert way.steps == ["cancel"]
    assert world.judge.reads_data()
    assert world.run("up", "--yes", "--skip-preview", "--expect-no-changes") == ""


def test_under_the_pack_a_key_that_has_expired_is_rotated(world: EngineWorld) -> None:
    """A refresh has found the date, which the program does not state."""
    world.flags = ("--policy-pack", "policies")
    bound_version_expires(world)
    world.refresh()
    for change in ({"key": {"generation": 2}}, {"tags": {"owner": "night"}}):
        world.settings.update(change)
        assert world.up() == ""
    assert world.judge.bound_version() == world.judge.versions()[-1]
    assert world.judge.arm("GET", world.account_id, API["accounts"])["tags"] == {"owner": "night"}


def test_under_the_pack_an_identity_that_was_made_anew_takes_a_refresh(world: EngineWorld) -> None:
    """The update gives it access, but the state has the former one until then, which is all that the pack
    sees."""
    world.flags = ("--policy-pack", "policies")
    identity_anew(world)
    said = world.up()
    assert "and the state has another identity for claims-binding" in said
    assert world.judge.reads_data()
    way = Way(world)
    way.follow(said)
    assert way.steps == ["refresh"]
    assert world.up() == ""
