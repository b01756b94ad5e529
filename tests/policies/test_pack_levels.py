"""The pack when a rule fails, when a level is changed, and when it mends a flag."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies.adapter import to_policy
from policies.pack import make_policies
from policies.rule import Rule
from policies.rules import RULES
from policies.session import Session
from tests.policies.asking import (
    ACCOUNT,
    KEY,
    NOW,
    UNKNOWN_FLAG,
    UNKNOWN_OBJECT,
    VAULT,
    Pack,
    Thing,
    secret,
    verdict,
)
from tests.policies.bags import account_props, key_props, vault_props, with_change
from tests.policies.editing import around
from tests.policies.stacks import run, two_phases

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def _failing(rule: Rule, error: Exception) -> Rule:
    def judge(*_: Any) -> Any:
        raise error

    return replace(rule, judge=judge)  # type: ignore[call-arg]


@every_rule
def test_a_rule_that_fails_names_itself_and_refuses(rule: Rule) -> None:
    """A defect in a rule is a refusal at the rule's level, and the other rules still answer."""
    policies = [to_policy(_failing(rule, KeyError("boom")), Session()), *make_policies(lambda: NOW)]
    policies = [policy for number, policy in enumerate(policies) if number == 0 or policy.name != rule.name]
    pack = Pack(levels={rule.name: "mandatory"}, policies=policies)
    shown = two_phases(roles=rule.name == "role-least-privilege")
    shown["other"] = Thing("other", "azure:keyvault/keyVault:KeyVault")
    answers = [answer for answer in run(shown, pack) if answer.rule == rule.name]
    assert answers
    assert all(answer.level == "mandatory" and not answer.open for answer in answers)
    assert f"the rule {rule.name} could not be evaluated: KeyError: 'boom'" in answers[0].message


def test_an_advisory_can_be_made_mandatory_and_a_rule_switched_off() -> None:
    """Levels come from the configuration."""
    stack = around(Thing("k", KEY, with_change(key_props(), "properties.rotationPolicy", None)))
    assert {answer.level for answer in run(stack)} == {"advisory"}
    raised = run(stack, Pack(levels={"key-rotation-policy": "mandatory"}))
    assert {answer.level for answer in raised} == {"mandatory"}
    assert run(stack, Pack(levels={"key-rotation-policy": "disabled"})) == []


@pytest.mark.parametrize(
    ("rule", "token", "props", "flag"),
    [
        ("account-local-auth-disabled", ACCOUNT, account_props(), "disableLocalAuth"),
    ],
)
def test_a_harmless_flag_is_mended_when_asked_for(
    rule: str, token: str, props: dict[str, Any], flag: str
) -> None:
    """Off by default; at level remediate the flag is set, secrets stay secret and unknowns stay unknown."""
    wrong = with_change(props, f"properties.{flag}", False)
    wrong = with_change(wrong, "properties.hidden", secret("x"))
    assert Pack().remedy(Thing("x", token, wrong)) is None
    pack = Pack(levels={rule: "remediate"})
    mended = pack.remedy(Thing("x", token, wrong))
    assert mended == with_change(wrong, f"properties.{flag}", True)
    assert pack.ask(Thing("x", token, props)) == []
    for untouched in (UNKNOWN_FLAG, True):
        assert pack.remedy(Thing("x", token, with_change(props, f"properties.{flag}", untouched))) is None
    for properties in (UNKNOWN_OBJECT, None, "text"):
        assert pack.remedy(Thing("x", token, {"properties": properties})) is None
    assert pack.remedy(Thing("x", KEY, wrong)) is None


OPEN_VAULT = Thing("v", VAULT, with_change(vault_props(), "properties.enablePurgeProtection", False))
RULE_NAME = "vault-purge-protection"


def test_purge_protection_is_never_switched_on_for_someone() -> None:
    """It cannot be undone, so level remediate refuses like mandatory."""
    pack = Pack(levels={RULE_NAME: "remediate"})
    assert pack.remedy(OPEN_VAULT) is None
    assert verdict(run(around(OPEN_VAULT), pack), RULE_NAME) == "violation"
