"""Rules on vaults, keys and grants judge those that the key of an account depends on; of others the pack
advises."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from tests.policies.asking import ACCESS_POLICY, KEY, ROLE, VAULT, Answer, Pack, Thing
from tests.policies.bags import ENCRYPTION_USER, key_props, policy_props, role_props, vault_props, with_change
from tests.policies.editing import both, edited
from tests.policies.stacks import Stack, one_phase, run, two_phases

OTHER_VAULT = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-other"
OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"


def key(name: str, **properties: Any) -> Thing:
    """A key of its own in the account's vault."""
    props = with_change(key_props(), "keyName", name)
    props["properties"] |= properties
    return Thing(name, KEY, props, property_dependencies={"vaultName": ["vault"]})


VAULT_OF_OTHERS: Final = with_change(vault_props(), "vaultName", "kv-other")
POLICY_OF_OTHERS: Final = with_change(policy_props(), "vaultName", "kv-other")
ROLE_OF_OTHERS: Final = {**role_props(), "roleDefinitionId": OFFICER, "principalId": "app"}
DISK: Final = key("disk", keySize=1024)
SIGNING: Final = key("signing", kty="EC", keySize=None, keyOps=["sign", "verify"])
UNPROTECTED: Final = Thing(
    "other", VAULT, with_change(VAULT_OF_OTHERS, "properties.enablePurgeProtection", False)
)
OTHERS: Final = (
    SIGNING,
    DISK,
    UNPROTECTED,
    Thing(
        "app",
        ACCESS_POLICY,
        with_change(POLICY_OF_OTHERS, "policy.permissions.keys", ["get", "wrapKey", "sign"]),
    ),
    Thing("role", ROLE, {**ROLE_OF_OTHERS, "scope": f"{OTHER_VAULT}/keys/app"}),
)


def refused(answers: list[Answer]) -> list[Answer]:
    return [one for one in answers if one.level == "mandatory"]


@pytest.mark.parametrize("thing", OTHERS, ids=lambda thing: thing.name)
@pytest.mark.parametrize("kind", [two_phases, one_phase])
@both
def test_what_no_account_uses_is_advised_on(preview: bool, kind: Callable[..., Stack], thing: Thing) -> None:
    """A key for signing or disks, another vault, an application's own grant: one line of advice, no
    refusal."""
    answers = run({**kind(preview=preview), thing.name: thing})
    assert refused(answers) == []
    advice = [one for one in answers if one.rule == "unused-by-accounts"]
    assert advice
    assert all(one.level == "advisory" and len(one.message.splitlines()) == 2 for one in advice)


def test_advice_on_others_can_be_switched_off_or_made_a_refusal() -> None:
    """By the level of unused-by-accounts."""
    stack = {**two_phases(), "disk": DISK}
    assert run(stack, Pack(levels={"unused-by-accounts": "disabled"})) == []
    assert refused(run(stack, Pack(levels={"unused-by-accounts": "mandatory"})))


OPEN: dict[str, tuple[str, str, object]] = {
    "vault-network-restricted": ("vault", "properties.networkAcls", {"defaultAction": "Allow"}),
    "vault-purge-protection": ("vault", "properties.enablePurgeProtection", False),
    "key-rotation-policy": ("key", "properties.rotationPolicy", None),
    "vault-audited": ("audit", "logs", []),
}


def platform(rule: str) -> Stack:
    """A vault, its key and its audit log for accounts of other stacks; something of them breaks a rule."""
    stack = {name: one for name, one in two_phases().items() if name in ("group", "vault", "key", "audit")}
    name, path, value = OPEN[rule]
    return edited(stack, {"vault.properties.publicNetworkAccess": "Enabled", f"{name}.{path}": value})


@pytest.mark.parametrize("own", ["mandatory", "advisory"])
@pytest.mark.parametrize("rule", list(OPEN))
def test_a_stack_that_makes_keys_for_others_is_judged_like_one_that_uses_them(rule: str, own: str) -> None:
    """With unused-by-accounts at mandatory: by each rule, at the level that is configured for the rule."""
    levels = {"unused-by-accounts": "mandatory", rule: own}
    answers = run(platform(rule), Pack(levels=levels))
    assert {one.level for one in answers if one.rule == rule} == {own}
    assert [
        one for one in run(platform(rule), Pack(levels={**levels, rule: "disabled"})) if one.rule == rule
    ] == []


