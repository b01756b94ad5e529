"""No two accounts share a key."""

from policies import sources
from policies.key_uses import KeyUse
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Violation


def judge(relations: Relations, _: Options) -> Findings:
    """Versions of one key are one key."""
    first: dict[str, KeyUse] = {}
    for use in relations.uses:
        key = _key(use)
        if key is None:
            yield NotYetKnown("which key it uses is not known yet", use.writer.urn)
            continue
        other = first.setdefault(key, use)
        if _account(other) != _account(use):
            yield Violation(
                found=f"{use.writer.name} uses the same key as {other.writer.name}",
                required="a key of its own for each account",
                fix="make a key for this account and bind it to that",
                urn=use.writer.urn,
            )


def _key(use: KeyUse) -> str | None:
    """By name where it is known, so that a key of another stack is known again."""
    if isinstance(use.vault_name, str) and isinstance(use.key_name, str):
        return f"{use.vault_name}/{use.key_name}"
    return use.key.urn if use.key is not None else None


def _account(use: KeyUse) -> str:
    stated = use.writer.view.text("accountId")
    return use.account.urn if use.account else str(stated).lower()


RULE = StackRule(
    why="a key can be revoked for one account only if no other account needs it",
    source=sources.SERVICE_DOCUMENT,
    severity="low",
    level="disabled",
    regulated={"enforcementLevel": "mandatory"},
    judge=judge,
)
