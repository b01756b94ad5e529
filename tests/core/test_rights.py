"""What a grant gives on a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import rights, roles
from core.facts import DenyAssignment, PolicyEntry, RoleAssignment, Vault
from core.rights import Access
from core.roles import Permissions, Role
from tests.support.stack import ROOT

SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv1"
KEY = f"{VAULT}/keys/cmk"
ME = "aaaaaaaa-0000-0000-0000-000000000001"
OTHER = "bbbbbbbb-0000-0000-0000-000000000002"


def _entries(*entries: PolicyEntry) -> rights.EffectiveAccess:
    return rights.on_key(Vault(VAULT, tenant_id="t-1", policies=entries), ME, KEY)


@pytest.mark.parametrize(
    ("entries", "level", "missing"),
    [
        ([], Access.NONE, ("get", "wrapKey", "unwrapKey")),
        ([PolicyEntry(ME, ("get", "wrapkey", "unwrapkey"))], Access.FULL, ()),
        ([PolicyEntry(ME.upper(), ("GET", "WrapKey", "unwrapKey"))], Access.FULL, ()),
        ([PolicyEntry(ME, ("all",))], Access.FULL, ()),
        ([PolicyEntry(ME, ("unwrapkey",))], Access.NARROWER, ("get", "wrapKey")),
        ([PolicyEntry(ME, ("list", "sign"))], Access.NONE, ("get", "wrapKey", "unwrapKey")),
        ([PolicyEntry(ME, ("get",)), PolicyEntry(ME, ("wrapkey", "unwrapkey"))], Access.FULL, ()),
        ([PolicyEntry(OTHER, ("all",))], Access.NONE, ("get", "wrapKey", "unwrapKey")),
        ([PolicyEntry(ME, ("all",), application_id="a-1")], Access.NONE, ("get", "wrapKey", "unwrapKey")),
        ([PolicyEntry(ME, ("all",), tenant_id="t-2")], Access.NONE, ("get", "wrapKey", "unwrapKey")),
        ([PolicyEntry(ME, ("all",), tenant_id="T-1")], Access.FULL, ()),
    ],
)
def test_access_policies(entries: list[PolicyEntry], level: Access, missing: tuple[str, ...]) -> None:
    """Entries add up; those of an application, another tenant or another identity give nothing."""
    found = _entries(*entries)
    assert (found.level, found.missing) == (level, missing)


def _assigned(
    role: Role | None = roles.CRYPTO_SERVICE_ENCRYPTION_USER,
    scope: str = KEY,
    principal: str = ME,
    condition: str = "",
) -> RoleAssignment:
    return RoleAssignment(scope, principal, role.id if role else "own", role, condition=condition)


_WRAP_ONLY = Role("own", "Own", (Permissions(data_actions=("Microsoft.KeyVault/vaults/keys/wrap/action",)),))
_ALL_BUT_UNWRAP = Permissions(
    data_actions=("*",), not_data_actions=("Microsoft.KeyVault/vaults/keys/unwrap/action",)
)


@pytest.mark.parametrize(
    ("assignments", "level"),
    [
        ([], Access.NONE),
        ([_assigned()], Access.FULL),
        ([_assigned(scope=VAULT)], Access.FULL),
        ([_assigned(scope=GROUP.upper())], Access.FULL),
        ([_assigned(scope=SUBSCRIPTION)], Access.FULL),
        ([_assigned(scope="/providers/Microsoft.Management/managementGroups/m")], Access.FULL),
        ([_assigned(scope=f"{VAULT}/keys/cmk2")], Access.NONE),
        ([_assigned(principal=OTHER)], Access.NONE),
        ([_assigned(roles.CRYPTO_USER)], Access.FULL),
        ([_assigned(roles.CRYPTO_OFFICER)], Access.FULL),
        ([_assigned(roles.ADMINISTRATOR)], Access.FULL),
        ([_assigned(roles.named("Key Vault Reader"))], Access.NARROWER),
        ([_assigned(roles.OWNER)], Access.NONE),
        ([_assigned(roles.VAULT_CONTRIBUTOR)], Access.NONE),
        ([_assigned(condition="@Resource[x] StringEquals 'y'")], Access.UNKNOWN),
        ([_assigned(condition="c"), _assigned(roles.CRYPTO_USER)], Access.FULL),
        ([_assigned(None)], Access.UNKNOWN),
        ([_assigned(None, scope=f"{VAULT}/keys/cmk2")], Access.NONE),
        ([_assigned(_WRAP_ONLY)], Access.NARROWER),
        ([_assigned(_WRAP_ONLY), _assigned(roles.named("Key Vault Reader"))], Access.NARROWER),
        ([_assigned(Role("own", "Own", (_ALL_BUT_UNWRAP,)))], Access.NARROWER),
    ],
)
def test_role_assignments(assignments: list[RoleAssignment], level: Access) -> None:
    """Assignments at or above the key add up; a condition or an unread role leaves it open."""
    assert rights.on_key(Vault(VAULT, uses_rbac=True), ME, KEY, assignments).level is level


def test_a_vault_looks_at_one_kind_of_grant() -> None:
    """Access policies do nothing under Azure RBAC, and role assignments nothing without it."""
    policies = (PolicyEntry(ME, ("all",)),)
    assert rights.on_key(Vault(VAULT, uses_rbac=True, policies=policies), ME, KEY, []).level is Access.NONE
    assert rights.by_policies(Vault(VAULT, uses_rbac=True, policies=policies), ME).level is Access.NONE
    assert rights.by_policies(Vault(VAULT, policies=policies), ME).level is Access.FULL
    assert rights.on_key(Vault(VAULT), ME, KEY, [_assigned()]).level is Access.NONE
    assert rights.on_key(Vault(VAULT, uses_rbac=True), ME, KEY).level is Access.UNKNOWN


_UNWRAP = Role("", "deny", (Permissions(data_actions=("Microsoft.KeyVault/vaults/keys/unwrap/action",)),))
_EVERYBODY = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("denial", "level"),
    [
        (DenyAssignment(KEY, (ME,), (), _UNWRAP), Access.NARROWER),
        (DenyAssignment(GROUP, (_EVERYBODY,), (), _UNWRAP), Access.NARROWER),
        (DenyAssignment(GROUP, (_EVERYBODY,), (ME,), _UNWRAP), Access.FULL),
        (DenyAssignment(GROUP, (ME,), (), _UNWRAP, applies_below=False), Access.FULL),
        (DenyAssignment(KEY, (ME,), (), _UNWRAP, applies_below=False), Access.NARROWER),
        (DenyAssignment(KEY, (OTHER,), (), _UNWRAP), Access.FULL),
        (DenyAssignment(KEY, (ME,), (), roles.ADMINISTRATOR), Access.NONE),
    ],
)
def test_deny_assignments_take_away(denial: DenyAssignment, level: Access) -> None:
    """A denial wins over every assignment, for whom and where it applies."""
    assert rights.by_roles([_assigned()], ME, KEY, [denial]).level is level


def test_a_denial_leaves_nothing_open() -> None:
    """What is denied is missing, whatever a condition comes to."""
    denial = DenyAssignment(KEY, (ME,), (), _UNWRAP)
    assert rights.by_roles([_assigned(condition="c")], ME, KEY, [denial]).level is Access.NONE


@given(st.lists(st.sampled_from([*rights.DATA_ACTIONS, "all", "wrapKey", "Get"]), max_size=8))
def test_more_permissions_are_never_less_access(words: list[str]) -> None:
    """Adding a permission never lowers the level, and excess never counts towards it."""
    order = [Access.NONE, Access.NARROWER, Access.FULL]
    levels = [_entries(PolicyEntry(ME, tuple(words[:n]))).level for n in range(len(words) + 1)]
    assert [order.index(one) for one in levels] == sorted(order.index(one) for one in levels)
    needed = {"get", "wrapkey", "unwrapkey"}
    assert (levels[-1] is Access.FULL) is (needed <= rights.expanded(words))


def test_what_goes_beyond_the_need_is_named() -> None:
    """Nothing more than get, wrapKey and unwrapKey is needed; `all` is everything but purge."""
    assert {"decrypt", "delete"} <= {*_entries(PolicyEntry(ME, ("all",))).excess}
    assert "purge" not in _entries(PolicyEntry(ME, ("all",))).excess
    assert _entries(PolicyEntry(ME, ("get", "wrapkey", "unwrapkey", "purge"))).excess == ("purge",)
    assert rights.EffectiveAccess(rights.of_role(roles.CRYPTO_SERVICE_ENCRYPTION_USER)).excess == ()
    assert rights.spelt(["unwrapkey", "WrapKey"]) == "unwrapKey, wrapKey"
    assert rights.spelt([]) == "nothing"


HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/kv1"
HSM_KEY = f"{HSM}/keys/cmk"


@pytest.mark.parametrize(
    ("assignments", "level"),
    [
        ([], Access.NONE),
        ([_assigned(roles.HSM_CRYPTO_SERVICE_ENCRYPTION_USER, HSM_KEY)], Access.FULL),
        ([_assigned(roles.HSM_CRYPTO_SERVICE_ENCRYPTION_USER, f"{HSM}/keys")], Access.FULL),
        ([_assigned(roles.HSM_CRYPTO_SERVICE_ENCRYPTION_USER, HSM)], Access.FULL),
        ([_assigned(roles.HSM_CRYPTO_SERVICE_ENCRYPTION_USER, f"{HSM}/keys/other")], Access.NONE),
        ([_assigned(roles.HSM_CRYPTO_USER, HSM_KEY)], Access.FULL),
        ([_assigned(roles.named("Managed HSM Crypto Auditor"), HSM_KEY)], Access.NARROWER),
        ([_assigned(roles.named("Managed HSM Crypto Officer"), HSM)], Access.NONE),
        ([_assigned(roles.named("Managed HSM Administrator"), HSM)], Access.NONE),
        ([_assigned(roles.CRYPTO_SERVICE_ENCRYPTION_USER, HSM_KEY)], Access.NONE),
        ([_assigned(roles.ADMINISTRATOR, GROUP)], Access.NONE),
        ([_assigned(None, HSM_KEY)], Access.UNKNOWN),
    ],
)
def test_a_managed_hsm_knows_its_own_roles(assignments: list[RoleAssignment], level: Access) -> None:
    """Resource Manager's roles give nothing in an HSM, and what it denies is not denied there."""
    denial = DenyAssignment(HSM, (ME,), (), Role("d", "Denied", (Permissions(data_actions=("*",)),)))
    found = rights.on_key(Vault(HSM, uses_rbac=True), ME, HSM_KEY, assignments, [denial])
    assert found.level is level


