"""A key is bound only after the identity that uses it was granted access."""

from policies import sources
from policies.relations import Relations
from policies.rule import Findings, Options, StackRule, Violation


def judge(relations: Relations, _: Options) -> Findings:
    """By dependency, so a preview decides it. grant-present reports a missing grant."""
    for use in relations.uses:
        grants = {grant.node.urn: grant.node for grant in relations.grants_of(use)}
        if relations.index.is_revoked(use.writer):
            continue
        if grants and not any(one.urn in grants for one in relations.index.ancestors(use.writer)):
            names = ", ".join(sorted(node.name for node in grants.values()))
            yield Violation(
                found=f"{use.writer.name} does not depend on the grant it needs ({names})",
                required="the grant before the binding, by dependency",
                fix=f"add {names} to depends_on of {use.writer.name}",
                urn=use.writer.urn,
            )


RULE = StackRule(
    why="the service refuses a key that the account's identity cannot use yet; without a dependency the "
    "order is a matter of luck",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    judge=judge,
)
