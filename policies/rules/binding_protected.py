"""A customer-managed key's binding is protected."""

from core import values
from core.resource_types import Kind
from core.stack import StackResource
from policies.rule import OBSERVED, Findings, Options, ResourceRule, RuleFinding, Subject, undecided


def judge(subject: Subject, _: Options) -> Findings:
    """Passes a resource whose service has a setting that removes the protection, because somebody decided
    that. The engine does not show `replaceOnChanges` to a pack, and never replaces a protected resource."""
    if subject.resource.protect or any(_asks_for_it(component) for component in subject.around):
        return
    if subject.resource.kind is Kind.BINDING:
        yield RuleFinding(
            found="the resource option protect is not set",
            required="protect: true",
            fix="set protect: true on the binding; before you delete or replace it on purpose, take it off "
            "in an update of its own under an exemption that ends soon",
            setting="remove protect; to delete something on purpose, set unbindAccount or protect: false",
        )
    elif subject.resource.deletes_first:
        yield undecided(
            "whether a change replaces it: it is not protected, and a replacement deletes it first"
        )


def _asks_for_it(component: StackResource) -> bool:
    """`protect: false`, or the setting that unprotects in one update what the next removes."""
    unbinds = isinstance(values.name(component.stated("unbindAccount")), str)
    return unbinds or values.flag(component.stated("protect")) is False


RULE = ResourceRule(
    why="deleting the binding puts the account back on Microsoft's key",
    source=OBSERVED,
    severity="high",
    kinds=(Kind.BINDING, Kind.ACCOUNT, Kind.VAULT, Kind.KEY),
    judge=judge,
)
