"""Key versions that have expired or are disabled: what is printed leads to one that can be used."""

from __future__ import annotations

from tests.remediation.following import Way
from tests.remediation.world import (
    World,
    bound_version_expires,
    each_mode,
)
from tests.support.az import carry_out


@each_mode
def test_access_comes_back_though_the_version_has_expired(mode: str) -> None:
    """Nobody waits for a proof that the service could not give: the next version is bound, after the refresh
    that is printed."""
    world = World(mode, settings={"vault": {"key_operators": ["deployer"]}})
    assert world.up() == ""
    bound_version_expires(world)
    for access in ("revoked", "granted"):
        world.settings["access"] = access
        began = world.wire.now()
        assert world.up() == ""
        assert world.wire.now() - began < 600
    world.settings["key"] = {"generation": 1}
    way = Way(world)
    way.follow()
    assert way.steps in ([], ["refresh"])
    assert world.readable


def test_days_of_rotation_that_change_are_told() -> None:
    """Azure takes them only when it makes a key. Done as it is printed, the vault has them, and nothing is
    told any more."""
    world = World("access policies")
    assert world.up() == ""
    assert world.up() == ""
    assert world.engine.warnings == []
    world.settings["key"] = {"rotates_after_days": 100, "expires_after_days": 200}
    assert world.up() == ""
    (told,) = world.engine.warnings
    assert "key 'cmk-claims' is rotated after P540D and its versions expire after P730D" in told
    assert carry_out(world.wire.door, told) == 1
    assert world.up() == ""
    assert world.engine.warnings == []


def test_a_generation_needs_a_vault_that_is_reached() -> None:
    """With a closed network the warning names the vault's own rotation, which needs no reach, and the next
    update binds it."""
    world = World("access policies", settings={"network": {"access": "closed"}, "key": {"generation": 1}})
    assert world.up() == ""
    (told,) = [one for one in world.engine.warnings if "the vault cannot be reached" in one]
    assert "Leave rotation to the vault (key.rotatesAfterDays)" in told
    world.wire.sleep(86_400 * 541)
    world.engine.refresh()
    assert world.up() == ""
    assert any("CustomerManagedKey" in one for one in world.engine.operations)
