"""Access that is revoked, given back, or gone with its identity: what is printed leads out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.remediation.following import Way
from tests.remediation.world import (
    EVERYDAY,
    OTHER_VAULT,
    VAULT_ID,
    World,
    each_mode,
    identity_anew,
    make_other_vault,
    tags,
)
from tests.support.az import carry_out
from tests.support.local_deployment import Deployment


@pytest.mark.parametrize("before_refresh", [False, True])
@each_mode
def test_access_is_given_back_for_real(mode: str, *, before_refresh: bool) -> None:
    """After an update that took it away and then failed, the state still has the grant. Without a refresh, no
    update ends well while the data is out of reach; with the one that is printed, it can be read again."""
    world = World(mode)
    world.engine.before_refresh = before_refresh
    assert world.up() == ""
    world.settings.update(access="revoked", location="northeurope")
    assert "does not wait for these" in world.up()
    assert not world.readable
    del world.settings["location"]
    world.settings["access"] = "granted"
    for _ in range(2):
        assert "run `pulumi refresh` first" in world.up()
        assert not world.readable
    way = Way(world)
    way.follow()
    assert "refresh" in way.steps
    assert world.readable
    way.follow()
    assert world.up() == ""
    assert world.engine.operations == []


@each_mode
def test_access_and_another_key_are_given_beside_other_changes(mode: str) -> None:
    """The grant of the key in use, or of its whole vault, comes before any write of the account."""
    world = World(mode)
    assert world.up() == ""
    world.settings["access"] = "revoked"
    assert world.up() == ""
    key, other = world.settings.get("key", {}), {"name": "second"}
    world.settings |= {"access": "granted", "key": other, "tags": {"owner": "night"}}
    way = Way(world, lambda: world.settings.update(key=key))
    way.follow()
    world.settings["key"] = other
    for _ in range(2):
        assert world.up() == ""
    assert tags(world) == "night"
    assert world.readable


def test_changes_that_wait_for_access_are_told() -> None:
    """In the preview: a tag of the account comes one update after its access."""
    deployment = Deployment()
    service: dict[str, Any] = {"audit": {"new_workspace": False}}
    for access in ("granted", "revoked"):
        deployment.up({"claims": {**service, "access": access}})
    deployment.preview({"claims": {**service, "access": "granted", "tags": {"owner": "night"}}})
    assert any("changes of the account, if any, wait for the next update" in one for one in deployment.notes)


@pytest.mark.parametrize("write", range(1, 9))
@pytest.mark.parametrize("mode", EVERYDAY)
def test_a_way_back_that_was_cut_off_leads_out(mode: str, write: int) -> None:
    """Vault and account come back from soft delete, and the update after that is killed after one of its
    writes: also before the account's identity has access again."""
    world = World(mode)
    assert world.up() == ""
    bound = len(world.history())
    world.engine.destroy()
    world.wait()
    assert carry_out(world.wire.door, re.sub("`az [^`]* purge [^`]*`", "", world.up())) == 3
    world.up_cut_off(write, arrives=True, stays=True)
    Way(world).follow()
    assert world.is_bound
    assert world.readable
    assert world.unbound_moments(bound) == []


@pytest.mark.parametrize("write", [1, 2, 3])
@pytest.mark.parametrize("change", ["another key", "another vault", "another identity"])
@pytest.mark.parametrize("mode", ["access policies", "Azure RBAC"])
def test_a_grant_in_the_place_of_another_is_taken_over(mode: str, change: str, write: int) -> None:
    """An update made it and was killed before it was recorded, or was killed before. The state has the former
    one, so that nothing could be imported: of access policies, the next update takes the one for the other,
    and takes the former away; a role is taken in by `operate recover`, as is printed. A key that was made in
    another vault is declared by its id. The role of an identity that is gone stays then."""
    world = World(mode)
    assert world.up() == ""
    vault = VAULT_ID
    if change == "another key":
        world.settings["key"] = {"name": "third"}
    elif change == "another vault":
        vault = OTHER_VAULT
        make_other_vault(world)
        world.settings["vault"] = {"id": vault}
    else:
        identity_anew(world)
    world.up_cut_off(write, arrives=True, stays=True)
    way = Way(world)
    for _ in range(3):
        way.follow()
    role = [] if mode == "access policies" else ["import claims-access"]
    expected = {
        ("another vault", 1): ["without key.name", f"key.id: {vault}/keys/cmk-claims"],
        ("another vault", 3): role,
        ("another key", 3): role,
        ("another identity", 1): role,
    }
    assert way.steps == expected.get((change, write), [])
    assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []
    granted = world.arm("GET", vault)["properties"]["accessPolicies"]
    assigned = [one for _, one in world.wire.door.cloud.store.scan("roleAssignment", vault.lower())]
    users = [*(one["objectId"] for one in granted)]
    users += [one["body"]["properties"]["principalId"] for one in assigned]
    now = world.arm("GET", world.account_id)["identity"]["principalId"]
    assert [one for one in users if change != "another identity" or one == now] == [now]


@pytest.mark.parametrize("refreshes", [False, True])
def test_late_reads_take_no_access_for_removed(*, refreshes: bool) -> None:
    """Every other read is late: the first look shows no key, and the second, which reads the vault for the
    first time, no access. Neither is believed, because they do not say the same."""
    world = World("access policies", refreshes)
    world.wire.door.cloud.behave(read_lag_seconds=30.0, lagging_reads="every_other")
    Way(world).follow()
    assert world.up() == ""
    assert world.readable


@pytest.mark.parametrize("mode", ["access policies", "user-assigned identity"])
def test_a_foundry_account_is_kept_from_another_vault_before_anything_is_written(mode: str) -> None:
    """The preview tells it, and the update makes neither a key nor access there."""
    world = World(mode, settings={"kind": "AIServices"})
    assert world.up() == ""
    make_other_vault(world)
    world.settings["vault"] = {"id": OTHER_VAULT}
    for said in (world.preview(), world.up()):
        assert "only takes other keys of its vault" in said
        assert "nothing was made or changed" in said
    assert world.engine.operations == []
