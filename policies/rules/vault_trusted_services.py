"""A vault's firewall lets trusted Microsoft services through."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import EnforcementLevel, Severity

from core.resource_types import Kind
from policies import sources
from policies.rule import (
    Finding,
    NotYetKnown,
    Options,
    References,
    Subject,
    UsedResourceRule,
    Violation,
    kinds,
)
from policies.view import UNKNOWN, shown


def judge(vault: Subject, _: Options) -> Iterable[Finding]:
    """Absent is Azure's AzureServices. Storage's lists, such as "Logging, AzureServices", are accepted
    too."""
    bypass = vault.view.word("networkAcls", "bypass")
    stated = vault.view.prop("networkAcls", "bypass")
    if bypass is UNKNOWN:
        yield NotYetKnown("properties.networkAcls.bypass is not known yet")
    elif stated is not None and (bypass is None or "azureservices" not in bypass.split(",")):
        yield Violation(
            found=f"properties.networkAcls.bypass is {shown(stated)}",
            required='properties.networkAcls.bypass "AzureServices", or not stated',
            fix='set networkAcls.bypass to "AzureServices"',
        )


RULE = UsedResourceRule(
    name="vault-trusted-services",
    title="A vault's firewall lets trusted Microsoft services through",
    why="the account reaches its key as a trusted service; without that bypass the firewall keeps it from "
    "its key",
    source=sources.KEY_VAULT_DOCUMENT,
    severity=Severity.MEDIUM,
    level=EnforcementLevel.ADVISORY,
    references=References(others=("cloudsploit:trustedServicesEnabled",)),
    kinds=kinds(Kind.VAULT),
    judge=judge,
)
