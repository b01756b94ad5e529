"""No dead ends: what a refusal prints is carried out, and leads to a stack that stands, with its data."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from localazure import seed as seed_of_azure
from localazure.authorization import assign_role
from localazure.front import Raw
from tests.support.az import carry_out
from tests.support.local_deployment import Deployment
from tests.support.managed_hsm import make_hsm
from tests.support.search import SEED, WIDE
from tests.ways_out.following import Way
from tests.ways_out.machine import Refusals
from tests.ways_out.world import (
    API,
    DRIFTS,
    EXISTING_VAULT,
    GROUP,
    MODES,
    NETWORKS,
    SHARED_VAULT_ID,
    VAULT_ID,
    Place,
    World,
    account_deleted,
    bound_version_expires,
    close_vault,
    forget_account,
    identity_anew,
    identity_off,
    make_networks,
    make_shared_key,
    permit,
    permitted,
    take_grant,
    unbound,
    vault_deleted,
)

STEPS = 2000 if WIDE else 60
STEPS_OF_A_LIFE = 6
OWN_VAULT = tuple(mode for mode in MODES if mode != EXISTING_VAULT)
EVERYDAY = ("access policies", "Azure RBAC")
each_mode = pytest.mark.parametrize(
    "mode", [mode if mode in EVERYDAY else pytest.param(mode, marks=pytest.mark.long) for mode in MODES]
)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_refusal_leads_out() -> None:
    """Settings, flags, drift and faults in any order: each refusal is followed until the stack has converged;
    no data is lost, and no account off its key, that the refusal did not name."""
    Refusals.refusals = 0
    chosen = settings(
        max_examples=STEPS // STEPS_OF_A_LIFE,
        stateful_step_count=STEPS_OF_A_LIFE,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(SEED)(Refusals), settings=chosen)
    assert Refusals.refusals >= STEPS // 20, f"seed {SEED}: hardly anything was refused"


@pytest.mark.long
@pytest.mark.parametrize("refreshes", [False, True], ids=["no refresh", "refresh"])
@pytest.mark.parametrize(
    ("mode", "drift"),
    [(mode, drift) for drift, modes in DRIFTS.items() for mode in MODES if mode in modes],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_each_drift_has_a_way_back(mode: str, drift: Callable[[Place], None], *, refreshes: bool) -> None:
    """Also in the second update after a refusal, which finds what the first one has refreshed."""
    world = World(mode, refreshes)
    assert world.up() == ""
    account = world.account
    assert account is not None
    drift(world)
    world.up()
    Way(world).follow()
    back = world.account
    assert back is not None
    assert back.internal_id == account.internal_id
    assert world.readable
    world.close()


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
    world.close()


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
    world.close()


def test_a_key_that_others_have_made_is_used_only_by_its_id() -> None:
    """Whose it is, nobody knows: what is printed names it."""
    world = World(EXISTING_VAULT, settings={"key": {"name": "theirs"}})
    make_shared_key(world, f"{SHARED_VAULT_ID}/keys/theirs")
    way = Way(world)
    way.follow()
    assert way.steps == ["without key.name", f"key.id: {SHARED_VAULT_ID}/keys/theirs"]
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


@pytest.mark.parametrize("mode", ["access policies", "Azure RBAC"])
def test_an_identity_that_the_state_lost_is_not_written(mode: str) -> None:
    """A refresh has recorded that the account has no identity, and somebody assigns one, as is printed. It
    gets access first: no write of the account is taken until then, and another refresh makes it none."""
    world = World(mode)
    assert world.up() == ""
    identity_off(world)
    world.refresh()
    way = Way(world)
    way.follow()
    assert way.steps == ["identity", "refresh"]
    assert world.is_bound
    assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []
    world.close()


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
    world.close()


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
        assert "run `pulumi refresh` before it" in world.up()
        assert not world.readable
    way = Way(world)
    way.follow()
    assert "refresh" in way.steps
    assert world.readable
    way.follow()
    assert world.up() == ""
    assert world.engine.operations == []
    world.close()


OTHER_VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-other"
HSM = f"{GROUP}/Microsoft.KeyVault/managedHSMs/hsm-claims"
MOVES: dict[str, tuple[str, dict[str, Any], str]] = {
    "another key": ("Azure RBAC", {"key": {"name": "second"}}, "key.name: cmk-claims"),
    "another vault": ("access policies", {"vault": {"id": OTHER_VAULT}}, "without vault.id"),
    "another vault by roles": ("Azure RBAC", {"vault": {"id": OTHER_VAULT}}, "without vault.id"),
    "a managed HSM": ("access policies", {"key": {"id": f"{HSM}/keys/cmk"}}, "without key.id"),
    "Microsoft's key": (
        "access policies",
        {"encryption": "microsoftManaged", "unbind_account": "lang-claims"},
        "encryption: customerManaged",
    ),
}
"""Where an account is moved from the key `cmk-claims` of its vault, and the first step of the way back."""


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
    mode, change, back = MOVES[to]
    world = World(mode)
    world.wire.door.cloud.behave(move_without_old_key=assumed)
    try:
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
        world.settings.update(change)
        way = Way(world)
        way.follow()
        assert way.steps[0] == back
        assert world.readable
        world.settings = first | change
        assert world.up() == ""
        assert world.readable
        if "vault" in change:
            assert "kv-other" in str(world.account)
    finally:
        world.close()


def make_other_vault(world: World) -> None:
    """A vault of somebody else's, with the access model of the service's own."""
    properties = {
        "tenantId": seed_of_azure.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": world.mode == "Azure RBAC",
        "accessPolicies": [],
    }
    world.arm("PUT", OTHER_VAULT, {"location": "westeurope", "properties": properties})


@pytest.mark.parametrize("to", ["another vault", "another vault by roles", "a managed HSM"])
def test_no_vault_is_deleted_while_access_is_revoked(to: str) -> None:
    """The account stays under its key then, whatever key the settings have. Once access is granted, it moves
    before its vault goes."""
    mode, change, _ = MOVES[to]
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
    world.close()


@pytest.mark.parametrize(("assumed", "status"), [("refused", 400), ("moved", 202)])
def test_a_move_without_access_to_the_old_key_is_the_switchs_say(assumed: str, status: int) -> None:
    """Of the local Azure, as it answers a client that sends such a move."""
    world = World("access policies")
    world.wire.door.cloud.behave(move_without_old_key=assumed)
    try:
        assert world.up() == ""
        take_grant(world)
        unbound = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
        url = f"https://management.azure.com{world.account_id}?api-version=2025-06-01"
        assert world.session.send("PATCH", url, unbound).status == status
        assert world.readable is (assumed == "moved")
    finally:
        world.close()


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
    world.close()


@each_mode
def test_access_stays_revoked_at_the_key_in_use(mode: str) -> None:
    """Where the settings name another key, to which the account is bound once it has access: what somebody
    gives meanwhile at the key in use is taken away again."""
    world = World(mode)
    assert world.up() == ""
    account = world.arm("GET", world.account_id)["identity"]
    users = [one["principalId"] for one in (account.get("userAssignedIdentities") or {}).values()]
    world.settings["access"] = "revoked"
    assert world.up() == ""
    world.settings["key"] = {"name": "second"}
    for _ in range(2):
        assert world.up() == ""
    (user,) = users or [account["principalId"]]
    if mode == "Azure RBAC":
        scope = f"{world.vault_id}/keys/cmk-claims"
        assign_role(world.wire.door.cloud, user, CRYPTO_SERVICE_ENCRYPTION_USER.name, scope)
    else:
        permit(world, user, {"keys": ["get", "wrapKey", "unwrapKey"]})
    assert world.readable
    assert world.up() == ""
    assert not world.readable
    world.close()


@each_mode
def test_access_and_another_key_are_given_beside_other_changes(mode: str) -> None:
    """The grant of the key in use, or of its whole vault, comes before any write of the account."""
    world = World(mode)
    assert world.up() == ""
    world.settings["access"] = "revoked"
    assert world.up() == ""
    before = dict(world.settings)
    world.settings |= {"access": "granted", "key": {"name": "second"}, "tags": {"owner": "night"}}
    way = Way(world, lambda: world.settings.update(before))
    way.follow()
    for _ in range(2):
        assert world.up() == ""
    assert tags(world) == "night"
    assert world.readable
    world.close()


@pytest.mark.parametrize("mode", OWN_VAULT)
def test_a_changed_access_model_leaves_nothing_to_revoke(mode: str) -> None:
    """What was given by hand, as printed, is the stack's own from then on."""
    world = World(mode)
    assert world.up() == ""
    world.settings["access_model"] = "accessPolicy" if mode == "Azure RBAC" else "rbac"
    way = Way(world)
    way.follow()
    assert way.steps == ["refresh", "the other access model"]
    assert world.readable
    world.settings["access"] = "revoked"
    assert world.up() == ""
    assert not world.readable
    world.close()


