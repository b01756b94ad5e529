"""A customer-managed key's binding is protected."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, ResourceRule, Subject, Undecided, Violation
from policies.view import View


def judge(subject: Subject, _: Options) -> Findings:
    """A setting of the service that takes the protection off is a decision, not an accident. The engine shows
    a pack no replaceOnChanges, and replaces nothing that is protected."""
    if subject.protect or any(_asks_for_it(component) for component in subject.around):
        return
    if subject.kind is Kind.BINDING:
        yield Violation(
            found="the resource option protect is not set",
            required="protect: true",
            fix="set protect: true on the binding; before you delete or replace it on purpose, take it off "
            "in an update of its own under an exemption that ends soon",
            setting="remove protect; to delete something on purpose, set replaceAccount, unbindAccount or "
            "protect: false",
        )
    elif subject.deletes_first:
        yield Undecided("whether a change replaces it: then it is deleted first, and it is not protected")


def _asks_for_it(component: View) -> bool:
    """`protect: false`, or the settings that unprotect in one update what the next removes."""
    return component.flag("protect") is False or any(
        isinstance(component.text(name), str) for name in ("replaceAccount", "unbindAccount")
    )


RULE = ResourceRule(
    why="deleting the binding puts the account back on Microsoft's key",
    source=sources.OBSERVED,
    severity="high",
    kinds=(Kind.BINDING, Kind.ACCOUNT, Kind.VAULT, Kind.KEY),
    judge=judge,
)
