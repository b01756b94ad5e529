"""A live service: access that is given back, kinds and keys that change, and versions that cannot be
used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.resources.vault import KeyVault
from components.service import EncryptedAIServicesAccount
from core.api_versions import UPGRADES
from core.commands import opt_out, patch
from core.resource_types import ACCOUNT
from localazure import seed
from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.remediation.following import Way
from tests.remediation.world import (
    EVERYDAY,
    NETWORKS,
    OTHER_VAULT,
    VAULT_ID,
    World,
    bound_version_expires,
    each_mode,
    make_networks,
    make_other_vault,
    make_vault,
    standing,
    tags,
    vault_deleted,
)
from tests.support.az import carry_out
from tests.support.engine import UpdateError
from tests.support.managed_hsm import make_hsm

DAYS_UNTIL_PURGED = 91
PRIVATE = {"access": "private", "subnet_id": f"{NETWORKS}/vnet/subnets/endpoints"}


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
    assert world.must_up() == []


@each_mode
def test_access_and_another_key_are_given_beside_other_changes(mode: str) -> None:
    """The grant of the key in use, or of its whole vault, comes before any write of the account."""
    world = standing(mode)
    world.must_up(access="revoked")
    key, other = world.settings.get("key", {}), {"name": "second"}
    world.settings |= {"access": "granted", "key": other, "tags": {"owner": "night"}}
    way = Way(world, lambda: world.settings.update(key=key))
    way.follow()
    world.settings["key"] = other
    for _ in range(2):
        assert world.up() == ""
    assert tags(world) == "night"
    assert world.readable


@pytest.mark.parametrize(
    ("mode", "write"),
    [
        # Every day each write in one mode, and each mode with four writes.
        pytest.param(mode, write, marks=[pytest.mark.long] * ((write + number) % 2))
        for number, mode in enumerate(EVERYDAY)
        for write in range(1, 9)
    ],
)
def test_a_way_back_that_was_cut_off_leads_out(mode: str, write: int) -> None:
    """Vault and account come back from soft delete, and the update after that is killed after one of its
    writes: also before the account's identity has access again."""
    world = standing(mode)
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
@pytest.mark.parametrize("mode", EVERYDAY)
def test_a_grant_in_the_place_of_another_is_taken_over(mode: str, write: int) -> None:
    """An update made it and was killed before it was recorded, or was killed before. The state has the former
    one, so that nothing could be imported: of access policies, the next update takes the one for the other,
    and takes the former away; a role is taken in by `operate recover`, as is printed."""
    world = standing(mode)
    world.settings["key"] = {"name": "third"}
    world.up_cut_off(write, arrives=True, stays=True)
    way = Way(world)
    for _ in range(3):
        way.follow()
    is_unrecorded = mode == "Azure RBAC" and write == 2
    assert way.steps == ["import claims-access"] * is_unrecorded
    assert world.readable
    assert world.must_up() == []
    now = world.arm("GET", world.account_id)["identity"]["principalId"]
    granted = world.arm("GET", VAULT_ID)["properties"]["accessPolicies"]
    assert [one["objectId"] for one in granted] == [now] * (mode == "access policies")


def test_access_in_a_managed_hsm_goes_and_comes_back_by_the_setting() -> None:
    """By the roles of an HSM in another subscription; the account is never off its key."""
    group = f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups/rg-central"
    hsm = f"{group}/providers/Microsoft.KeyVault/managedHSMs/hsm-central"
    world = World("access policies", settings={"key": {"id": f"{hsm}/keys/cmk"}})
    world.arm("PUT", group, {"location": "westeurope"})
    make_hsm(world.wire.door, hsm)
    for access in ("granted", "revoked", "granted"):
        world.must_up(access=access)
        assert world.readable is (access == "granted")
    assert world.unbound_moments(1) == []