@pytest.mark.parametrize("rule", [rule for rule in OPEN if rule != "vault-audited"])
def test_what_is_advised_on_goes_by_the_configured_level_of_the_rule(rule: str) -> None:
    """By default, others are advised on in one line where the rule would refuse, whatever its own default."""
    for own, expected in (("mandatory", True), ("advisory", False)):
        answers = run(platform(rule), Pack(levels={rule: own}))
        assert (
            any(f"({rule})" in one.message for one in answers if one.rule == "unused-by-accounts") is expected
        )
        assert refused(answers) == []
        silent = run(platform(rule), Pack(levels={rule: own, "unused-by-accounts": "disabled"}))
        # That a rule only advises is listed in every report.
        assert [one for one in silent if one.rule != "exemptions-listed"] == []


@both
def test_the_key_of_a_binding_is_judged_among_others(preview: bool) -> None:
    """The account's own key is refused, and it alone."""
    stack = {**two_phases(preview=preview), "disk": DISK, "signing": SIGNING}
    answers = run(edited(stack, {"key.properties.keySize": 1024}))
    assert {one.urn for one in refused(answers)} == {stack["key"].urn}


@both
def test_a_wide_role_above_the_used_vault_is_judged(preview: bool) -> None:
    """A subscription's role reaches the account's key."""
    stack = two_phases(preview=preview, roles=True)
    wide = Thing("wide", ROLE, {**role_props(), "scope": "/subscriptions/s1", "principalId": "app"})
    assert {one.rule for one in refused(run({**stack, "wide": wide}))} == {"role-least-privilege"}
    assert wide.props["roleDefinitionId"] == ENCRYPTION_USER


def test_a_use_that_names_no_key_may_mean_any_of_them() -> None:
    """Where nothing tells which key a binding uses, every key is judged."""
    nothing = {"binding.vaultId": None, "binding@property_dependencies": {"accountId": ["account"]}}
    stack = edited(two_phases(preview=True), nothing)
    answers = run({**stack, "disk": DISK})
    assert {one.urn for one in refused(answers)} == {DISK.urn}


def test_a_use_that_names_its_vault_alone_may_mean_any_key_in_it() -> None:
    """Keys of the vault are judged, keys elsewhere are not."""
    vault_alone = {"accountId": ["account"], "vaultId": ["vault"]}
    stack = edited(two_phases(preview=True), {"binding@property_dependencies": vault_alone})
    elsewhere = replace(DISK, name="apart", property_dependencies={"vaultName": ["other"]})
    elsewhere = replace(elsewhere, props=with_change(elsewhere.props, "vaultName", "kv-other"))
    answers = run({**stack, "disk": DISK, "other": UNPROTECTED, "apart": elsewhere})
    assert {one.urn for one in refused(answers)} == {DISK.urn}


def test_a_vault_of_our_component_is_judged_without_a_use() -> None:
    """Also while its service is unbound: it is there for the account's key."""
    ours = replace(UNPROTECTED, place="prod::shop::language-cmk:index:EncryptedAIServicesAccount$")
    assert "vault-purge-protection" in {one.rule for one in refused(run({ours.name: ours}))}


@pytest.mark.parametrize(
    ("grant", "rule"),
    [
        (
            Thing("app", ACCESS_POLICY, with_change(policy_props(), "policy.permissions.keys", ["wrapKey"])),
            "grant-exact",
        ),
        (Thing("app", ROLE, {**role_props(), "roleDefinitionId": OFFICER}), "role-least-privilege"),
    ],
    ids=["access policy", "role on a key"],
)
@pytest.mark.parametrize("has_key", [True, False])
def test_a_vault_that_an_account_waits_for_is_judged_without_a_binding(
    grant: Thing, rule: str, has_key: bool
) -> None:
    """The binding is made by other means, so nothing tells which of the vault's keys the account uses."""
    left_out = {"binding", "version", "grant"} | (set() if has_key else {"key"})
    stack = {name: one for name, one in two_phases(roles=True).items() if name not in left_out}
    assert any(one.rule == rule for one in refused(run({**stack, "app": grant})))
