"""A vault keeps what was deleted for long enough."""

from core.demands import RETENTION_DAYS
from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, Subject, UsedResourceRule, expect
from policies.view import as_number


def judge(vault: Subject, options: Options) -> Findings:
    """Absent is the service's 90 days; only trivy objects to that."""
    stated = vault.view.prop("softDeleteRetentionInDays")
    days = RETENTION_DAYS if stated is None else as_number(stated)
    shortest = options.number("minimumDays") or 7
    yield from expect(
        "properties.softDeleteRetentionInDays",
        stated,
        isinstance(days, int) and shortest <= days <= RETENTION_DAYS,
        required=f"{shortest} to {RETENTION_DAYS} days",
        fix=f"set softDeleteRetentionInDays to {RETENTION_DAYS} when the vault is made: it cannot "
        "change later",
    )


RULE = UsedResourceRule(
    why="within these days a deleted key can be brought back, and the data with it",
    source=sources.KEY_VAULT_DOCUMENT,
    severity="low",
    level="advisory",
    same_as="trivy:AZU-0016",
    settings={
        "minimumDays": {
            "type": "integer",
            "minimum": 7,
            "maximum": RETENTION_DAYS,
            "default": 7,
            "description": "Shortest retention in days.",
        }
    },
    regulated={"enforcementLevel": "mandatory", "minimumDays": RETENTION_DAYS},
    kinds=(Kind.VAULT,),
    judge=judge,
)