@pytest.mark.parametrize("mode", ["access policies", "Azure RBAC"])
def test_an_access_model_changes_once_the_identity_is_back(mode: str) -> None:
    """Until then nobody knows to whom the new access is to be given."""
    world = World(mode)
    assert world.up() == ""
    identity_off(world)
    before = dict(world.settings)
    world.settings["access_model"] = "accessPolicy" if mode == "Azure RBAC" else "rbac"
    refused = world.up()
    assert "accessModel: changes from" in refused
    assert "Keep the setting as it was until the account has its identity" in refused
    world.settings = before
    Way(world).follow()
    assert world.readable
    world.settings["access_model"] = "accessPolicy" if mode == "Azure RBAC" else "rbac"
    Way(world).follow()
    assert world.readable
    world.close()


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("mode", OWN_VAULT)
def test_a_vault_changes_its_access_model_while_access_is_revoked(mode: str, *, at_once: bool) -> None:
    """There is no access to lose, and nobody is told to give some. It is given back in the new model."""
    world = World(mode)
    assert world.up() == ""
    world.settings["access"] = "revoked"
    assert at_once or world.up() == ""
    world.settings["access_model"] = "accessPolicy" if mode == "Azure RBAC" else "rbac"
    assert world.up() == ""
    assert not world.readable
    world.settings["access"] = "granted"
    for _ in range(2):
        assert world.up() == ""
    assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []
    assert world.unbound_moments(0 if mode == "user-assigned identity" else 1) == []
    world.close()


