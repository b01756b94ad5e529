"""No dead ends: what a refusal prints is carried out, and leads to a stack that stands, with its data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.remediation.following import Way
from tests.remediation.life import Life
from tests.remediation.machine import ALONE, Refusals
from tests.remediation.world import (
    DRIFTS,
    EXISTING_VAULT,
    GROUP,
    MODES,
    OTHER_VAULT,
    OWN_VAULT,
    SHARED_VAULT_ID,
    VAULT_ID,
    Place,
    World,
    account_deleted,
    bound_version_expires,
    close_vault,
    each_mode,
    forget_account,
    identity_anew,
    make_other_vault,
    make_shared_key,
    permitted,
    take_grant,
    vault_deleted,
)
from tests.support.managed_hsm import make_hsm
from tests.support.search import SEED, WIDE

STEPS = 2000 if WIDE else 60


STEPS_OF_A_LIFE = 6


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_refusal_leads_out() -> None:
    """Settings, flags, drift and faults in any order: each refusal is followed until the stack has converged;
    no data is lost, and no account off its key, that the refusal did not name."""
    Life.refusals = 0
    chosen = settings(
        max_examples=STEPS // STEPS_OF_A_LIFE,
        stateful_step_count=STEPS_OF_A_LIFE,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(SEED)(Refusals), settings=chosen)
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


@pytest.mark.parametrize("refreshes", [False, True], ids=["no refresh", "refresh"])
def test_a_vault_of_others_comes_back_with_the_accounts_key(*, refreshes: bool) -> None:
    """A refresh has taken the key out of the state; the account is under it, so that it is not asked whose
    it is."""
    world = World(EXISTING_VAULT, refreshes, {"key": {"name": "second"}})
    assert world.up() == ""
    vault_deleted(world)
    world.refresh()
    refused = world.up()
    assert refused.startswith("1 problem;"), refused
    way = Way(world)
    way.follow(refused)
    assert way.steps == ["recover vault"]
    assert world.readable


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


def test_a_key_that_others_have_made_is_used_only_by_its_id() -> None:
    """Whose it is, nobody knows: what is printed names it."""
    world = World(EXISTING_VAULT, settings={"key": {"name": "theirs"}})
    make_shared_key(world, f"{SHARED_VAULT_ID}/keys/theirs")
    way = Way(world)
    way.follow()
    assert way.steps == ["without key.name", f"key.id: {SHARED_VAULT_ID}/keys/theirs"]
    assert world.readable


@pytest.mark.parametrize("refreshes", [False, True], ids=["no refresh", "refresh"])
@each_mode
def test_what_a_state_forgot_is_taken_over(mode: str, *, refreshes: bool) -> None:
    """Somebody deleted the account from the state with all that depends on it, as `pulumi state delete
    --target-dependents` does. What is printed takes each back, and Azure is left as it was."""
    world = World(mode, refreshes)
    assert world.up() == ""
    account, states = world.account, len(world.history())
    assert account is not None
    for urn in list(world.engine.state):
        if not urn.endswith(("-group", "-vault", "-key", "-identity", "claims")):
            del world.engine.state[urn]
    way = Way(world)
    way.follow()
    assert "import claims-account" in way.steps
    back = world.account
    assert back is not None
    assert back.internal_id == account.internal_id
    assert all(state["readable"] for state in world.history()[states:])
    assert world.unbound_moments(states) == []
    assert world.up() == ""
    assert world.engine.operations == []


def test_an_audit_that_a_state_forgot_is_taken_over() -> None:
    """As it is: Azure has one, and gets no second one."""
    world = World("access policies", settings={"audit": {"new_workspace": True}})
    assert world.up() == ""
    (urn,) = [urn for urn in world.engine.state if urn.endswith("-vault-audit")]
    del world.engine.state[urn]
    way = Way(world)
    way.follow()
    assert way.steps == ["import claims-vault-audit"]
    assert world.up() == ""
    assert world.engine.operations == []


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
        *(("another key", how, "refused") for how in (identity_anew, None)),
        *((to, take_grant, "refused") for to in MOVES),
        *((to, take_grant, "moved") for to in ("another key", "another vault")),
        *((to, close_vault, "refused") for to in ("another vault", "another key", "Microsoft's key")),
    ],
)
def test_an_account_is_moved_only_from_a_key_that_it_can_use(
    to: str, how: Callable[[Place], None] | None, assumed: str
) -> None:
    """Azure unwraps with the key in use to move an account (assumed: `move_without_old_key`), so that access
    to the other key alone would be waited for in vain: the preview says to go back first. Whether the access
    was taken by somebody, was lost with the identity, or by the setting; and where Azure would move it, too.
    """
    mode, change = MOVES[to]
    world = World(mode)
    world.wire.door.cloud.behave(move_without_old_key=assumed)
    assert world.up() == ""
    make_other_vault(world)
    make_hsm(world.wire.door, HSM)
    first = dict(world.settings)
    if how:
        how(world)
    else:
        world.settings["access"] = "revoked"
        assert world.up() == ""
        world.settings["access"] = "granted"

    def back() -> None:
        world.settings = dict(first)

    world.settings.update(change)
    way = Way(world, back)
    way.follow()
    assert way.steps[0] == "put back"
    assert world.readable
    world.settings = first | change
    assert world.up() == ""
    assert world.readable
    if "vault" in change:
        assert "kv-other" in str(world.account)


@pytest.mark.parametrize("to", ["another vault", "another vault by roles", "a managed HSM"])
def test_no_vault_is_deleted_while_access_is_revoked(to: str) -> None:
    """The account stays under its key then, whatever key the settings have. Once access is granted, it moves
    before its vault goes."""
    mode, change = MOVES[to]
    world = World(mode)
    assert world.up() == ""
    make_other_vault(world)
    make_hsm(world.wire.door, HSM)
    revoked = {**world.settings, "access": "revoked"}
    world.settings = dict(revoked)
    assert world.up() == ""

    def back() -> None:
        world.settings = dict(revoked)

    world.settings.update(change)
    way = Way(world, back)
    way.follow()
    assert way.steps == ["put back"]
    assert not world.readable
    world.settings["access"] = "granted"
    for _ in range(2):
        assert world.up() == ""
        assert world.readable
    world.settings.update(change)
    assert world.up() == ""
    assert world.readable
    assert world.unbound_moments(1) == []


@pytest.mark.parametrize(("assumed", "status"), [("refused", 400), ("moved", 202)])
def test_a_move_without_access_to_the_old_key_is_the_switchs_say(assumed: str, status: int) -> None:
    """Of the local Azure, as it answers a client that sends such a move."""
    world = World("access policies")
    world.wire.door.cloud.behave(move_without_old_key=assumed)
    assert world.up() == ""
    take_grant(world)
    unbound = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
    url = f"https://management.azure.com{world.account_id}?api-version=2025-06-01"
    assert world.session.send("PATCH", url, unbound).status == status
    assert world.readable is (assumed == "moved")


def test_a_deleted_account_keeps_its_identity() -> None:
    """Whoever declares another identity meanwhile is told so, and not to delete the data for good."""
    world = World("access policies")
    assert world.up() == ""
    before = world.account
    assert before
    account_deleted(world)
    world.refresh()
    world.settings["identity"] = "userAssigned"
    way = Way(world)
    way.follow()
    assert way.steps == ["softDeleted: recover", "identity: systemAssigned"]
    assert world.account
    assert world.account.internal_id == before.internal_id
    assert world.readable


def test_a_deleted_account_is_purged_once_it_is_named() -> None:
    """A new one has its name then; an update after that does nothing, nor does one without the settings but
    forget the purge."""
    world = World("access policies", refreshes=True)
    assert world.up() == ""
    before = world.account
    assert before
    account_deleted(world)
    world.refresh()
    world.settings["soft_deleted"] = "purge"
    way = Way(world)
    way.follow()
    (step,) = way.steps
    assert step.startswith("purgeAccount: lang-claims@20")
    assert world.account
    assert world.account.internal_id != before.internal_id
    assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []
    for name in ("soft_deleted", "purge_account"):
        del world.settings[name]
    assert world.up() == ""
    assert len(world.engine.operations) == 1
    assert world.readable


@pytest.mark.parametrize("mode", OWN_VAULT)
def test_a_key_is_named_as_before_again(mode: str) -> None:
    """The key that the account was on first is still in the vault, and is taken as it is."""
    world = World(mode, refreshes=True)
    assert world.up() == ""
    for name in ("second", "cmk-claims"):
        world.settings["key"] = {"name": name}
        assert world.up() == ""
        account = world.account
        assert account is not None
        assert (account.key_vault_properties or {})["keyName"] == name
        assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []
    assert world.unbound_moments(0 if mode == "user-assigned identity" else 1) == []


@pytest.mark.parametrize("holder", ["another account", "a deleted account"])
def test_no_account_is_replaced_by_one_whose_name_is_held(holder: str) -> None:
    """The names of a replacement are looked up as for a first one: the old account and its data stay."""
    world = World("access policies")
    assert world.up() == ""
    before = world.account
    assert before is not None
    world.wire.door.group("rg-other")
    other = GROUP.replace("rg-claims", "rg-other") + "/Microsoft.CognitiveServices/accounts/lang-second"
    body = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}}
    world.arm("PUT", other, {**body, "properties": {"customSubDomainName": "lang-second"}})
    if holder == "a deleted account":
        world.arm("DELETE", other)
    world.settings.update(account_name="lang-second", replace_account="lang-claims")
    assert "give another accountName" in world.up()
    assert world.account == before
    assert world.readable
    world.settings["account_name"] = "lang-third"
    assert world.up() == ""
    assert world.account_id.endswith("/lang-third")
    assert world.readable


@pytest.mark.parametrize(
    ("was", "steps"),
    [
        (
            {"kind": "AIServices", "sku": {"name": "S0"}, "identity": {"type": "SystemAssigned"}},
            ["softDeleted: recover", "kind: AIServices", "sku: S0"],
        ),
        ({"sku": {"name": "F0"}, "identity": {"type": "SystemAssigned"}}, ["accountName: lang-second-2"]),
        ({}, ["accountName: lang-second-2"]),
    ],
    ids=["kind", "tier", "identity"],
)
def test_an_account_comes_back_only_as_what_it_was(was: dict[str, Any], steps: list[str]) -> None:
    """Where it could not be bound then, nobody is told to recover it, and the account that exists stays until
    another name is given."""
    world = World("access policies")
    assert world.up() == ""
    before = world.account
    forget_account(world, "lang-second", **was)
    world.settings["account_name"] = "lang-second"
    refused = world.up()
    assert world.account == before
    way = Way(world)
    way.follow(refused)
    assert way.steps == ["replaceAccount: lang-claims", *steps]
    assert world.readable
    for name in ("soft_deleted", "replace_account"):
        world.settings.pop(name, None)
    assert world.up() == ""


@each_mode
def test_no_account_is_replaced_by_one_that_could_not_be_bound(mode: str) -> None:
    """The key's newest version has expired: the binding of the new account is refused, and the account that
    exists stays with its data until another version is made, as is printed."""
    world = World(mode, settings={"vault": {"key_operators": ["deployer"]}})
    assert world.up() == ""
    bound_version_expires(world)
    first = world.account_id
    world.settings.update(account_name="lang-second", replace_account="lang-claims")
    refused = world.up()
    assert refused
    assert world.arm("GET", first)["properties"]["encryption"]["keySource"] == "Microsoft.KeyVault"
    Way(world).follow(refused)
    assert world.account_id.endswith("/lang-second")
    assert world.is_bound
    assert world.readable


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("existing_resource_group_name", "rg-claims"),
        ("vault", {"id": VAULT_ID}),
        ("key", {"id": f"{VAULT_ID}/keys/cmk-claims"}),
        ("audit", {"workspace_id": f"{GROUP}/Microsoft.OperationalInsights/workspaces/log-claims"}),
    ],
)
def test_what_the_stack_made_is_not_named_as_existing(setting: str, named: Any) -> None:
    """It would be deleted. Removed again, as it is printed, there is nothing to do."""
    world = World("access policies", refreshes=True, settings={"audit": {"new_workspace": True}})
    assert world.up() == ""
    made = world.settings.copy()
    world.settings[setting] = named
    refused = world.up()
    path = {"vault": "vault.id", "key": "key.id", "audit": "audit.workspaceId"}.get(setting)
    assert (f"remove {path}" if path else "give the name as resourceGroupName, or remove it") in refused
    world.settings = made
    assert world.up() == ""
    assert world.engine.operations == []
