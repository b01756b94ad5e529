"""An account has a pricing tier that can use a customer-managed key."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import Severity

from core.resource_types import Kind
from policies import sources
from policies.rule import Finding, NotYetKnown, Options, ResourceRule, Subject, Violation, kinds
from policies.view import UNKNOWN, as_word, shown


def judge(account: Subject, options: Options) -> Iterable[Finding]:
    """`sku` is on the top level of an account, never under properties."""
    name = account.view.get("sku", "name")
    word = as_word(name)
    if word is UNKNOWN:
        yield NotYetKnown("sku.name is not known yet")
    elif word is None or word in options.words("unsupportedTiers") or _is_free(account):
        yield Violation(
            found=f"sku.name is {shown(name)}",
            required="a paid tier, such as S",
            fix='set sku.name to "S" (or another paid tier of this kind of account)',
            setting="set sku: S",
        )


def _is_free(account: Subject) -> bool:
    return as_word(account.view.get("sku", "tier")) == "free"


RULE = ResourceRule(
    name="account-tier-supports-cmk",
    title="An account has a pricing tier that can use a customer-managed key",
    why="the managed identity is available only in a pricing tier for customer-managed keys",
    source=sources.SERVICE_DOCUMENT,
    severity=Severity.MEDIUM,
    settings={
        "unsupportedTiers": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "default": ["F0", "F1", "Free"],
            "description": "Names of tiers that cannot use a customer-managed key.",
        }
    },
    kinds=kinds(Kind.ACCOUNT),
    judge=judge,
)
