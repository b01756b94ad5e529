"""A key is bound only after the identity that uses it was granted access."""

from core.protection import Protections
from policies.rule import SERVICE_DOCUMENT, Findings, Options, RuleFinding, StackRule


def judge(protections: Protections, _: Options) -> Findings:
    """By dependency, so a preview decides it. grant-present reports a missing grant."""
    for use in protections.all:
        if protections.stack.is_revoked(use.writer):
            continue
        grants = {grant.resource.urn: grant.resource for grant in protections.grants_of(use)}
        if grants and not any(one.urn in grants for one in protections.stack.ancestors(use.writer)):
            names = ", ".join(sorted(one.name for one in grants.values()))
            yield RuleFinding(
                found=f"{use.writer.name} does not depend on the grant it needs ({names})",
                required="the grant before the binding, by dependency",
                fix=f"add {names} to depends_on of {use.writer.name}",
                urn=use.writer.urn,
            )


RULE = StackRule(
    why="the service refuses a key that the account's identity cannot use yet; without a dependency the "
    "order is a matter of luck",
    source=SERVICE_DOCUMENT,
    severity="high",
    judge=judge,
)
