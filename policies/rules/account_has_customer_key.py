"""Every account is under a customer-managed key."""

from core import kinds
from core.resource_types import Kind
from policies import sources
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation, texts
from policies.stack_index import Node
from policies.view import UNKNOWN, as_word


def judge(relations: Relations, options: Options) -> Findings:
    """A binding in the stack, or encryption that the account itself states; of kinds that store data."""
    excluded = {*options.words("excludedKinds"), *map(str.lower, kinds.WITHOUT_DATA)}
    for account in relations.index.of(Kind.ACCOUNT):
        if as_word(account.view.get("kind")) in excluded or relations.index.is_unbound_on_purpose(account):
            continue
        if account.urn not in relations.bindings_by_account:
            yield from _judge_unbound(account, relations)


def _judge_unbound(account: Node, relations: Relations) -> Findings:
    inline = relations.inline(account)
    if inline is UNKNOWN or (inline is not None and inline.source is UNKNOWN):
        yield NotYetKnown("properties.encryption is not known yet", account.urn)
    elif inline is not None and inline.is_customer_key:
        return
    elif relations.has_unplaced_binding:
        yield NotYetKnown("the account of a binding of this stack is not known yet", account.urn)
    else:
        yield Violation(
            found=f"the account {account.name} has no binding in this stack and states no key of its own",
            required="a CustomerManagedKey for the account, or encryption with a user-assigned identity "
            "in it",
            fix="add azure-cmk's CustomerManagedKey with the account's id; "
            "or state properties.encryption with keySource Microsoft.KeyVault and an identityClientId",
            setting="set encryption: customerManaged; to unbind the account on purpose, set unbindAccount "
            "to its name",
            urn=account.urn,
        )


RULE = StackRule(
    why="without one its data is encrypted with Microsoft-managed keys, which you cannot rotate, disable or "
    "revoke",
    source=sources.SERVICE_DOCUMENT,
    severity="critical",
    same_as="azure-policy:67121cc7-ff39-4ab8-b7e3-95b84dab487d checkov:CKV2_AZURE_22 "
    "cnspec:cognitive-services-cmk-encryption cloudsploit:accountCMKEncrypted",
    settings={
        "excludedKinds": texts(
            "Kinds of account that need no key, such as OpenAI. Azure Policy excludes AIServices, "
            "CognitiveServices and others by default; this rule excludes only ComputerVision, which stores "
            "nothing and takes no key."
        )
    },
    judge=judge,
)
