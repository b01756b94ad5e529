"""Exemptions hold until they end, for whom they name, and are listed; levels are the configuration's."""

from dataclasses import replace
from typing import Any

import pytest

from policies.rule import Rule
from policies.rules import RULES
from tests.policies.asking import Pack, Thing, verdict
from tests.policies.editing import with_prop
from tests.policies.stacks import run, two_phases


def _exempting(until: str, urn: str = "*::vault", reason: str = "moving house") -> dict[str, Any]:
    return {"exemptions": [{"urn": urn, "reason": reason, "until": until}]}


OPEN_VAULT = with_prop(two_phases(), "vault", "properties.enablePurgeProtection", False)
RULE_NAME = "vault-purge-protection"


def _exempted(config: dict[str, Any]) -> tuple[str, str, str]:
    pack = Pack({RULE_NAME: config})
    refused = run(OPEN_VAULT, pack)
    listed = [answer for answer in refused if answer.rule == "exemptions-listed"]
    refused = [answer for answer in refused if answer.rule == RULE_NAME]
    levels = {answer.level for answer in listed}
    assert levels <= {"advisory"}
    first = refused[0].message if refused else ""
    return verdict(refused, RULE_NAME), first, "\n".join(answer.message for answer in listed)


def test_an_exemption_holds_and_is_listed() -> None:
    """Up to its last day the resource may break the rule, and every report says so and why."""
    result, _, listed = _exempted(_exempting("2030-03-17"))
    assert result == "pass"
    assert f"{RULE_NAME} may be broken by *::vault until 2030-03-17: moving house" in listed
    assert f"resources: {OPEN_VAULT['vault'].urn}" in listed


def test_a_wide_pattern_is_counted() -> None:
    """A pattern that exempts many resources says so: how many of the run's, and which."""
    rule = "binding-protected"
    pack = Pack({rule: _exempting("2030-12-31", urn="*::*i*")})
    stack = {name: replace(one, protect=False) for name, one in two_phases().items()}
    said = [one.message for one in run(stack, pack) if one.rule == "exemptions-listed"]
    assert f"used for 1 of {len(stack)} resources: {stack['binding'].urn}" in said[0]


def test_a_rule_that_is_off_is_listed() -> None:
    """A rule that refuses by default and is disabled, or only advises, is named in every report; one of
    advice is not."""
    levels = {"key-usable": "disabled", "cmk-complete": "advisory", "key-expiry": "disabled"}
    listed = [one for one in run(two_phases(), Pack(levels=levels)) if one.rule == "exemptions-listed"]
    assert [one.message.splitlines()[-1] for one in listed] == [
        "the configuration makes cmk-complete advisory; without it, the rule refuses",
        "the configuration makes key-usable disabled; without it, the rule refuses",
    ]


def test_an_exemption_ends() -> None:
    """The day after, the rule refuses again, and the report names the exemption that ended."""
    result, _, listed = _exempted(_exempting("2030-03-16"))
    assert result == "violation"
    assert f"{RULE_NAME} may be broken by *::vault until 2030-03-16: moving house" in listed
    assert "it has ended and exempts nothing" in listed


def test_an_exemption_is_for_the_resources_it_names() -> None:
    """A pattern that fits no other resource exempts no other, and is listed as not needed."""
    result, _, listed = _exempted(_exempting("2030-12-31", urn="*::w"))
    assert result == "violation"
    assert "not needed in this run" in listed


@pytest.mark.parametrize(
    "broken",
    [{"reason": ""}, {"until": "soon"}, {"until": None}, {"until": "2039-01-01"}, {"urn": 3}, {"urn": "*"}],
)
def test_an_exemption_without_reason_end_or_bounds_exempts_nothing(broken: dict[str, Any]) -> None:
    """What is missing is said in the report."""
    config = _exempting("2030-12-31")
    config["exemptions"][0].update(broken)
    result, _, listed = _exempted(config)
    assert result == "violation"
    assert "exemption 1 is ignored" in listed


@pytest.mark.parametrize(("name", "expected"), [("v[1]", "pass"), ("v1", "violation")])
def test_a_bracket_of_a_pattern_is_a_bracket(name: str, expected: str) -> None:
    """A program that makes vaults in a loop may name them so; in other patterns it stands for any of some."""
    thing = Thing(name, "azure-native:keyvault/v20240401preview:Secret", {})
    pack = Pack({"no-preview-api-version": _exempting("2030-12-31", urn="*::v[1]")})
    assert verdict(pack.ask(thing), "no-preview-api-version") == expected


def test_a_stack_rules_exemption_is_for_the_resource_it_names() -> None:
    """Exemptions match the URN of the violation, not the stack."""
    stack = {name: thing for name, thing in two_phases().items() if name != "binding"}
    for urn, expected in ((stack["account"].urn, "pass"), ("*::vault", "violation")):
        pack = Pack({"account-has-customer-key": _exempting("2030-12-31", urn=urn)})
        assert verdict(run(stack, pack), "account-has-customer-key") == expected


def _failing(rule: Rule, error: Exception) -> Rule:
    def judge(*_: Any) -> Any:
        raise error

    return replace(rule, judge=judge)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_that_fails_names_itself_and_refuses(rule: Rule) -> None:
    """A defect in a rule is a refusal at the rule's level, and the other rules still answer."""
    rules = [_failing(one, KeyError("boom")) if one is rule else one for one in RULES]
    pack = Pack(levels={rule.name: "mandatory"}, rules=rules)
    shown = two_phases(roles=rule.name in ("role-least-privilege", "caller-least-privilege"))
    shown["other"] = Thing("other", "azure:keyvault/keyVault:KeyVault")
    shown["project"] = Thing("project", "azure-native:cognitiveservices:Project")
    answers = [answer for answer in run(shown, pack) if answer.rule == rule.name]
    assert answers
    assert all(answer.level == "mandatory" and not answer.open for answer in answers)
    assert f"the rule {rule.name} could not be evaluated: KeyError: 'boom'" in answers[0].message


def test_an_advisory_can_be_made_mandatory_and_a_rule_switched_off() -> None:
    """Levels come from the configuration."""
    stack = with_prop(two_phases(), "key", "properties.rotationPolicy", None)
    assert {answer.level for answer in run(stack)} == {"advisory"}
    raised = run(stack, Pack(levels={"key-rotation-policy": "mandatory"}))
    assert {answer.level for answer in raised} == {"mandatory"}
    assert run(stack, Pack(levels={"key-rotation-policy": "disabled"})) == []


def test_nothing_is_mended_for_someone() -> None:
    """Level remediate refuses like mandatory."""
    pack = Pack(levels={RULE_NAME: "remediate"})
    assert verdict(run(OPEN_VAULT, pack), RULE_NAME) == "violation"
