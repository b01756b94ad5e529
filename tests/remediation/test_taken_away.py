"""What somebody took away stays away, however late Azure's reads are and whatever else an update writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

import pulumi
import pytest

from components.resources.vault import KeyVault
from localazure import seed
from localazure.standin.arm import Arm
from tests.remediation.following import Way
from tests.remediation.taking import lives
from tests.remediation.world import (
    OTHER_VAULT,
    VAULT_ID,
    World,
    close_vault,
    forbid,
    identity_off,
    make_other_vault,
    make_shared_key,
    narrow_grant,
    permit,
    permitted,
    standing,
    take_grant,
)
from tests.support.az import carry_out
from tests.support.engine import UpdateError

SOMEBODY = seed.READER.object_id
GETS = {"keys": ["get"]}
NIGHT = {"owner": "night"}


def late(world: World, **lag: Any) -> None:
    """From now on a read shows for a minute what was there before."""
    world.wire.door.cloud.behave(**{"read_lag_seconds": 60.0, "lagging_reads": "all", **lag})
    world.pause = 0.0


def in_time(world: World) -> None:
    """Reads show again what there is."""
    world.wire.door.cloud.behave(read_lag_seconds=0.0)
    world.pause = 60.0


def make_rbac(world: World) -> None:
    """Access policies count no more."""
    world.arm("PATCH", VAULT_ID, {"properties": {"enableRbacAuthorization": True}})


@pytest.mark.parametrize("mode", ["access policies", "user-assigned identity"])
def test_a_revocation_is_of_the_key_in_use_or_of_none(mode: str) -> None:
    """Somebody has bound the account to a key of another vault, which neither the settings nor the state
    name: the loss of the former key would leave the data readable. What is printed leads out."""
    world = standing(mode)
    bound = world.arm("GET", world.account_id)["properties"]["encryption"]
    policies = world.arm("GET", VAULT_ID)["properties"]["accessPolicies"]
    make_other_vault(world)
    world.arm("PATCH", OTHER_VAULT, {"properties": {"accessPolicies": policies}})
    key_id = f"{OTHER_VAULT}/keys/second"
    make_shared_key(world, key_id)
    uri = world.arm("GET", key_id)["properties"]["keyUriWithVersion"]
    key = {"keyVaultUri": uri.partition("/keys/")[0], "keyName": "second", "keyVersion": uri[-32:]}
    other = {**bound, "keyVaultProperties": {**bound["keyVaultProperties"], **key}}
    world.arm("PATCH", world.account_id, {"properties": {"encryption": other}})
    world.arm("GET", world.account_id)
    world.settings["access"] = "revoked"
    for said in (world.preview(), world.up()):
        assert f"was bound outside Pulumi to the key {uri}" in said
        assert "REMOVED" not in said
    assert world.readable
    carry_out(world.wire.door, said)
    assert not world.readable
    carry_out(world.wire.door, f"az keyvault key set-attributes --id {uri} --enabled true")
    world.settings["access"] = "granted"
    world.refreshes = True
    assert world.up() == ""
    world.must_up(access="revoked")
    assert not world.readable


class _LoneVault:
    """A program's vault without a service, in a group that exists."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.arm("PUT", VAULT_ID.partition("/providers/Microsoft.KeyVault")[0], {"location": "westeurope"})

    def up(self, **change: Any) -> str:
        """What an update with changed arguments failed with; "" where it succeeded."""
        return self._said(self.world.engine.up, change)

    def preview(self, **change: Any) -> str:
        return self._said(self.world.engine.preview, change)

    def _said(self, runs: Callable[..., object], change: Mapping[str, Any]) -> str:
        given: dict[str, Any] = {
            "resource_group_name": "rg-claims",
            "location": "westeurope",
            "tenant_id": seed.TENANT_ID,
            "vault_name": "kv-claims",
            "network": {"access": "open"},
            **change,
        }
        try:
            runs(lambda: KeyVault("shared", given) and None, refresh=self.world.refreshes)
        except UpdateError as error:
            return str(error)
        return ""


@pytest.mark.parametrize(
    ("take", "says"),
    [
        (take_grant, "can no longer use the keys of vault 'kv-claims': it lacks get and wrapKey and unwrap"),
        (narrow_grant, "it lacks unwrapKey"),
        (close_vault, "was closed outside Pulumi, and this update would open it again"),
        (make_rbac, "was changed to Azure RBAC outside Pulumi"),
    ],
)
def test_a_late_read_does_not_undo_a_revocation(take: Callable[[World], None], says: str) -> None:
    """azure-native writes a vault with the access policies that its own read has just shown, and with the
    declared network. What is printed leads out."""
    world = standing()
    late(world)
    take(world)
    assert not world.readable
    world.settings["tags"] = NIGHT
    said = world.up()
    assert says in said
    assert not world.readable, "a plain update gave it back"
    in_time(world)
    Way(world).follow(said)


