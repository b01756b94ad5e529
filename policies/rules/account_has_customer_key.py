"""Every account is under a customer-managed key."""

from core import kinds, values
from core.protection import Protections
from core.resource_types import Kind
from core.stack import StackResource
from policies.rule import (
    SERVICE_DOCUMENT,
    Findings,
    Options,
    RuleFinding,
    StackRule,
    customer_key,
    later,
    texts,
)


def judge(protections: Protections, options: Options) -> Findings:
    """A binding in the stack, or encryption that the account itself states; of kinds that store data."""
    excluded = {*options.words("excludedKinds"), *map(str.lower, kinds.WITHOUT_DATA)}
    for account in protections.stack.of(Kind.ACCOUNT):
        left_out = values.word(account.found("kind")) in excluded
        if left_out or protections.stack.is_unbound_on_purpose(account):
            continue
        if account.urn not in protections.bindings_by_account:
            yield from _judge_unbound(account, protections)


def _judge_unbound(account: StackResource, protections: Protections) -> Findings:
    key = customer_key(protections.inline(account), account.urn)
    if isinstance(key, RuleFinding):
        yield key
    elif key is None and protections.has_unplaced_binding:
        yield later("the account of a binding of this stack", account.urn)
    elif key is None:
        yield RuleFinding(
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
    source=SERVICE_DOCUMENT,
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
