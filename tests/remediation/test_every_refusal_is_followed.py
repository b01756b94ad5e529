"""No dead ends: what a refusal prints is carried out, and leads to a stack that stands, with its data."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.remediation.following import Way
from tests.remediation.life import Life
from tests.remediation.machine import ALONE, STEPS_OF_A_LIFE, searched
from tests.remediation.world import (
    DRIFTS,
    EXISTING_VAULT,
    GROUP,
    MODES,
    OTHER_VAULT,
    SHARED_VAULT_ID,
    World,
    account_deleted,
    close_vault,
    identity_anew,
    make_other_vault,
    make_shared_key,
    permitted,
    standing,
    take_grant,
)
from tests.support.az import carry_out
from tests.support.managed_hsm import make_hsm
from tests.support.search import SEED, WIDE

STEPS = 2000 if WIDE else 60


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_refusal_leads_out() -> None:
    """Settings, flags, drift and faults in any order: each refusal is followed until the stack has converged;
    no data is lost, and no account off its key, that the refusal did not name."""
    Life.refusals = 0
    searched(SEED, STEPS // STEPS_OF_A_LIFE)
    assert Life.refusals >= STEPS // 20, f"seed {SEED}: hardly anything was refused"


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("refreshes", [False, True], ids=["no refresh", "refresh"])
@pytest.mark.parametrize("mode", MODES)
def test_each_thing_that_happens_leads_out(mode: str, *, refreshes: bool) -> None:
    """Each by itself: the account is never off its key, its data stays readable, one more update converges,
    and the next has nothing to do."""
    wrong = {}
    for event in ALONE:
        life = Life(mode, refreshes=refreshes)
        begun = len(life.world.history())
        try:
            life.happens(event)
            shut = [one["why"] for one in life.world.history()[begun:] if not one["readable"]]
            takes_away = event[0] == "setting" or (event[0] == "drifts" and event[1] in DRIFTS)
            assert takes_away or shut == [], f"not readable after {shut}"
            life.ends()
        except AssertionError as error:
            wrong[str(event)] = str(error)
    assert wrong == {}


@pytest.mark.parametrize("made", [False, True], ids=["key.id", "vault.id"])
def test_an_account_leaves_the_key_that_it_has(*, made: bool) -> None:
    """Whose settings name no vault any more, it would leave for a vault and a key that are made for it."""
    world = World(EXISTING_VAULT)
    id = f"{SHARED_VAULT_ID}/keys/theirs"
    if not made:
        make_shared_key(world, id)
        world.settings = {"key": {"id": id}}
    assert world.up() == ""
    world.settings = {"encryption": "microsoftManaged", "unbind_account": "lang-claims"}
    way = Way(world)
    way.follow()
    assert way.steps == [f"vault.id: {SHARED_VAULT_ID}" if made else f"key.id: {id}"]
    assert not world.is_bound
    world.settings = {"encryption": "microsoftManaged"}
    assert world.up() == ""
    assert not permitted(world, world.arm("GET", world.account_id)["identity"]["principalId"])


HSM = f"{GROUP}/Microsoft.KeyVault/managedHSMs/hsm-claims"


MOVES: dict[str, tuple[str, dict[str, Any]]] = {
    "another key": ("Azure RBAC", {"key": {"name": "second"}}),
    "another vault": ("access policies", {"vault": {"id": OTHER_VAULT}}),
    "another vault by roles": ("Azure RBAC", {"vault": {"id": OTHER_VAULT}}),
    "a managed HSM": ("access policies", {"key": {"id": f"{HSM}/keys/cmk"}}),
    "Microsoft's key": (
        "access policies",
        {"encryption": "microsoftManaged", "unbind_account": "lang-claims"},
    ),
}
"""Where an account is moved from the key `cmk-claims` of its vault."""


@pytest.mark.parametrize(
    ("to", "how", "assumed"),
    [
        *(("another key", how, "refused") for how in (identity_anew, "granted")),
        *((to, take_grant, "refused") for to in MOVES),
        *((to, take_grant, "moved") for to in ("another key", "another vault")),
        *((to, close_vault, "refused") for to in ("another vault", "another key", "Microsoft's key")),
        *((to, "revoked", "refused") for to in MOVES if to not in ("another key", "Microsoft's key")),
    ],
)
def test_an_account_is_moved_only_from_a_key_that_it_can_use(
    to: str, how: Callable[[World], None] | str, assumed: str
) -> None:
    """Azure unwraps with the key in use to move an account (assumed: `move_without_old_key`), so that access
    to the other key alone would be waited for in vain: the preview says to go back first. Whether the access
    was taken by somebody, was lost with the identity, or by the setting, which gives it back beside the move
    or still takes it; and where Azure would move it, too. So no vault is deleted while access is revoked."""
    mode, change = MOVES[to]
    world = World(mode)
    world.wire.door.cloud.behave(move_without_old_key=assumed)
    world.must_up()
    make_other_vault(world)
    make_hsm(world.wire.door, HSM)
    first = dict(world.settings)
    if callable(how):
        how(world)
    else:
        world.must_up(access="revoked")
        world.settings["access"] = how
    before = first | ({"access": "revoked"} if how == "revoked" else {})

    def back() -> None:
        world.settings = dict(before)

    world.settings.update(change)
    way = Way(world, back)
    way.follow()
    assert way.steps[0] == "put back"
    assert world.readable is (how != "revoked")
    if how == "revoked":
        assert way.steps == ["put back"]
        for _ in range(2):
            world.must_up(access="granted")
            assert world.readable
    world.settings = first | change
    world.must_up()
    assert world.readable
    if "vault" in change:
        assert "kv-other" in str(world.account)
    assert how != "revoked" or world.unbound_moments(1) == []


def test_a_deleted_account_gives_its_name_once_it_is_purged() -> None:
    """By the command that is printed: a new one has the name then, and an update after that does nothing."""
    world = standing(refreshes=True)
    before = world.account
    account_deleted(world)
    world.refresh()
    (purge,) = re.findall("`(az cognitiveservices account purge [^`]*)`", world.up())
    assert carry_out(world.wire.door, purge) == 1
    assert world.up() == ""
    assert world.account.internal_id != before.internal_id
    assert world.readable
    assert world.must_up() == []