@pytest.mark.parametrize("mode", ["access policies", "user-assigned identity"])
def test_a_foundry_account_is_kept_from_another_vault_before_anything_is_written(mode: str) -> None:
    """The preview tells it, and the update makes neither a key nor access there."""
    world = standing(mode, kind="AIServices")
    make_other_vault(world)
    world.settings["vault"] = {"id": OTHER_VAULT}
    for said in (world.preview(), world.up()):
        assert "only takes other keys of its vault" in said
        assert "nothing of this service was made or changed" in said
    assert world.engine.operations == []


class _Team(pulumi.ComponentResource):
    def __init__(self, kind: str) -> None:
        super().__init__(f"contoso:index:{kind}", "team")


class _Derived(EncryptedAIServicesAccount):
    """A program's own class."""


@pytest.mark.parametrize("second", [EncryptedAIServicesAccount, _Derived, KeyVault])
def test_two_services_of_one_name_are_refused_before_anything_is_made(second: Any) -> None:
    """The engine tells them apart by the types of their parents, but not their hooks, and their parts would
    be taken for each other's in the state. A vault beside a service may have its name."""
    world = World("access policies")
    place = {"location": "westeurope", "resource_group_name": "rg-law"}
    law = {
        **place,
        "audit": {"new_workspace": False},
        "account_name": "lang-law",
        "vault": {"name": "kv-law"},
    }

    def program() -> None:
        world.program()
        parent = pulumi.ResourceOptions(parent=_Team("Law"))
        if second is KeyVault:
            KeyVault("claims", {**place, "tenant_id": seed.TENANT_ID, "vault_name": "kv-law"}, parent)
        else:
            second("claims", law, parent)

    if second is KeyVault:
        world.engine.preview(program)
        return
    with pytest.raises(UpdateError, match="makes two EncryptedAIServicesAccount components named 'claims'"):
        world.engine.preview(program)


LOCKED_CHANGES: tuple[tuple[str, dict[str, Any] | None, dict[str, Any]], ...] = (
    ("access policies", PRIVATE, {"network": {**PRIVATE, "subnet_id": f"{NETWORKS}/vnet/subnets/others"}}),
    ("access policies", PRIVATE, {"network": {"access": "open"}}),
    ("access policies", None, {"vault": {"id": OTHER_VAULT}}),
    ("access policies", None, {"callers": []}),
    ("Azure RBAC", None, {"key": {"name": "second"}}),
    ("Azure RBAC", None, {"access": "revoked"}),
)


@pytest.mark.parametrize(("mode", "network", "change"), LOCKED_CHANGES)
def test_a_lock_against_a_deletion_is_told_before_anything_is_made(
    mode: str, network: dict[str, Any] | None, change: dict[str, Any]
) -> None:
    """Also where a change makes a resource anew: without the lock, each of these deletes something."""
    world = standing(mode, callers=[{"principal_id": seed.READER.object_id}])
    if network:
        make_networks(world)
        world.must_up(network=network)
    make_other_vault(world)
    _lock(world, "CanNotDelete")
    world.settings.update(change)
    assert "the lock 'audited' (CanNotDelete)" in world.preview()
    lock = re.search(r"az lock delete --ids \S+(?=`)", world.preview())
    assert lock
    carry_out(world.wire.door, lock[0])
    assert any(done.startswith("delete") or "replace" in done for done in world.must_up())


def test_a_lock_against_writes_is_told_before_an_account_leaves_its_key() -> None:
    """The engine sees no change of the account: the binding is deleted."""
    world = standing()
    _lock(world, "ReadOnly")
    world.settings.update(encryption="microsoftManaged", unbind_account="lang-claims")
    assert "forbids changing account 'lang-claims'" in world.preview()


def _lock(world: World, level: str) -> None:
    """On all that is in the service's group."""
    group = world.account_id.partition("/providers/")[0]
    id = f"{group}/providers/Microsoft.Authorization/locks/audited"
    world.arm("PUT", id, {"properties": {"level": level}})


