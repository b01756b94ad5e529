"""An account uses its key by the narrowest role, even if the page of its kind names a wider one."""

from core import kinds, roles
from core.grants import Grant
from core.protection import AccountProtection, Protections
from policies.rule import Findings, Options, RuleFinding, StackRule


def judge(protections: Protections, _: Options) -> Findings:
    """Any other wide role of an account's identity is refused, by grant-present and role-least-privilege."""
    for use in protections.all:
        for grant in protections.grants_of(use):
            if kinds.names_role(use.kind, grant.role_id):
                yield _wider(grant, use)


def _wider(grant: Grant, use: AccountProtection) -> RuleFinding:
    narrow, wide = roles.encryption_user(grant.place), grant.role.name if grant.role else "a wider role"
    more = ", ".join(grant.beyond)
    return RuleFinding(
        found=f"{grant.resource.name} assigns {wide} to the identity of {use.writer.name}: {more}",
        required=f"{narrow.name} ({narrow.id})",
        fix=f"assign {narrow.name}, once you have seen that it is enough for accounts of kind {use.kind}: "
        "`python -m probe` asks Azure",
        urn=grant.resource.urn,
    )


RULE = StackRule(
    why="the service reads, wraps and unwraps; whoever acts as the account could also take a copy of the key "
    "or disable it",
    source="Configure customer-managed keys for Microsoft Foundry, Microsoft Learn (foundry/concepts/"
    "encryption-keys-portal)",
    severity="low",
    level="advisory",
    judge=judge,
)
