"""A service whose account follows its key by itself: `key.version: automatic`."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.cognitive import data
from tests.remediation.world import World
from tests.support.az import carry_out

KEY = "cmk-claims"


@pytest.fixture(params=["none", "resolved"])
def world(request: pytest.FixtureRequest) -> World:
    """Under each answer to what Azure shows as the version of a binding that names none."""
    settings = {
        "kind": "AIServices",
        "key": {"version": "automatic"},
        "vault": {"key_operators": ["deployer"]},
    }
    world = World("access policies", refreshes=True, settings=settings)
    world.wire.door.cloud.behave(versionless_key_shown=request.param)
    return world


def used_version(world: World) -> str:
    """The version that the data is under."""
    return str(world.account.wrapping["keyVersion"])


def read_data(world: World) -> None:
    """A use of the data, with which the account follows its key."""
    assert world.readable
    data.follow_key(world.wire.door.cloud, world.account, "judge")
    assert world.readable


def test_a_whole_life(world: World) -> None:
    """Bound without a version; a version that somebody makes is used by itself, and no update has anything to
    do; revoked, restored, pinned and automatic again, never off the key."""
    assert world.up() == ""
    assert (world.is_bound, world.bound_version) == (True, "")
    since = len(world.history())
    (first,) = world.versions()
    assert used_version(world) == first

    world.rotate(KEY)
    read_data(world)
    (newest,) = {*world.versions()} - {first}
    assert used_version(world) == newest
    assert world.up() == ""
    assert [one for one in world.engine.operations if "CustomerManagedKey" in one] == []
    assert world.bound_version == ""

    world.set("tags", {"team": "claims"})
    assert world.up() == ""
    assert world.bound_version == ""
    assert world.must_up() == []

    world.set("generation", 1)
    assert world.up() == ""
    assert len(world.versions()) == 3
    assert [one for one in world.engine.operations if "CustomerManagedKey" in one] == []
    read_data(world)
    assert used_version(world) == [*world.versions()][-1]

    world.set("revokeAccount", "aif-claims")
    world.set("access", "revoked")
    assert world.up() == ""
    assert not world.readable
    world.set("access", "granted")
    assert world.up() == ""
    assert world.readable

    world.set("key.version", "pinned")
    assert world.up() == ""
    assert world.bound_version == [*world.versions()][-1]
    world.set("key.version", "automatic")
    assert world.up() == ""
    assert (world.readable, world.bound_version) == (True, "")
    assert world.unbound_moments(since) == []


def test_bound_in_its_create() -> None:
    """Bound by a user-assigned identity: without a version from the account's create on."""
    settings = {"kind": "AIServices", "key": {"version": "automatic"}}
    world = World("user-assigned identity", refreshes=True, settings=settings)
    assert world.up() == ""
    assert (world.is_bound, world.bound_version) == (True, "")
    world.rotate(KEY)
    read_data(world)
    assert used_version(world) == [*world.versions()][-1]
    assert world.up() == ""
    assert [one for one in world.engine.operations if "Account" in one] == []
    for version in ("pinned", "automatic"):
        world.set("key.version", version)
        assert world.up() == ""
        assert world.bound_version == ("" if version == "automatic" else [*world.versions()][-1])
        assert world.readable
        assert world.must_up() == []


def rebind(world: World, version: str) -> None:
    """As the portal does, which asks for no version."""
    encryption: Any = world.account.encryption
    key = {**encryption["keyVaultProperties"], "keyVersion": version}
    body = {"properties": {"encryption": {**encryption, "keyVaultProperties": key}}}
    world.arm("PATCH", world.account_id, body)
    world.arm("GET", world.account_id)


@pytest.mark.parametrize("world", ["none"], indirect=True)
@pytest.mark.parametrize("declared", ["pinned", "automatic"])
def test_the_other_way_of_binding_is_drift(world: World, declared: str) -> None:
    """Somebody binds the account without its version, or to one: the next update binds it as declared, where
    Azure shows the difference."""
    world.set("key.version", declared)
    assert world.up() == ""
    (version,) = world.versions()
    wanted = {"pinned": version, "automatic": ""}
    rebind(world, {"pinned": "", "automatic": version}[declared])
    assert world.bound_version != wanted[declared]
    assert world.up() == ""
    assert "update azure-cmk:index:CustomerManagedKey (keyUriWithVersion)" in world.engine.operations
    assert world.bound_version == wanted[declared]
    assert world.must_up() == []


@pytest.mark.parametrize("disabled", [True, False])
def test_the_newest_that_can_be_used_is_bound(world: World, disabled: bool) -> None:
    """The newest version was disabled, or has expired: an account that is to follow its key uses the one
    before it, as pinned ones do, and nobody is told to enable what somebody disabled."""
    assert world.up() == ""
    (first,) = world.versions()
    world.set("key.version", "pinned")
    assert world.up() == ""
    world.rotate(KEY)
    (newest,) = {*world.versions()} - {first}
    if disabled:
        key = f"https://kv-claims.vault.azure.net/keys/{KEY}/{newest}"
        carry_out(world.wire.door, f"az keyvault key set-attributes --id {key} --enabled false")
    else:
        world.expire(KEY, newest)
    world.set("key.version", "automatic")
    assert world.up() == ""
    read_data(world)
    assert (world.bound_version, used_version(world)) == ("", first)
