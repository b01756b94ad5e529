"""A vault states that soft delete is on."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, Subject, UsedResourceRule, expect
from policies.view import as_flag


def judge(vault: Subject, _: Options) -> Findings:
    """Absent counts as off, as in Azure Policy 1e66c121, PSRule, KICS and Regula: what matters is stated."""
    stated = vault.view.prop("enableSoftDelete")
    yield from expect(
        "properties.enableSoftDelete",
        stated,
        as_flag(stated) is True or vault.is_recovery,
        required="properties.enableSoftDelete true",
        fix="set enableSoftDelete to true on the vault",
    )


RULE = UsedResourceRule(
    why="a deleted key or vault must be recoverable, or the data that it encrypts is lost",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    same_as="azure-policy:1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d "
    "azure-policy:0b60c0b2-2dc2-4e1c-b5c9-abbed971de53 psrule:AZR-000124 checkov:CKV_AZURE_42 "
    "checkov:CKV_AZURE_111 kics:7c25f361 regula:FG_R00227 terrascan:AC_AZURE_0170 "
    "prowler:keyvault_recoverable",
    kinds=(Kind.VAULT,),
    judge=judge,
)
