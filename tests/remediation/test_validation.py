"""What Azure's validation leaves out: the update fails as Azure refuses, and the next one finishes it."""

from __future__ import annotations

import pytest

from localazure import limits
from tests.remediation.world import World

QUOTA = limits.Limit(limits.QUOTA, "TextAnalytics/S", "westeurope")


@pytest.mark.parametrize("mode", ["access policies", "user-assigned identity"])
@pytest.mark.parametrize("covers", ["template", "refused"])
def test_what_it_does_not_cover_leaves_nothing_half_made(covers: str, mode: str) -> None:
    """The preview finds nothing to refuse, the update is refused in Azure's words, and once there is room the
    same update makes what is missing."""
    world = World(mode)
    cloud = world.wire.door.cloud
    cloud.behave(validate_covers=covers)
    limits.put(cloud, QUOTA, 0)
    assert world.preview() == ""
    assert "InsufficientQuota" in world.up()
    limits.put(cloud, QUOTA, 1)
    assert world.up() == ""
    assert world.up() == ""
    last = world.history()[-1]
    assert (last["keySource"], last["readable"]) == ("Microsoft.KeyVault", True)


def test_what_it_covers_is_refused_before_anything_is_written() -> None:
    """As validation is documented."""
    world = World("access policies")
    limits.put(world.wire.door.cloud, QUOTA, 0)
    assert "InsufficientQuota" in world.preview()
    assert "InsufficientQuota" in world.up()
    assert [id for id, _ in world.wire.door.cloud.store.scan("group") if id.endswith("rg-claims")] == []
