"""A binding cannot be deleted by accident."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import Severity

from policies import sources
from policies.kinds import Kind
from policies.rule import Finding, Options, ResourceRule, Subject, Violation, kinds


def judge(binding: Subject, options: Options) -> Iterable[Finding]:
    """The stack's name is the second part of a URN: urn:pulumi:STACK::PROJECT::TYPE::NAME."""
    stack = binding.urn.removeprefix("urn:pulumi:").split("::")[0].lower()
    if not binding.protect and stack not in options.words("disposableStacks"):
        yield Violation(
            found="the resource option protect is not set",
            required="protect: true",
            fix="set protect on the binding; take it off in a change of its own when the binding has to go",
        )


RULE = ResourceRule(
    name="binding-protected",
    title="A customer-managed key's binding is protected",
    why="deleting the binding puts the account back on Microsoft's key",
    source=sources.OBSERVED,
    severity=Severity.HIGH,
    settings={
        "disposableStacks": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "default": ["dev"],
            "description": "Names of stacks that are made to be destroyed, in which nothing needs "
            "protection.",
        }
    },
    regulated={"disposableStacks": []},
    kinds=kinds(Kind.BINDING),
    judge=judge,
)