@each_mode
def test_no_account_is_replaced_while_access_is_revoked(mode: str) -> None:
    """Another account can be bound to the key only with access, for which half an hour would be waited in
    vain. Access goes all the same, and nothing else is written."""
    world = World(mode)
    assert world.up() == ""
    world.settings.update(access="revoked", account_name="lang-second", replace_account="lang-claims")
    assert "set access: granted" in world.up()
    assert [one for one in world.engine.operations if "Revocation" not in one] == []
    assert not world.readable
    way = Way(world)
    way.follow()
    assert way.steps[0] == "access: granted"
    assert world.account_id.endswith("/lang-second")
    assert world.readable
    world.close()


@each_mode
def test_a_first_revocation_says_what_comes_first(mode: str) -> None:
    """Of a service that has no account yet, and so no identity that could be named; nothing is made."""
    world = World(mode, settings={"access": "revoked"})
    text = world.up()
    assert "'revoked', but an account that is yet to be made is not bound" in text
    assert "identity" not in text
    assert world.engine.operations == []
    way = Way(world)
    way.follow()
    assert way.steps == ["access: granted", "access: revoked"]
    assert not world.readable
    world.close()


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


@pytest.mark.parametrize("mode", ["access policies", "Azure RBAC"])
def test_an_account_that_was_unbound_is_bound_before_its_access_is_revoked(mode: str) -> None:
    """Somebody took it off its key, and a refresh has recorded that: revoking access to a key cuts off
    nothing then."""
    world = World(mode)
    assert world.up() == ""
    unbound(world)
    world.refresh()
    world.settings["access"] = "revoked"
    way = Way(world)
    way.follow()
    assert way.steps == ["access: granted", "access: revoked"]
    assert world.is_bound
    assert not world.readable
    world.close()


def test_changes_that_wait_for_access_are_told() -> None:
    """In the preview: a tag of the account comes one update after its access."""
    deployment = Deployment()
    service: dict[str, Any] = {"audit": {"new_workspace": False}}
    for access in ("granted", "revoked"):
        deployment.up({"claims": {**service, "access": access}})
    deployment.preview({"claims": {**service, "access": "granted", "tags": {"owner": "night"}}})
    assert any("changes of the account, if any, wait for the next update" in one for one in deployment.notes)


