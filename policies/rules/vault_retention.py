"""A vault keeps what was deleted for long enough."""

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

SERVICE_DEFAULT = 90
LONGEST = 90


def judge(vault: Subject, options: Options) -> Iterable[Finding]:
    """Absent is the service's 90 days; only trivy objects to that."""
    stated = vault.view.prop("softDeleteRetentionInDays")
    days = SERVICE_DEFAULT if stated is None else vault.view.number("softDeleteRetentionInDays")
    shortest = options.number("minimumDays") or 7
    if days is UNKNOWN:
        yield NotYetKnown("properties.softDeleteRetentionInDays is not known yet")
    elif days is None or not shortest <= days <= LONGEST:
        yield Violation(
            found=f"properties.softDeleteRetentionInDays is {shown(stated)}",
            required=f"{shortest} to {LONGEST} days",
            fix=f"set softDeleteRetentionInDays to {SERVICE_DEFAULT} when the vault is made: it cannot "
            f"change later",
        )


RULE = UsedResourceRule(
    name="vault-retention",
    title="A vault keeps what was deleted for long enough",
    why="within these days a deleted key can be brought back, and the data with it",
    source=sources.KEY_VAULT_DOCUMENT,
    severity=Severity.LOW,
    level=EnforcementLevel.ADVISORY,
    references=References(others=("trivy:AZU-0016",)),
    settings={
        "minimumDays": {
            "type": "integer",
            "minimum": 7,
            "maximum": 90,
            "default": 7,
            "description": "Shortest retention in days.",
        }
    },
    regulated={"enforcementLevel": "mandatory", "minimumDays": 90},
    kinds=kinds(Kind.VAULT),
    judge=judge,
)
