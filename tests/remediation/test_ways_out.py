"""What a refusal prints, followed to its end: a row for each, from what provokes it to the way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from core import rights
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from localazure import seed
from localazure.authorization import assign_role
from tests.remediation.following import Way
from tests.remediation.world import (
    EVERYDAY,
    EXISTING_VAULT,
    MODES,
    OWN_VAULT,
    SHARED_VAULT_ID,
    VAULT_ID,
    World,
    account_deleted,
    bound_by_others,
    bound_version_expires,
    close_vault,
    forbid,
    forget_account,
    identity_anew,
    identity_off,
    key_users,
    make_shared_key,
    narrow_grant,
    permit,
    set_policy,
    tags,
    unbound,
    vault_deleted,
)
from tests.support.az import carry_out

POLICIES, ROLES = EVERYDAY
OTHER_MODEL = {POLICIES: "rbac", "user-assigned identity": "rbac", ROLES: "accessPolicy"}
Step = Callable[[World], object] | Mapping[str, Any]
"""What somebody does past Pulumi, or the settings of an update that succeeds."""


def vault_under_roles(world: World) -> None:
    """Somebody, or a policy, takes the vault to Azure RBAC."""
    vault = world.arm("GET", VAULT_ID)
    vault["properties"]["enableRbacAuthorization"] = True
    world.arm("PUT", VAULT_ID, {name: vault[name] for name in ("location", "tags", "properties")})


def vault_under_policies(world: World) -> None:
    world.arm("PATCH", VAULT_ID, {"properties": {"enableRbacAuthorization": False}})


def forget(*names: str) -> Step:
    """Takes resources out of the state, by the ends of their names."""

    def taken_out(world: World) -> None:
        for urn in [urn for urn in world.engine.state if urn.endswith(names)]:
            del world.engine.state[urn]

    return taken_out


def behaves(**switches: Any) -> Step:
    return lambda world: world.wire.door.cloud.behave(**switches)


def principal(world: World) -> str:
    return str(world.arm("GET", world.account_id)["identity"]["principalId"])


def disabled(world: World) -> None:
    """The version that the account is on."""
    uri = world.history()[-1]["keyUri"]
    assert carry_out(world.wire.door, f"az keyvault key set-attributes --id {uri} --enabled false") == 1


def widened_and_forgotten(world: World) -> None:
    """Somebody has added a permission to the access that the state no longer has."""
    permit(world, principal(world), {"keys": ["list"]})
    forget("-access")(world)  # type: ignore[operator]


def purge_protection_lost(world: World) -> None:
    """Azure does not let anybody switch it off, so that this goes past its door."""
    store = world.wire.door.cloud.store
    with store.transaction():
        vault = store.get("vault", VAULT_ID)
        assert vault is not None
        del vault["properties"]["enablePurgeProtection"]
        store.put("vault", VAULT_ID, vault)


def bound_to_another_key(world: World) -> None:
    make_shared_key(world, f"{VAULT_ID}/keys/another")
    uri = world.arm("GET", f"{VAULT_ID}/keys/another")["properties"]["keyUriWithVersion"]
    key = {
        "keyVaultUri": "https://kv-claims.vault.azure.net",
        "keyName": "another",
        "keyVersion": uri.rpartition("/")[2],
    }
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}
    world.arm("PATCH", world.account_id, {"properties": {"encryption": encryption}})
    world.arm("GET", world.account_id)


def regranted(world: World, keys: list[str], **more: str) -> None:
    """The identity's access policy, replaced by another one."""
    forbid(world, principal(world))
    set_policy(world, "add", principal(world), {"keys": keys}, **more)


def access_widened(world: World) -> None:
    regranted(world, [*rights.NEEDED, "sign"])


def access_for_an_application(world: World) -> None:
    regranted(world, [*rights.NEEDED], applicationId=seed.DEPLOYER.client_id)


def reads_state_first(world: World) -> None:
    """A program that asks for the state gets the one from before the refresh."""
    world.engine.before_refresh = True


def given_at_the_key_in_use(world: World) -> None:
    """Somebody gives the account's identity access to the key that it is on."""
    (user,) = key_users(world)
    if world.mode == ROLES:
        scope = f"{world.vault_id}/keys/cmk-claims"
        assign_role(world.wire.door.cloud, user, CRYPTO_SERVICE_ENCRYPTION_USER.name, scope)
    else:
        permit(world, user, {"keys": ["get", "wrapKey", "unwrapKey"]})
    assert world.readable


