"""The constraints of the policy pack that Azure Policy can enforce, by a built-in definition where there is
one.

It cannot relate two resources, so it knows neither same region, same tenant, order nor one writer. The pack's
metadata has the same ids; a test compares them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core import arm_ids
from docs.examples.azure_policy import conditions

AUDIT, DENY, DISABLED, AUDIT_IF_NOT_EXISTS = "Audit", "Deny", "Disabled", "AuditIfNotExists"
CUSTOMER_KEY = "account-customer-key"
_BUILT_IN = arm_ids.child("", arm_ids.POLICY_DEFINITION)
_ANY = (AUDIT, DENY, DISABLED)


@dataclass(frozen=True)
class Constraint:
    """One constraint. `rules` are those of the pack that refuse the same in a pull request.

    Either `built_in` is the GUID of Azure's own definition, or `condition` is what a definition made here
    looks for. `effects` are those the definition takes; the first is the default.
    """

    name: str
    title: str
    rules: tuple[str, ...]
    effects: tuple[str, ...]
    built_in: str | None = None
    condition: Mapping[str, Any] | None = None
    mode: str = "All"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def definition_id(self) -> str | None:
        """The ARM id of a built-in definition; None where the definition is made here."""
        return f"{_BUILT_IN}/{self.built_in}" if self.built_in else None

    @property
    def takes_administrators(self) -> bool:
        """Whether the constraint exempts administrators of keys."""
        return "parameters('administrators')" in str(self.condition)


CONSTRAINTS: tuple[Constraint, ...] = (
    Constraint(
        "vault-deletion-protection",
        "Key vaults have soft delete and purge protection",
        ("vault-purge-protection", "vault-soft-delete"),
        (DENY, AUDIT, DISABLED),
        built_in="0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
    ),
    Constraint(
        "vault-soft-delete",
        "Key vaults state that soft delete is on",
        ("vault-soft-delete",),
        (DENY, AUDIT, DISABLED),
        built_in="1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d",
    ),
    Constraint(
        "vault-network",
        "Key vaults are not open to every network",
        ("vault-network-restricted",),
        _ANY,
        built_in="55615ac9-af46-4a59-874e-391cc3dfb490",
    ),
    Constraint(
        "vault-audit-log",
        "Key vaults record the use of their keys",
        ("vault-audited",),
        (AUDIT_IF_NOT_EXISTS, DISABLED),
        built_in="cf820ca0-f99e-4f3e-84fb-66e913812d21",
    ),
    Constraint(
        "vault-broad-grants",
        "Access policies hold neither all nor purge",
        ("vault-no-broad-grants",),
        (DENY, AUDIT, DISABLED),
        condition=conditions.BROAD_GRANTS,
    ),
    Constraint(
        "grant-exact",
        "Access policies that use keys hold get, wrapKey and unwrapKey, and nothing else",
        ("grant-exact",),
        (DENY, AUDIT, DISABLED),
        condition=conditions.INEXACT_GRANTS,
    ),
    Constraint(
        "role-least-privilege",
        "Service principals hold no wider role on keys than Key Vault Crypto Service Encryption User",
        ("role-least-privilege",),
        (DENY, AUDIT, DISABLED),
        condition=conditions.WIDER_ROLES,
    ),
    Constraint(
        "key-rsa-2048",
        "Keys are RSA of a size that some kind of Azure AI services account takes",
        ("key-rsa-2048",),
        (DENY, AUDIT, DISABLED),
        condition=conditions.OTHER_KEYS,
    ),
    Constraint(
        "key-expiry",
        "Keys say when they end",
        ("key-expiry",),
        _ANY,
        built_in="152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0",
    ),
    Constraint(
        "key-rotation",
        "Keys are rotated by a policy of their own",
        ("key-rotation-policy",),
        (AUDIT, DISABLED),
        built_in="d8cf8476-a2ec-4916-896e-992351803c44",
        parameters={"maximumDaysToRotate": 730},
    ),
    Constraint(
        CUSTOMER_KEY,
        "Accounts are under a customer-managed key",
        ("account-has-customer-key",),
        # Not Deny: the account of phase one has no key yet, because its identity must exist before its grant.
        _ANY,
        built_in="67121cc7-ff39-4ab8-b7e3-95b84dab487d",
    ),
    Constraint(
        "account-identity",
        "Accounts have an identity of their own, or one that their encryption names",
        ("account-identity",),
        (DENY, AUDIT, DISABLED),
        condition=conditions.NO_IDENTITY,
    ),
    Constraint(
        "account-local-auth",
        "Accounts are used with identities, not with shared keys",
        ("account-local-auth-disabled",),
        _ANY,
        built_in="71ef260a-8f18-47b7-abcb-62d0673d94dc",
    ),
    Constraint(
        "account-network",
        "Accounts are not open to every network",
        ("account-network-restricted",),
        _ANY,
        built_in="037eea7a-bd0a-46c5-9a66-03aea78705d3",
    ),
)


def definition_parameters(constraint: Constraint) -> dict[str, Any]:
    """The parameters that a definition made here takes."""
    effect = {
        "type": "String",
        "allowedValues": sorted(constraint.effects),
        "defaultValue": AUDIT,
        "metadata": {"displayName": "Effect"},
    }
    administrators = {
        "type": "Array",
        "defaultValue": [],
        "metadata": {"displayName": "Object ids of people and pipelines that manage keys"},
    }
    return {"effect": effect} | (
        {"administrators": administrators} if constraint.takes_administrators else {}
    )


def effect_problems(effects: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the chosen effects, by constraint: it is unknown, or does not have that effect."""
    known = {one.name: one for one in CONSTRAINTS}
    problems = {}
    for name, effect in effects.items():
        if name not in known:
            problems[name] = f"is not a constraint; known are {', '.join(known)}"
        elif effect not in known[name].effects:
            problems[name] = f"found {effect!r}, expected one of {', '.join(known[name].effects)}"
    return problems


def assigned_parameters(constraint: Constraint, effect: str, administrators: Sequence[str]) -> dict[str, Any]:
    """The values that an assignment gives to a definition's parameters."""
    values = {"effect": effect, **constraint.parameters}
    if constraint.takes_administrators:
        values["administrators"] = list(administrators)
    return values
