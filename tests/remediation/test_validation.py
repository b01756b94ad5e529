"""What Azure's validation leaves out: the update fails as Azure refuses, and the next one finishes it."""

from __future__ import annotations

import pytest

from localazure import limits
from tests.remediation.world import GROUP, World

ACCOUNT = f"{GROUP}/Microsoft.CognitiveServices/accounts/lang-claims"
STORAGE = f"{GROUP}/Microsoft.Storage/storageAccounts/stclaims"
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


def test_a_change_that_it_refuses_is_told_before_anything_is_written() -> None:
    """Updates are judged as creates are."""
    world = World("access policies")
    assert world.up() == ""
    assert world.up() == ""
    gone = limits.Limit(limits.TYPE, "Microsoft.CognitiveServices/accounts", "westeurope")
    limits.put(world.wire.door.cloud, gone)
    world.declare({"tags": {"changed": "yes"}})
    assert "Azure would refuse account 'lang-claims'" in world.preview()
    assert "nothing was made or changed" in world.up()


def test_an_update_is_validated_with_what_it_repeats() -> None:
    """Somebody linked storage, and Azure refuses a write without it: the template says it, as the write."""
    world = World("access policies")
    world.wire.door.cloud.behave(put_without_user_owned_storage="refused")
    assert world.up() == ""
    assert world.up() == ""
    storage = {
        "location": "westeurope",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        "properties": {},
    }
    assert world.wire.door.send("PUT", f"{STORAGE}?api-version=2023-05-01", storage).status < 300
    linked = {"properties": {"userOwnedStorage": [{"resourceId": STORAGE}]}}
    assert world.wire.door.send("PATCH", f"{ACCOUNT}?api-version=2025-06-01", linked).status < 300
    world.wire.door.cloud.clock.advance(3600)
    world.declare({"tags": {"changed": "yes"}})
    assert world.up() == ""