def write_fails(world: World) -> None:
    """The account shows that its last operation failed; its data is under the key all the same."""
    world.settings["tags"] = {"owner": "second"}
    behaves(failing_operations="CapacityExceeded")(world)  # type: ignore[operator]
    assert "CapacityExceeded" in world.up()
    behaves(failing_operations="")(world)  # type: ignore[operator]


@dataclass(frozen=True)
class Row:
    """A service with `settings` stands (unless it does not), `before` happens to it, and an update declares
    `change`.

    `says` are words of the refusal. `way` are the steps of the way out that is printed, the first of them
    where it ends with `...`; the settings are put back where it is BACK. Then it has converged: on its key,
    with its data as it was, readable unless access is `revoked`.
    """

    what: str
    change: Mapping[str, Any] = field(default_factory=dict)
    way: Sequence[Any] = (...,)
    says: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    before: Sequence[Step] = ()
    modes: Sequence[str] = (POLICIES,)
    refreshes: Sequence[bool] = (False,)
    stands: bool = True
    revoked: bool = False
    bound: bool = True
    another: bool = False


BACK = ("put back",)
OPERATED = {"vault": {"key_operators": ["deployer"]}}
UNBINDS = {"encryption": "microsoftManaged", "unbind_account": "lang-claims"}
BOTH = (False, True)
FREE: Mapping[str, Any] = {"sku": {"name": "F0"}, "identity": {"type": "SystemAssigned"}}
ALL_BUT_VAULT = ("-account", "-binding", "-access", "-version", "-audit", "-workspace", "-proof")
ACCESS = (
    Row(
        "an identity that the state lost is not written before it has access",
        before=(identity_off, World.refresh),
        way=("az cognitiveservices account identity assign", "access: revoked", "access: granted"),
        modes=EVERYDAY,
    ),
    Row(
        "an identity that was made anew has access by the setting alone",
        before=(identity_anew,),
        says=("was turned off; its new one",),
        way=("access: revoked", "access: granted"),
        modes=EVERYDAY,
        refreshes=BOTH,
    ),
    Row(
        "roles count again once somebody says so, not because something else changes",
        {"tags": {"owner": "night"}},
        ("az keyvault update",),
        ("'kv-claims' goes by access policies now, although Azure RBAC is declared",),
        before=(vault_under_policies,),
        modes=(ROLES,),
    ),
    Row(
        "a revocation leaves a vault that somebody has put under access policies as it is",
        {"access": "granted"},
        ("az keyvault update",),
        ("goes by access policies",),
        before=({"access": "revoked"}, vault_under_policies, {"tags": {"owner": "night"}}),
        modes=(ROLES,),
    ),
    Row(
        "a revocation that deletes the data of Custom Translator waits for the account's name",
        {"access": "revoked"},
        ("revokeAccount: lang-claims",),
        settings={"kind": "AIServices", "account_name": "lang-claims"},
        revoked=True,
    ),
    *(
        Row(
            f"a vault changes its access model while access is revoked, {mode}, {len(before)} updates",
            {"access": "granted"},
            (),
            before=before,
            modes=(mode,),
        )
        for mode, model in OTHER_MODEL.items()
        for before in (
            ({"access": "revoked"}, {"access_model": model}),
            ({"access": "revoked", "access_model": model},),
        )
    ),
    Row(
        "what somebody gives at the key in use is taken away again, though the settings name another key",
        before=({"access": "revoked"}, {"key": {"name": "second"}}, {}, given_at_the_key_in_use),
        way=(),
        modes=tuple(MODES),
        revoked=True,
    ),
    *(
        Row(
            f"an account whose last write failed keeps its access model, {mode}",
            {"access_model": "accessPolicy" if "rbac" in settings.values() or mode == ROLES else "rbac"},
            BACK,
            ("accessModel",),
            settings=settings,
            before=(*others, write_fails),
            modes=(mode,),
            refreshes=(bool(others),),
        )
        for mode, settings, others in (
            (POLICIES, {}, ()),
            (ROLES, {}, ()),
            (ROLES, {}, (bound_by_others,)),
            ("user-assigned identity", {"access_model": "rbac"}, ()),
        )
    ),
    Row(
        "a closed service is opened where the vault does not trust it",
        settings={"network": {"access": "closed"}},
        before=(behaves(trusted_services_reach_vault=False),),
        says=("Key Vault does not count the service among them",),
        way=("network.access: open",),
        modes=OWN_VAULT,
        stands=False,
    ),
    Row(
        "a first revocation says what comes first",
        {"access": "revoked"},
        ("access: granted", "access: revoked"),
        ("'revoked', but an account that is yet to be made is not bound",),
        modes=tuple(MODES),
        stands=False,
        revoked=True,
    ),
    Row(
        "an account that was unbound is bound before its access is revoked",
        {"access": "revoked"},
        ("access: granted", "access: revoked"),
        before=(unbound, World.refresh),
        modes=EVERYDAY,
        revoked=True,
    ),
    Row(
        "what somebody gave a new identity gives way",
        before=(
            identity_anew,
            lambda world: permit(world, principal(world), {"keys": ["get", "list", "wrapKey", "unwrapKey"]}),
        ),
        way=("import claims-access", "az keyvault set-policy"),
        says=("exists, and this stack does not record it",),
    ),
    Row(
        "an account keeps its key while a wider policy is taken over",
        before=(widened_and_forgotten,),
        way=("import claims-access", "az keyvault set-policy"),
    ),
    Row(
        "an account without access leaves no key",
        UNBINDS,
        ("access: granted",),
        ("set access: granted",),
        before=({"access": "revoked"},),
        modes=tuple(MODES),
        bound=False,
    ),
    Row(
        "an account that Azure did not keep is made once its access counts",
        way=("again", ...),
        before=(
            behaves(grant_delay_seconds=1200.0, missing_grant="fails_later", failed_operations_keep="none"),
        ),
        modes=("user-assigned identity",),
        stands=False,
    ),
)
STATE = (
    Row(
        "a vault of others comes back with the account's key",
        settings={"key": {"name": "second"}},
        before=(vault_deleted, World.refresh),
        says=("1 problem;",),
        way=("az keyvault recover",),
        modes=(EXISTING_VAULT,),
        refreshes=BOTH,
    ),
    Row(
        "a key that others have made is used only by its id",
        {"key": {"name": "theirs"}},
        ("without key.name", f"key.id: {SHARED_VAULT_ID}/keys/theirs"),
        before=(partial(make_shared_key, id=f"{SHARED_VAULT_ID}/keys/theirs"),),
        modes=(EXISTING_VAULT,),
        stands=False,
    ),
    Row(
        "what a state forgot is taken over",
        before=(forget(*ALL_BUT_VAULT),),
        modes=tuple(MODES),
        refreshes=BOTH,
    ),
    Row(
        "an audit that a state forgot is taken over",
        settings={"audit": {"new_workspace": True}},
        before=(forget("-vault-audit"),),
        way=("import claims-vault-audit",),
    ),
    Row(
        "a deleted account comes back",
        before=(account_deleted, World.refresh),
        way=("az cognitiveservices account recover", "import claims-account"),
    ),
    Row(
        "a key is named as before again",
        {"key": {"name": "cmk-claims"}},
        (),
        before=({"key": {"name": "second"}},),
        modes=OWN_VAULT,
        refreshes=(True,),
    ),
    Row(
        "an account of the free tier comes back, and gets another",
        {"account_name": "lang-second"},
        ("az cognitiveservices account recover", "import claims-account"),
        before=(account_deleted, World.refresh, partial(forget_account, name="lang-second", **FREE)),
        another=True,
    ),
    Row(
        "an account does not come back without its identity",
        {"account_name": "lang-second"},
        ("accountName: lang-second-2",),
        before=(account_deleted, World.refresh, partial(forget_account, name="lang-second")),
        another=True,
    ),
)
VERSIONS = (
    Row(
        "an account is recovered on an expired version",
        before=(bound_version_expires, account_deleted),
        way=("az cognitiveservices account recover", "import claims-account", "usable again"),
        refreshes=(True,),
    ),
    *(
        Row(
            f"a change under a version that is unusable: {getattr(how, '__name__', '')}",
            {"tags": {"owner": "night"}},
            ("usable again",),
            ("Azure refuses every write of an account whose key it cannot use",),
            settings=OPERATED,
            before=(how,),
            modes=tuple(MODES),
        )
        for how in (disabled, bound_version_expires)
    ),
)
PUT_BACK = (
    Row(
        "no vault as existing that the stack made under a name that was given",
        {"vault": {"id": VAULT_ID.replace("kv-claims", "kv-custom")}},
        ("without vault.id", "vault.name: kv-custom"),
        settings={"vault": {"name": "kv-custom"}},
        before=(lambda world: world.settings.pop("resource_group_name", None),),
    ),
    Row(
        "a vault that somebody has put under Azure RBAC is changed back",
        {"tags": {"owner": "night"}},
        ("az keyvault update",),
        ("'kv-claims' goes by Azure RBAC now, although access policies are declared",),
        before=(vault_under_roles,),
        modes=(POLICIES, "user-assigned identity"),
    ),
    Row(
        "a vault whose access model somebody has changed is declared as it is",
        before=(vault_under_roles, World.refresh),
        way=("accessModel: rbac", ...),
        says=("accessModel: found 'accessPolicy', but vault 'kv-claims' is under 'rbac'",),
    ),
)
DRIFT = (
    *(
        Row(
            f"an update does not make {drift.__name__} worse",
            before=(reads_state_first, drift),
            says=("nothing of this service was made or changed", *says),
            refreshes=(True,),
        )
        for drift, says in (
            (access_for_an_application, ("was removed outside Pulumi", "set access: revoked")),
            (narrow_grant, ("was reduced outside Pulumi", "lacks unwrapKey", "set access: revoked")),
            (close_vault, ("was cut off outside Pulumi", "bypass None", "set access: revoked")),
        )
    ),
    *(
        Row(
            f"one update repairs {drift.__name__}",
            before=(reads_state_first, drift),
            way=(),
            refreshes=(True,),
        )
        for drift in (purge_protection_lost, unbound, access_widened, bound_to_another_key)
    ),
    Row(
        "an account that was unbound on purpose is not bound again by a later change",
        {"tags": {"owner": "night"}},
        ("refresh",),
        ("is on Microsoft-managed keys",),
        before=({"tags": {"owner": "first"}}, UNBINDS, lambda world: world.settings.pop("unbind_account")),
        bound=False,
    ),
    Row(
        "a vault is closed in one update, and its key rotated in another",
        {"network": {"access": "closed"}, "key": {"generation": 2}},
        ("put back",),
        ("in the update that closes the network of vault ",),
        settings=OPERATED,
    ),
    Row(
        "a vault of chosen addresses is closed in one update, and its key rotated in another",
        {"network": {"access": "closed"}, "key": {"generation": 2}},
        ("put back",),
        ("in the update that closes the network of vault ",),
        settings={**OPERATED, "network": {"access": "selected", "allowed_ip_ranges": ["20.50.0.1"]}},
    ),
    Row(
        "a rotation leaves an expired version behind",
        {"key": {"generation": 2}},
        (),
        settings=OPERATED,
        before=(reads_state_first, bound_version_expires),
        refreshes=(True,),
    ),
)


