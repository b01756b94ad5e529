"""Access that is revoked, given back, or gone with its identity: what is printed leads out."""

from __future__ import annotations

from typing import Any

import pytest

from components.azure_failures import explanation
from core.api_versions import VAULTS
from core.commands import take_over
from core.resource_types import ACCESS_POLICY
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from localazure import seed as seed_of_azure
from localazure.authorization import assign_role
from tests.remediation.following import Way
from tests.remediation.world import (
    OTHER_VAULT,
    OWN_VAULT,
    VAULT_ID,
    World,
    each_mode,
    identity_anew,
    identity_off,
    make_other_vault,
    permit,
    tags,
    unbound,
)
from tests.support.az import carry_out
from tests.support.local_deployment import Deployment


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


def test_a_revocation_that_deletes_data_waits_for_the_accounts_name() -> None:
    """An account that may hold Custom Translator's data keeps its access until it is named, as is printed."""
    world = World("access policies", settings={"kind": "AIServices", "account_name": "lang-claims"})
    assert world.up() == ""
    world.settings["access"] = "revoked"
    refused = world.up()
    assert world.readable
    way = Way(world)
    way.follow(refused)
    assert way.steps == ["revokeAccount: lang-claims"]
    assert not world.readable


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


def test_changes_that_wait_for_access_are_told() -> None:
    """In the preview: a tag of the account comes one update after its access."""
    deployment = Deployment()
    service: dict[str, Any] = {"audit": {"new_workspace": False}}
    for access in ("granted", "revoked"):
        deployment.up({"claims": {**service, "access": access}})
    deployment.preview({"claims": {**service, "access": "granted", "tags": {"owner": "night"}}})
    assert any("changes of the account, if any, wait for the next update" in one for one in deployment.notes)


@pytest.mark.parametrize("write", [1, 2, 3])
@pytest.mark.parametrize("change", ["another key", "another vault", "another identity"])
@pytest.mark.parametrize("mode", ["access policies", "Azure RBAC"])
def test_a_grant_in_the_place_of_another_is_taken_over(mode: str, change: str, write: int) -> None:
    """An update made it and was killed before it was recorded, or was killed before. The state has the former
    one, so that nothing could be imported: the next update takes the one for the other, and takes the former
    away. A key that was made in another vault is declared by its id. The role of an identity that was made
    anew is imported, as is printed; the role of the identity that is gone stays then."""
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
    expected = {
        ("another vault", 1): ["without key.name", f"key.id: {vault}/keys/cmk-claims"],
        ("another identity", 1): [] if mode == "access policies" else ["import claims-access"],
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


def test_what_somebody_gave_a_new_identity_gives_way() -> None:
    """A vault has one access policy for each identity, so that the update cannot add the stack's own beside
    that of a template of the portal's."""
    world = World("access policies")
    assert world.up() == ""
    identity_anew(world)
    user = world.arm("GET", world.account_id)["identity"]["principalId"]
    keys = {"keys": ["get", "list", "wrapKey", "unwrapKey"]}
    entry = {"tenantId": seed_of_azure.TENANT_ID, "objectId": user, "permissions": keys}
    world.arm("PUT", f"{VAULT_ID}/accessPolicies/add", {"properties": {"accessPolicies": [entry]}})
    refused = world.up()
    assert f"accessPolicy/{user} exists, and this stack does not record it" in refused
    assert carry_out(world.wire.door, refused) == 1
    for _ in range(2):
        assert world.up() == ""
    assert world.readable
    (left,) = world.arm("GET", VAULT_ID)["properties"]["accessPolicies"]
    assert left["objectId"] == user


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


def test_an_account_that_azure_did_not_keep_is_made_once_its_access_counts() -> None:
    """Azure takes it with its key, notices only then that the access does not count yet, and keeps nothing:
    the update that is run again as late as it says makes it."""
    world = World("user-assigned identity")
    world.wire.door.cloud.behave(
        grant_delay_seconds=1200.0, missing_grant="fails_later", failed_operations_keep="none"
    )
    way = Way(world)
    way.follow()
    assert {*way.steps} == {"again"}
    assert world.readable


def test_an_account_keeps_its_key_while_a_wider_policy_is_taken_over() -> None:
    """The state lost the access, and somebody has added a permission to it: what is printed takes that back,
    and the next update takes the policy over."""
    deployment = Deployment()
    services: Any = {"claims": {"audit": {"new_workspace": False}, "network": {"access": "open"}}}
    deployment.up(services)
    (urn,) = (urn for urn in deployment.state if urn.endswith("::claims-access"))
    lost = deployment.state.pop(urn)["outputs"]
    entry = {**lost["policy"], "permissions": {"keys": ["get", "wrapKey", "unwrapKey", "list"]}}
    vault_id = lost["id"].partition("/accessPolicy/")[0]
    body = {"properties": {"accessPolicies": [entry]}}
    assert deployment.arm("PUT", f"{vault_id}/accessPolicies/replace", body, api=VAULTS).status == 200
    with pytest.raises(Exception, match="already existing") as refused:
        deployment.up(services)
    words = explanation("claims-access", ACCESS_POLICY, str(refused.value)) or ""
    assert "delete-policy" not in words
    assert carry_out(deployment.door, words.replace(take_over(), "")) == 1
    deployment.up(services)
    assert urn in deployment.state
