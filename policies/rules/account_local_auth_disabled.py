"""An account is used with identities, not with shared keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from pulumi_policy import EnforcementLevel, Severity

from core.resource_types import Kind
from policies import sources
from policies.remedies import switch_on
from policies.rule import Finding, NotYetKnown, Options, References, ResourceRule, Subject, Violation, kinds
from policies.view import UNKNOWN, shown


def judge(account: Subject, _: Options) -> Iterable[Finding]:
    """Absent is false: the service hands out keys by default."""
    disabled = account.view.flag("disableLocalAuth")
    if disabled is UNKNOWN:
        yield NotYetKnown("properties.disableLocalAuth is not known yet")
    elif disabled is not True:
        yield Violation(
            found=f"properties.disableLocalAuth is {shown(account.view.prop('disableLocalAuth'))}",
            required="properties.disableLocalAuth true",
            fix="set disableLocalAuth to true, and let callers authenticate with Microsoft Entra ID",
        )


RULE = ResourceRule(
    name="account-local-auth-disabled",
    title="An account is used with identities, not with shared keys",
    why="encryption at rest is no protection against somebody who holds one of the account's API keys",
    source=sources.FIELD,
    severity=Severity.MEDIUM,
    level=EnforcementLevel.ADVISORY,
    references=References(
        azure_policy=("71ef260a-8f18-47b7-abcb-62d0673d94dc",),
        psrule=("AZR-000282",),
        checkov=("CKV_AZURE_236",),
        others=("cnspec:cognitive-services-local-auth-disabled",),
    ),
    regulated={"enforcementLevel": "mandatory"},
    kinds=kinds(Kind.ACCOUNT),
    judge=judge,
    remedy=partial(switch_on, flag="disableLocalAuth"),
)
