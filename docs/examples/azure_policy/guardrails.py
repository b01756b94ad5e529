"""The policy pack's constraints as Azure Policy: what the pack refuses here, Azure refuses from anyone.

An example: nothing else of the project needs it. `__main__.py` is a program of it alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi
from pulumi_azure_native import authorization

from components.arguments import checks
from components.arguments.inputs import Arguments, ComponentArguments, Rule, argument, read
from components.component import Component
from core import arm_ids
from core.service.problem import Problem
from docs.examples.azure_policy.constraints import (
    AUDIT,
    CONSTRAINTS,
    CUSTOMER_KEY,
    DENY,
    DISABLED,
    Constraint,
    assigned_parameters,
    definition_parameters,
    effect_problems,
)

_LONGEST_NAME = 64
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _scope(text: str) -> None:
    if not arm_ids.is_subscription_or_group(text):
        raise ValueError(f"found {text!r}, expected the ARM id of a subscription or resource group")


def _reason(text: str) -> None:
    if not text.strip():
        raise ValueError("is empty; state why the exemption is needed")


def _day(text: str) -> None:
    if not _DAY.fullmatch(text):
        raise ValueError(f"found {text!r}, expected a date such as 2030-12-31")


@dataclass(frozen=True, kw_only=True)
class PolicyExemptionArgs(Arguments):
    """An exemption from a constraint: for what, why, and until when."""

    name: str
    """Required. Unique among the exemptions."""
    constraint: str = argument(choices=tuple(one.name for one in CONSTRAINTS))
    """Required. The constraint, as in `effects`."""
    scope: str
    """Required. ARM id of the resource group or resource that is exempt. A resource must already exist, so
    for phase one use the group that the account will be in."""
    reason: str = argument(check=_reason)
    """Required. The reason, which Azure's compliance report shows."""
    until: str = argument(check=_day, example="2030-12-31")
    """Required. The last day (UTC) of the exemption, such as 2030-12-31."""


def _names(guardrails: "AzurePolicyGuardrailsArgs") -> Iterator[Problem]:
    for name in (f"{guardrails.name}-{one.name}" for one in CONSTRAINTS):
        if len(name) > _LONGEST_NAME:
            yield Problem(
                "name",
                f"makes the assignment name {name!r} of {len(name)} characters, Azure allows {_LONGEST_NAME}",
            )


def _effects(guardrails: "AzurePolicyGuardrailsArgs") -> Iterator[Problem]:
    chosen = dict(guardrails.effects or {})
    if CUSTOMER_KEY in chosen:
        del chosen[CUSTOMER_KEY]
        yield Problem(
            f"effects.{CUSTOMER_KEY}", "is set by customerManagedKeyEffect, because Deny refuses phase one"
        )
    for name, problem in effect_problems(chosen).items():
        yield Problem(f"effects.{name}", problem)


def _exemptions(guardrails: "AzurePolicyGuardrailsArgs") -> Iterator[Problem]:
    for index, exemption in enumerate(guardrails.exemptions):
        if guardrails.effect_of[exemption.constraint] == DISABLED:
            yield Problem(
                f"exemptions[{index}].constraint",
                f"found {exemption.constraint!r}, which is not assigned; remove the exemption",
            )