@pytest.mark.parametrize("mode", OWN_VAULT)
def test_a_key_is_named_as_before_again(mode: str) -> None:
    """The key that the account was on first is still in the vault, and is taken as it is."""
    world = World(mode)
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


def tags(world: World) -> str | None:
    """The tag `owner` of the live account."""
    found: dict[str, str] = world.arm("GET", world.account_id).get("tags") or {}
    return found.get("owner")


@pytest.mark.parametrize("write", [1, 2, 3])
@pytest.mark.parametrize("change", ["another key", "another vault", "another identity"])
@pytest.mark.parametrize("mode", ["access policies", "Azure RBAC"])
def test_a_grant_in_the_place_of_another_is_taken_over(mode: str, change: str, write: int) -> None:
    """An update made it and was killed before it was recorded, or was killed before. The state has the former
    one, so that nothing could be imported: the next update takes the one for the other, and takes the former
    away. A key that was made in another vault is declared by its id, as is printed."""
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
    for _ in range(2):
        way.follow()
    by_id = ["without key.name", f"key.id: {vault}/keys/cmk-claims"]
    assert way.steps == (by_id if (vault, write) == (OTHER_VAULT, 1) else [])
    assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []
    granted = world.arm("GET", vault)["properties"]["accessPolicies"]
    assigned = [one for _, one in world.wire.door.cloud.store.scan("roleAssignment", vault.lower())]
    assert len(granted) + len(assigned) == 1
    world.close()


def test_what_somebody_gave_a_new_identity_is_taken_over() -> None:
    """The portal's templates give more. The update that would add the stack's own access policy cannot."""
    world = World("access policies")
    assert world.up() == ""
    identity_anew(world)
    user = world.arm("GET", world.account_id)["identity"]["principalId"]
    given = {"keys": ["get", "list", "wrapKey", "unwrapKey"]}
    entry = {"tenantId": seed_of_azure.TENANT_ID, "objectId": user, "permissions": given}
    world.arm("PUT", f"{VAULT_ID}/accessPolicies/add", {"properties": {"accessPolicies": [entry]}})
    refused = world.up()
    assert "but not exactly get, wrapKey, unwrapKey on keys" in refused
    assert world.engine.operations == []
    assert carry_out(world.wire.door, refused) == 1
    for _ in range(2):
        assert world.up() == ""
    assert world.readable
    (left,) = world.arm("GET", VAULT_ID)["properties"]["accessPolicies"]
    assert left["objectId"] == user
    world.close()


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
    world.close()


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
    world.close()


@pytest.mark.parametrize("other_key", [False, True])
@each_mode
def test_no_account_is_replaced_by_one_that_could_not_be_bound(mode: str, *, other_key: bool) -> None:
    """The key's newest version has expired: the account that exists stays, and nothing is made, until another
    version is asked for in the same update, or made by hand where the account gets another key."""
    world = World(mode, settings={"vault": {"key_operators": ["deployer"]}})
    assert world.up() == ""
    bound_version_expires(world)
    if other_key:
        first = world.settings
        world.settings = {**first, "key": {"name": "second"}}
        assert world.up() == ""
        world.settings = dict(first)
    world.settings.update(account_name="lang-second", replace_account="lang-claims")
    assert "cannot be bound to its key: the key version" in world.up()
    assert world.engine.operations == []
    way = Way(world)
    way.follow()
    # Whose key it is that an existing vault has is not known: its id says that it is meant.
    by_id = (
        ["without key.name", f"key.id: {world.vault_id}/keys/cmk-claims"] if mode == EXISTING_VAULT else []
    )
    other = [*by_id[:1], "rotate cmk-claims", *by_id[1:]]
    assert way.steps == (other if other_key else ["key.generation: 1"])
    assert world.account_id.endswith("/lang-second")
    assert world.is_bound
    assert world.readable
    world.close()


