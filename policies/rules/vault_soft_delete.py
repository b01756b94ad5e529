"""A vault does not switch soft delete off."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, Subject, UsedResourceRule, expect
from policies.view import as_flag


def judge(vault: Subject, _: Options) -> Findings:
    """Absent is on, as in checkov's CKV_AZURE_111: Azure switches it on when nothing is stated, and never
    lets it be switched off (azure-native's Vault, key-vault/general/soft-delete-overview)."""
    stated = vault.view.prop("enableSoftDelete")
    yield from expect(
        "properties.enableSoftDelete",
        stated,
        stated is None or as_flag(stated) is True or vault.is_recovery,
        required="properties.enableSoftDelete true, or not stated",
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
