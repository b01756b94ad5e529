"""The pack when a rule fails and when a level is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies.adapter import make_policies, to_policy
from policies.rule import Rule
from policies.rules import RULES
from policies.session import Session
from tests.policies.asking import (
    KEY,
    NOW,
    VAULT,
    Pack,
    Thing,
    verdict,
)
from tests.policies.bags import key_props, vault_props, with_change
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


OPEN_VAULT = Thing("v", VAULT, with_change(vault_props(), "properties.enablePurgeProtection", False))
RULE_NAME = "vault-purge-protection"


def test_nothing_is_mended_for_someone() -> None:
    """Level remediate refuses like mandatory."""
    pack = Pack(levels={RULE_NAME: "remediate"})
    assert verdict(run(around(OPEN_VAULT), pack), RULE_NAME) == "violation"