@each_mode
def test_an_account_without_access_leaves_no_key(mode: str) -> None:
    """Azure would refuse it for as long as anybody waits. With access given back, as it is printed, the
    update ends, and nothing was made or deleted before."""
    world = World(mode)
    assert world.up() == ""
    world.settings["access"] = "revoked"
    assert world.up() == ""
    world.settings.update(encryption="microsoftManaged", unbind_account="lang-claims")
    assert "set access: granted" in world.up()
    assert not [one for one in world.engine.operations if one.startswith(("create", "delete"))]
    way = Way(world)
    way.follow()
    assert way.steps == ["access: granted"]
    way.follow()
    assert world.readable
    assert world.up() == ""
    assert world.engine.operations == []
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
    world = World("access policies", settings={"audit": {"new_workspace": True}})
    assert world.up() == ""
    made = world.settings.copy()
    world.settings[setting] = named
    refused = world.up()
    path = {"vault": "vault.id", "key": "key.id", "audit": "audit.workspaceId"}.get(setting)
    assert (f"remove {path}" if path else "give the name as resourceGroupName, or remove it") in refused
    world.settings = made
    assert world.up() == ""
    assert world.engine.operations == []
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


ENDPOINT = "azure-native:network:PrivateEndpoint"


@pytest.fixture
def private() -> Iterator[World]:
    """A stack whose private endpoints are in the subnet `endpoints` of one of two networks."""
    world = World("access policies")
    assert world.up() == ""
    make_networks(world)
    assert moved(world, "vnet/subnets/endpoints") == ""
    yield world
    world.close()


def moved(world: World, subnet: str) -> str:
    """An update that declares another subnet for the endpoints; what it was refused with."""
    world.settings["network"] = {"access": "private", "subnet_id": f"{NETWORKS}/{subnet}"}
    return world.up()


def endpoints(world: World) -> list[str]:
    """The subnets that the live endpoints of the service are in."""
    listed = world.arm("GET", f"{GROUP}/Microsoft.Network/privateEndpoints")["value"]
    return [one["properties"]["subnet"]["id"].rsplit("/virtualNetworks/", 1)[1] for one in listed]


def test_a_mistyped_subnet_takes_no_endpoint_away(private: World) -> None:
    """The subnet is looked up before. Put back, there is nothing to do."""
    refused = moved(private, "vnet/subnets/endpionts")
    assert "network.subnetId: subnet 'endpionts' does not exist" in refused
    assert "correct network.subnetId" in refused
    assert private.engine.operations == []
    assert moved(private, "vnet/subnets/endpoints") == ""
    assert private.engine.operations == []


@pytest.mark.parametrize("to", ["vnet/subnets/others", "hub/subnets/endpoints"])
def test_an_endpoint_is_made_before_another_is_taken_away(private: World, to: str) -> None:
    """Of each kind, with the link of its zone; the new one is what the zones resolve to."""
    assert moved(private, to) == ""
    done = [one for one in private.engine.operations if one.endswith(ENDPOINT)]
    assert done == [f"create {ENDPOINT}"] * 2 + [f"delete {ENDPOINT}"] * 2
    assert endpoints(private) == [to, to]
    zone = f"{GROUP}/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
    links = private.arm("GET", f"{zone}/virtualNetworkLinks")["value"]
    assert [one["properties"]["virtualNetwork"]["id"] for one in links] == [
        f"{NETWORKS}/{to.partition('/')[0]}"
    ]
    assert len(private.arm("GET", f"{zone}/A")["value"]) == 1
    assert private.up() == ""
    assert private.engine.operations == []


def own(world: World, **account: object) -> str:
    """An update that gives the endpoints names and addresses of their own; what it was refused with."""
    names = {"name": "pep-vault", "network_interface_name": "nic-vault"}
    mine = {"name": "pep-account", "network_interface_name": "nic-account", **account}
    world.settings["network"] = {
        "access": "private",
        "subnet_id": f"{NETWORKS}/vnet/subnets/endpoints",
        "account_endpoint": mine,
        "vault_endpoint": {**names, "ip_addresses": {"default": "10.0.0.21"}},
    }
    return world.up()


def addresses(world: World) -> dict[str, str]:
    """The first address of each live endpoint, by its name."""
    listed = world.arm("GET", f"{GROUP}/Microsoft.Network/privateEndpoints")["value"]
    return {one["name"]: one["properties"]["customDnsConfigs"][0]["ipAddresses"][0] for one in listed}


