"""An account has a pricing tier that can use a customer-managed key."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, ResourceRule, Subject, expect, texts
from policies.view import as_word


def judge(account: Subject, options: Options) -> Findings:
    """`sku` is on the top level of an account, never under properties."""
    name = account.view.get("sku", "name")
    word, tier = as_word(name), as_word(account.view.get("sku", "tier"))
    yield from expect(
        "sku.name",
        name,
        word is not None and word not in options.words("unsupportedTiers") and tier != "free",
        required="a paid tier, such as S",
        fix='set sku.name to "S" (or another paid tier of this kind of account)',
        setting="set sku: S",
    )


RULE = ResourceRule(
    why="the managed identity is available only in a pricing tier for customer-managed keys",
    source=sources.SERVICE_DOCUMENT,
    severity="medium",
    settings={
        "unsupportedTiers": texts(
            "Names of tiers that cannot use a customer-managed key.", "F0", "F1", "Free"
        )
    },
    kinds=(Kind.ACCOUNT,),
    judge=judge,
)
