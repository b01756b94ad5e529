"""A Foundry project is made only after its account has its key."""

from core.protection import Protections
from core.resource_types import Kind
from policies.rule import Findings, Options, RuleFinding, StackRule


def judge(protections: Protections, _: Options) -> Findings:
    """By dependency, so a preview decides it. account-has-customer-key reports an account without a key."""
    stack = protections.stack
    for project in stack.of(Kind.PROJECT):
        account = stack.above(project, Kind.ACCOUNT)
        bindings = protections.bindings_by_account.get(account.urn, []) if account else []
        before = {one.urn for one in stack.ancestors(project)} if bindings else set()
        if bindings and before.isdisjoint(one.urn for one in bindings):
            names = ", ".join(sorted(one.name for one in bindings))
            yield RuleFinding(
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
