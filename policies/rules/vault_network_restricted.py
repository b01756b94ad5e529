"""A vault cannot be reached from anywhere."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import EnforcementLevel, Severity

from core.resource_types import Kind
from policies import sources
from policies.network import SETTINGS, judge_network
from policies.rule import Finding, Options, Subject, UsedResourceRule


def judge(vault: Subject, options: Options) -> Iterable[Finding]:
    """See network.py."""
    if not vault.is_recovery:
        yield from judge_network(vault.view, options)


RULE = UsedResourceRule(
    name="vault-network-restricted",
    title="A vault cannot be reached from anywhere",
    why="a stolen token is of no use from networks that the vault does not admit",
    source=sources.FIELD,
    severity=Severity.MEDIUM,
    level=EnforcementLevel.ADVISORY,
    same_as="azure-policy:55615ac9-af46-4a59-874e-391cc3dfb490 "
    "azure-policy:405c5871-3e91-4644-8a63-58e19d68ff5b cis-azure-6.0:8.3.7 psrule:AZR-000355 "
    "checkov:CKV_AZURE_109 checkov:CKV_AZURE_189 trivy:AZU-0013 "
    "cnspec:keyvault-public-access-disabled",
    settings=SETTINGS,
    regulated={"enforcementLevel": "mandatory", "publicAccess": "disabled"},
    kinds=(Kind.VAULT,),
    judge=judge,
)