@dataclass(frozen=True, kw_only=True)
class AzurePolicyGuardrailsArgs(ComponentArguments):
    """Inputs of AzurePolicyGuardrails."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_names, _effects, _exemptions)

    scope: str = argument(check=_scope)
    """Required. ARM id of the subscription or resource group to guard. It must be in the provider's
    subscription, where the definitions are made."""
    customer_managed_key_effect: str = argument(AUDIT, choices=(AUDIT, DENY, DISABLED))
    """Optional. "Audit" (default), "Deny" or "Disabled" for accounts without a customer-managed key. Deny
    refuses the first phase of an account that uses its own identity: the account has to exist before its
    identity can be granted the key. With Deny, use a user-assigned identity, whose key is in the account's
    create, or exempt the resource group while the account is made."""
    effects: Mapping[str, str] | None = None
    """Optional. Effects of the other constraints by name; "Disabled" leaves one out. By default what the
    policy pack refuses is denied, and what it advises is audited."""
    administrators: Sequence[str] = argument((), check=checks.guid)
    """Optional. Object ids of people and pipelines that manage keys and may hold more on them."""
    exemptions: Sequence[PolicyExemptionArgs] = ()
    """Optional. Exemptions, each with a reason and an end."""

    @property
    def effect_of(self) -> dict[str, str]:
        """The effect of each constraint."""
        chosen = {**(self.effects or {}), CUSTOMER_KEY: self.customer_managed_key_effect}
        return {one.name: chosen.get(one.name, one.effects[0]) for one in CONSTRAINTS}


class AzurePolicyGuardrails(Component):
    """Enforces the constraints at a scope by Azure Policy, for every deployment.

    Produces: azure-native:authorization:PolicyAssignment for each constraint that is not disabled,
    azure-native:authorization:PolicyDefinition for each of these that Azure has no definition for, and
    azure-native:authorization:PolicyExemption for each exemption. An account of phase one that is under Audit
    shows as non-compliant until it is bound.
    """

    assignment_ids: dict[str, pulumi.Output[str]]
    """ARM ids of the assignments by constraint."""

    def __init__(
        self,
        name: str,
        args: AzurePolicyGuardrailsArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = read(AzurePolicyGuardrailsArgs, name, args)
        super().__init__(name, opts)
        effects = inputs.effect_of
        self.assignment_ids = {
            constraint.name: self._assign(inputs, constraint, effects[constraint.name])
            for constraint in CONSTRAINTS
            if effects[constraint.name] != DISABLED
        }
        for exemption in inputs.exemptions:
            authorization.PolicyExemption(
                f"{name}-{exemption.name}-exemption",
                policy_exemption_name=f"{name}-{exemption.name}",
                scope=exemption.scope,
                policy_assignment_id=self.assignment_ids[exemption.constraint],
                exemption_category="Waiver",
                display_name=f"{exemption.constraint}: {exemption.name}",
                description=exemption.reason,
                expires_on=f"{exemption.until}T23:59:59Z",
                opts=self.child(),
            )
        self.register_outputs({"assignmentIds": self.assignment_ids})

    def _assign(
        self, inputs: AzurePolicyGuardrailsArgs, constraint: Constraint, effect: str
    ) -> pulumi.Output[str]:
        name, built_in = inputs.name, constraint.definition_id
        values = assigned_parameters(constraint, effect, inputs.administrators)
        assignment = authorization.PolicyAssignment(
            f"{name}-{constraint.name}",
            policy_assignment_name=f"{name}-{constraint.name}",
            scope=inputs.scope,
            display_name=constraint.title,
            description=f"The policy pack refuses the same as {', '.join(constraint.rules)}.",
            policy_definition_id=self._define(name, constraint) if built_in is None else built_in,
            parameters={
                key: authorization.ParameterValuesValueArgs(value=value) for key, value in values.items()
            },
            non_compliance_messages=[authorization.NonComplianceMessageArgs(message=constraint.title)],
            opts=self.child(),
        )
        id: pulumi.Output[str] = assignment.id
        return id

    def _define(self, name: str, constraint: Constraint) -> pulumi.Output[str]:
        definition = authorization.PolicyDefinition(
            f"{name}-{constraint.name}-definition",
            policy_definition_name=f"{name}-{constraint.name}",
            policy_type="Custom",
            mode=constraint.mode,
            display_name=constraint.title,
            metadata={"category": "Encryption"},
            parameters={
                key: authorization.ParameterDefinitionsValueArgs(
                    type=value["type"],
                    allowed_values=value.get("allowedValues"),
                    default_value=value["defaultValue"],
                    metadata=authorization.ParameterDefinitionsValueMetadataArgs(
                        display_name=value["metadata"]["displayName"]
                    ),
                )
                for key, value in definition_parameters(constraint).items()
            },
            policy_rule={"if": constraint.condition, "then": {"effect": "[parameters('effect')]"}},
            opts=self.child(),
        )
        id: pulumi.Output[str] = definition.id
        return id
