"""What happens to the settings around an account and its vault, in hand-made previews."""

from __future__ import annotations

import pytest

from tests.review.build import (
    ACCOUNT,
    INLINE,
    UNKNOWN,
    VAULT,
    account,
    bound,
    comment,
    replaced,
    review,
    step,
    vault,
    verdicts,
)


def test_one_more_address_lets_more_callers_in() -> None:
    """A list of selected networks that grows is a weaker one; the report names what is in it."""
    one, two = (
        {
            "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": ip} for ip in ips]},
            "publicNetworkAccess": "Enabled",
        }
        for ips in (["1.2.3.4"], ["1.2.3.4", "0.0.0.0/1"])
    )
    made = review(*replaced(bound(), VAULT, step("update", VAULT, "v", vault(**one), vault(**two))))
    assert [found.verdict.name.value for found in made.rows[0].verdicts] == ["protection-weakened"]
    assert "0.0.0.0/1" in comment(made)


def test_a_vault_that_no_account_uses_is_judged_by_itself() -> None:
    """Who else depends on it cannot be seen, so its deletion is as grave."""
    made = review(step("delete", VAULT, "v", vault()))
    assert [(row.noun, row.verdicts[0].verdict.name.value) for row in made.rows] == [
        ("vault", "vault-deleted")
    ]
    assert made.severity.exit_code == 4


def test_a_network_opened_outside_is_told_when_nothing_mends_it() -> None:
    """The nightly look plans nothing, so what it finds is what stays."""
    closed, opened = account(encryption=INLINE), account(encryption=INLINE, publicNetworkAccess="Enabled")
    stack = {"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", "op": "refresh", "oldState": {}}
    assert verdicts(stack, step("refresh", ACCOUNT, "a", closed, opened)) == ["protection-weakened"]


@pytest.mark.parametrize("hidden", [UNKNOWN, "[secret]"])
@pytest.mark.parametrize(
    "name", ["enableSoftDelete", "enablePurgeProtection", "publicNetworkAccess", "networkAcls"]
)
def test_a_setting_of_the_vault_that_goes_out_of_sight_is_said(name: str, hidden: str) -> None:
    """What was known and is a secret, or known after the update alone, may be anything."""
    before = vault(publicNetworkAccess="Enabled", networkAcls={"defaultAction": "Deny"})
    after = vault(
        **{"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}, name: hidden}
    )
    assert verdicts(*replaced(bound(), VAULT, step("update", VAULT, "v", before, after))) == ["undetermined"]


@pytest.mark.parametrize("hidden", [UNKNOWN, "[secret]"])
@pytest.mark.parametrize("name", ["disableLocalAuth", "publicNetworkAccess"])
def test_a_setting_of_the_account_that_goes_out_of_sight_is_said(name: str, hidden: str) -> None:
    """As with the vault's; one that never was in sight has not changed as far as can be told."""
    before = account(encryption=INLINE)
    after = account(encryption=INLINE, **{name: hidden})
    assert verdicts(*replaced(bound(), ACCOUNT, step("update", ACCOUNT, "a", before, after))) == [
        "undetermined"
    ]
    assert verdicts(*replaced(bound(), ACCOUNT, step("update", ACCOUNT, "a", after, after))) == []