@pytest.mark.parametrize("lag", [0.0, 60.0])
def test_a_vault_that_somebody_closed_stays_closed_while_access_is_revoked(lag: float) -> None:
    """The second lock counts as much as the first: no update opens it, and each one but the vault's own write
    is carried out; once access is granted, the printed command opens it."""
    world = standing()
    world.must_up(access="revoked")
    late(world, read_lag_seconds=lag)
    close_vault(world)
    world.settings["tags"] = NIGHT
    said = world.up()
    assert bool(said) is bool(lag)
    in_time(world)
    world.must_up()
    assert any("leaves it as it is" in one for one in world.engine.warnings)
    network = world.arm("GET", VAULT_ID)["properties"]["networkAcls"]
    assert network["bypass"] == "None"
    world.settings["access"] = "granted"
    said = world.up()
    assert "by the firewall of 'kv-claims'" in said
    assert not world.readable
    Way(world).follow(said)
    assert world.readable
    assert world.arm("GET", VAULT_ID)["tags"]["owner"] == "night"


@pytest.mark.parametrize("refreshes", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_a_vault_that_somebody_put_under_roles_again_stays_so_while_access_is_revoked(
    *, refreshes: bool, at_once: bool
) -> None:
    """The settings had taken it to access policies, after the revocation or with it: that is done once. A
    refresh takes what somebody did later into the state."""
    world = standing("Azure RBAC")
    world.must_up(access="revoked", **({"access_model": "accessPolicy"} if at_once else {}))
    world.must_up(access_model="accessPolicy")
    assert world.must_up() == []
    make_rbac(world)
    world.refreshes = refreshes
    world.must_up(tags=NIGHT)
    assert world.arm("GET", VAULT_ID)["properties"]["enableRbacAuthorization"] is True
    assert any("put under another access model" in one for one in world.engine.warnings)


@pytest.mark.parametrize("lag", ["all", "every_other"])
def test_an_identity_that_was_turned_off_gets_no_access_by_an_update_that_read_late(lag: str) -> None:
    """Azure takes the write, and the declared identity comes with it: where the last look shows that it is
    gone, the account is not written; elsewhere no later update gives the new one access unasked. What is
    printed leads out."""
    world = standing()
    late(world, lagging_reads=lag, same_key_again="taken")
    identity_off(world)
    world.settings["tags"] = NIGHT
    said = world.up()
    assert ("and this update would turn a new one on" in said) is (lag == "every_other")
    assert bool(world.account.identity) is (lag == "all")
    in_time(world)
    for refreshes in (False, True):
        world.refreshes = refreshes
        assert "was turned off" in world.up()
        assert not world.readable
    Way(world).follow()
    assert world.readable


def test_a_refresh_that_sees_more_than_the_preflight_gives_nothing_back() -> None:
    """Every other read is late: the refresh takes narrowed access into the state, the preflight sees all of
    it, and so the program would widen it again."""
    world = standing(refreshes=True)
    late(world, lagging_reads="every_other")
    narrow_grant(world)
    world.arm("GET", world.vault_id)
    said = world.up()
    assert "it lacks unwrapKey" in said
    assert not world.readable


def test_a_role_that_the_state_lacks_is_not_made_where_a_read_shows_it() -> None:
    """It is there, or somebody took it away a moment ago."""
    world = standing("Azure RBAC")
    del world.engine.state[next(urn for urn in world.engine.state if urn.endswith("claims-access"))]
    said = world.up()
    assert "exists, and this stack does not record it" in said
    assert world.engine.operations == []


def test_a_vault_is_written_once_reads_show_who_has_access() -> None:
    """Somebody else's access that was taken away does not come back either, and the update waits for it."""
    world = standing()
    permit(world, SOMEBODY, GETS)
    late(world)
    forbid(world, SOMEBODY)
    began = world.wire.now()
    world.must_up(tags=NIGHT)
    assert 55 < world.wire.now() - began < 180
    in_time(world)
    assert permitted(world, SOMEBODY) == {}
    assert world.arm("GET", VAULT_ID)["tags"]["owner"] == "night"


def test_a_vault_whose_reads_stay_late_is_not_written() -> None:
    """Nobody knows what azure-native would write."""
    world = standing()
    permit(world, SOMEBODY, GETS)
    late(world, read_lag_seconds=3600.0)
    forbid(world, SOMEBODY)
    world.settings["tags"] = NIGHT
    said = world.up()
    assert "show other access policies than Azure has now" in said
    in_time(world)
    assert permitted(world, SOMEBODY) == {}


def test_access_that_came_back_all_the_same_is_told_with_the_command_that_takes_it_away() -> None:
    """The read of azure-native itself was late, after two others were not."""
    world, read = standing(), Arm.read
    permit(world, SOMEBODY, {**GETS, "secrets": ["get", "list"]})
    before = world.arm("GET", VAULT_ID)
    permit(world, SOMEBODY, {"certificates": ["get"]})
    with_more = world.arm("GET", VAULT_ID)
    forbid(world, SOMEBODY)
    user = world.account.identity["principalId"]  # type: ignore[index]

    async def late_read(self: Arm, id: str, api_version: str) -> Any:
        return shown[-1] if id.endswith("/vaults/kv-claims") else await read(self, id, api_version)

    shown = []
    delete = f"`az keyvault delete-policy --name kv-claims --object-id {SOMEBODY}"
    for vault, command in ((before, delete), (with_more, "--certificate-permissions ")):
        shown.append(vault)
        world.settings["tags"] = {"owner": command[:9]}
        with patch.object(Arm, "read", late_read):
            said = world.up()
        assert "may have come back" in said
        assert command in said
        assert user not in said
    assert world.engine.operations[-1].startswith("update azure-native:keyvault"), "the update went on"


def test_a_vault_that_a_program_makes_by_itself_is_guarded_as_well() -> None:
    """Late reads give nobody access back, and nothing opens it again."""
    world = World("access policies")
    up = _LoneVault(world).up
    assert up() == ""
    permit(world, SOMEBODY, GETS)
    late(world)
    forbid(world, SOMEBODY)
    assert up(tags=NIGHT) == ""
    assert permitted(world, SOMEBODY) == {}
    close_vault(world)
    assert "was closed outside Pulumi, and this update would open it again" in up(tags={})
    in_time(world)
    assert world.arm("GET", VAULT_ID)["properties"]["networkAcls"]["bypass"] == "None"


@pytest.mark.parametrize("refreshes", [False, True])
def test_a_vault_that_a_program_makes_by_itself_leaves_roles_by_hand_alone(*, refreshes: bool) -> None:
    """A refresh takes what somebody did into the state, so that nobody can tell it from what the settings
    did: the preview refuses it, too. The command that is printed leads out."""
    world = World("access policies", refreshes=refreshes)
    lone = _LoneVault(world)
    assert lone.up() == ""
    make_rbac(world)
    for _ in range(2):
        said = lone.up(tags=NIGHT)
        assert "its access policies would count again after this update" in said
        if refreshes:
            assert said == lone.preview(tags=NIGHT)
        assert world.arm("GET", VAULT_ID)["properties"]["enableRbacAuthorization"] is True
    (command,) = {*re.findall(r"`(az [^`]*)`", said)}
    carry_out(world.wire.door, command)
    assert lone.up(tags=NIGHT) == ""
    assert lone.up(tags=NIGHT) == ""


def test_a_vault_that_a_program_makes_by_itself_gets_no_roles_back_by_another_change() -> None:
    """A refresh takes that into the state, and then the settings count."""
    world = World("Azure RBAC")
    lone = _LoneVault(world)
    assert lone.up(access_model="rbac") == ""
    world.arm("PATCH", VAULT_ID, {"properties": {"enableRbacAuthorization": False}})
    said = lone.up(access_model="rbac", tags=NIGHT)
    assert "its role assignments would count again after this update" in said
    assert world.arm("GET", VAULT_ID)["properties"]["enableRbacAuthorization"] is False
    world.refreshes = True
    assert lone.up(access_model="rbac", tags=NIGHT) == ""
    assert world.arm("GET", VAULT_ID)["properties"]["enableRbacAuthorization"] is True


def _lived(first: int, number: int) -> None:
    for life in lives(first, number):
        life.lives()


def test_what_was_taken_away_stays_away() -> None:
    """In a few random lives."""
    _lived(0, 4)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(10))
def test_what_was_taken_away_stays_away_in_any_life(first: int) -> None:
    """Ten times sixty lives of ten steps each."""
    _lived(first, 60)


@pytest.mark.long
def test_a_life_notices_what_comes_back() -> None:
    """Without the questions before a write, one of them goes wrong."""
    without = patch(
        "components.parts.service_resources.vault_guard", lambda *_, **__: pulumi.ResourceHookBinding()
    )
    with without, pytest.raises(AssertionError, match="came back"):
        _lived(0, 40)