def test_endpoints_take_names_and_addresses_of_their_own_and_give_them_back(private: World) -> None:
    """Each change goes through in one update and leaves nothing to do, and the zones follow: to own names and
    addresses, to another address, to another interface, and back to what Azure chooses."""
    before = addresses(private)
    for said, expected in (
        ({"ip_addresses": {"default": "10.0.0.20"}}, "10.0.0.20"),
        ({"ip_addresses": {"default": "10.0.0.30"}}, "10.0.0.30"),
        ({"ip_addresses": {"default": "10.0.0.30"}, "network_interface_name": "nic-other"}, "10.0.0.30"),
    ):
        assert own(private, **said) == ""
        assert addresses(private) == {"pep-account": expected, "pep-vault": "10.0.0.21"}
        assert private.up() == ""
        assert private.engine.operations == []
        zone = f"{GROUP}/Microsoft.Network/privateDnsZones/privatelink.cognitiveservices.azure.com"
        (record,) = private.arm("GET", f"{zone}/A")["value"]
        assert record["properties"]["aRecords"] == [{"ipv4Address": expected}]
    assert "10.0.1.7 is outside the subnet 'endpoints'" in own(private, ip_addresses={"default": "10.0.1.7"})
    assert private.engine.operations == []
    assert moved(private, "vnet/subnets/endpoints") == ""
    assert set(addresses(private)) == {"pep-account", "pep-vault"}
    assert set(addresses(private).values()) == set(before.values())
    assert private.up() == ""
    assert private.engine.operations == []


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("write", [1, 2, 3])
def test_dns_that_fails_after_a_move_is_made_good(private: World, write: int, *, arrives: bool) -> None:
    """The endpoints are there, and a zone, its link or its zone group is not written, or the answer is lost.
    The next update makes good what is missing, and every zone resolves to the new endpoint alone."""
    written = 0

    def fail(raw: Raw) -> None:
        nonlocal written
        if raw.method in ("PUT", "DELETE") and re.search(
            "/privatednszonegroups/|/virtualnetworklinks/", raw.path, re.IGNORECASE
        ):
            written += 1
            if written == write:
                raise requests.ConnectionError("the connection broke")

    way = "after" if arrives else "before"
    setattr(private.wire, way, fail)
    said = moved(private, "hub/subnets/endpoints")
    setattr(private.wire, way, lambda _: None)
    assert "the connection broke" in said
    Way(private).follow()
    assert private.up() == ""
    assert private.engine.operations == []
    assert endpoints(private) == ["hub/subnets/endpoints"] * 2
    for zone in private.arm("GET", f"{GROUP}/Microsoft.Network/privateDnsZones")["value"]:
        links = private.arm("GET", f"{zone['id']}/virtualNetworkLinks")["value"]
        assert [one["properties"]["virtualNetwork"]["id"] for one in links] == [f"{NETWORKS}/hub"]
        (record,) = private.arm("GET", f"{zone['id']}/A")["value"]
        assert len(record["properties"]["aRecords"]) == 1


def test_a_subnet_without_room_takes_no_endpoint_away(private: World) -> None:
    """What only Azure finds out leaves those that are there; the subnet that was before needs no change."""
    subnet = {"name": "full", "properties": {"addressPrefix": "10.1.0.0/29"}}
    space = {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": [subnet]}
    private.arm("PUT", f"{NETWORKS}/small", {"location": "westeurope", "properties": space})
    full = {"id": f"{NETWORKS}/small/subnets/full"}
    for number in range(3):
        target = {
            "name": "a",
            "properties": {"privateLinkServiceId": private.account_id, "groupIds": ["account"]},
        }
        body = {"subnet": full, "privateLinkServiceConnections": [target]}
        id = f"{GROUP}/Microsoft.Network/privateEndpoints/other-{number}"
        private.arm("PUT", id, {"location": "westeurope", "properties": body})
    assert "has no address left" in moved(private, "small/subnets/full")
    assert sorted(endpoints(private)) == ["small/subnets/full"] * 3 + ["vnet/subnets/endpoints"] * 2
    assert moved(private, "vnet/subnets/endpoints") == ""
    assert sorted(endpoints(private)) == ["small/subnets/full"] * 3 + ["vnet/subnets/endpoints"] * 2
