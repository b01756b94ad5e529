"""A key that the account's own identity uses is bound after the account exists."""

from core import values
from core.protection import Protections
from core.resource_types import Kind
from policies.rule import SERVICE_DOCUMENT, Findings, Options, RuleFinding, StackRule, customer_key


def judge(protections: Protections, _: Options) -> Findings:
    """Judges the accounts that this preview makes. An account that exists has its identity, and grant-present
    judges the identity's access. Skips an account whose program ignores `encryption`, because the engine then
    shows the encryption that Azure last reported, not what the program declares."""
    for account in protections.stack.of(Kind.ACCOUNT):
        key = None if account.exists else customer_key(protections.inline(account), account.urn)
        if isinstance(key, RuleFinding):
            yield key
        elif key is not None and key.client_id is None:
            yield RuleFinding(
                found=f"identity.type is {values.shown(account.stated('identity.type'))}, and "
                "properties.encryption names a key without an identityClientId that could use it",
                required="no inline key with a system-assigned identity, whose rights cannot exist before "
                "the account",
                fix="leave encryption out of the account and bind the key with azure-cmk's "
                "CustomerManagedKey after the grant; or attach a user-assigned identity that has access "
                "already and state its identityClientId",
                urn=account.urn,
            )


RULE = StackRule(
    why="the identity is available only after the account is created, so a key cannot be enabled at "
    "that time",
    source=SERVICE_DOCUMENT,
    severity="high",
    same_as="azure-policy:67121cc7-ff39-4ab8-b7e3-95b84dab487d",
    judge=judge,
)
