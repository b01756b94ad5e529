"""An account has only what accounts of its kind can have."""

from core import kind_limits
from core.demands import Judgement
from core.resource_types import Kind
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation
from policies.stack_index import Node
from policies.view import UNKNOWN, View, as_text

_BELOW = {Kind.PROJECT: kind_limits.projects, Kind.DEPLOYMENT: kind_limits.deployments}


def judge(relations: Relations, _: Options) -> Findings:
    """Network rules, links to storage and search, the identity that uses the key, and what is below it."""
    for account in relations.index.of(Kind.ACCOUNT):
        view = relations.index.stated(account)
        if as_text(view.get("kind")) is UNKNOWN:
            yield NotYetKnown("the kind of the account is not known yet", account.urn)
        yield from _links(account, view, _kind(account, relations))
        # What Azure shows of an account, it has taken.
        if declared := relations.index.session.declared(account.urn):
            yield from _network(account, declared.at("networkAcls"), _kind(account, relations))
    for use in relations.uses:
        if use.account is not None and use.names_identity:
            unmet = kind_limits.key_identity(_kind(use.account, relations), user_assigned=True)
            fix = "name no identityClientId, and give the account a system-assigned identity"
            yield from _found(unmet, use.writer, fix, "set identity: systemAssigned")
    for below, limit in _BELOW.items():
        for child in relations.index.of(below):
            account_above = relations.account_above(child)
            if account_above is not None:
                unmet = limit(_kind(account_above, relations))
                yield from _found(unmet, child, f"make the {below.value} below an account of that kind")


def _kind(account: Node, relations: Relations) -> str:
    """The kind of an account; "", which nothing is known of, where it is not known."""
    kind = as_text(relations.index.stated(account).get("kind"))
    return kind if isinstance(kind, str) else ""


def _links(account: Node, view: View, kind: str) -> Findings:
    storage, api = view.items("userOwnedStorage"), view.at("apiProperties")
    if storage is UNKNOWN or api.is_unknown:
        yield NotYetKnown("what the account is linked to is not known yet", account.urn)
    unmet = kind_limits.storage(kind, 0 if storage is UNKNOWN else len(storage))
    yield from _found(unmet, account, "change properties.userOwnedStorage", "change storageAccountIds")
    # An id that is not known yet is one.
    linked = not api.is_unknown and api.get("qnaAzureSearchEndpointId") is not None
    fix = "take qnaAzureSearchEndpointId and its key out of properties.apiProperties"
    setting = "remove searchServiceId and searchServiceKey"
    yield from _found(kind_limits.search(kind, linked=linked), account, fix, setting)


def _network(account: Node, rules: View, kind: str) -> Findings:
    if rules.is_unknown:
        yield NotYetKnown("the network rules of the account are not known yet", account.urn)
    else:
        unmet = kind_limits.bypass(kind, stated=rules.get("bypass") is not None)
        yield from _found(unmet, account, "take bypass out of properties.networkAcls")


def _found(unmet: Judgement | None, node: Node, fix: str, setting: str | None = None) -> Findings:
    if unmet:
        yield Violation(unmet.found, unmet.expected, fix, node.urn, setting)


RULE = StackRule(
    why="Azure refuses it, after other resources of the same update were made",
    source="limits of the kinds: hashicorp/terraform#35635, hashicorp/terraform-provider-azurerm#30887, "
    "Azure/azure-rest-api-specs#18726, and "
    "learn.microsoft.com/azure/foundry/how-to/bring-your-own-azure-storage-foundry",
    severity="medium",
    judge=judge,
)