def becomes_and_stays(world: World, encryption: Any, **change: Any) -> None:
    """One update of an account of Azure OpenAI, named by default, which never leaves its key."""
    done = world.must_up(**change)
    found = world.arm("GET", world.account_id)
    assert (found["name"], found["kind"]) == ("oai-claims", world.settings["kind"])
    assert found["properties"]["encryption"] == encryption
    assert not {f"{did} {ACCOUNT}" for did in ("create", "delete", "replace")} & {*done}
    assert world.must_up() == []


def test_an_account_of_azure_openai_becomes_a_foundry_resource_in_place_and_goes_back() -> None:
    """In one update each, under the name that it has by default, which leaves it under its key and nothing to
    do. It goes back only without what Foundry alone has."""
    world = World("access policies", settings={"kind": "OpenAI"})
    for _ in range(2):  # without a refresh, the first repeats the key
        assert world.up() == ""
    key = world.arm("GET", world.account_id)["properties"]["encryption"]
    projects, model = [{"name": "claims"}], {"name": "r1", "model": "DeepSeek-R1", "format": "DeepSeek"}
    becomes_and_stays(world, key, kind="AIServices", projects=projects, deployments=[model])
    foundry = {**world.settings}
    world.declare({"kind": "OpenAI", "projects": [], "removed_projects": ["claims"]})
    assert "has 'claims', 'r1': Azure takes it back only without projects" in world.preview()
    world.settings = foundry
    becomes_and_stays(world, key, projects=[], deployments=None, removed_projects=["claims"])
    becomes_and_stays(world, key, kind="OpenAI")
    assert "allowProjectManagement" not in world.account.properties


@pytest.mark.parametrize("refreshes", [False, True])
def test_an_account_that_azure_made_a_foundry_resource_by_itself_is_named_so(refreshes: bool) -> None:
    """A preview says which setting is to change, and no other; with it, the account keeps its name."""
    world = standing(kind="OpenAI", encryption="microsoftManaged")
    upgraded = {"kind": "AIServices", "properties": {"allowProjectManagement": refreshes}}
    world.arm("PATCH", world.account_id, upgraded)
    world.refreshes = refreshes
    said = world.preview()
    assert "Azure made account 'oai-claims' a Foundry resource: set kind: AIServices" in said
    assert "1 problem" in said
    world.must_up(kind="AIServices")
    assert not any(one.startswith(("create", "delete")) for one in world.engine.operations)
    world.must_up(projects=[{"name": "claims"}])
    assert world.account.properties["allowProjectManagement"] is True
    world.must_up(encryption=None)  # a key, although it has projects
    assert (world.is_bound, world.readable, world.account.name) == (True, True, "oai-claims")
    world.must_up()
    assert world.must_up() == []


@pytest.mark.parametrize(
    ("kind", "vault", "key"),
    [
        ("TextAnalytics", {"sku": "premium"}, {"type": "RSA-HSM"}),
        ("AIServices", {}, {"size": 4096}),
        ("AIServices", {"sku": "premium"}, {"type": "RSA-HSM", "size": 3072}),
    ],
)
def test_a_key_is_made_as_it_is_declared_and_keeps_its_type_and_size(
    kind: str, vault: dict[str, Any], key: dict[str, Any]
) -> None:
    """The vault's tier follows; another type or size of the key in use is refused, and a key of another name
    leads out: the account moves to it, and its data can be read all along."""
    world = World("access policies", settings={"kind": kind})
    assert world.up() == ""
    world.settings |= {"vault": vault, "key": key}
    refused = world.up()
    assert all(f"key.{name}: found {value!r}" in refused for name, value in key.items())
    world.must_up(key={**key, "name": "cmk-other"})
    assert world.readable
    keys = {one["name"]: one["versions"][-1] for _, one in world.wire.door.cloud.store.scan("vault.key", "")}
    made = keys["cmk-other"]
    assert (made["kty"], made["size"]) == (key.get("type", "RSA"), key.get("size", 2048))
    assert world.up() == ""


