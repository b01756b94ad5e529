"""Key versions that have expired or are disabled: what is printed leads to one that can be used."""

from __future__ import annotations

import pytest

from tests.remediation.following import Way
from tests.remediation.world import (
    World,
    account_deleted,
    bound_version_expires,
    each_mode,
    tags,
)
from tests.support.az import carry_out


def test_an_account_recovered_on_an_expired_version() -> None:
    """The version is what the state has, so that only the binding refuses it."""
    world = World("access policies", refreshes=True)
    assert world.up() == ""
    before = world.account
    assert before is not None
    bound_version_expires(world)
    account_deleted(world)
    way = Way(world)
    way.follow()
    assert way.steps[:2] == ["softDeleted: recover", "rotate cmk-claims"]
    assert world.account is not None
    assert world.account.internal_id == before.internal_id
    assert world.readable


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


@pytest.mark.parametrize("generation", [None, 2])
def test_a_key_that_has_expired_is_rotated_before_it_is_bound(generation: int | None) -> None:
    """A higher generation makes no version of a key that the account is only about to get: the command that
    does is printed, and where the key can be used, that none is made."""
    world = World("access policies", settings={"vault": {"key_operators": ["deployer"]}})
    assert world.up() == ""
    world.settings["key"] = {"name": "second"}
    assert world.up() == ""
    world.expire("cmk-claims", next(iter(world.versions("cmk-claims"))))
    world.settings["key"] = {"name": "cmk-claims", **({"generation": generation} if generation else {})}
    way = Way(world)
    way.follow()
    assert way.steps == ["rotate cmk-claims"]
    assert any("and none is made" in one for one in world.engine.warnings) is bool(generation)
    assert world.readable
    assert len(world.versions("cmk-claims")) == 2
    for _ in range(2):  # without a refresh, the first one brings the key into the state
        assert world.up() == ""
    assert world.engine.operations == []


@pytest.mark.parametrize("how", ["expired", "disabled"])
@each_mode
def test_a_change_under_a_version_that_cannot_be_used_leads_out(mode: str, how: str) -> None:
    """Azure refuses the write of the account, and the update says so. As printed, the version is made usable,
    and the change made."""
    world = World(mode, settings={"vault": {"key_operators": ["deployer"]}})
    assert world.up() == ""
    if how == "disabled":
        uri = world.history()[-1]["keyUri"]
        assert carry_out(world.wire.door, f"az keyvault key set-attributes --id {uri} --enabled false") == 1
        assert not world.readable
    else:
        bound_version_expires(world)
    world.settings["tags"] = {"owner": "night"}
    refused = world.up()
    assert "the version that the account is bound to has expired or is disabled" in refused
    assert tags(world) is None
    way = Way(world)
    way.follow(refused)
    assert way.steps == ["refresh", "usable again"]
    assert tags(world) == "night"
    assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []


def test_a_closed_vault_rotates_by_itself() -> None:
    """That needs no reach, and the next update binds the version."""
    world = World("access policies", settings={"network": {"access": "closed"}, "key": {"generation": 1}})
    assert world.up() == ""
    world.wire.sleep(86_400 * 541)
    world.engine.refresh()
    assert world.up() == ""
    assert any("CustomerManagedKey" in one for one in world.engine.operations)