def test_an_hsms_role_gives_nothing_in_a_vault() -> None:
    """The data actions of the two are others."""
    given = [_assigned(roles.HSM_CRYPTO_USER)]
    assert rights.on_key(Vault(VAULT, uses_rbac=True), ME, KEY, given).level is Access.NONE


def test_the_role_for_the_service_fits_the_place() -> None:
    """Each of the two gives exactly what the service needs, and no more."""
    for key in (KEY, HSM_KEY):
        assert rights.of_role(roles.encryption_user(key), key) == {"get", "wrapkey", "unwrapkey"}


@pytest.mark.parametrize(
    ("role", "beyond"),
    [
        (roles.CRYPTO_SERVICE_ENCRYPTION_USER, ()),
        (roles.named("Key Vault Reader"), ()),
        (roles.READER, ()),
        (roles.COGNITIVE_CONTRIBUTOR, ()),
        (roles.named("Key Vault Crypto Service Release User"), ("release it",)),
        (roles.VAULT_CONTRIBUTOR, ("change the vault", "delete the vault")),
        (roles.CONTRIBUTOR, ("change the vault", "delete the vault", "purge a deleted vault")),
        (roles.USER_ACCESS_ADMINISTRATOR, ("give anybody access",)),
        (
            roles.OWNER,
            ("change the vault", "delete the vault", "purge a deleted vault", "give anybody access"),
        ),
        (
            roles.CRYPTO_USER,
            ("read data keys", "wrap data keys", "take a copy of it (backup)", "disable it"),
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_a_role_allows_beyond_what_the_service_needs(role: Role, beyond: tuple[str, ...]) -> None:
    """On keys and over their vault; what does data no harm, such as reading names, is not told."""
    assert rights.beyond(role) == beyond


CONDITION = (ROOT / "docs" / "roles" / "deploy-condition.txt").read_text()
DEPLOY = Role("d", "deploy", (Permissions((rights.ROLE_WRITE, "Microsoft.KeyVault/vaults/write")),))
OTHER_FORM = CONDITION.replace("ForAnyOfAnyValues:GuidEquals", "ForAnyOfAllValues:GuidNotEquals")


@pytest.mark.parametrize(
    ("role", "condition", "any_role"),
    [
        (roles.OWNER, "", True),
        (roles.USER_ACCESS_ADMINISTRATOR, "", True),
        (roles.CONTRIBUTOR, "", False),
        (roles.READER, "", False),
        (None, "", False),
        (DEPLOY, "", True),
        (DEPLOY, CONDITION, False),
        (DEPLOY, CONDITION.upper(), False),
        (DEPLOY, " ".join(CONDITION.split()), False),
        (DEPLOY, OTHER_FORM, True),
        (DEPLOY, f"{CONDITION} OR (ActionMatches{{'*'}})", True),
        (DEPLOY, CONDITION.partition("AND")[2], True),
        (Role("r", "r", (Permissions(("Microsoft.Authorization/roleDefinitions/write",)),)), CONDITION, True),
    ],
)
def test_who_can_give_itself_any_role(role: Role | None, condition: str, any_role: bool) -> None:
    """Whoever writes role assignments, unless a condition of the form that is assigned here limits the roles;
    and whoever writes the definition of its own role."""
    assert rights.gives_any_role(RoleAssignment(SUBSCRIPTION, ME, role=role, condition=condition)) is any_role


def test_the_condition_that_is_assigned_lists_the_service_role_alone() -> None:
    """Of a condition of another form nothing is known."""
    assert rights.roles_it_may_give(CONDITION) == frozenset({roles.CRYPTO_SERVICE_ENCRYPTION_USER.id})
    assert rights.roles_it_may_give(OTHER_FORM) is None