@each_mode
def test_access_comes_back_though_the_version_has_expired(mode: str) -> None:
    """Nobody waits for a proof that the service could not give: the next version is bound, after the refresh
    that is printed."""
    world = standing(mode, vault={"key_operators": ["deployer"]})
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


@each_mode
def test_without_a_refresh_an_update_writes_what_changed_and_nothing_else(mode: str) -> None:
    """Right after the first update, after a rotation, and after a change, which takes the key into the state:
    nothing is left to do, and no write takes the account off its key."""
    world = standing(mode)
    assert world.must_up() == []
    world.rotate("cmk-claims")
    assert len(world.must_up()) == 1  # the binding, or the account that is bound in its create
    assert world.must_up() == []
    assert [one for one in world.must_up(tags={"owner": "a"}) if ":Account " in one]
    assert world.must_up() == []
    assert world.unbound_moments(1) == []


def upgrade_mode(world: World) -> str:
    """Whether Azure may turn the account into a Foundry resource by itself, as Azure has it."""
    return str(world.account.properties.get("foundryAutoUpgrade", {}).get("mode", ""))


def test_a_preview_says_that_azure_plans_an_upgrade_and_how_to_opt_out() -> None:
    """By one setting, which the next preview takes for the answer. The scan and the evidence name a command
    besides, for an account of no stack."""
    world = standing(kind="OpenAI", encryption="microsoftManaged")
    plan = {"mode": "Enabled", "plannedByMicrosoft": True, "scheduledAt": "2026-12-15T00:00:00Z"}
    carry_out(world.wire.door, patch(world.account_id, UPGRADES, {"foundryAutoUpgrade": plan}))
    world.wait()
    assert world.preview() == ""
    (said,) = world.engine.warnings
    assert "account 'oai-claims': Azure plans to make it a Foundry resource by itself on 2026-12-15" in said
    assert "foundryAutoUpgrade: disabled now" in said
    assert len(world.must_up(foundry_auto_upgrade="disabled")) == 1
    assert upgrade_mode(world) == "Disabled"
    assert world.preview() == ""
    assert world.engine.warnings == []
    assert world.must_up() == []
    world.must_up(foundry_auto_upgrade="enabled")
    world.must_up(foundry_auto_upgrade=None)
    assert upgrade_mode(world) == "Enabled"
    assert carry_out(world.wire.door, opt_out(world.account_id)) == 1
    world.wait()
    assert upgrade_mode(world) == "Disabled"


@pytest.mark.parametrize("does", ["removes", "keeps"])
@pytest.mark.parametrize("settings", [{"encryption": "microsoftManaged"}, {}, {"identity": "userAssigned"}])
def test_an_account_stays_opted_out_of_upgrades(settings: Mapping[str, Any], does: str) -> None:
    """With a customer's key and without, whether or not a PUT by an older API version removes what it does
    not know (`put_of_older_version`): each update that writes the account opts it out again, whatever it
    writes the account for. What somebody else changes is put right by the next update. To take the setting
    out changes nothing in Azure."""
    world = standing(kind="OpenAI", foundry_auto_upgrade="disabled", **settings)
    world.wire.door.cloud.behave(put_of_older_version=does)
    assert upgrade_mode(world) == "Disabled"
    assert world.must_up() == []
    done = world.must_up(tags={"owner": "a"})
    assert any(":Account " in one for one in done)
    assert done[-1].startswith("update azure-cmk:index:FoundryAutoUpgrade ")
    assert upgrade_mode(world) == "Disabled"
    assert world.must_up() == []
    world.arm("PATCH", world.account_id, {"tags": {"owner": "somebody"}})
    world.refreshes = True
    done = world.must_up()
    assert [one.partition(" ")[0] for one in done] == ["update", "update"]
    assert upgrade_mode(world) == "Disabled"
    assert world.must_up() == []
    enabled = {"foundryAutoUpgrade": {"mode": "Enabled"}}
    carry_out(world.wire.door, patch(world.account_id, UPGRADES, enabled))
    world.wait()
    assert len(world.must_up()) == 1
    assert upgrade_mode(world) == "Disabled"
    assert len(world.must_up(foundry_auto_upgrade="enabled")) == 1
    assert upgrade_mode(world) == "Enabled"
    assert [one.partition(" ")[0] for one in world.must_up(foundry_auto_upgrade=None)] == ["delete"]
    assert upgrade_mode(world) == "Enabled"
    if "encryption" not in settings:
        assert world.unbound_moments(1) == []


