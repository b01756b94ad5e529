"""A vault states that purge protection is on."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, Subject, UsedResourceRule, expect
from policies.view import as_flag


def judge(vault: Subject, _: Options) -> Findings:
    """Absent is off: Azure has no default for it."""
    stated = vault.view.prop("enablePurgeProtection")
    yield from expect(
        "properties.enablePurgeProtection",
        stated,
        as_flag(stated) is True or vault.is_recovery,
        required="properties.enablePurgeProtection true",
        fix="set enablePurgeProtection to true on the vault; note that Azure never lets it be "
        "switched off again",
    )


# No remedy: purge protection cannot be undone, so no tool may switch it on for someone.
RULE = UsedResourceRule(
    why="the service refuses a key that can be purged, and a purged key takes the data with it",
    source=sources.SERVICE_DOCUMENT,
    severity="critical",
    same_as="azure-policy:0b60c0b2-2dc2-4e1c-b5c9-abbed971de53 cis-azure-6.0:8.3.5 psrule:AZR-000125 "
    "checkov:CKV_AZURE_42 checkov:CKV_AZURE_110 trivy:AZU-0016 kics:7c25f361 kics:cec6e005 "
    "regula:FG_R00227 prowler:keyvault_recoverable",
    kinds=(Kind.VAULT,),
    judge=judge,
)
