"""Exemptions hold until they end, for whom they name, and are listed; levels are the configuration's."""

from dataclasses import replace
from typing import Any

import pytest
from pulumi.runtime import proto

from policies.rule import Rule
from policies.rules import RULES
from tests.policies.asking import Pack, Thing, verdict
from tests.policies.editing import edited
from tests.policies.stacks import run, two_phases

OPEN_VAULT = edited(two_phases(), {"vault.properties.enablePurgeProtection": False})
RULE_NAME = "vault-purge-protection"


def _exempting(**changed: object) -> dict[str, Any]:
    stated = {"urn": "*::vault", "reason": "moving house", "until": "2030-12-31"}
    return {"exemptions": [{**stated, **changed}]}


USED = (
    f"until 2030-03-17: moving house (used for 1 of {len(OPEN_VAULT)} resources: {OPEN_VAULT['vault'].urn})"
)


@pytest.mark.parametrize(
    ("changed", "expected", "listed"),
    [
        ({"until": "2030-03-17"}, "pass", USED),
        ({"until": "2030-03-16"}, "violation", "(it has ended and exempts nothing"),
        ({"urn": "*::w"}, "violation", "(not needed in this run)"),
        *(
            ({"until": until}, "violation", "exemption 1 is ignored")
            for until in ("soon", None, "2039-01-01")
        ),
        *(({"urn": urn}, "violation", "exemption 1 is ignored") for urn in (3, "*")),
        ({"reason": ""}, "violation", "exemption 1 is ignored"),
    ],
)
def test_an_exemption_holds_for_whom_it_names_until_it_ends(
    changed: dict[str, Any], expected: str, listed: str
) -> None:
    """Up to its last day the resource may break the rule. Every report lists it: why, for which resources, or
    what it lacks to exempt something."""
    answers = run(OPEN_VAULT, Pack({RULE_NAME: _exempting(**changed)}))
    assert verdict(answers, RULE_NAME) == expected
    (report,) = (one for one in answers if one.rule == "exemptions-listed")
    assert report.level == "advisory"
    assert listed in report.message


def test_a_rule_that_is_off_is_listed() -> None:
    """A rule that refuses by default and is disabled, or only advises, is named in every report; one of
    advice is not."""
    levels = {"key-usable": "disabled", "cmk-complete": "advisory", "key-expiry": "disabled"}
    listed = [one for one in run(two_phases(), Pack(levels=levels)) if one.rule == "exemptions-listed"]
    assert [one.message.splitlines()[-1] for one in listed] == [
        "the configuration makes cmk-complete advisory; without it, the rule refuses",
        "the configuration makes key-usable disabled; without it, the rule refuses",
    ]


@pytest.mark.parametrize(("name", "expected"), [("v[1]", "pass"), ("v1", "violation")])
def test_a_bracket_of_a_pattern_is_a_bracket(name: str, expected: str) -> None:
    """A program that makes vaults in a loop may name them so; in other patterns it stands for any of some."""
    thing = Thing(name, "azure-native:keyvault/v20240401preview:Secret", {})
    pack = Pack({"no-preview-api-version": _exempting(urn="*::v[1]")})
    assert verdict(pack.ask(thing), "no-preview-api-version") == expected


def test_a_stack_rules_exemption_is_for_the_resource_it_names() -> None:
    """Exemptions match the URN of the violation, not the stack."""
    stack = {name: thing for name, thing in two_phases().items() if name != "binding"}
    for urn, expected in ((stack["account"].urn, "pass"), ("*::vault", "violation")):
        pack = Pack({"account-has-customer-key": _exempting(urn=urn)})
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
    stack = edited(two_phases(), {"key.properties.rotationPolicy": None})
    assert {answer.level for answer in run(stack)} == {"advisory"}
    raised = run(stack, Pack(levels={"key-rotation-policy": "mandatory"}))
    assert {answer.level for answer in raised} == {"mandatory"}
    assert run(stack, Pack(levels={"key-rotation-policy": "disabled"})) == []


def test_nothing_is_mended_for_someone() -> None:
    """Level remediate refuses like mandatory."""
    pack = Pack(levels={RULE_NAME: "remediate"})
    assert verdict(run(OPEN_VAULT, pack), RULE_NAME) == "violation"
    assert pack.servicer.Remediate(proto.AnalyzeRequest(), None) == proto.RemediateResponse()