def test_an_account_without_access_to_its_key_is_not_opted_out_before_it_has_it_again() -> None:
    """Azure may refuse each write of such an account. The update says what it leaves, and the one that gives
    the access back sets it; a choice that was set before stays."""
    world = standing(kind="OpenAI")
    world.must_up(access="revoked", foundry_auto_upgrade="disabled")
    left = "this update leaves foundryAutoUpgrade of account 'oai-claims' as it is, because its access to"
    assert any(left in said for said in world.engine.warnings)
    assert upgrade_mode(world) == ""
    world.must_up(access="granted")
    world.must_up()
    assert upgrade_mode(world) == "Disabled"
    done = world.must_up(access="revoked", foundry_auto_upgrade="enabled", tags={"owner": "a"})
    assert not any(":FoundryAutoUpgrade " in one for one in done)
    assert upgrade_mode(world) == "Disabled"
    world.must_up(access="granted")
    world.must_up()
    assert upgrade_mode(world) == "Enabled"
    assert world.must_up() == []


def test_a_preview_says_what_somebody_changed_outside() -> None:
    """Of account and vault, which it reads. A refresh takes it into the state, and then a diff shows it."""
    world = standing(tags={"a": "a"})
    world.arm(
        "PATCH", world.account_id, {"properties": {"publicNetworkAccess": "Disabled"}, "tags": {"a": "b"}}
    )
    world.arm(
        "PATCH",
        VAULT_ID,
        {"properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}},
    )
    assert world.preview() == ""
    account, vault = world.engine.warnings
    assert "account 'lang-claims' is not as the state has it" in account
    assert "outside Pulumi: tags, publicNetworkAccess." in account
    assert "vault 'kv-claims' is not as the state has it" in vault
    assert "outside Pulumi: networkAcls." in vault
    world.refresh()
    assert world.preview() == ""
    assert world.engine.warnings == []
    assert [one for one in world.engine.operations if ":Account " in one]
    vault_deleted(world)
    assert "was deleted outside Pulumi" in world.preview()
    assert world.engine.warnings == []


def test_a_closed_vault_rotates_by_itself() -> None:
    """That needs no reach, and the next update binds the version."""
    world = standing(network={"access": "closed"}, key={"generation": 1})
    world.wire.sleep(86_400 * 541)
    world.engine.refresh()
    assert world.up() == ""
    assert any("CustomerManagedKey" in one for one in world.engine.operations)


def test_a_vault_without_the_key_takes_no_other_account() -> None:
    """Made anew by the same name once the deleted one is purged, it has neither the key nor the access:
    nothing is written, and the message names what only a backup brings back. A refresh fails before the
    program runs, because azure-native takes KeyNotFound for no answer."""
    world = standing()
    vault_deleted(world)
    world.wire.sleep(DAYS_UNTIL_PURGED * 86_400)
    make_vault(world, VAULT_ID)
    said = world.up()
    assert "key: vault 'kv-claims' no longer has the key 'cmk-claims'" in said
    assert "key restore" in said
    assert world.engine.operations == []
    world.refreshes = True
    assert world.up().startswith('Status=404 Code="KeyNotFound"')
