"""No two accounts share a key."""

from core.protection import AccountProtection, Protections
from policies.rule import SERVICE_DOCUMENT, Findings, Options, RuleFinding, StackRule, later


def judge(protections: Protections, _: Options) -> Findings:
    """Versions of one key are one key."""
    first: dict[str, AccountProtection] = {}
    for use in protections.all:
        key = _key(use)
        if key is None:
            yield later("which key it uses", use.writer.urn)
            continue
        other = first.setdefault(key, use)
        if _account(other) != _account(use):
            yield RuleFinding(
                found=f"{use.writer.name} uses the same key as {other.writer.name}",
                required="a key of its own for each account",
                fix="make a key for this account and bind it to that",
                urn=use.writer.urn,
            )


def _key(use: AccountProtection) -> str | None:
    """By name where it is known, so that a key of another stack is known again."""
    if isinstance(use.vault_name, str) and isinstance(use.key_name, str):
        return f"{use.vault_name}/{use.key_name}"
    return use.key.urn if use.key is not None else None


def _account(use: AccountProtection) -> str:
    return use.account.urn if use.account else str(use.writer.found("accountId")).lower()


RULE = StackRule(
    why="a key can be revoked for one account only if no other account needs it",
    source=SERVICE_DOCUMENT,
    severity="low",
    level="disabled",
    judge=judge,
)
