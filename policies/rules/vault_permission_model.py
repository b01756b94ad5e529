"""A vault uses one permission model, the configured one, and holds no grants that its model ignores."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import Severity

from core.resource_types import Kind
from policies import sources
from policies.rule import Finding, NotYetKnown, Options, Subject, UsedResourceRule, Violation
from policies.view import UNKNOWN, shown

_STATED = "properties.enableRbacAuthorization"


def judge(vault: Subject, options: Options) -> Iterable[Finding]:
    """Absent means access policies (Vault 2024-11-01)."""
    if vault.is_recovery:
        return
    rbac = vault.view.flag("enableRbacAuthorization")
    model = options.word("model")
    if rbac is UNKNOWN:
        yield NotYetKnown(f"{_STATED} is not known yet")
    elif model == "rbac" and rbac is not True:
        yield _wrong(
            vault, "true", "set enableRbacAuthorization to true and grant access by role assignments"
        )
    elif model == "access-policy" and rbac is True:
        yield _wrong(
            vault, "false", "set enableRbacAuthorization to false and grant access by access policies"
        )
    if rbac is True:
        yield from _ignored(vault)


def _ignored(vault: Subject) -> Iterable[Finding]:
    policies = vault.view.items("accessPolicies")
    if policies is UNKNOWN:
        yield NotYetKnown("properties.accessPolicies is not known yet, and would be ignored with RBAC on")
    elif policies:
        yield Violation(
            found=f"{_STATED} is true, and properties.accessPolicies holds {len(policies)} entries that "
            f"it ignores",
            required="no access policies on a vault that uses role assignments",
            fix="replace the access policies by role assignments, or set enableRbacAuthorization to false",
        )


def _wrong(vault: Subject, wanted: str, fix: str) -> Violation:
    return Violation(
        found=f"{_STATED} is {shown(vault.view.prop('enableRbacAuthorization'))}",
        required=f"{_STATED} {wanted}, as configured for this rule",
        fix=fix,
        setting=f"set accessModel: {'rbac' if wanted == 'true' else 'accessPolicy'}",
    )


RULE = UsedResourceRule(
    name="vault-permission-model",
    title="A vault uses the configured permission model, and holds no grant that it ignores",
    why="a vault looks at access policies or at role assignments, never at both; a grant it ignores "
    "opens nothing",
    source=sources.KEY_VAULT_DOCUMENT,
    severity=Severity.HIGH,
    same_as="azure-policy:12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5 cis-azure-6.0:8.3.6 psrule:AZR-000388 "
    "prowler:keyvault_rbac_enabled cnspec:keyvault-rbac-enabled",
    settings={
        "model": {
            "type": "string",
            "enum": ["any", "access-policy", "rbac"],
            "default": "any",
            "description": "The model vaults must use. The service document uses access policies; "
            "Azure Policy, CIS, PSRule and Prowler ask for rbac.",
        }
    },
    regulated={"model": "rbac"},
    kinds=(Kind.VAULT,),
    judge=judge,
)
