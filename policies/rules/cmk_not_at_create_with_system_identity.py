"""A key that the account's own identity uses is bound after the account exists."""

from core.resource_types import Kind
from policies import sources
from policies.encryption import leaves_encryption, shown_identity, stated_key
from policies.rule import Findings, NotYetKnown, Options, ResourceRule, Subject, Violation


def judge(account: Subject, _: Options) -> Findings:
    """Encryption that the program ignores is what Azure last reported, not what the program asks for."""
    if leaves_encryption(account.ignore_changes):
        return
    key = stated_key(account.view)
    if isinstance(key, NotYetKnown):
        yield key
    elif key is not None and key.client_id is None:
        yield Violation(
            found=f"{shown_identity(account.view)}, and properties.encryption names a key "
            "without an identityClientId that could use it",
            required="no inline key with a system-assigned identity, whose rights cannot exist before "
            "the account",
            fix="leave encryption out of the account and bind the key with azure-cmk's CustomerManagedKey "
            "after the grant; or attach a user-assigned identity that has access already and state its "
            "identityClientId",
        )


RULE = ResourceRule(
    why="the identity is available only after the account is created, so a key cannot be enabled at "
    "that time",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    same_as="azure-policy:67121cc7-ff39-4ab8-b7e3-95b84dab487d",
    kinds=(Kind.ACCOUNT,),
    judge=judge,
)
