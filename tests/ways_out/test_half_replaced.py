"""A replacement that failed half-way, whose settings are then put back as they were: the way on is told, and
leads out, until the new account is protected. On the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import resource_types
from core.resource_types import BINDING
from tests.lives.crashes import ACCOUNT
from tests.support.cloud import documents
from tests.ways_out.engine_world import standing
from tests.ways_out.following import Way

pytestmark = pytest.mark.engine


def test_a_replacement_that_failed_is_finished_before_it_is_reverted(tmp_path: Path) -> None:
    """The old account waits in the state to be deleted, where no program sees it."""
    with standing(tmp_path, "Azure RBAC") as (world, _):
        before = dict(world.settings)
        world.settings["replaceAccount"] = "lang-claims"
        assert world.up() == ""
        world.named.add("replaceAccount")
        world.settings.update(kind="AIServices", sku="S0")
        refused = {"status": 403, "code": "RequestDisallowedByPolicy", "times": 0}
        world.azure.control("/faults", {"host": "arm", "method": "PATCH", "path": ACCOUNT, **refused})
        said = world.up()
        assert "'aif-claims' takes the place of 'lang-claims', and is not protected yet" in said
        world.azure.control("/faults", method="DELETE")
        forward = dict(world.settings)
        world.settings.clear()
        world.settings.update(before, replaceAccount="aif-claims")
        said = world.up()
        assert "'lang-claims' exists at" in said
        way = Way(world, change=forward)
        way.follow(said)
        assert way.steps[0] == "forward"
        accounts = [one["body"]["name"] for one in documents(world.azure, "account")]
        assert accounts == ["aif-claims"]
        world.judge.account_name = "aif-claims"
        assert world.judge.bound_version()
        # Once more, as the replacement says; the setting may stay.
        assert world.up() == ""
        assert {one["type"] for one in world.resources() if one.get("protect")} >= {
            resource_types.ACCOUNT,
            BINDING,
        }
        assert "unprotect" in world.run("destroy", "--yes", "--skip-preview")
