"""Key versions that have expired or are disabled: what is printed leads to one that can be used."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.az import carry_out
from tests.support.managed_hsm import make_hsm
from tests.ways_out.following import Way
from tests.ways_out.world import (
    API,
    EXISTING_VAULT,
    GROUP,
    OTHER_VAULT,
    World,
    account_deleted,
    bound_version_expires,
    each_mode,
    make_other_vault,
    tags,
)


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
    assert way.steps == ["softDeleted: recover", "rotate cmk-claims"]
    assert world.account is not None
    assert world.account.internal_id == before.internal_id
    assert world.readable
    world.close()


@each_mode
def test_access_comes_back_though_the_version_has_expired(mode: str) -> None:
    """Nobody waits for a proof that the service could not give: the next version is bound, as is printed."""
    world = World(mode, settings={"vault": {"key_operators": ["deployer"]}})
    assert world.up() == ""
    bound_version_expires(world)
    for access in ("revoked", "granted"):
        world.settings["access"] = access
        began = world.wire.now()
        assert world.up() == ""
        assert world.wire.now() - began < 600
    world.settings["key"] = {"generation": 1}
    assert world.up() == ""
    assert world.readable
    world.close()


def test_a_version_has_expired_when_it_has_by_azures_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's is 20 minutes behind, by which the version is still good: an account with another tag is
    not sent, for Azure would refuse it, and the update says why."""
    world = World("access policies")
    assert world.up() == ""
    world.wire.sleep(1200.0)
    monkeypatch.setattr("tests.ways_out.world.LONG_AGO", time.time() + 600.0)
    bound_version_expires(world)
    world.settings["tags"] = {"team": "claims"}
    began = world.wire.now()
    assert world.up() == ""
    assert world.wire.now() - began < 200
    assert "tags" not in world.arm("GET", world.account_id)
    world.close()


HSM = f"{GROUP}/Microsoft.KeyVault/managedHSMs/hsm-claims"


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
    assert world.up() == ""
    assert world.engine.operations == []
    world.close()


@pytest.mark.parametrize(("assumed", "status"), [("refused", 400), ("taken", 202)])
@each_mode
def test_changes_wait_for_a_version_that_is_enabled(mode: str, assumed: str, status: int) -> None:
    """Nothing of the data can be read. As printed, the version is enabled, and the change made. Also where
    Azure would take the write, as it does of a client that sends it."""
    world = World(mode)
    world.wire.door.cloud.behave(same_key_again=assumed)
    assert world.up() == ""
    uri = world.history()[-1]["keyUri"]
    assert carry_out(world.wire.door, f"az keyvault key set-attributes --id {uri} --enabled false") == 1
    assert not world.readable
    world.settings["tags"] = {"owner": "night"}
    assert world.up() == ""
    (told,) = [one for one in world.engine.warnings if "changes to it wait:" in one]
    assert tags(world) is None
    live = world.arm("GET", world.account_id)
    again = {"properties": {"encryption": live["properties"]["encryption"]}}
    url = f"https://management.azure.com{world.account_id}?api-version={API['accounts']}"
    assert world.session.send("PATCH", url, again).status == status
    world.wait()
    assert carry_out(world.wire.door, told) == 1
    assert world.up() == ""
    assert tags(world) == "night"
    assert world.readable
    world.close()


@pytest.mark.parametrize("meanwhile", ["nothing newer", "the vault rotated", "it is pinned"])
@each_mode
def test_changes_wait_for_a_version_that_can_be_used(mode: str, meanwhile: str) -> None:
    """The bound version has expired, and Azure refuses every write of the account. Nothing fails or is waited
    for: the update says what binds another version, and once that is done the change is made. In one phase
    the write itself binds one that is there."""
    world = World(mode, settings={"vault": {"key_operators": ["deployer"]}})
    assert world.up() == ""
    account = world.account
    assert account is not None
    bound = (account.key_vault_properties or {})["keyVersion"]
    if meanwhile == "it is pinned":
        world.settings["key"] = {"pin": bound}
        assert world.up() == ""
    if meanwhile != "nothing newer":
        world.wire.sleep(86_400 * 541)
    bound_version_expires(world)
    world.settings["tags"] = {"owner": "night"}
    assert world.up() == ""
    told = "".join(one for one in world.engine.warnings if "changes to it wait:" in one)
    waits = meanwhile != "the vault rotated" or mode != "user-assigned identity"
    assert (f"the key version {bound} expired" in told) is waits
    assert tags(world) == (None if waits else "night")
    if meanwhile == "nothing newer":
        assert "set key.generation: 1" in told
        world.settings["key"] = {"generation": 1}
    elif meanwhile == "it is pinned":
        assert "remove key.pin" in told
        del world.settings["key"]
    elif waits:
        assert "the next update applies them" in told
    assert world.up() == ""
    if meanwhile == "nothing newer":
        # Nobody is told to raise a generation that has just been raised.
        assert "set key.generation" not in "".join(world.engine.warnings)
    assert world.up() == ""
    assert tags(world) == "night"
    assert world.readable
    assert world.up() == ""
    assert (world.engine.operations, world.engine.warnings) == ([], [])
    world.close()


@pytest.mark.parametrize("to", ["another key", "another vault", "no key"])
@each_mode
def test_changes_wait_while_an_account_leaves_an_expired_version(mode: str, to: str) -> None:
    """In two phases it is still under that version when its own changes come; in one phase it is written with
    the other key, or none."""
    world = World(mode)
    assert world.up() == ""
    if to == "another vault":
        make_other_vault(world)
    changes: dict[str, Any] = {
        "another key": {"key": {"name": "third"}},
        "another vault": {"vault": {"id": OTHER_VAULT}},
        "no key": {"encryption": "microsoftManaged", "unbind_account": "lang-claims"},
    }
    if mode == EXISTING_VAULT and to == "no key":
        changes[to]["vault"] = {"id": world.vault_id}
    bound_version_expires(world)
    world.settings |= {"tags": {"owner": "night"}, **changes[to]}
    assert world.up() == ""
    told = "".join(one for one in world.engine.warnings if "changes to it wait:" in one)
    waits = mode != "user-assigned identity"
    assert ("the next update applies them, once the account is off that key" in told) is waits
    assert world.up() == ""
    assert world.engine.warnings == []
    assert tags(world) == "night"
    assert world.is_bound is (to != "no key")
    assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []
    world.close()


@pytest.mark.parametrize("expired", [False, True])
def test_changes_wait_for_a_version_in_a_managed_hsm_too(*, expired: bool) -> None:
    """Its answer about a key says nothing of dates: the bound version is looked at by itself."""
    hsm = HSM.replace("rg-claims", "rg-other")
    world = World("access policies", settings={"key": {"id": f"{hsm}/keys/cmk"}})
    world.wire.door.group("rg-other")
    make_hsm(world.wire.door, hsm)
    assert world.up() == ""
    if expired:
        bound_version_expires(world)
    world.settings["tags"] = {"owner": "night"}
    assert world.up() == ""
    assert any("changes to it wait: set key.generation: 1" in one for one in world.engine.warnings) is expired
    assert tags(world) == (None if expired else "night")
    world.close()


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
    world.close()


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
    world.close()
