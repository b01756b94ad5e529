"""A Foundry project is made only after its account has its key."""

from core.resource_types import Kind
from policies.relations import Relations
from policies.rule import Findings, Options, StackRule, Violation


def judge(relations: Relations, _: Options) -> Findings:
    """By dependency, so a preview decides it. account-has-customer-key reports an account without a key."""
    for project in relations.index.of(Kind.PROJECT):
        account = relations.account_above(project)
        if account is None:
            continue
        bindings = relations.bindings_by_account.get(account.urn, [])
        before = {one.urn for one in relations.index.ancestors(project)}
        if bindings and before.isdisjoint(one.urn for one in bindings):
            names = ", ".join(sorted(one.name for one in bindings))
            yield Violation(
                found=f"the project {project.name} does not depend on the binding of its account ({names})",
                required="the binding before the project, by dependency",
                fix=f"add {names} to depends_on of {project.name}",
                urn=project.urn,
            )


RULE = StackRule(
    why="Azure does not change the kind of key of an account that has projects",
    source="Customer-managed keys for Microsoft Foundry, Microsoft Learn (ai-foundry/concepts/"
    "encryption-keys-portal)",
    severity="high",
    judge=judge,
)
