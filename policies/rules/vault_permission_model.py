"""A vault uses the configured permission model."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, Subject, UsedResourceRule, expect
from policies.view import as_flag

_STATED = "properties.enableRbacAuthorization"


def judge(vault: Subject, options: Options) -> Findings:
    """Absent means access policies (Vault 2024-11-01). The vault may hold grants that the model ignores;
    grant-present requires one that counts."""
    if vault.is_recovery:
        return
    stated, model = vault.view.prop("enableRbacAuthorization"), options.word("model")
    rbac, by_roles = as_flag(stated) is True, model == "rbac"
    wanted = "true" if by_roles else "false"
    yield from expect(
        _STATED,
        stated,
        model == "any" or rbac is by_roles,
        required=f"{_STATED} {wanted}, as configured for this rule",
        fix=f"set enableRbacAuthorization to {wanted} and grant access by "
        f"{'role assignments' if by_roles else 'access policies'}",
        setting=f"set accessModel: {'rbac' if by_roles else 'accessPolicy'}",
    )


RULE = UsedResourceRule(
    why="a vault uses access policies or role assignments, never both; a grant it ignores gives nothing",
    source=sources.KEY_VAULT_DOCUMENT,
    severity="high",
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
