"""The constraints as Azure Policy: which resources are made, and that they are those of the policy pack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.testing import DEPLOYER, PRINCIPAL, SUBSCRIPTION
from docs.examples.azure_policy.conditions import ADMINISTRATORS
from docs.examples.azure_policy.constraints import (
    AUDIT,
    AUDIT_IF_NOT_EXISTS,
    CONSTRAINTS,
    CUSTOMER_KEY,
    DENY,
    Constraint,
    definition_parameters,
)
from docs.examples.azure_policy.guardrails import AzurePolicyGuardrails
from policies.rules import RULES
from policies.rules.grants import WIDER_ROLES
from tests.examples.test_composed import run_example
from tests.support.recording import RecordingMonitor, run

SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
ASSIGNMENT, DEFINITION, EXEMPTION = ":PolicyAssignment", ":PolicyDefinition", ":PolicyExemption"
BY_NAME = {rule.name: rule for rule in RULES}
each = pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda constraint: constraint.name)


def guarded(**args: Any) -> RecordingMonitor:
    return run(lambda: AzurePolicyGuardrails("cmk", {"scope": SCOPE, **args}))


def test_accounts_without_a_key_are_audited_unless_deny_is_chosen() -> None:
    """Deny refuses phase one, so it is never the default."""
    for given, expected in ((None, AUDIT), (DENY, DENY)):
        made = guarded(customer_managed_key_effect=given).of(ASSIGNMENT)
        mine = next(one.inputs for one in made if one.inputs["policyAssignmentName"] == f"cmk-{CUSTOMER_KEY}")
        assert mine["parameters"] == {"effect": {"value": expected}}
        assert mine["policyDefinitionId"] == (
            "/providers/Microsoft.Authorization/policyDefinitions/67121cc7-ff39-4ab8-b7e3-95b84dab487d"
        )


@each
def test_a_constraint_names_what_the_pack_names(constraint: Constraint) -> None:
    """Built-in ids are those in the metadata of the rules that it stands for; the pack has these rules."""
    rules = [BY_NAME[name] for name in constraint.rules]
    assert rules
    assert (constraint.built_in is None) is (constraint.condition is not None)
    for rule in rules if constraint.built_in else ():
        assert f"azure-policy:{constraint.built_in}" in rule.same_as


@each
def test_what_the_pack_refuses_is_denied_and_what_it_advises_audited(constraint: Constraint) -> None:
    """By default; but for the key of phase one, and for a log, which Azure can only look for afterwards."""
    default = constraint.effects[0]
    if constraint.name == CUSTOMER_KEY:
        assert default == AUDIT
    elif AUDIT_IF_NOT_EXISTS in constraint.effects:
        assert default == AUDIT_IF_NOT_EXISTS
    else:
        refused = all(BY_NAME[name].level == "mandatory" for name in constraint.rules)
        assert default == (DENY if refused else AUDIT)


def test_a_definition_made_here_takes_its_effect_and_its_administrators() -> None:
    """An assignment gives exactly the parameters that its definition declares, and waits for it."""
    made = guarded(administrators=[DEPLOYER])
    assignments = {one.inputs["policyAssignmentName"]: one for one in made.of(ASSIGNMENT)}
    for definition in made.of(DEFINITION):
        inputs, assignment = definition.inputs, assignments[definition.inputs["policyDefinitionName"]]
        assert inputs["policyRule"]["then"] == {"effect": "[parameters('effect')]"}
        assert set(assignment.inputs["parameters"]) == set(inputs["parameters"])
        assert definition.urn in assignment.needs
        named = ADMINISTRATORS in json.dumps(inputs["policyRule"])
        assert ("administrators" in inputs["parameters"]) is named
        if named:
            assert assignment.inputs["parameters"]["administrators"] == {"value": [DEPLOYER]}


def test_the_definitions_know_the_packs_wider_roles() -> None:
    """A role that the pack refuses for a service is in Azure's condition too."""
    condition = str(next(one.condition for one in CONSTRAINTS if one.name == "role-least-privilege"))
    assert [role for role in WIDER_ROLES if role not in condition] == []
    identity = next(one for one in CONSTRAINTS if one.name == "account-identity")
    assert set(definition_parameters(identity)) == {"effect"}


def test_fails_with_everything_that_is_wrong() -> None:
    """Scope, effects and the parts of an exemption are all named before anything is made; so is an exemption
    from a constraint that is not assigned."""
    wrong = {"name": "x", "constraint": "key-expired", "scope": SCOPE, "reason": " ", "until": "soon"}
    unassigned = {**wrong, "constraint": "key-expiry", "reason": "r", "until": "2050-12-31"}
    given: Any = {
        "scope": "/providers/Microsoft.Management/managementGroups/all",
        "effects": {
            "nothing": "Deny",
            "key-rotation": "Deny",
            CUSTOMER_KEY: "Deny",
        },
        "exemptions": [wrong],
    }
    with pytest.raises(ValueError, match="scope: found") as problem:
        AzurePolicyGuardrails("c" * 60, given)
    for words in (
        "effects.nothing: is not a constraint; known are",
        "effects.key-rotation: found 'Deny', expected one of Audit, Disabled",
        f"effects.{CUSTOMER_KEY}: is set by customerManagedKeyEffect",
        "exemptions[0].constraint: found 'key-expired', expected",
        "exemptions[0].reason: is empty",
        "exemptions[0].until: found 'soon', expected a date",
        "characters, Azure allows 64",
    ):
        assert words in str(problem.value)
    with pytest.raises(
        ValueError, match=r"exemptions\[0\].constraint: found 'key-expiry', which is not assigned"
    ):
        guarded(effects={"key-expiry": "Disabled"}, exemptions=[unassigned])


def test_the_program_guards_the_scope_that_it_is_configured_for() -> None:
    """docs/examples/azure_policy is a program of its own, with settings of its own. Of a constraint that is
    disabled neither the assignment nor the definition is made."""
    effects = '{"key-rsa-2048": "Disabled", "vault-network": "Deny"}'
    settings = {"scope": SCOPE, "effects": effects, "administrators": f'["{PRINCIPAL}"]'}
    monitor = run_example("azure_policy", settings)
    made = {one.inputs["policyAssignmentName"]: one.inputs for one in monitor.of(ASSIGNMENT)}
    assert {one["scope"] for one in made.values()} == {SCOPE}
    assert len(made) == len(CONSTRAINTS) - 1
    (name,) = [name for name in made if name.endswith("-vault-network")]
    assert made[name]["parameters"]["effect"] == {"value": "Deny"}
    defined = {one.inputs["policyDefinitionName"] for one in monitor.of(DEFINITION)}
    assert [one for one in {*made, *defined} if one.endswith("-key-rsa-2048")] == []
