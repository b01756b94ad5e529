"""A key that the account's own identity uses is bound after the account exists."""

from dataclasses import replace

from core.resource_types import Kind
from policies import sources
from policies.encryption import leaves_encryption, shown_identity, stated_key
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation


def judge(relations: Relations, _: Options) -> Findings:
    """Judges the accounts that this preview makes. An account that exists has its identity, and grant-present
    judges the identity's access. Skips an account whose program ignores `encryption`, because the engine then
    shows the encryption that Azure last reported, not what the program declares."""
    for account in relations.index.of(Kind.ACCOUNT):
        if leaves_encryption(account.ignore_changes) or relations.index.exists(account):
            continue
        view = relations.index.stated(account)
        key = stated_key(view)
        if isinstance(key, NotYetKnown):
            yield replace(key, urn=account.urn)
        elif key is not None and key.client_id is None:
            yield _violation(account.urn, shown_identity(view))


def _violation(urn: str, identity: str) -> Violation:
    return Violation(
        found=f"{identity}, and properties.encryption names a key "
        "without an identityClientId that could use it",
        required="no inline key with a system-assigned identity, whose rights cannot exist before "
        "the account",
        fix="leave encryption out of the account and bind the key with azure-cmk's CustomerManagedKey "
        "after the grant; or attach a user-assigned identity that has access already and state its "
        "identityClientId",
        urn=urn,
    )


RULE = StackRule(
    why="the identity is available only after the account is created, so a key cannot be enabled at "
    "that time",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    same_as="azure-policy:67121cc7-ff39-4ab8-b7e3-95b84dab487d",
    judge=judge,
)