def _is_long(number: int, row: Row, mode: str) -> bool:
    """Every day, a row for all modes is lived in one of the everyday modes, and the next one in the other."""
    return row.modes == tuple(MODES) and mode != EVERYDAY[number % 2]


ROWS = [
    pytest.param(
        row,
        mode,
        refreshes,
        id=f"{row.what}, {mode}{', refresh' * refreshes}",
        marks=[pytest.mark.long] * _is_long(number, row, mode),
    )
    for number, row in enumerate((*ACCESS, *STATE, *VERSIONS, *PUT_BACK, *DRIFT))
    for mode in row.modes
    for refreshes in row.refreshes
]


@pytest.mark.parametrize(("row", "mode", "refreshes"), ROWS)
def test_a_refusal_leads_out(row: Row, mode: str, *, refreshes: bool) -> None:
    """By what it prints, and nothing else."""
    world = World(mode, refreshes, dict(row.settings))
    assert not row.stands or world.up() == ""
    data = world.found
    for step in row.before:
        if isinstance(step, Mapping):
            world.declare(step)
            assert world.up() == ""
        else:
            step(world)
    settings, first, was_bound = dict(world.settings), len(world.history()), world.is_bound
    world.declare(row.change)
    said = world.up()
    assert [words for words in row.says if words not in said] == [], said
    if "nothing of this service was made or changed" in said:
        assert [one for one in world.engine.operations if "Revocation" not in one] == [], said
    if row.change.get("access") == "revoked" and was_bound and "revokeAccount" not in said:
        assert not world.readable, "a revocation waits for no refusal"
    way = Way(world)
    if row.way == BACK:
        assert said
        world.settings = settings
    else:
        way.follow(said)
        steps = [*row.way]
        ends = steps[-1:] != [...]
        assert (way.told if ends else way.told[: len(steps) - 1]) == (steps if ends else steps[:-1])
    _stands(world, row)
    if data is not None and not row.another:
        assert world.account.internal_id == data.internal_id
    if was_bound and row.bound and not row.another:
        assert world.unbound_moments(first) == []
    if row.change.get("tags"):
        assert tags(world) == "night"


def _stands(world: World, row: Row) -> None:
    """It has converged."""
    for _ in range(3):
        world.must_up()
    assert world.engine.operations == []
    assert world.is_bound is row.bound
    assert world.readable is not row.revoked
