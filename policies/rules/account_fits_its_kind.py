"""An account has only what accounts of its kind can have."""

from collections.abc import Mapping
from typing import Any

from core import kind_limits, values
from core.demands import Judgement
from core.protection import Protections
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Mark
from policies.rule import Findings, Options, RuleFinding, StackRule, hidden

_BELOW = {Kind.PROJECT: kind_limits.projects, Kind.DEPLOYMENT: kind_limits.deployments}


def judge(protections: Protections, _: Options) -> Findings:
    """Network rules, links to storage and search, the identity that uses the key, and what is below it."""
    for account in protections.stack.of(Kind.ACCOUNT):
        if isinstance(kind := account.stated("kind"), Mark):
            yield hidden("the kind of the account", kind, account.urn)
        yield from _links(account)
        # What Azure shows of an account, it has taken.
        if account.inputs is not None:
            yield from _network(account, account.stated("networkAcls"))
    for use in protections.all:
        if use.account is not None and use.client_id is not None:
            unmet = kind_limits.key_identity(_kind(use.account), user_assigned=True)
            fix = "name no identityClientId, and give the account a system-assigned identity"
            yield from _found(unmet, use.writer, fix, "set identity: systemAssigned")
    for below, limit in _BELOW.items():
        for child in protections.stack.of(below):
            above = protections.stack.above(child, Kind.ACCOUNT)
            if above is not None:
                yield from _found(
                    limit(_kind(above)), child, f"make the {below.value} below an account of that kind"
                )


def _kind(account: StackResource) -> str:
    """The kind of an account; "", which nothing is known of, where it is not known."""
    kind = values.name(account.stated("kind"))
    return kind if isinstance(kind, str) else ""


def _links(account: StackResource) -> Findings:
    storage, api = values.items(account.stated("userOwnedStorage")), account.stated("apiProperties")
    for mark in (one for one in (storage, api) if isinstance(one, Mark)):
        yield hidden("what the account is linked to", mark, account.urn)
    unmet = kind_limits.storage(_kind(account), 0 if isinstance(storage, Mark) else len(storage))
    yield from _found(unmet, account, "change properties.userOwnedStorage", "change storageAccountIds")
    # An id that is not known yet is one.
    linked = isinstance(api, Mapping) and values.look(api, "qnaAzureSearchEndpointId") is not None
    fix = "take qnaAzureSearchEndpointId and its key out of properties.apiProperties"
    setting = "remove searchServiceId and searchServiceKey"
    yield from _found(kind_limits.search(_kind(account), linked=linked), account, fix, setting)


def _network(account: StackResource, rules: Any) -> Findings:
    if isinstance(rules, Mark):
        yield hidden("the network rules of the account", rules, account.urn)
    else:
        unmet = kind_limits.bypass(_kind(account), stated=values.look(rules, "bypass") is not None)
        yield from _found(unmet, account, "take bypass out of properties.networkAcls")


def _found(
    unmet: Judgement | None, resource: StackResource, fix: str, setting: str | None = None
) -> Findings:
    if unmet:
        yield RuleFinding(unmet.found, unmet.expected, fix, resource.urn, setting)


RULE = StackRule(
    why="Azure refuses it, after other resources of the same update were made",
    source="limits of the kinds: hashicorp/terraform#35635, hashicorp/terraform-provider-azurerm#30887, "
    "Azure/azure-rest-api-specs#18726, and "
    "learn.microsoft.com/azure/foundry/how-to/bring-your-own-azure-storage-foundry",
    severity="medium",
    judge=judge,
)
