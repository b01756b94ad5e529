"""An account has only what accounts of its kind can have."""

from core import judgements
from core.protection import Protections
from core.resource_types import Kind
from policies.rule import Findings, Options, StackRule, of


def judge(protections: Protections, _: Options) -> Findings:
    """Network rules, links to storage and search, the identity that uses the key, and what is below it."""
    for account in protections.stack.of(Kind.ACCOUNT):
        for limit in judgements.limits(account):
            yield from of(limit, account.urn)
    for use in protections.all:
        yield from of(judgements.key_identity(use), use.writer.urn)
    for kind in (Kind.PROJECT, Kind.DEPLOYMENT):
        for child in protections.stack.of(kind):
            yield from of(judgements.below(protections.stack, child), child.urn)


RULE = StackRule(
    why="Azure refuses it, after other resources of the same update were made",
    source="limits of the kinds: hashicorp/terraform#35635, hashicorp/terraform-provider-azurerm#30887, "
    "Azure/azure-rest-api-specs#18726, and "
    "learn.microsoft.com/azure/foundry/how-to/bring-your-own-azure-storage-foundry",
    severity="medium",
    judge=judge,
)
